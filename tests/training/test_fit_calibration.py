from dataclasses import replace

import keras
import numpy as np
import pytest

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.inference.score_calibration import ScoreCalibration
from temnet.records import Columns, Example, Peaks
from temnet.training.fit_calibration import SLOPES, calibrate, fit_calibration

PLACES = np.array([(3.0, 3.0), (3.0, 6.0), (6.0, 3.0), (6.0, 6.0)])


def example(positions, classes, images=None):
    columns = Columns(
        np.asarray(positions, float).reshape(-1, 2),
        np.asarray(classes, np.int64),
        np.ones(len(classes), np.int64),
    )
    images = np.ones((100, 100, 1), np.float32) if images is None else images
    return Example(images, np.zeros((100, 100, 3)), images[..., 0], columns, {}, 0.12)


def drawn(truth, count, seed=0):
    """Peaks that are correct as often as calibrated scores predict, with the network's own scores.

    ``truth`` is the calibration that the network needs.
    """
    rng = np.random.default_rng(seed)
    found, examples = [], []
    for _ in range(count):
        own = rng.uniform(0.05, 0.99, len(PLACES))
        first = rng.uniform(0.05, 0.95, len(PLACES))
        classes = own[:, None] * np.stack([first, 1 - first], axis=1)
        score, probable = truth.apply(own, classes)
        there = rng.uniform(size=len(PLACES)) < score
        second = rng.uniform(size=len(PLACES)) < probable[:, 1] / score
        examples.append(example(PLACES[there], second[there] * 1))
        found.append(
            Peaks(
                frame=np.zeros(len(PLACES), np.int64),
                positions=PLACES,
                class_index=np.argmax(classes, axis=1),
                score=own,
                probabilities=classes,
                spread=np.full(len(PLACES), np.nan),
            )
        )
    return found, examples


def fit(found, examples):
    results = [ImageResult.of(peaks, one) for peaks, one in zip(found, examples, strict=True)]
    return fit_calibration(results, 2, Evaluation(border=0))


@pytest.mark.parametrize(
    "truth",
    [ScoreCalibration(), ScoreCalibration(2.5, -1.5, 1.4), ScoreCalibration(0.6, 0.8, 0.5)],
)
def test_the_calibration_that_a_network_needs_is_found(truth):
    fitted = fit(*drawn(truth, 3000))
    assert fitted.slope == pytest.approx(truth.slope, rel=0.08)
    assert fitted.offset == pytest.approx(truth.offset, abs=0.12)
    assert fitted.class_slope == pytest.approx(truth.class_slope, rel=0.08)


def test_a_few_peaks_change_nothing():
    few = fit(*drawn(ScoreCalibration(3.0), 10))
    assert few == ScoreCalibration()
    assert fit([], []) == ScoreCalibration()


def test_a_network_that_is_never_wrong_keeps_its_scores():
    found, examples = drawn(ScoreCalibration(), 200)
    always = [example(PLACES, peaks.class_index) for peaks in found]
    assert fit(found, always) == ScoreCalibration()
    assert len(examples) == len(always)


def test_a_slope_stays_within_its_limits():
    """The likeliest slope is infinite where a score separates correct from wrong peaks."""
    found, _ = drawn(ScoreCalibration(), 200)
    sharp = [example(PLACES[one.score > 0.6], one.class_index[one.score > 0.6]) for one in found]
    assert fit(found, sharp).slope == SLOPES[1]


def test_a_network_that_finds_the_columns(make_experiment):
    """Images whose grey values are high at columns, and a network that thresholds them."""
    experiment = make_experiment()
    rows, cols = np.mgrid[:100, :100] * 0.12
    images = np.ones((100, 100, 1), np.float32)
    for row, col in PLACES:
        images[..., 0] += np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / (2 * 0.35**2))
    bright = replace(example(PLACES, [0, 0, 0, 0]), images=images)
    model = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(3, 1)])
    model.set_weights([np.array([1.0, -9.0, -1.0]).reshape(1, 1, 1, 3), np.array([-2.0, -9, 2])])
    calibration, threshold = calibrate(model, [bright], experiment)
    assert calibration == ScoreCalibration()
    assert 0.05 < threshold < 0.95
