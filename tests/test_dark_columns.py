"""Particles with dark columns: a network trained on bright ones, with and without `invert`."""

from dataclasses import replace

import numpy as np
import pytest

import temnet
from temnet.evaluation.column_contrast import column_contrast
from temnet.evaluation.scores import SPECIES
from temnet.publishing.reference_scores import example_rows

MIRRORED = {
    "microscope": {
        "defocus": {"start": {"uniform": [-10, 20]}}, "Cs_um": {"uniform": [8, 30]},
        "astigmatism": {"uniform": [0, 20]}, "variants": [],
    },
    "structure": {"negatives": {"probability": 0, "amorphous": 0, "off_axis": 0, "graphitic": 0}},
    "camera": {"dose": 2000},
    "data": {"workers": 0, "exit_wave_reuse": 1},
    "seed": 7,
}  # fmt: skip
"""Both signs exchanged against those of the training, which exchanges bright and dark of a weak
object."""

IMAGES = 12


@pytest.fixture(scope="module")
def network():
    return temnet.load_network("nanoparticle-unet")


@pytest.fixture(scope="module")
def dark():
    experiment = temnet.load_experiment("experiments/nanoparticle_unet.yaml", MIRRORED)
    return [temnet.simulate_example(experiment, i, "validation") for i in range(IMAGES)]


def pooled_f1(network, examples):
    rows = [row for row in example_rows(network, examples) if row.class_ == SPECIES]
    true = sum(row.true_positives for row in rows)
    wrong = sum(row.false_positives + row.false_negatives for row in rows)
    return 2 * true / (2 * true + wrong)


def test_dark_columns_are_read_when_bright_and_dark_are_exchanged(network, dark):
    contrasts = [column_contrast(one.images[..., 0], one.columns.positions, one.sampling)
                 for one in dark]  # fmt: skip
    assert np.median(contrasts) < -0.2
    inverted = [
        replace(one, images=2 * one.images.mean(dtype=np.float64) - one.images) for one in dark
    ]
    before, after = pooled_f1(network, dark), pooled_f1(network, inverted)
    assert after > 0.6 and after > before + 0.3, (before, after)
