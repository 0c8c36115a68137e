import math
from dataclasses import astuple

import numpy as np
import pytest
from scipy.stats import binomtest

from temnet.evaluation.matching import match
from temnet.movies.drift import follow_drift
from temnet.movies.field_of_view import View
from temnet.movies.occupancy import counted_histories
from temnet.movies.regions import edge_distance
from temnet.movies.site_tables import site_rows as rows_of_sites
from temnet.movies.site_tables import wilson_interval
from temnet.movies.sites import Sites, find_sites
from temnet.movies.transitions import transition_rows as rows_of_transitions

TOLERANCE, LEAST = 0.7, 0.1


def site_rows(sites, class_names):
    return list(rows_of_sites(sites, class_names))


def transition_rows(sites):
    return list(rows_of_transitions(counted_histories(sites)))


def make_sites(presence, places=None, in_view=None, usable=None, classes=None, view=None):
    presence = np.array(presence, bool)
    count, frames = presence.shape
    places = np.arange(2.0 * count).reshape(-1, 2) if places is None else np.array(places, float)
    return Sites(
        positions=places,
        class_index=np.zeros(count, np.int64) if classes is None else np.array(classes),
        presence=presence,
        in_view=np.ones((count, frames), bool) if in_view is None else np.array(in_view, bool),
        peak_site=np.zeros(0, np.int64),
        usable=np.ones(frames, bool) if usable is None else np.array(usable, bool),
        drift=np.zeros((frames, 2)),
        view=view,
    )


@pytest.mark.parametrize("successes,trials", [(0, 7), (3, 7), (7, 7), (12, 40), (1, 1)])
def test_wilson_interval_is_that_of_scipy(successes, trials):
    interval = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose(
        wilson_interval(successes, trials), (interval.low, interval.high), atol=1e-6
    )


def test_no_trials_have_no_interval():
    assert all(math.isnan(end) for end in wilson_interval(0, 0))


def test_counts_of_one_site_by_hand():
    (row,) = site_rows(make_sites([[1, 1, 0, 0, 1, 0]]), ["metal"])
    assert row.site == 0 and row.class_ == "metal" and row.frames == 6
    assert row.occupancy == pytest.approx(0.5)
    assert (row.appearances, row.disappearances) == (1, 2)
    assert row.transition_fraction == pytest.approx(3 / 5)


def test_transitions_are_dated_by_the_first_frame_of_the_new_state():
    rows = transition_rows(make_sites([[1, 1, 0, 0, 1, 0], [0, 0, 1, 1, 1, 1]]))
    assert [astuple(row) for row in rows] == [
        (2, 0, "occupied", "empty"),
        (2, 1, "empty", "occupied"),
        (4, 0, "empty", "occupied"),
        (5, 0, "occupied", "empty"),
    ]


def test_transitions_across_a_dropped_frame_are_not_counted():
    # Frame 2 was dropped: what changed between 1 and 3 is no transition of a consecutive pair.
    sites = make_sites([[1, 1, 0, 0, 0, 1]], usable=[1, 1, 0, 1, 1, 1])
    (row,) = site_rows(sites, ["metal"])
    assert row.frames == 5 and row.occupancy == pytest.approx(3 / 5)
    assert (row.appearances, row.disappearances) == (1, 0)
    assert row.transition_fraction == pytest.approx(1 / 3)
    assert [row.frame for row in transition_rows(sites)] == [5]
    whole = make_sites([[1, 1, 0, 0, 0, 1]])
    assert site_rows(whole, ["metal"])[0].disappearances == 1


def test_frames_out_of_view_are_neither_empty_nor_occupied():
    sites = make_sites([[1, 0, 0, 0]], in_view=[[1, 1, 0, 0]])
    (row,) = site_rows(sites, ["metal"])
    assert row.frames == 2 and row.occupancy == pytest.approx(0.5)
    assert row.transition_fraction == pytest.approx(1.0)
    never = site_rows(make_sites([[0, 0]], in_view=[[0, 0]]), ["metal"])[0]
    assert math.isnan(never.occupancy) and math.isnan(never.transition_fraction)


def test_a_still_particle_has_no_transitions(static_movie, movies):
    drift = follow_drift(static_movie.peaks, 8, 5.0).shifts
    sites = find_sites(static_movie.peaks, drift, 8, TOLERANCE, LEAST, View(movies.EXTENT))
    rows = site_rows(sites, ["metal"])
    assert all(row.occupancy == 1 and row.transition_fraction == 0 for row in rows)
    assert transition_rows(sites) == []


def test_transitions_are_exact_where_nothing_is_uncertain(movies):
    rng = np.random.default_rng(8)
    places = movies.particle(radius=10.0)
    presence = movies.markov(rng, len(places), 40, occupancy=0.7, flip=0.15)
    movie = movies.make_movie(rng, places, presence, np.zeros((40, 2)))
    sites = find_sites(movie.peaks, np.zeros((40, 2)), 40, TOLERANCE, LEAST, View(movies.EXTENT))
    found, true = match(sites.positions, places, 0.01)
    assert len(found) == len(places)
    rows = site_rows(sites, ["metal"])
    steps = np.diff(presence.astype(int), axis=1)
    for site, place in zip(found, true, strict=True):
        assert rows[site].appearances == np.sum(steps[place] == 1)
        assert rows[site].disappearances == np.sum(steps[place] == -1)
        assert rows[site].occupancy == pytest.approx(presence[place].mean())
    assert len(transition_rows(sites)) == np.abs(steps).sum()


def test_occupancy_of_a_noisy_drifting_movie(noisy_movie, movies):
    drift = follow_drift(noisy_movie.peaks, 40, 5.0).shifts
    sites = find_sites(noisy_movie.peaks, drift, 40, TOLERANCE, LEAST, View(movies.EXTENT))
    found, true = match(sites.positions, noisy_movie.places, 0.4)
    rows = [site_rows(sites, ["metal"])[site] for site in found]
    seen = noisy_movie.presence[true].mean(axis=1) * 0.9  # one in ten is missed
    held = [
        row.occupancy_low <= value <= row.occupancy_high
        for row, value in zip(rows, seen, strict=True)
    ]
    assert np.mean(held) > 0.93
    middle = np.linalg.norm(noisy_movie.places[true] - np.array(movies.EXTENT) / 2, axis=1) < 11
    occupancy = np.array([row.occupancy for row in rows])
    assert occupancy[middle].mean() == pytest.approx(0.9, abs=0.02)
    assert occupancy[~middle].mean() == pytest.approx(seen[~middle].mean(), abs=0.03)


def test_the_interval_contains_the_occupancy_in_95_per_cent_of_cases():
    rng = np.random.default_rng(0)
    hits = rng.binomial(40, 0.7, 2000)
    held = [low <= 0.7 <= high for low, high in (wilson_interval(int(hit), 40) for hit in hits)]
    assert 0.93 < np.mean(held) < 0.97


def lattice(rows, cols, spacing=2.0):
    return np.stack(np.mgrid[:rows, :cols], axis=-1).reshape(-1, 2) * spacing + 5.0


def test_edge_distance_of_a_square_lattice():
    places = lattice(7, 9)
    distance = edge_distance(make_sites(np.ones((63, 2)), places))
    row, col = ((places - 5.0) / 2.0).T
    expected = 2.0 * np.minimum(np.minimum(row, 6 - row), np.minimum(col, 8 - col))
    np.testing.assert_allclose(distance, expected, atol=1e-9)


def test_the_outline_follows_a_bay():
    places = lattice(9, 9)
    bay = (places[:, 0] < 14) & (np.abs(places[:, 1] - 13) < 3)
    kept = places[~bay]
    distance = edge_distance(make_sites(np.ones((len(kept), 2)), kept))
    below = np.flatnonzero(np.all(kept == [15.0, 13.0], axis=1))[0]
    assert distance[below] == pytest.approx(0.0)
    whole = edge_distance(make_sites(np.ones((81, 2)), places))
    assert whole[np.flatnonzero(np.all(places == [15.0, 13.0], axis=1))[0]] == pytest.approx(6.0)


def test_classes_have_outlines_of_their_own():
    places = lattice(8, 5)
    classes = (places[:, 0] > 12).astype(int)  # four rows each
    distance = edge_distance(make_sites(np.ones((40, 2)), places, classes=classes))
    row = ((places[:, 0] - 5.0) / 2.0).astype(int)
    assert np.all(distance[(row == 3) | (row == 4)] == 0)


def test_the_end_of_the_image_is_no_edge():
    places = lattice(7, 9) - 5.0 + 1.0
    extent = (14.0, 18.0)  # the lattice runs from 1 to 13 and from 1 to 17 Å
    filled = edge_distance(make_sites(np.ones((63, 2)), places, view=View(extent)))
    assert np.all(np.isnan(filled))
    half = edge_distance(make_sites(np.ones((63, 2)), places, view=View((14.0, 40.0))))
    np.testing.assert_allclose(half, 17.0 - places[:, 1], atol=1e-9)


def test_few_sites_or_sites_in_a_line_are_all_edge():
    for places in ([[1, 1]], [[1, 1], [1, 3]], [[1, 1], [1, 3], [1, 5], [1, 7]]):
        assert edge_distance(make_sites(np.ones((len(places), 2)), places)).tolist() == [0] * len(
            places
        )
    assert edge_distance(make_sites(np.ones((0, 2)))).shape == (0,)
    assert site_rows(make_sites(np.ones((0, 2))), ["metal"]) == []


def test_a_movie_of_one_frame_has_no_pairs():
    histories = counted_histories(make_sites([[1], [0]]))
    assert histories.appeared.shape == histories.pairs.shape == (2, 0)
    (row, _) = site_rows(make_sites([[1], [0]]), ["metal"])
    assert math.isnan(row.transition_fraction) and row.occupancy == 1
