"""Drift of crystals that fill the image: the right period, on movies of points."""

import logging

import numpy as np
import pytest
from ase.build import graphene

from temnet.movies.drift import follow_drift
from temnet.movies.drift_periods import find_periods, judge_steps
from temnet.records import Peaks

SIZE = 40.0
LATTICES = {
    "square": (2.77 * np.eye(2), [[0, 0]]),
    "graphene": (2.46 * np.array([[1, 0], [0.5, np.sqrt(0.75)]]), [[0, 0], [1 / 3, 1 / 3]]),
    "fcc [110]": (np.array([[2.77, 0], [0, 3.92]]), [[0, 0], [0.5, 0.5]]),
}
TURN = np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])


def movie(kind, steps, vacant, missed=0.0, seed=0, radius=np.inf):
    """Columns of each frame, and the true drift.

    Args:
        kind: The lattice, turned by 0.2 rad.
        steps: Step to each frame after the first in its first lattice vector.
        vacant: Vacancies in the field on average.
        missed: Chance that a column is not found.
        seed: Of all that is drawn.
        radius: Of a particle in the middle [Å].
    """
    rng = np.random.default_rng(seed)
    cell, basis = LATTICES[kind]
    numbers = np.stack(np.mgrid[-60:60, -60:60], axis=-1).reshape(-1, 2)
    places = np.concatenate([(numbers + b) @ cell for b in basis]) @ TURN.T + rng.random(2) * 3
    drift = np.concatenate([[0], np.cumsum(steps)])[:, None] * (cell[0] @ TURN.T)
    places = places[np.linalg.norm(places - SIZE / 2, axis=1) < radius]
    inside = np.all((places > 0) & (places < SIZE), axis=1).sum()
    places = places[rng.random(len(places)) >= vacant / inside]
    frames = []
    for shift in drift:
        found = places[rng.random(len(places)) >= missed] + shift
        found = found + rng.normal(0, 0.1, found.shape)
        found = np.concatenate([found, rng.random((rng.poisson(1), 2)) * SIZE])
        frames.append(found[np.all((found >= 0) & (found <= SIZE), axis=1)])
    return frames, drift


def followed(frames):
    count = sum(map(len, frames))
    peaks = Peaks(
        np.repeat(np.arange(len(frames)), [len(frame) for frame in frames]),
        np.concatenate(frames),
        np.zeros(count, np.int64),
        np.ones(count),
        np.ones((count, 1)),
        np.full(count, np.nan),
    )
    return follow_drift(peaks, len(frames), 5.0, extent=(SIZE, SIZE))


def largest_error(found, true):
    return np.linalg.norm(found.shifts - true, axis=1).max()


@pytest.mark.parametrize("kind", LATTICES)
@pytest.mark.parametrize(
    ("step", "vacant", "missed"),
    [(0.6, 20, 0.0), (0.9, 20, 0.3), (-0.7, 45, 0.15), (0.55, 5, 0.0), (0.3, 20, 0.3)],
)
def test_vacancies_determine_the_period_by_which_a_full_crystal_moved(kind, step, vacant, missed):
    frames, true = movie(kind, [step] * 7, vacant, missed, seed=1)
    found = followed(frames)
    assert largest_error(found, true) < 0.3
    assert found.notes == ()


@pytest.mark.parametrize("step", [0.45, 0.6])
def test_without_a_gap_drift_by_about_half_a_period_is_in_doubt(step, caplog):
    frames, true = movie("square", [step] * 7, 0)
    with caplog.at_level(logging.WARNING):
        found = followed(frames)
    (note,) = found.notes
    assert "may be off by a period of the lattice (2.77 Å" in note and "7 of 7 steps" in note
    assert note in caplog.text
    shortest = min(step, 1 - step) * 2.77
    np.testing.assert_allclose(
        np.linalg.norm(np.diff(found.shifts, axis=0), axis=1), shortest, atol=0.1
    )
    assert (largest_error(found, true) < 0.3) == (step < 0.5)


@pytest.mark.parametrize("kind", LATTICES)
@pytest.mark.parametrize("vacant", [0, 20])
def test_slow_drift_is_in_no_doubt_and_stays(kind, vacant):
    frames, true = movie(kind, [0.1] * 7, vacant, 0.2, seed=2)
    found = followed(frames)
    assert found.notes == () and largest_error(found, true) < 0.3


def test_still_crystals_with_missed_columns_do_not_jump():
    for seed in range(6):
        frames, true = movie("graphene", [0.0] * 5, 0, 0.3, seed)
        found = followed(frames)
        assert found.notes == () and largest_error(found, true) < 0.3, seed


def test_one_jump_and_changing_speed_are_found_by_vacancies():
    jump = [0.0] * 5 + [0.6] + [0.0] * 5
    faster = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.7, 0.7]
    wavering = [0.45, 0.55, 0.48, 0.6, 0.52, 0.47, 0.58, 0.5]
    for steps in (jump, faster, wavering):
        frames, true = movie("square", steps, 25, 0.1, seed=3)
        assert largest_error(followed(frames), true) < 0.3


def test_the_outline_of_a_particle_leaves_no_doubt():
    frames, true = movie("square", [0.6, 0.0, 0.0, 0.0], 0, 0.1, radius=13.0)
    found = followed(frames)
    assert found.notes == () and largest_error(found, true) < 0.3


def test_periods_are_those_of_the_lattice_and_not_of_its_bonds():
    sheet = graphene(size=(25, 25, 1)).positions[:, :2]
    sheet = sheet[np.all(np.abs(sheet - sheet.mean(axis=0)) < 15, axis=1)]
    size = np.ptp(sheet, axis=0)
    periods = find_periods([sheet - sheet.min(axis=0)], tuple(size), 4.0)
    np.testing.assert_allclose(np.linalg.norm(periods, axis=1), [2.46] * 6, atol=0.02)
    points = np.random.default_rng(0).random((300, 2)) * SIZE
    none = judge_steps([points] * 3, np.zeros((3, 2)), (SIZE, SIZE), 5.0)
    assert not np.any(none.change) and not np.any(none.doubtful)
    assert len(find_periods([], (SIZE, SIZE), 4.0)) == 0
