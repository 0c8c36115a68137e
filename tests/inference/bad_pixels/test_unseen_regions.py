import numpy as np
import pytest
from scipy import ndimage

from temnet.inference.bad_pixels.unseen_regions import find_unseen

ROW, COL = np.mgrid[:200, :240]
WAVES = (
    1 + 0.15 * np.cos(2 * np.pi * ROW / 7.3) + 0.15 * np.cos(2 * np.pi * (COL + 0.3 * ROW) / 9.1)
)


def film(mean=1000.0, spread=40.0, seed=0):
    return np.random.default_rng(seed).normal(mean * WAVES, spread).astype(np.float32)


def counts(dose, seed=0):
    return np.random.default_rng(seed).poisson(dose * WAVES).astype(np.float32)


def turned(angle):
    """Corners that a rotated image does not cover."""
    row, col = ROW - 99.5, COL - 119.5
    sine, cosine = np.sin(angle), np.cos(angle)
    return (np.abs(row * cosine + col * sine) > 100) | (np.abs(col * cosine - row * sine) > 120)


LOST = {
    "L": (ROW < 13) | (COL < 6),
    "thin L": (ROW < 2) | (COL < 2),
    "frame": (ROW < 6) | (ROW > 193) | (COL < 6) | (COL > 233),
    "row at the border": ROW == 199,
    "column at the border": COL == 0,
    "turned by 0.5 degrees": turned(0.009),
    "turned by 6 degrees": turned(0.1),
    "turned by 30 degrees": turned(0.52),
    "polygon": (ROW + COL < 120) | (COL - ROW > 140),
    "round cut-out": np.hypot(ROW - 90, COL - 120) > 60,
    "block": (ROW > 150) & (ROW < 165) & (COL > 20) & (COL < 80),
    "two": ((ROW < 9) & (COL < 200)) | (np.hypot(ROW - 100, COL - 90) < 12),
}
"""Regions without image."""


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize("fill", [0.0, 1000.0, np.nan, np.inf, -5.0, 65535.0])
def test_filled_regions_of_any_shape_are_found_to_the_pixel(lost, fill):
    image = np.where(lost, np.float32(fill), film())
    np.testing.assert_array_equal(find_unseen(image), lost)
    assert find_unseen(film()) is None


@pytest.mark.parametrize("lost", ["L", "frame", "polygon", "round cut-out", "block", "two"])
@pytest.mark.parametrize("dose", [0.3, 1, 3, 30])
def test_filled_regions_in_counts_are_found_to_a_few_pixels(lost, dose):
    lost = LOST[lost]
    found = find_unseen(np.where(lost, 0, counts(dose)).astype(np.float32))
    if dose < 1 and lost.sum() < 1000:
        return  # as many empty pixels side by side are not rare enough
    assert (found & lost).sum() > 0.999 * lost.sum()
    assert (found & ~lost).sum() < 0.1 * lost.sum()


@pytest.mark.parametrize("dose", [1e-3, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10])
def test_empty_pixels_of_low_doses_are_no_regions(dose):
    for seed in range(20):
        assert find_unseen(counts(dose, seed)) is None


def test_an_image_stretched_to_all_grey_values_may_have_borders_of_0():
    image = (WAVES - WAVES.min()) / np.ptp(WAVES)
    image = np.clip(np.random.default_rng(0).normal(image, 0.05), 0, 1)
    grey = np.rint(255 * image).astype(np.float32)
    lost = LOST["turned by 6 degrees"]
    found = find_unseen(np.where(lost, 0, grey))
    assert (found & lost).sum() > 0.99 * lost.sum()
    assert (found & ~lost).sum() < 0.05 * lost.sum()
    assert find_unseen(grey) is None


def test_two_values_in_one_image():
    image = film()
    image[:10], image[60:90, 100:130], image[150:, 200:] = 0, 255, np.nan
    expected = np.zeros(image.shape, bool)
    expected[:10] = expected[60:90, 100:130] = expected[150:, 200:] = True
    np.testing.assert_array_equal(find_unseen(image), expected)


@pytest.mark.parametrize("levels", [12, 25, 50, 256])
@pytest.mark.parametrize("lost", ["L", "turned by 6 degrees", "block"])
def test_in_few_grey_values_regions_are_found_and_flat_parts_are_not(levels, lost):
    image = film(spread=100)
    low, high = image.min(), image.max()
    few = np.rint((image - low) / (high - low) * (levels - 1)).astype(np.float32)
    assert find_unseen(few) is None
    found = find_unseen(np.where(LOST[lost], 0, few))
    assert (found & LOST[lost]).sum() > 0.99 * LOST[lost].sum()
    assert (found & ~LOST[lost]).sum() < 0.02 * LOST[lost].sum() + 5


@pytest.mark.parametrize("noise", [0.0, 1.0, 10.0, 20.0])
@pytest.mark.parametrize("part", [0.9, 0.95, 0.98])
def test_saturated_columns_and_black_levels_are_no_regions(noise, part):
    lattice = (WAVES - WAVES.min()) ** 2
    particle = 1 / (1 + np.exp((np.hypot(ROW - 100, COL - 120) - 60) / 2))
    for image in (1000 * lattice, 1000 * lattice * particle + 200, 400 - 1000 * lattice):
        image = np.random.default_rng(0).normal(image, noise)
        assert find_unseen(np.minimum(image, np.quantile(image, part)).astype(np.float32)) is None
        low = np.quantile(image[particle > 0.5], 1 - part)
        assert find_unseen(np.maximum(image, low).astype(np.float32)) is None


def test_flat_vacuum_of_a_smooth_image_is_no_region():
    particle = 1 / (1 + np.exp((np.hypot(ROW - 100, COL - 120) - 60) / 4))
    image = np.rint(200 - 100 * particle * WAVES)
    assert (image == 200).mean() > 0.2
    assert find_unseen(image.astype(np.float32)) is None


def test_pixels_that_interpolation_mixed_with_the_border_belong_to_it():
    lost = LOST["turned by 6 degrees"]
    image = np.where(lost, 0, film())
    mixed = ndimage.uniform_filter(image, 3)  # two pixels are neither image nor border
    inside = ndimage.binary_erosion(lost, np.ones((3, 3)), border_value=1)
    beside = ndimage.binary_dilation(lost, np.ones((3, 3)))
    mixed = np.where(inside, 0, mixed).astype(np.float32)
    found = find_unseen(mixed)
    assert found[beside].mean() > 0.95  # but for the tips, which are all mixed
    assert not found[~ndimage.binary_dilation(lost, np.ones((3, 3)), iterations=4)].any()


def test_enlarged_images_have_no_regions_but_filled_ones():
    for times in (2, 3):
        large = np.kron(film(), np.ones((times, times), np.float32))
        assert find_unseen(large) is None
        large[: 12 * times] = 0
        assert find_unseen(large).sum() == 12 * times * large.shape[1]


def test_images_of_one_value_and_of_no_number():
    assert find_unseen(np.ones((40, 50), np.float32)) is None
    image = film()
    image[::37, ::41] = np.nan  # single pixels are no region
    assert find_unseen(image) is None


def particle(width=3.0):
    """Columns on a lattice inside a disc, nothing around; up to 1."""
    image = np.zeros(ROW.shape)
    for row in range(8, 200, 12):
        for col in range(8, 240, 12):
            if np.hypot(row - 100, col - 120) < 60:
                image += np.exp(-((ROW - row) ** 2 + (COL - col) ** 2) / (2 * width**2))
    return image


@pytest.mark.parametrize("width", [1.8, 2.5, 3.5])
@pytest.mark.parametrize("dose", [0.3, 1, 3, 10])
def test_vacuum_without_a_count_around_a_particle_is_no_region(dose, width):
    image = np.random.default_rng(1).poisson(dose * particle(width)).astype(np.float32)
    assert (image == 0).mean() > 0.6
    assert find_unseen(image) is None
    border = LOST["frame"] | LOST["L"]
    filled = np.where(border, 0, np.random.default_rng(1).poisson(dose * (particle(width) + 1)))
    found = find_unseen(filled.astype(np.float32))
    assert found is not None and found[border].mean() > 0.99 and found[~border].mean() < 0.02


@pytest.mark.parametrize("levels", [2, 3, 4, 6, 8, 12, 16])
@pytest.mark.parametrize("smooth", [1.0, 2.0])
def test_smooth_images_in_few_grey_values_have_no_regions(levels, smooth):
    image = ndimage.gaussian_filter(film(spread=300.0), smooth)
    low, high = np.percentile(image, [0.5, 99.5])
    image = np.clip(np.round((image - low) / (high - low) * (levels - 1)), 0, levels - 1)
    assert find_unseen(image.astype(np.float32)) is None
    # Hot pixels stretch the grey values, so that few are left for the image.
    image = np.where((ROW % 50 == 3) & (COL % 50 == 3), levels - 1, np.round(image / 3))
    assert find_unseen(image.astype(np.float32)) is None


def test_the_largest_numbers_overflow_nowhere():
    image = film()
    image[9:13, 9:13] = 3e38
    image[:, :20] = -3e38
    with np.errstate(all="raise"):
        found = find_unseen(image)
    assert found is not None and found[:, :20].all() and not found[:, 60:].any()
