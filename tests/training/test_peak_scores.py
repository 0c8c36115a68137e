import numpy as np
import pytest

from temnet.records import Columns, Example, Peaks
from temnet.training.peak_scores import best_threshold, macro_peak_f1


def peaks(positions, classes, scores):
    count = len(classes)
    return Peaks(
        np.zeros(count, np.int64),
        np.array(positions, float).reshape(count, 2),
        np.array(classes, np.int64),
        np.array(scores, float),
        np.zeros((count, 2)),
        np.full(count, np.nan),
    )


def example(positions, classes, size=100):
    count = len(classes)
    columns = Columns(
        np.array(positions, float).reshape(count, 2),
        np.array(classes, np.int64),
        np.ones(count, np.int64),
    )
    images = np.ones((size, size, 1), np.float32)
    return Example(images, np.zeros((size, size, 3)), images[..., 0], columns, {}, 0.12)


PLACES = [(3, 3), (3, 6), (6, 3), (6, 6)]


def test_counts_are_pooled_over_images_and_averaged_over_classes(make_experiment):
    examples = [example(PLACES, [0, 0, 0, 1]), example(PLACES[:1], [0])]
    found = [
        peaks(PLACES[:3], [0, 0, 1], [0.9, 0.9, 0.9]),  # two right, one of the wrong class
        peaks([(9, 9)], [0], [0.9]),  # where nothing is
    ]
    # Class 0: 2 found of 4, one false; class 1: none of 1, one false.
    expected = (2 * 2 / (2 * 2 + 1 + 2) + 0) / 2
    assert macro_peak_f1(found, examples, make_experiment(), 0.5) == pytest.approx(expected)


def test_threshold_leaves_peaks_out(make_experiment):
    examples = [example(PLACES[:2], [0, 1])]
    found = [peaks(PLACES[:3], [0, 1, 1], [0.9, 0.8, 0.3])]
    assert macro_peak_f1(found, examples, make_experiment(), 0.5) == 1
    assert macro_peak_f1(found, examples, make_experiment(), 0.2) == pytest.approx((1 + 2 / 3) / 2)
    assert macro_peak_f1(found, examples, make_experiment(), 0.95) == 0


def test_nothing_there_and_nothing_found_is_no_success(make_experiment):
    assert macro_peak_f1([peaks([], [], [])], [example([], [])], make_experiment(), 0.5) == 0
    assert macro_peak_f1([], [], make_experiment(), 0.5) == 0


def test_the_middle_of_the_best_thresholds(make_experiment):
    examples = [example(PLACES[:2], [0, 1])]
    found = [peaks(PLACES[:3], [0, 1, 1], [0.9, 0.75, 0.25])]
    thresholds = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
    assert best_threshold(found, examples, make_experiment(), thresholds) == (0.5, 1.0)
