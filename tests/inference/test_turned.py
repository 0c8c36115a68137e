"""A turned image has turned columns; shown with the network that comes with temnet."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

import temnet
from temnet.records import ImageSeries

MOVIE = Path(__file__).parents[2] / "experiments" / "images" / "pt_ceo2_raw.tif"
SIDE, SAMPLING = 176, 0.2
"""A multiple of 16 pixels at the network's size, so that nothing is padded or resampled."""


@pytest.fixture(scope="module")
def network():
    return temnet.load_network("nanoparticle-unet")


@pytest.fixture(scope="module")
def frame():
    mean = temnet.read_images(MOVIE, sampling=SAMPLING, axes="frames").images.mean(axis=0)
    return mean[:SIDE, :SIDE]


def found(network, frame, symmetries=False):
    return temnet.find_columns(network, ImageSeries(frame[None], SAMPLING), symmetries=symmetries)


def turned(positions):
    """Where `np.rot90` takes the positions: [row, col] comes to lie at [last - col, row]."""
    return np.stack([(SIDE - 1) * SAMPLING - positions[:, 1], positions[:, 0]], axis=1)


def distances(network, frame, symmetries):
    """From each turned column to the nearest column of the turned image [Å]."""
    before = found(network, frame, symmetries)
    after = found(network, np.ascontiguousarray(np.rot90(frame)), symmetries)
    assert len(before) > 40
    return cKDTree(after.positions).query(turned(before.positions))[0], before, after


def test_exactly_with_symmetries(network, frame):
    away, before, after = distances(network, frame, symmetries=True)
    assert len(before) == len(after) and away.max() < 2e-3


def test_nearly_without(network, frame):
    """The network was trained on turned images, but faint columns differ a little."""
    away, before, _ = distances(network, frame, symmetries=False)
    clear = before.score >= 0.9
    assert clear.sum() > 40 and away[clear].max() < 0.2
    assert np.median(away) < 0.06  # a third of a pixel


def test_turned_the_other_way_they_do_not_fit(network, frame):
    before = found(network, frame)
    after = found(network, np.ascontiguousarray(np.rot90(frame, -1)))
    away = cKDTree(after.positions).query(turned(before.positions))[0]
    assert np.mean(away < 0.5) < 0.5
