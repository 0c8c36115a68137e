import logging
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from temnet.movies.drift import follow_drift, usable_frames
from temnet.records import Peaks


def largest_error(drift, true, frames=slice(None)):
    return np.linalg.norm(drift[frames] - true[frames], axis=1).max()


@pytest.fixture(scope="module")
def noisy_shifts(noisy_movie):
    return follow_drift(noisy_movie.peaks, 40, 5.0).shifts


def test_a_still_movie_has_no_drift(static_movie):
    drift = follow_drift(static_movie.peaks, 8, 5.0).shifts
    assert np.abs(drift).max() < 1e-9


def test_drift_of_noisy_frames_is_found_within_a_tenth_of_an_angstrom(noisy_movie, noisy_shifts):
    drift = noisy_shifts
    assert np.abs(noisy_movie.drift).max() > 1
    # Against the first frame, whose own scatter of 0.2 Å / sqrt(100 columns) is in all of them.
    assert largest_error(drift, noisy_movie.drift) < 0.12
    assert largest_error(drift, noisy_movie.drift[:, ::-1]) > 0.5
    assert largest_error(-drift, noisy_movie.drift) > 0.5


@pytest.mark.parametrize("shift", [(0.9, -0.4), (-0.2, 1.0), (3.0, 2.0)])
def test_one_jump_is_found_also_beyond_half_a_period_by_the_outline(movies, shift):
    drift = np.zeros((6, 2))
    drift[3:] = shift
    places = movies.particle(radius=10.0)
    presence = np.ones((len(places), 6), bool)
    movie = movies.make_movie(np.random.default_rng(0), places, presence, drift, jitter=0.05)
    assert largest_error(follow_drift(movie.peaks, 6, 5.0).shifts, drift) < 0.05


def test_a_gap_of_a_thousand_frames_takes_no_more_memory_than_the_field(movies):
    places = movies.particle(radius=10.0)
    count, shift = 1002, np.array([7.0, -4.0])
    presence = np.zeros((len(places), count), bool)
    presence[:, [0, -1]] = True
    drift = np.linspace(0, 1, count)[:, None] * shift
    movie = movies.make_movie(np.random.default_rng(0), places, presence, drift, jitter=0.05)
    tracemalloc.start()
    found = follow_drift(movie.peaks, count, 5.0).shifts
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.abs(found[-1] - shift).max() < 0.05
    assert most < 2e8  # bytes; a map of 500 nm in each direction would take 36 GB


@pytest.mark.parametrize("step", [(0.5, -0.3), (0.9, 0.2)])
def test_a_field_full_of_crystal_is_followed_by_steps_below_half_a_period(movies, step):
    rng = np.random.default_rng(5)
    places = movies.particle(radius=60.0)
    presence = rng.random((len(places), 20)) < 0.9
    drift = np.arange(20)[:, None] * np.array(step)
    movie = movies.make_movie(rng, places, presence, drift, jitter=0.1)
    assert (
        largest_error(follow_drift(movie.peaks, 20, 5.0, extent=movies.EXTENT).shifts, drift) < 0.1
    )


def test_without_the_image_size_the_larger_overlap_of_a_wrong_period_may_win(movies):
    rng = np.random.default_rng(5)
    places = movies.particle(radius=60.0)
    drift = np.arange(20)[:, None] * [0.9, 0.2]
    movie = movies.make_movie(rng, places, np.ones((len(places), 20), bool), drift, jitter=0.1)
    # With it the same movie is followed, as above.
    assert largest_error(follow_drift(movie.peaks, 20, 5.0).shifts, drift) > 1


@pytest.mark.parametrize("known", [True, False])
def test_thousands_of_columns_do_not_jump_by_a_period(known):
    # Periods that fall on whole bins of the votes must not win over a shift that does not.
    rng = np.random.default_rng(0)
    lattice = np.stack(np.mgrid[:60, :60], axis=-1).reshape(-1, 2) * 1.6 + 2.0
    drift = np.arange(6)[:, None] * [0.1, 0.1]
    positions = np.concatenate([lattice + rng.normal(0, 0.1, lattice.shape) + d for d in drift])
    count = len(positions)
    peaks = Peaks(
        np.repeat(np.arange(6), len(lattice)),
        positions,
        np.zeros(count, np.int64),
        np.ones(count),
        np.ones((count, 1)),
        np.full(count, np.nan),
    )
    found = follow_drift(peaks, 6, 5.0, extent=(100.0, 100.0) if known else None).shifts
    assert largest_error(found, drift) < 0.01


def test_a_still_crystal_that_fills_the_image_does_not_jump_by_a_period():
    # Graphene, with many missed atoms and some false positives: by chance a frame may meet the
    # one before better a period away.
    first, second = 2.46 * np.array([1, 0]), 2.46 * np.array([0.5, np.sqrt(0.75)])
    steps = np.stack(np.mgrid[-30:30, -30:30], axis=-1).reshape(-1, 2)
    lattice = np.concatenate(
        [steps @ [first, second] + shift for shift in (0, (first + second) / 3)]
    )
    for seed in range(8):
        rng = np.random.default_rng(seed)
        frames = []
        for _ in range(8):
            seen = lattice[rng.random(len(lattice)) > 0.15]
            seen = np.concatenate([seen + rng.normal(0, 0.2, seen.shape), rng.random((5, 2)) * 36])
            frames.append(seen[np.all((seen >= 0) & (seen <= 36), axis=1)])
        count = sum(map(len, frames))
        peaks = Peaks(
            np.repeat(np.arange(8), [len(seen) for seen in frames]),
            np.concatenate(frames),
            np.zeros(count, np.int64),
            np.ones(count),
            np.ones((count, 1)),
            np.full(count, np.nan),
        )
        assert np.abs(follow_drift(peaks, 8, 5.0, extent=(36.0, 36.0)).shifts).max() < 0.2, seed


def test_drift_beyond_the_largest_is_not_searched(movies):
    drift = np.zeros((4, 2))
    drift[2:, 0] = 4.0
    places = movies.particle(radius=8.0)
    presence = np.ones((len(places), 4), bool)
    movie = movies.make_movie(np.random.default_rng(0), places, presence, drift)
    found = follow_drift(movie.peaks, 4, 1.0).shifts
    assert np.linalg.norm(np.diff(found, axis=0), axis=1).max() < 2.3
    assert largest_error(follow_drift(movie.peaks, 4, 6.0).shifts, drift) < 0.01


def test_frames_with_too_few_columns_are_named_and_bridged(movies, caplog):
    places = movies.particle(radius=10.0)
    presence = np.ones((len(places), 7), bool)
    presence[5:, 3] = False
    presence[:, 0] = False
    drift = np.arange(7)[:, None] * [0.4, 0.2]
    movie = movies.make_movie(np.random.default_rng(0), places, presence, drift)
    with caplog.at_level(logging.WARNING):
        usable = usable_frames(movie.peaks, 7)
    assert usable.tolist() == [False, True, True, False, True, True, True]
    assert "2 of 7 frames" in caplog.text and "0, 3" in caplog.text
    found = follow_drift(movie.peaks, 7, 5.0).shifts
    assert largest_error(found, drift - drift[1], slice(1, None)) < 0.01
    np.testing.assert_allclose(found[3], (found[2] + found[4]) / 2)
    assert found[0].tolist() == found[1].tolist()


def test_order_of_the_peaks_does_not_matter(noisy_movie, noisy_shifts):
    order = np.random.default_rng(0).permutation(len(noisy_movie.peaks))
    np.testing.assert_allclose(
        follow_drift(noisy_movie.peaks.select(order), 40, 5.0).shifts,
        noisy_shifts,
        atol=1e-9,
    )


def test_a_place_far_from_the_origin_makes_no_difference(noisy_movie, noisy_shifts):
    moved = replace(noisy_movie.peaks, positions=noisy_movie.peaks.positions + [500.0, -80.0])
    np.testing.assert_allclose(
        follow_drift(moved, 40, 5.0).shifts,
        noisy_shifts,
        atol=0.02,
    )


def test_no_peaks_and_one_frame_have_no_drift(static_movie):
    assert follow_drift(Peaks.empty(1), 3, 5.0).shifts.tolist() == [[0, 0]] * 3
    assert usable_frames(Peaks.empty(1), 3).tolist() == [False] * 3
    one = static_movie.peaks.select(static_movie.peaks.frame == 0)
    assert follow_drift(one, 1, 5.0).shifts.tolist() == [[0, 0]]
