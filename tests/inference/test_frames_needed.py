"""How often columns are found again, and the number of frames to average."""

import numpy as np
import pytest

from temnet.inference.column_finder import FoundFrame
from temnet.inference.frames_needed import (
    ConsecutiveHits,
    Hits,
    common_shift,
    frames_needed,
    hits,
)
from temnet.records import ImageSeries, Peaks

LATTICE = np.stack(np.mgrid[:6, :6], axis=-1).reshape(-1, 2) * 2.5 + 2.0


def peaks(points):
    points = np.asarray(points, float).reshape(-1, 2)
    count = len(points)
    index, one = np.zeros(count, np.int64), np.ones(count)
    return Peaks(index, points, index, one, one[:, None], one)


def test_columns_between_two_detections_count():
    first, middle, last = LATTICE[:10], LATTICE[2:20] + 0.3, LATTICE[4:30]
    assert hits(first, middle, last) == Hits(found=6, there=6)
    assert hits(first, LATTICE[7:], last) == Hits(found=3, there=6)
    assert hits(first, LATTICE[:0], last) == Hits()
    assert Hits(9, 12).probability == 0.75 and Hits(3, 3).probability == 0.0


@pytest.mark.parametrize("shift", [(0, 0), (0.9, -0.8), (-0.7, 0.3)])
def test_the_common_shift_is_found_among_false_positives(shift):
    rng = np.random.default_rng(2)
    false = rng.uniform(0, 16, (2, 10, 2))
    moved = np.concatenate([LATTICE[5:] + shift, false[0]])
    found = common_shift(moved, np.concatenate([LATTICE[:-3], false[1]]))
    np.testing.assert_allclose(found, shift, atol=0.15)
    assert common_shift(LATTICE[:0], LATTICE).tolist() == [0, 0]


@pytest.mark.parametrize("probability", [0.3, 0.9])
def test_the_probability_of_detection_is_measured_in_frames_that_drift(probability):
    rng = np.random.default_rng(7)
    counted = ConsecutiveHits()
    for number in range(200):
        there = rng.random(len(LATTICE)) < probability
        found = LATTICE[there] + 0.2 * number + rng.normal(0, 0.05, (there.sum(), 2))
        counted.add(FoundFrame(number, np.zeros((1, 1, 1)), peaks(found)))
    assert counted.hits.probability == pytest.approx(probability, abs=0.04)


class Finder:
    """Finds the columns of a still lattice, each with a probability that grows with averaging.

    The frames are white noise of unit variance, whose average has 1 / n of it.
    """

    def __init__(self, probability, points=LATTICE):
        self.points, self.probability = points, probability
        self.rng, self.runs = np.random.default_rng(1), 0

    def find(self, frame, sampling):
        self.runs += 1
        number = round(1 / float(frame.var()))
        return peaks(
            self.points[self.rng.random(len(self.points)) < self.probability(number)]
        ), None


@pytest.fixture
def noise():
    frames = np.random.default_rng(5).normal(0, 1, (60, 64, 64, 1)).astype(np.float32)
    return ImageSeries(frames, 0.25)


def test_the_smallest_number_that_finds_most_columns_is_taken(noise):
    still = np.zeros((60, 2))
    finder = Finder(lambda number: {1: 0.3, 2: 0.7, 4: 0.99}.get(number, 0.99))
    needed = frames_needed(finder, noise, still)
    assert needed.number == 4 and needed.enough and needed.probability > 0.95
    assert finder.runs <= 3 * 12
    assert frames_needed(Finder(lambda number: 1.0), noise, still).number == 1
    assert frames_needed(Finder(lambda number: 1.0), noise, still, least=2).number == 2


def test_where_averages_do_not_help_frames_stay_single(noise):
    many = np.stack(np.mgrid[:6, :300], axis=-1).reshape(-1, 2) * 2.5 + 2.0
    needed = frames_needed(Finder(lambda number: 0.8, many), noise, np.zeros((60, 2)))
    assert not needed.enough and needed.number == 1


def test_a_movie_that_is_too_short_is_not_averaged():
    short = ImageSeries(np.random.default_rng(1).normal(0, 1, (2, 32, 32, 1)), 0.25)
    needed = frames_needed(Finder(lambda number: 0.1), short, np.zeros((2, 2)))
    assert needed.number == 1 and not needed.enough
