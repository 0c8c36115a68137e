"""Probability that a column that is there is found, at each site."""

import math

import numpy as np
import pytest

from temnet.movies.detection import corrected, detection, gaps
from temnet.movies.occupancy import counted_histories, inferred_histories
from temnet.movies.rates import RateRow, smeared
from temnet.movies.site_tables import site_rows
from temnet.movies.sites import Sites


def sites_with(presence, observed=None):
    count, frames = presence.shape
    return Sites(
        positions=np.stack([np.arange(count) * 2.5, np.zeros(count)], axis=1),
        class_index=np.zeros(count, np.int64),
        presence=presence,
        in_view=np.ones(presence.shape, bool) if observed is None else observed,
        peak_site=np.zeros(0, np.int64),
        usable=np.ones(frames, bool),
        drift=np.zeros((frames, 2)),
        tolerance=0.7,
    )


def test_frames_between_two_detections_are_counted():
    presence = np.array([[1, 0, 1, 1, 1, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 1]], bool)
    found, frames = gaps(sites_with(presence))
    assert found.tolist() == [1, 0] and frames.tolist() == [2, 0]
    # Two frames apart: 0-2-4 (found), 3-5-7 (not), and 2-4-6 has no end.
    found, frames = gaps(sites_with(presence), 2)
    assert found.tolist() == [1, 0] and frames.tolist() == [2, 0]
    observed = np.ones(presence.shape, bool)
    observed[0, 1] = False
    assert gaps(sites_with(presence, observed))[1].tolist() == [1, 0]
    assert gaps(sites_with(presence[:, :2]))[1].tolist() == [0, 0]


@pytest.mark.parametrize("probability", [0.6, 0.9])
@pytest.mark.parametrize("stay", [math.inf, 20])
def test_missed_columns_do_not_lower_the_corrected_occupancy(probability, stay):
    rng = np.random.default_rng(11)
    state = np.ones((40, 400), bool)
    for frame in range(1, 400):
        state[:, frame] = state[:, frame - 1] ^ (rng.random(40) < 1 / stay)
    presence = state & (rng.random(state.shape) < probability)
    sites = sites_with(presence)
    found = detection(sites, np.zeros(40, np.int64))
    assert found.mean() == pytest.approx(probability, abs=0.03)
    rows = list(site_rows(sites, ("metal",), None, found))
    away = [row.corrected_occupancy - true for row, true in zip(rows, state.mean(1), strict=True)]
    assert abs(np.mean(away)) < 0.03
    # The counted occupancy stays what it was.
    assert rows[3].occupancy == presence[3].mean()


def test_a_site_shares_the_frames_of_its_group():
    presence = np.ones((3, 40), bool)
    presence[2] = False
    presence[2, [0, 5, 9]] = True
    found = detection(sites_with(presence), np.array([0, 0, 0]))
    assert found.tolist() == [1, 1, 1]
    alone = detection(sites_with(presence), np.array([0, 0, 1]))
    assert np.isnan(alone[2]) and alone[0] == 1
    assert np.isnan(corrected(np.array([0.1]), alone[2:])).all()


def test_averaged_frames_are_worth_fewer():
    presence = np.ones((1, 40), bool)
    presence[0, ::4] = False
    single, averaged = (
        next(site_rows(sites_with(presence), ("metal",), None, None, number)) for number in (1, 4)
    )
    assert averaged.occupancy == single.occupancy
    widths = [row.occupancy_high - row.occupancy_low for row in (single, averaged)]
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.1)


def test_a_hidden_markov_model_of_averages_takes_frames_that_share_none():
    rng = np.random.default_rng(2)
    state = np.ones((60, 240), bool)
    for frame in range(1, 240):
        state[:, frame] = state[:, frame - 1] ^ (rng.random(60) < 0.02)
    noisy = state & (rng.random(state.shape) < 0.9)
    noisy = np.repeat(noisy[:, 1::4], 4, axis=1)  # what four frames share
    histories, fitted = inferred_histories(sites_with(noisy), np.zeros(60, np.int64), 4)
    assert fitted.disappearance[0, 0] == pytest.approx(0.02, abs=0.008)
    assert fitted.hit[0] == pytest.approx(0.9, abs=0.05)
    counted = counted_histories(sites_with(noisy))
    assert histories.disappeared.sum() < counted.disappeared.sum()


def test_changes_faster_than_the_average_are_named():
    row = RateRow("region", "edge", "metal", 9, *[0.1] * 16, 8.0, 20.0)
    assert len(list(smeared([row], 4))) == 1
    assert not list(smeared([row], 1)) and not list(smeared([row], 2))
