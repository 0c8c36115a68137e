"""Scale bars in the corner of a picture, with the number beside them."""

import numpy as np
import pytest

from temnet.images.unseen import unpack
from temnet.inference.bad_pixels.faults import find_faults
from temnet.inference.bad_pixels.scale_bars import find_scale_bars

ROW, COL = np.mgrid[:200, :240]
WAVES = 1 + 0.15 * np.cos(2 * np.pi * ROW / 7.3) + 0.15 * np.cos(2 * np.pi * COL / 9.1)
FIVE = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 1], [0, 0, 1], [1, 1, 1]], bool)


def picture(seed=0, dose=60):
    """A grey picture of a lattice that uses all values from 0 to 255."""
    image = np.random.default_rng(seed).poisson(dose * WAVES).astype(float)
    low, high = np.quantile(image, [0.002, 0.998])
    return np.rint(255 * np.clip((image - low) / (high - low), 0, 1)).astype(np.float32)


def with_bar(image, value, height, length, top=150, left=20, digit=4):
    """A bar with a digit of letters ``5 * digit`` pixels high above it."""
    image, bar, text = image.copy(), np.zeros(image.shape, bool), np.zeros(image.shape, bool)
    bar[top : top + height, left : left + length] = True
    five = np.kron(FIVE, np.ones((digit, digit), bool))
    text[top - 4 - len(five) : top - 4, left + 10 : left + 10 + five.shape[1]] = five
    image[bar | text] = value
    return image, bar, text


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("height", [2, 4, 8])
@pytest.mark.parametrize("length", [30, 90])
def test_a_bar_and_its_number_are_masked(value, height, length):
    image, bar, text = with_bar(picture(), value, height, length)
    found = find_scale_bars(image)
    assert found[bar].all() and found[text].all()
    box = np.zeros(image.shape, bool)
    box[110:165, : 20 + 3 * length] = True
    assert not found[~box].any()
    _, faults = find_faults(image)
    assert unpack(faults.replaced, image.shape)[bar | text].all()
    assert unpack(faults.unseen, image.shape)[bar | text].all()  # no columns are found there


def test_a_bar_of_another_scale_than_the_image():
    image, bar, _ = with_bar(picture().astype(np.float32) / 255 - 3, 7.0, 5, 50)
    assert find_scale_bars(image)[bar].all()


def test_letters_in_a_filled_box_are_masked_with_the_box():
    image = picture()
    image[170:190, 10:90] = 0
    image[176:186, 20:30] = 255
    _, faults = find_faults(image)
    assert unpack(faults.unseen, image.shape)[170:190, 10:90].all()


@pytest.mark.parametrize("dose", [0.02, 0.1, 0.5, 2, 20, 200])
def test_counts_and_grey_pictures_have_no_bars(dose):
    for seed in range(10):
        counts = np.random.default_rng(seed).poisson(dose * WAVES).astype(np.float32)
        assert find_scale_bars(counts) is None
        assert find_scale_bars(picture(seed, dose + 1)) is None


@pytest.mark.parametrize("part", [0.7, 0.9, 0.98])
def test_saturated_rows_are_no_bars(part):
    """Fringes whose tops are cut off: long and flat, but with neighbours of their value."""
    fringes = np.cos(2 * np.pi * (ROW + 0.02 * COL) / 12) + np.random.default_rng(0).normal(
        0, 0.05, ROW.shape
    )
    assert find_scale_bars(np.minimum(fringes, np.quantile(fringes, part))) is None


def test_borders_are_no_bars_and_an_image_without_numbers_has_none():
    image = picture()
    image[:6] = 0
    image[100:104, 10:] = 0
    assert find_scale_bars(image) is None
    assert find_scale_bars(np.full((40, 50), np.nan, np.float32)) is None
