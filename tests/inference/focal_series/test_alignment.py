import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import temnet
from temnet.errors import InputError
from temnet.inference.focal_series.alignment import align_series
from temnet.inference.focal_series.shifts import shifted

SAMPLING = 0.12
LARGEST = 3.0  # Å; the images are large enough for it
BORDER = 26
ADDED = [[0.0, 0.0], [0.93, -0.62], [-1.21, 0.37]]


@pytest.fixture(scope="module")
def mos2():
    """Simulated MoS2 in three foci, 24 Å wide, and the shifts drawn for it."""
    experiment = temnet.load_experiment(
        "experiments/mos2_unet.yaml",
        {
            "data": {"workers": 0, "image_size": 256},
            "model": {"sampling": 0.12},
            "structure": {"negatives": {"probability": 0}, "holes": 0, "edge_probability": 0.0},
            "microscope": {"defocus": {"start": 50}, "image_spread": 0.1, "focal_spread": 8},
            "camera": {"dose": 1e5},
        },
    )
    example = temnet.simulate_example(experiment, 3)
    return example.images, np.array(example.parameters["shifts"])


def moved(images, shifts, noise=0.0, seed=0):
    """Images moved by known shifts [Å], without the border that came in."""
    series = np.stack(
        [shifted(images[..., k], np.array(s) / SAMPLING) for k, s in enumerate(shifts)], axis=-1
    )[BORDER:-BORDER, BORDER:-BORDER]
    return series + noise * np.random.default_rng(seed).standard_normal(series.shape)


def largest_error(found, true):
    return np.linalg.norm(found - true, axis=1).max()


@pytest.mark.parametrize("added", [ADDED, [[0, 0], [0, 0], [0, 0]], [[0, 0], [1.5, 0], [0, -1.5]]])
def test_known_shifts_of_mos2_are_found(mos2, added):
    images, drawn = mos2
    aligned = align_series(moved(images, added), SAMPLING, LARGEST)
    assert largest_error(aligned.shifts, drawn + added) < 0.1
    assert aligned.margin > 5
    assert aligned.shifts[0].tolist() == [0, 0]
    # The aligned series has nothing left to align, and the negative of the shifts is wrong.
    again = align_series(aligned.images, SAMPLING, LARGEST)
    assert np.abs(again.shifts).max() < 0.05
    assert largest_error(-aligned.shifts, drawn + added) > 0.2


def test_correlation_alone_locks_on_another_place(mos2):
    """What the method is for: with the same pictures the peak of the correlation is wrong."""
    images, drawn = mos2
    series = moved(images, ADDED)
    series = series - series.mean(axis=(0, 1))
    window = np.hanning(series.shape[0])[:, None] * np.hanning(series.shape[1])
    spectra = np.fft.fft2(series * window[..., None], axes=(0, 1))
    wrong = 0
    for later in (1, 2):
        cross = np.fft.fftshift(np.fft.ifft2(np.conj(spectra[..., 0]) * spectra[..., later]).real)
        middle, reach = len(cross) // 2, int(3 / SAMPLING)
        near = cross[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]
        peak = (np.array(np.unravel_index(near.argmax(), near.shape)) - reach) * SAMPLING
        wrong += np.linalg.norm(peak - drawn[later] - ADDED[later]) > 0.6
    assert wrong > 0


def test_reversed_contrast_gain_and_order_make_no_difference(mos2):
    series = moved(mos2[0], ADDED)
    found = align_series(series, SAMPLING, LARGEST).shifts
    changed = series * [-3.0, 20.0, 1.0] + [100.0, -7.0, 0.0]
    np.testing.assert_allclose(align_series(changed, SAMPLING, LARGEST).shifts, found, atol=1e-3)
    turned = align_series(series[..., ::-1], SAMPLING, LARGEST).shifts
    np.testing.assert_allclose(turned[::-1] - turned[2], found, atol=0.05)
    across = align_series(series.transpose(1, 0, 2), SAMPLING, LARGEST).shifts
    np.testing.assert_allclose(across[:, ::-1], found, atol=0.02)


def test_aligned_images_show_the_same_at_the_same_place(mos2):
    images = np.repeat(mos2[0][..., :1], 3, axis=-1)
    first = moved(images, np.zeros((3, 2)))[..., 0]
    result = align_series(moved(images, ADDED), SAMPLING, LARGEST)
    top, bottom, left, right = result.border
    assert (top, bottom, left, right) == (11, 8, 6, 4)  # 1.21, 0.93, 0.62 and 0.37 Å of 0.12
    inner = np.s_[top + 12 : -bottom - 12, left + 12 : -right - 12]
    for focus in (1, 2):
        difference = result.images[..., focus] - first
        # Electrons, which fill all frequencies, are moved with the rest.
        assert difference[inner].std() < 0.1 * first[inner].std()


def test_images_that_share_nothing_are_refused(mos2):
    rng = np.random.default_rng(0)
    for series in (
        rng.poisson(30, (180, 200, 3)),
        np.ones((128, 128, 2)),
        moved(mos2[0], ADDED, noise=20),
    ):
        with pytest.raises(InputError, match="share too little"):
            align_series(series, SAMPLING)


def test_a_shift_beyond_the_largest_is_refused():
    rng = np.random.default_rng(1)
    film = rng.standard_normal((200, 200))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(200, SAMPLING), np.fft.fftfreq(200, SAMPLING)))
    film = np.fft.ifft2(np.fft.fft2(film) * np.exp(-((frequency / 0.5) ** 2))).real
    film = np.repeat(film[..., None], 2, axis=-1)
    added = [[0, 0], [2.6, 0.4]]
    found = align_series(moved(film, added), SAMPLING, LARGEST)
    assert largest_error(found.shifts, np.array(added)) < 0.02
    with pytest.raises(InputError, match=r"Image 2 .* \(2.6, 0.4\) Å .* 2 Å"):
        align_series(moved(film, added), SAMPLING, max_shift=2.0)
    film = np.repeat(film[..., :1], 3, axis=-1)
    with pytest.raises(InputError, match=r"Image 3 .* \(2.6, 0.0\) Å from image 2, beyond .* 2 Å"):
        align_series(moved(film, [[0, 0], [-1.0, 0], [1.6, 0]]), SAMPLING, max_shift=2.0)


def test_the_nearer_of_two_periods_is_taken_and_equal_ones_are_refused():
    row, col = np.mgrid[:200, :200] * SAMPLING
    waves = [row * np.sin(a) + col * np.cos(a) for a in np.arange(3) * np.pi / 3]

    def lattice(shift):
        ways = [w - shift * np.cos(a) for w, a in zip(waves, np.arange(3) * np.pi / 3, strict=True)]
        return sum(np.cos(2 * np.pi * way / 2.7) for way in ways)

    near = align_series(np.stack([lattice(0), -lattice(0.6)], axis=-1), SAMPLING)
    np.testing.assert_allclose(near.shifts[1], [0, 0.6], atol=0.02)
    # A lattice vector (± 1.56, 2.7) off, (0, 1.8) is as well (1.56, -0.9) as (-1.56, -0.9).
    with pytest.raises(InputError, match="fits the others about as well") as caught:
        align_series(np.stack([lattice(0), lattice(1.8)], axis=-1), SAMPLING)
    assert "(1.5, -0.9)" in str(caught.value) and "(-1.5, -0.9)" in str(caught.value)


def test_one_image_stays_as_it_is():
    image = np.random.default_rng(0).standard_normal((64, 48, 1)).astype(np.float32)
    alone = align_series(image, SAMPLING)
    assert alone.images is not None and np.array_equal(alone.images, image)
    assert alone.shifts.tolist() == [[0, 0]] and alone.margin == np.inf
    assert alone.border == (0, 0, 0, 0)


@settings(max_examples=25, deadline=None)
@given(st.floats(-4, 4), st.floats(-4, 4))
def test_a_wave_is_moved_by_parts_of_a_pixel(down, right):
    def wave(row, col):
        return np.cos(0.5 * row - 0.3 * col) * np.exp(
            -((row - 32) ** 2 + (col - 25) ** 2) / (2 * 5.0**2)
        )

    row, col = np.mgrid[:64, :50]
    result = shifted(wave(row, col), np.array([down, right]))
    np.testing.assert_allclose(result, wave(row - down, col - right), atol=2e-4)
