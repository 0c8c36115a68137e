from dataclasses import replace

import numpy as np
import pytest

from temnet.config.card import card_of, entries_of
from temnet.inference.peak_finder import PeakFinder
from temnet.inference.score_calibration import LEAST, ScoreCalibration
from temnet.models.checkpoint import load_network

SAMPLING = 0.2
STEEP = ScoreCalibration(slope=3.0, offset=-2.0, class_slope=1.5)
HEIGHTS = (0.3, 0.5, 0.7, 0.95)


def predicted():
    """Columns of four heights, the class shares 0.7 and 0.3."""
    row, col = np.mgrid[:40, :120] * SAMPLING
    score = sum(
        height * np.exp(-((row - 4.03) ** 2 + (col - 3.04 - 6 * i) ** 2) / (2 * 0.35**2))
        for i, height in enumerate(HEIGHTS)
    )
    return np.stack([0.7 * score, 0.3 * score, 1 - score], axis=-1)


def test_scores_are_calibrated_and_places_stay():
    plain = PeakFinder(SAMPLING, 0.01, 1.0).find(predicted())
    steep = PeakFinder(SAMPLING, 0.01, 1.0, STEEP).find(predicted())
    assert len(plain) == len(steep) == 4
    np.testing.assert_array_equal(steep.positions, plain.positions)
    np.testing.assert_array_equal(steep.class_index, plain.class_index)
    odds = plain.score / (1 - plain.score)
    expected = np.exp(-2.0) * odds**3
    np.testing.assert_allclose(steep.score, expected / (1 + expected))
    np.testing.assert_allclose(steep.probabilities.sum(axis=1), steep.score)
    share = 0.7**1.5 / (0.7**1.5 + 0.3**1.5)
    np.testing.assert_allclose(steep.probabilities[:, 0] / steep.score, share)


@pytest.mark.parametrize("threshold", [0.02, 0.2, 0.5, 0.9])
def test_the_threshold_is_of_calibrated_scores(threshold):
    every = PeakFinder(SAMPLING, 0.001, 1.0, STEEP)
    expected = [score for score in every.find(predicted()).score if score > threshold]
    np.testing.assert_allclose(every.with_threshold(threshold).find(predicted()).score, expected)


def test_a_network_without_calibration_is_left_alone(pretrained):
    assert ScoreCalibration.of(load_network("tiny").card) == ScoreCalibration()
    found = PeakFinder(SAMPLING, 0.4, 1.0).find(predicted())
    np.testing.assert_array_equal(np.round(found.probabilities[:, 0] / found.score, 6), 0.7)


def test_a_card_keeps_it(pretrained):
    card = replace(load_network("tiny").card, score_calibration=STEEP)
    assert ScoreCalibration.of(card_of(entries_of(card))) == STEEP


def test_certain_scores_stay_finite():
    score, classes = STEEP.apply(np.array([0.0, 1.0]), np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert np.isfinite(score).all() and np.isfinite(classes).all()
    assert score[0] < LEAST and score[1] > 1 - LEAST
    assert classes[1, 0] > 0.999
    for threshold in (0.0, 1.0):
        assert 0 <= STEEP.before(threshold) <= 1


def test_a_finder_has_the_network_s_settings(pretrained):
    network = load_network("tiny")
    card = replace(network.card, threshold=0.3, score_calibration=STEEP)
    finder = PeakFinder.of(replace(network, card=card))
    assert (finder.threshold, finder.calibration) == (0.3, STEEP)
    assert finder.sampling == network.experiment.model.sampling
    assert finder.min_distance == 3 * network.experiment.labels.width
    given = PeakFinder.of(network, threshold=0.8, min_distance=2.0)
    assert (given.threshold, given.min_distance) == (0.8, 2.0)
    assert given.calibration == ScoreCalibration()
