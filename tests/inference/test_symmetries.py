import numpy as np
import pytest

from temnet.data.augment import apply_symmetry
from temnet.inference.peak_finder import PeakFinder
from temnet.inference.score_calibration import ScoreCalibration
from temnet.inference.symmetries import _undone, predict_symmetries, with_spread

SAMPLING = 0.2

FINDER = PeakFinder(SAMPLING, 0.3, 1.0)


def predicted(places, shape=(40, 50), width=0.35):
    """Probabilities of a class and of the background, a Gaussian at each place [Å]."""
    row, col = np.mgrid[: shape[0], : shape[1]] * SAMPLING
    score = np.zeros(shape)
    for y, x in places:
        score = np.maximum(score, 0.9 * np.exp(-((row - y) ** 2 + (col - x) ** 2) / 2 / width**2))
    return np.stack([score, 1 - score], axis=-1)


@pytest.mark.parametrize("symmetry", range(8))
def test_a_symmetry_is_undone(symmetry):
    maps = np.arange(30.0).reshape(5, 6, 1)
    np.testing.assert_array_equal(_undone(apply_symmetry(maps, symmetry), symmetry), maps)


def test_predictions_are_turned_back():
    images = np.random.default_rng(0).normal(size=(12, 17, 2))
    predictions = predict_symmetries(lambda part: 2 * part[..., :1], images)
    assert predictions.shape == (8, 12, 17, 1)
    np.testing.assert_allclose(predictions, np.repeat(2 * images[None, ..., :1], 8, axis=0))
    # A network that prefers one side does not give the same in all.
    uneven = predict_symmetries(lambda part: np.cumsum(part, axis=1), images)
    assert uneven.std(axis=0).max() > 0.1


def test_spread_is_the_scatter_of_the_positions():
    rng = np.random.default_rng(1)
    places = np.array([[2.0, 3.0], [5.0, 6.5], [3.1, 8.0]])
    sigma = 0.05
    moved = places + rng.normal(0, sigma, (200, 3, 2))
    predictions = np.stack([predicted(each) for each in moved])
    peaks = FINDER.find(predictions.mean(axis=0))
    found = with_spread(peaks, predictions, FINDER)
    assert len(found) == 3
    np.testing.assert_allclose(found.spread, sigma, rtol=0.15)
    np.testing.assert_array_equal(found.positions, peaks.positions)
    still = with_spread(peaks, predictions[:1].repeat(8, axis=0), FINDER)
    np.testing.assert_allclose(still.spread, 0, atol=1e-12)


def test_a_column_in_a_single_prediction_has_no_spread():
    predictions = np.stack([predicted([[2.0, 3.0], [5.0, 6.5]]), *[predicted([[2.0, 3.0]])] * 7])
    peaks = FINDER.find(predictions[0])
    spread = with_spread(peaks, predictions, FINDER).spread
    lonely = peaks.positions[:, 0] > 4
    assert np.isnan(spread[lonely]).all() and np.isfinite(spread[~lonely]).all()
    nothing = FINDER.find(predicted([]))
    assert len(with_spread(nothing, predictions, FINDER)) == 0


def test_class_spread_is_the_scatter_of_the_probability():
    rng = np.random.default_rng(2)
    base = predicted([[2.0, 3.0], [5.0, 6.4]])
    share = rng.normal(0.6, 0.1, 300).clip(0, 1)
    predictions = np.stack(
        [np.stack([s * base[..., 0], (1 - s) * base[..., 0], base[..., 1]], -1) for s in share]
    )
    peaks = FINDER.find(predictions.mean(axis=0))
    found = with_spread(peaks, predictions, FINDER)
    np.testing.assert_array_equal(found.class_index, 0)
    np.testing.assert_allclose(found.class_spread, 0.1 * peaks.score, rtol=0.1)
    assert np.all(found.spread < 1e-6)  # classes quarrel, positions do not
    assert np.isnan(peaks.class_spread).all()


def test_class_spread_is_that_of_calibrated_probabilities():
    """A network that is far too sure of a column hardly doubts it where its predictions differ."""
    predictions = np.stack([height * predicted([[2.0, 3.0]]) / 0.9 for height in (0.5, 0.55, 0.6)])
    predictions[..., -1] = 1 - predictions[..., 0]
    steep = PeakFinder(SAMPLING, 0.3, 1.0, ScoreCalibration(slope=4.0, offset=8.0))
    found = with_spread(steep.find(predictions.mean(axis=0)), predictions, steep)
    plain = with_spread(FINDER.find(predictions.mean(axis=0)), predictions, FINDER)
    assert 0 < found.class_spread[0] < 1e-3 < 0.04 < plain.class_spread[0]
