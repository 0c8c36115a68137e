from dataclasses import replace

import numpy as np
import pytest

from temnet.evaluation.matching import match
from temnet.images.unseen import UnseenRegions, pack
from temnet.movies.drift import follow_drift
from temnet.movies.field_of_view import View
from temnet.movies.regions import EDGE, region
from temnet.movies.sites import find_sites
from temnet.records import Peaks

TOLERANCE, LEAST = 0.7, 0.1


def sites_of(movie, extent=None, **options):
    drift = follow_drift(movie.peaks, movie.frame_count, 5.0).shifts
    view = None if extent is None else View(extent)
    return find_sites(movie.peaks, drift, movie.frame_count, TOLERANCE, LEAST, view, **options)


def test_a_still_particle_gives_back_its_columns(static_movie, movies):
    sites = sites_of(static_movie, movies.EXTENT)
    assert len(sites) == len(static_movie.places)
    found, true = match(sites.positions, static_movie.places, 0.01)
    assert len(found) == len(sites)
    assert np.all(sites.presence) and np.all(sites.in_view) and np.all(sites.usable)
    assert np.all(np.bincount(sites.peak_site) == 8)
    assert np.all(np.lexsort((sites.positions[:, 1], sites.positions[:, 0])) == range(len(sites)))


def test_sites_of_a_drifting_noisy_particle(noisy_movie, movies):
    sites = sites_of(noisy_movie, movies.EXTENT)
    often = noisy_movie.presence.mean(axis=1) > 0.25
    found, true = match(sites.positions, noisy_movie.places[often], 0.3)
    assert len(true) == often.sum()
    assert len(sites) <= len(noisy_movie.places) + 2
    # A detection is put at its own site: positions of all peaks of a site lie within reach.
    mine = sites.peak_site >= 0
    places = noisy_movie.peaks.positions - sites.drift[noisy_movie.peaks.frame]
    distance = np.linalg.norm(places[mine] - sites.positions[sites.peak_site[mine]], axis=1)
    assert distance.max() <= TOLERANCE * (1 + 1e-6)
    assert mine.mean() > 0.9


def test_without_drift_removal_the_sites_are_lost(noisy_movie, movies):
    still = find_sites(noisy_movie.peaks, np.zeros((40, 2)), 40, TOLERANCE, LEAST)
    right = sites_of(noisy_movie, movies.EXTENT)
    assert right.presence.mean() > 1.5 * still.presence.mean()


@pytest.mark.parametrize("spacing", [1.42, 1.6, 2.4])
def test_a_chain_of_neighbours_does_not_grow_together(movies, spacing):
    rng = np.random.default_rng(2)
    places = np.array([[10.0, 5 + spacing * k] for k in range(12)])
    presence = rng.random((12, 60)) < 0.8
    movie = movies.make_movie(rng, places, presence, np.zeros((60, 2)), jitter=0.2)
    sites = find_sites(movie.peaks, np.zeros((60, 2)), 60, TOLERANCE, LEAST)
    assert len(sites) == 12
    order = np.argsort(sites.positions[:, 1])
    np.testing.assert_allclose(sites.positions[order], places, atol=0.15)
    assert np.mean(sites.presence[order] == presence) > 0.95


def test_presence_is_exact_where_nothing_is_uncertain(movies):
    rng = np.random.default_rng(4)
    places = movies.particle(radius=10.0)
    presence = movies.markov(rng, len(places), 30, occupancy=0.8, flip=0.1)
    movie = movies.make_movie(rng, places, presence, np.zeros((30, 2)))
    sites = find_sites(movie.peaks, np.zeros((30, 2)), 30, TOLERANCE, LEAST)
    found, true = match(sites.positions, places, 0.01)
    assert len(found) == len(places)
    np.testing.assert_array_equal(sites.presence[found], presence[true])


def test_each_site_takes_one_peak_of_a_frame():
    places = np.array([[5.0, 5.0], [5.0, 5.3]])
    peaks = Peaks(
        np.zeros(2, np.int64),
        places,
        np.zeros(2, np.int64),
        np.ones(2),
        np.ones((2, 1)),
        np.full(2, np.nan),
    )
    sites = find_sites(peaks, np.zeros((1, 2)), 1, TOLERANCE, 0.0, usable=np.array([True]))
    assert len(sites) == 1 and sorted(sites.peak_site.tolist()) == [-1, 0]


def test_the_class_is_that_of_most_peaks(static_movie):
    count = len(static_movie.peaks)
    class_index = (static_movie.peaks.frame >= 5).astype(np.int64)  # 5 frames of 0, 3 of 1
    sites = sites_of(
        replace(static_movie, peaks=replace(static_movie.peaks, class_index=class_index))
    )
    assert np.all(sites.class_index == 0)
    other = replace(static_movie.peaks, class_index=np.full(count, 1))
    assert np.all(sites_of(replace(static_movie, peaks=other)).class_index == 1)


def test_rare_places_are_no_sites(movies):
    presence = np.ones((3, 40), bool)
    presence[2, 3:] = False  # 3 of 40 frames
    places = np.array([[5.0, 5.0], [5.0, 8.0], [5.0, 11.0]])
    movie = movies.make_movie(np.random.default_rng(0), places, presence, np.zeros((40, 2)))
    drift, usable = np.zeros((40, 2)), np.ones(40, bool)
    assert len(find_sites(movie.peaks, drift, 40, TOLERANCE, 0.1, usable=usable)) == 2
    assert len(find_sites(movie.peaks, drift, 40, TOLERANCE, 0.05, usable=usable)) == 3


def test_a_site_that_drifts_out_of_the_image_is_not_in_view(movies):
    drift = np.arange(30)[:, None] * [0.5, 0.0]
    places = np.concatenate([movies.particle(radius=10.0), [[3.0, 20.0]]])
    presence = np.ones((len(places), 30), bool)
    movie = movies.make_movie(np.random.default_rng(0), places, presence, drift)
    sites = sites_of(movie, movies.EXTENT)
    height = movies.EXTENT[0]
    lowest = np.argmax(sites.positions[:, 0])
    expected = sites.positions[lowest, 0] + drift[:, 0] <= height - TOLERANCE
    np.testing.assert_array_equal(sites.in_view[lowest], expected)
    assert 0 < expected.sum() < 30
    np.testing.assert_array_equal(sites.presence & sites.in_view, sites.in_view)
    blind = sites_of(movie)
    assert np.all(blind.in_view) and not np.all(blind.presence)


def filled(rng, drift, masked=(), unseen=None):
    """Peaks of gold along [110] that fills an image of 60 Å, but for what is masked."""
    steps = np.stack(np.meshgrid(*[np.arange(-30, 30)] * 2, indexing="ij"), -1).reshape(-1, 2)
    places = np.concatenate([steps, steps + 0.5]) @ [[4.08, 0], [0, 2.885]]
    turn = rng.uniform(0, np.pi)
    places = places @ [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]] + 30
    found, frame = [], []
    for number, shift in enumerate(drift):
        moved = places + shift
        view = View((60.0, 60.0), masked, unseen, (0.2, 0.2))
        moved = moved[view.shows(moved[:, None], frames=np.array([number]))[:, 0]]
        found.append(moved + rng.normal(0, 0.05, moved.shape))
        frame.append(np.full(len(moved), number))
    found, frame = np.concatenate(found), np.concatenate(frame)
    ones = np.ones(len(frame))
    return Peaks(frame, found, np.zeros(len(frame), np.int64), ones, ones[:, None], np.nan * ones)


@pytest.mark.parametrize("masked", [(), [(40.0, 48.0, 0.0, 60.0)]])
@pytest.mark.parametrize("drifted", [0.0, 4.0])
def test_neither_the_image_s_border_nor_a_mask_makes_edges_or_changes(masked, drifted):
    drift = np.linspace(0, drifted, 20)[:, None] * [1.0, 0.3]
    for seed in range(3):
        peaks = filled(np.random.default_rng(seed), drift, masked)
        view = View((60.0, 60.0), masked)
        sites = find_sites(peaks, drift, 20, TOLERANCE, LEAST, view, np.ones(20, bool))
        assert len(sites) > 300
        assert np.mean(region(sites) == EDGE) < 0.005
        np.testing.assert_array_equal(sites.presence[sites.observed], True)


def test_borders_of_single_frames_make_no_edges_or_changes():
    drift = np.linspace(0, 6, 20)[:, None] * [-1.0, 0.6]
    packed = {}
    for number in range(1, 20):  # the movie was aligned: borders grow with the drift
        border = np.zeros((301, 301), bool)
        border[301 - 4 * number :] = border[:, : 3 * number] = True
        packed[number] = {0: pack(border)}
    unseen = UnseenRegions((301, 301), packed)
    for seed in range(3):
        peaks = filled(np.random.default_rng(seed), drift, unseen=unseen)
        blind, seeing = (
            find_sites(peaks, drift, 20, TOLERANCE, LEAST, view, np.ones(20, bool))
            for view in (
                View((60.0, 60.0)),
                View((60.0, 60.0), unseen=unseen, pixel_size=(0.2, 0.2)),
            )
        )
        assert not blind.presence[blind.observed].all()
        assert len(seeing) > 300 and seeing.presence[seeing.observed].all()
        assert np.mean(region(seeing) == EDGE) < 0.005


def test_frames_that_are_not_usable_are_not_observed(static_movie):
    usable = np.ones(8, bool)
    usable[3] = False
    sites = sites_of(static_movie, usable=usable)
    assert not np.any(sites.presence[:, 3]) and np.all(sites.presence[:, usable])
    assert np.all(sites.peak_site[static_movie.peaks.frame == 3] == -1)
    assert not np.any(sites.observed[:, 3])


def test_no_peaks_have_no_sites():
    sites = find_sites(Peaks.empty(2), np.zeros((4, 2)), 4, TOLERANCE, LEAST, View((10.0, 10.0)))
    assert len(sites) == 0 and sites.presence.shape == (0, 4)
    assert sites.peak_site.shape == (0,) and sites.class_index.shape == (0,)


def test_a_column_that_is_taken_for_another_class_in_some_frames_did_not_leave(static_movie):
    frame, position = static_movie.peaks.frame, static_movie.peaks.positions
    right = position[:, 1] > np.median(position[:, 1])
    flicker = ~right & (frame % 3 == 0)  # 3 of 8 frames
    class_index = (right ^ flicker).astype(np.int64)
    movie = replace(static_movie, peaks=replace(static_movie.peaks, class_index=class_index))
    every = sites_of(movie)
    sites = every.of([0])
    assert 0 < len(sites) < len(every) and np.all(sites.class_index == 0)
    assert np.all(sites.presence)
    members = sites.peak_site >= 0
    assert np.all(np.bincount(sites.peak_site[members]) == 8)
    np.testing.assert_allclose(
        position[members], sites.positions[sites.peak_site[members]], atol=1e-9
    )
    assert np.all(every.class_index[every.peak_site[~members]] == 1)
    assert len(every.of([])) == 0 and np.all(every.of([]).peak_site == -1)
