"""Movies whose columns are missed in single frames, with detections of known probability."""

import numpy as np
import pytest

from temnet.inference.checks.few_columns import FewColumns
from temnet.inference.column_finder import FoundFrame
from temnet.inference.movie_drift.image_drift import ImageDrift
from temnet.records import ImageSeries, Peaks

LATTICE = np.stack(np.mgrid[:6, :6], axis=-1).reshape(-1, 2) * 2.5 + 2.0
COUNT = 60
STILL = ImageDrift(np.zeros((COUNT, 2)), np.zeros(COUNT), True, "no drift")


def peaks(points):
    index, one = np.zeros(len(points), np.int64), np.ones(len(points))
    return Peaks(index, points, index, one, one[:, None], one)


class Finder:
    """Finds each column of a still lattice with a probability by the frames in an average."""

    def __init__(self, probability, seed):
        self.probability, self.rng, self.numbers = probability, np.random.default_rng(seed), []

    def find(self, frame, sampling):
        number = round(1 / float(frame.var()))  # frames are noise of unit variance
        self.numbers.append(number)
        return peaks(LATTICE[self.rng.random(len(LATTICE)) < self.probability(number)]), None


@pytest.fixture(scope="module")
def noise():
    frames = np.random.default_rng(5).normal(0, 1, (COUNT, 64, 64, 1)).astype(np.float32)
    return ImageSeries(frames, 0.25)


def check(series, single, averages, averaged=1, count=COUNT, seed=1):
    """A check that has seen frames whose columns are found with a probability of ``single``."""
    finder = Finder(averages, seed)
    checked = FewColumns(finder, series, averaged, STILL)
    rng = np.random.default_rng(3)
    for number in range(count):
        found = peaks(LATTICE[rng.random(len(LATTICE)) < single])
        checked.add(FoundFrame(number, np.zeros((1, 1, 1)), found))
    return checked, finder, list(checked.findings())


def test_averages_that_show_more_are_advised_with_their_number(noise):
    checked, _, (found,) = check(noise, 0.4, lambda number: 0.4 if number < 4 else 1.0)
    assert (found.kind, found.severity, checked.needed.number) == ("few columns", "warning", 4)
    assert "images.average to 4" in found.sentence and "100%" in found.detail
    assert checked.detection == pytest.approx(0.4, abs=0.05)


def test_of_averages_only_longer_ones_are_tried(noise):
    checked, finder, (found,) = check(noise, 0.4, lambda number: 1.0, averaged=4)
    assert min(finder.numbers) >= 8 and checked.needed.number == 8
    assert "averages of so few frames" in found.sentence


def test_columns_that_are_found_need_no_averages(noise):
    checked, finder, found = check(noise, 0.95, lambda number: 1.0)
    assert found == [] and checked.needed is None and finder.numbers == []
    assert checked.detection == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("seed", range(6))
def test_averages_that_show_no_more_are_not_advised_by_chance(noise, seed):
    checked, finder, found = check(noise, 0.5, lambda number: 0.5, seed=seed)
    assert found == [] and checked.needed is None and finder.numbers


def test_short_movies_and_few_columns_are_not_judged(noise):
    short = ImageSeries(noise.images[:5], 0.25)
    checked, finder, found = check(short, 0.4, lambda number: 1.0, count=5)
    assert found == [] and finder.numbers == []
    checked, _, _ = check(noise, 0.0, lambda number: 0.0)
    assert checked.detection is None
