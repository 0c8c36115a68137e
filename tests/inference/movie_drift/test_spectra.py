"""How much the frames of a movie have in common, where signal, noise and drift are known."""

from dataclasses import replace

import numpy as np
import pytest

from temnet.inference.movie_drift.spectra import MOST_FREQUENCIES, sharpness, spectra_of

SAMPLING, SIZE, COUNT = 0.25, 64, 12
DRIFT = np.outer(np.arange(COUNT), [2, -1]) * SAMPLING
STILL = np.zeros_like(DRIFT)


def waves():
    """(row, col) periodic in the image, so that frames can be rolled."""
    row, col = np.mgrid[:SIZE, :SIZE] / SIZE
    return np.cos(2 * np.pi * 7 * row) + np.cos(2 * np.pi * (6 * row + 3 * col))


def movie(strength, seed=0):
    """(frame, row, col, 1) frames of noise with waves that move by `DRIFT`."""
    noise = np.random.default_rng(seed).normal(0, 1, (COUNT, SIZE, SIZE))
    moved = np.rint(DRIFT / SAMPLING).astype(int)
    frames = [np.roll(waves(), shift, axis=(0, 1)) for shift in moved]
    return (strength * np.array(frames) + noise)[..., None].astype(np.float32)


def spectra(frames, **more):
    return spectra_of(frames, SAMPLING, range(len(frames)), **more)


def test_frames_moved_back_by_their_drift_are_alike():
    made = spectra(movie(0))
    first = made.frames[:1]
    turn = np.exp(-2j * np.pi * (DRIFT[:, :1, None] * made.rows[:, None]
                                 + DRIFT[:, 1:, None] * made.cols))  # fmt: skip
    drifting = replace(made, frames=(first * turn[..., None]).astype(np.complex64))
    np.testing.assert_allclose(drifting.moved_back(DRIFT), np.repeat(first, COUNT, 0), atol=1e-4)
    assert np.abs(drifting.moved_back(-DRIFT) - first).max() > 1
    shifts = np.arange(-4, 5) * SAMPLING
    cross = np.conj(drifting.frames[0]) * drifting.frames[1]
    values = drifting.correlations(cross[..., 0], shifts)
    best = np.unravel_index(np.argmax(values), values.shape)
    assert shifts[list(best)].tolist() == DRIFT[1].tolist()


def test_the_sharpness_of_noise_is_a_standard_normal_number():
    noise = [sharpness(spectra(movie(0, seed)), 3 * DRIFT, STILL).value for seed in range(60)]
    assert abs(np.mean(noise)) < 0.5 and 0.75 < np.std(noise) < 1.25


def test_the_true_drift_is_the_sharpest():
    frames = spectra(movie(0.3))
    right, wrong = (sharpness(frames, drift, DRIFT) for drift in (DRIFT, -DRIFT))
    assert right.value > 20 > 5 > wrong.value
    assert right.near > wrong.near
    # A drift that is wrong by little blurs neighbouring frames less than distant ones.
    slow = sharpness(frames, DRIFT * 0.9, DRIFT)
    assert slow.near / right.near > slow.value / right.value + 0.1


def test_signal_and_noise_are_measured_ring_by_ring():
    made = spectra(movie(0))
    constant = np.full(made.radius.shape, 2.5)
    np.testing.assert_allclose(made.by_ring(constant), 2.5)
    signal, noise = made.levels(constant, constant + 4)
    seen = made.radius >= 0.1
    np.testing.assert_allclose(signal[seen], 2.5)
    np.testing.assert_allclose(noise[seen], 4)
    assert not np.any(signal[~seen]) and made.radius[0, 0] == 0
    # Frames that have less than nothing in common have no signal.
    assert not np.any(made.levels(-constant, constant)[0])


def test_blank_frames_are_not_there_and_hidden_pixels_do_not_count():
    frames = movie(0.5)
    frames[3] = 5
    there = spectra(frames).there
    assert np.flatnonzero(~there).tolist() == [3]
    hidden = np.zeros((SIZE, SIZE), bool)
    hidden[:, 40:] = True
    other = frames.copy()
    other[:, :, 52:] += 3 * np.random.default_rng(8).normal(size=(COUNT, SIZE, 12, 1))
    one, two = (
        # Normalisation uses the whole frame; the pattern of the spectrum is compared.
        spectra(each, hidden=lambda number: hidden).frames[0, ..., 0]
        for each in (frames, other)
    )
    assert np.abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) > 0.99
    one, two = (spectra(each).frames[0, ..., 0] for each in (frames, other))
    assert np.abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.9


@pytest.mark.parametrize("side", [128, 512])
def test_of_wide_frames_the_highest_frequencies_are_left_out(side):
    frames = np.random.default_rng(0).normal(0, 1, (1, side, side, 1)).astype(np.float32)
    found = spectra(frames).frames
    assert found[0, ..., 0].size <= 1.02 * MOST_FREQUENCIES
    kept = found.shape[1] / side
    assert kept < 0.9 if side == 512 else kept == pytest.approx(0.625, abs=0.01)  # 1.25 of 2 / Å
