"""Contrast and background of a series with a shipped network: what is changed and reported."""

from dataclasses import replace

import numpy as np
import pytest

from temnet.inference.checks.grey_levels import skewness
from temnet.inference.grey_values.contrast import trained_on_one_sign
from temnet.inference.grey_values.judgement import judge_grey_values
from temnet.inference.grey_values.trial import Trial
from temnet.models.checkpoint import load_network
from temnet.models.network_folders import find_network
from temnet.records import ImageSeries

SAMPLING, DOSE = 0.2, 3000
ROW, COL = np.mgrid[:160, :160] * SAMPLING


@pytest.fixture(scope="module")
def network():
    return load_network(find_network("nanoparticle-unet"))


def counts(height=0.5, light=1.0, seed=0):
    """A disc of columns on a square lattice of 2.3 Å, as counted electrons."""
    image = np.ones(ROW.shape)
    for row in np.arange(1, 32, 2.3):
        for col in np.arange(1, 32, 2.3):
            if np.hypot(row - 16, col - 16) < 10:
                image += height * np.exp(-0.5 * ((ROW - row) ** 2 + (COL - col) ** 2) / 0.45**2)
    mean = DOSE * SAMPLING**2 * image * light
    return np.random.default_rng(seed).poisson(mean).astype(np.float32)[None, ..., None]


def judged(network, images, invert=False, flatten="auto"):
    return judge_grey_values(network, ImageSeries(images, SAMPLING, "a"), invert, flatten, "keras")


def kinds(found):
    return [(one.kind, one.severity) for one in found.findings]


def test_an_image_like_those_of_the_training_stays_as_it_is(network):
    found = judged(network, counts())
    assert found.findings == () and not found.flatten
    np.testing.assert_array_equal(found.series.images, counts())
    assert kinds(judged(network, counts(), invert="auto")) == [("contrast", "note")]


def test_dark_columns_are_reported_and_exchanged_if_asked(network):
    dark = counts(-0.5)
    # Without being exchanged, dark columns may also seem to depend on the background: a note.
    assert kinds(judged(network, dark))[0] == ("contrast", "warning")
    found = judged(network, dark, invert="auto")
    assert kinds(found) == [("contrast", "note")] and found.series.metadata["inverted"]
    assert skewness(found.series.images[0], SAMPLING) > 0 > skewness(dark[0], SAMPLING)
    assert found.series.images.mean() == pytest.approx(dark.mean(), rel=1e-5)


def test_bright_columns_that_were_exchanged_are_reported(network):
    inverted = 2 * counts().mean() - counts()
    found = judged(network, inverted, invert=True)
    assert kinds(found) == [("contrast", "warning")] and "leave out" in found.findings[0].sentence


def test_a_ramp_beyond_training_is_flattened_or_out_of_distribution(network):
    ramp = 1 + 0.5 * (COL / 16 - 1)
    found = judged(network, counts(light=ramp))
    assert found.flatten and kinds(found) == [("background", "warning")]
    found = judged(network, counts(light=ramp), flatten=False)
    assert not found.flatten and kinds(found) == [("background", "out of distribution")]


def test_blank_frames_are_left_alone(network):
    found = judged(network, np.zeros((1, 64, 64, 1), np.float32), invert="auto")
    assert found.findings == () and not found.flatten


def test_a_blank_frame_in_the_middle_is_not_the_one_that_is_judged(network):
    frames = np.concatenate([counts(-0.5, seed=seed) for seed in range(5)])
    frames[2] = frames[3] = 0
    found = judged(network, frames, invert="auto")
    assert kinds(found) == [("contrast", "note")] and found.series.metadata["inverted"]


def test_a_network_of_both_signs_is_never_given_negatives():
    network = load_network(find_network("graphene-unet"))
    assert not trained_on_one_sign(network)
    found = judged(network, counts(-0.5), invert="auto")
    assert "inverted" not in found.series.metadata


def test_without_an_entry_on_the_card_nothing_is_exchanged(network):
    bare = replace(network, card=replace(network.card, image_statistics=None))
    assert trained_on_one_sign(bare) is None
    assert "inverted" not in judged(bare, counts(-0.5), invert="auto").series.metadata


def test_a_trial_runs_on_the_part_that_changed_most(network):
    plain = np.zeros((1000, 600, 1), np.float32)
    flat = plain.copy()
    flat[900:950, 20:60] = 1
    parts = []
    trial = Trial(network, SAMPLING, "keras")
    trial.found = lambda images, part: parts.append(part)
    trial.both(plain, flat)
    rows, cols = parts[0]
    assert rows.stop - rows.start == cols.stop - cols.start == 400
    assert rows.start <= 900 and rows.stop >= 950 and cols.start <= 20
