"""Drift of simulated particles in images that are too noisy for their columns."""

from itertools import pairwise

import numpy as np
import pytest

from temnet.inference.movie_drift import image_drift
from temnet.inference.movie_drift.image_drift import measure_drift

COUNT, SIZE, SAMPLING, PERIOD = 40, 100, 0.25, 2.4


def particle(shift, size=SIZE, sampling=SAMPLING):
    """(row, col) relative intensity of 21 columns of a square lattice, without a symmetry."""
    rows, cols = np.mgrid[:size, :size] * sampling
    image = np.ones((size, size))
    for i in range(-2, 3):
        for j in range(-2, 3):
            if (i, j) not in ((2, 2), (-2, 1), (-2, 2), (2, -2)):
                row, col = (12.5 + PERIOD * n + s for n, s in zip((i, j), shift, strict=True))
                image += 0.6 * np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / (2 * 0.45**2))
    return image


def movie(drift, dose, seed=0):
    rng = np.random.default_rng(seed)
    counts = [rng.poisson(dose * SAMPLING**2 * particle(shift)) for shift in drift]
    return np.stack(counts).astype(np.float32)[..., None]


def drifts(kind, seed=4):
    rng = np.random.default_rng(seed)
    return {
        "still": np.zeros((COUNT, 2)),
        "linear": np.outer(np.arange(COUNT), [0.12, -0.2]),
        "walk": np.cumsum(rng.normal(0, 0.1, (COUNT, 2)), axis=0),
    }[kind]


def error(found, true):
    away = found - true
    return np.linalg.norm(away - away.mean(axis=0), axis=1).max()


@pytest.mark.parametrize("kind", ["still", "linear", "walk"])
@pytest.mark.parametrize("dose", [15, 100])
def test_the_drift_of_noisy_movies_is_found(kind, dose):
    true = drifts(kind)
    found = measure_drift(movie(true, dose), SAMPLING)
    assert found.measured and error(found.shifts, true) < 0.3
    if kind == "still":
        assert not np.any(found.shifts)
    else:
        assert error(np.zeros_like(true), true) > 0.5
    assert np.all(found.spread < 0.3)


def test_noise_has_no_drift():
    noise = np.random.default_rng(1).poisson(5.0, (COUNT, SIZE, SIZE, 1)).astype(np.float32)
    found = measure_drift(noise, SAMPLING)
    assert not found.measured and not np.any(found.shifts) and np.all(np.isnan(found.spread))


def test_too_low_a_dose_is_not_measured():
    found = measure_drift(movie(drifts("linear"), 0.5), SAMPLING)
    assert not found.measured and not np.any(found.shifts)


def test_blank_frames_and_hidden_pixels_do_not_count():
    true = drifts("linear")
    frames = movie(true, 60)
    blank = [0, 17]
    there = np.setdiff1d(np.arange(COUNT), blank)
    frames[blank] = 0
    hidden = np.zeros((SIZE, SIZE), bool)
    hidden[:20] = True
    frames[there, :20] = frames[1, :20]  # one pattern at rest in all frames
    found = measure_drift(frames, SAMPLING, lambda number: hidden)
    assert found.measured and error(found.shifts, true) < 0.3
    assert not np.any(measure_drift(frames, SAMPLING).shifts)


def test_long_movies_are_measured_in_parts(monkeypatch):
    monkeypatch.setattr(image_drift, "MOST_BYTES", 1)
    monkeypatch.setattr(image_drift, "LEAST_PART", 26)
    true = drifts("walk")
    found = measure_drift(movie(true, 60), SAMPLING)
    assert found.measured and error(found.shifts, true) < 0.3


@pytest.mark.parametrize("count", [40, 41, 46, 64])
def test_all_parts_of_a_long_movie_have_the_same_length(monkeypatch, count):
    """A short part at the end had too little evidence, which left the whole movie unmeasured."""
    monkeypatch.setattr(image_drift, "MOST_BYTES", 1)
    monkeypatch.setattr(image_drift, "LEAST_PART", 40)
    parts = image_drift._parts(np.zeros((count, 8, 8, 1), np.float32))
    assert {len(part) for part in parts} == {40}
    assert sorted({frame for part in parts for frame in part}) == list(range(count))
    for part, following in pairwise(parts):
        assert part.stop - following.start >= image_drift.SHARED


def test_one_frame_more_than_a_part_changes_little(monkeypatch):
    monkeypatch.setattr(image_drift, "MOST_BYTES", 1)
    monkeypatch.setattr(image_drift, "LEAST_PART", COUNT - 1)
    true = drifts("linear")
    found = measure_drift(movie(true, 15), SAMPLING)
    assert found.measured and error(found.shifts, true) < 0.3


def test_two_frames_have_no_drift():
    found = measure_drift(movie(np.zeros((2, 2)), 100), SAMPLING)
    assert not found.measured and found.shifts.shape == (2, 2)
