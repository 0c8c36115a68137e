from functools import partial

import numpy as np
import pytest

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.records import Columns, Example, Peaks
from temnet.training.peak_scores import best_threshold, macro_peak_f1, peak_scores


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


CLASSES, SETTINGS = ("a", "b"), Evaluation(border=0)
PLACES = [(3, 3), (3, 6), (6, 3), (6, 6)]


def results_of(found, examples):
    pairs = enumerate(zip(found, examples, strict=True))
    return [ImageResult.of(peaks, one, index) for index, (peaks, one) in pairs]


def macro(found, examples, threshold):
    return macro_peak_f1(results_of(found, examples), CLASSES, SETTINGS, threshold)


def test_counts_are_pooled_over_images_and_averaged_over_classes():
    examples = [example(PLACES, [0, 0, 0, 1]), example(PLACES[:1], [0])]
    found = [
        peaks(PLACES[:3], [0, 0, 1], [0.9, 0.9, 0.9]),  # two correct, one of the wrong class
        peaks([(9, 9)], [0], [0.9]),  # where nothing is
    ]
    # Class 0: 2 found of 4, one false; class 1: none of 1, one false.
    expected = 2 * 2 / (2 * 2 + 1 + 2)
    assert macro(found, examples, 0.5) == pytest.approx((expected + 0) / 2)
    scores = peak_scores(results_of(found, examples), CLASSES, SETTINGS, 0.5)
    assert scores.classes["a"].f1 == pytest.approx(expected) and scores.classes["b"].f1 == 0


def test_threshold_leaves_peaks_out():
    examples = [example(PLACES[:2], [0, 1])]
    found = [peaks(PLACES[:3], [0, 1, 1], [0.9, 0.8, 0.3])]
    assert macro(found, examples, 0.5) == 1
    assert macro(found, examples, 0.2) == pytest.approx((1 + 2 / 3) / 2)
    assert macro(found, examples, 0.95) == 0


def test_nothing_there_and_nothing_found_is_no_success():
    assert macro([peaks([], [], [])], [example([], [])], 0.5) == 0
    assert macro([], [], 0.5) == 0


def test_the_middle_of_the_best_thresholds():
    examples = [example(PLACES[:2], [0, 1])]
    found = [peaks(PLACES[:3], [0, 1, 1], [0.9, 0.75, 0.25])]
    thresholds = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
    assert best_threshold(thresholds, partial(macro, found, examples)) == (0.5, 1.0)
