import numpy as np
import pytest

from temnet.images.normalize import normalize
from temnet.images.unseen import pack
from temnet.inference.bad_pixels.inpainting import inpainted, median, mirror_image

ROW, COL = np.mgrid[:160, :180]
LATTICE = 100 + 5 * np.cos(2 * np.pi * ROW / 11.3) * np.cos(2 * np.pi * COL / 9.1)
IMAGE = np.random.default_rng(0).normal(LATTICE, 1).astype(np.float32)

MASKS = {
    "L": (ROW < 13) | (COL < 6),
    "frame": (ROW < 6) | (ROW > 153) | (COL < 6) | (COL > 173),
    "wedge": COL > 150 + 0.2 * ROW,
    "block": (ROW > 60) & (ROW < 90) & (COL > 50) & (COL < 100),
    "cut-out": np.hypot(ROW - 80, COL - 90) > 60,
    "two columns": (COL == 70) | (COL == 71),
    "hit": (ROW > 60) & (ROW < 66) & (COL > 50) & (COL < 56),
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS.keys())
def test_normalisation_is_not_changed_by_filled_regions(mask):
    burnt = np.where(mask, 0, IMAGE).astype(np.float32)
    filled = inpainted(burnt, pack(mask))
    np.testing.assert_array_equal(filled[~mask], IMAGE[~mask])
    assert np.isin(filled, IMAGE[~mask]).mean() > 0.97  # medians of two are between two values

    def change(image):
        pictures = (normalize(part[..., None], 0.2, 4.0)[..., 0] for part in (image, IMAGE))
        return np.sqrt(np.mean(np.subtract(*pictures)[~mask] ** 2))

    assert change(filled) < 0.03 * change(burnt)
    mean = np.where(mask, IMAGE[~mask].mean(), IMAGE).astype(np.float32)
    if mask.mean() > 0.05:
        assert change(filled) < 0.5 * change(mean)


def test_a_straight_border_reflects_as_the_border_of_an_image_does():
    mask = np.zeros((20, 9), bool)
    mask[:6] = True
    numbers = np.arange(180.0, dtype=np.float32).reshape(20, 9)
    filled = inpainted(np.where(mask, np.nan, numbers).astype(np.float32), pack(mask))
    np.testing.assert_array_equal(filled, np.pad(numbers[6:], ((6, 0), (0, 0)), mode="symmetric"))


def test_sources_lie_outside_the_mask_even_where_little_is_left():
    for mask in ((COL < 170), (np.hypot(ROW - 80, COL - 90) > 12), MASKS["frame"]):
        target, source = mirror_image(mask, mask)
        np.testing.assert_array_equal(np.sort(target), np.flatnonzero(mask))
        assert not mask.ravel()[source].any()


def test_single_pixels_get_the_median_of_their_good_neighbours():
    mask = np.zeros(IMAGE.shape, bool)
    places = [(0, 30), (40, 50), (40, 51), (159, 20)]
    mask[tuple(np.transpose(places))] = True
    filled = inpainted(IMAGE, pack(mask))
    good = np.where(mask, np.nan, IMAGE)
    around = np.pad(good, 1, mode="symmetric")
    for row, col in places:
        assert filled[row, col] == np.nanmedian(around[row : row + 3, col : col + 3])
    np.testing.assert_array_equal(filled[~mask], IMAGE[~mask])


def test_medians_are_numpy_s():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 8)).astype(np.float32)
    values[rng.random(values.shape) < 0.4] = np.nan
    values[:3] = np.nan
    np.testing.assert_array_equal(median(values[3:]), np.nanmedian(values[3:], axis=1))
    assert np.isnan(median(values[:3])).all()


def test_an_image_that_is_masked_whole_is_no_image():
    assert np.isnan(inpainted(IMAGE, pack(np.ones(IMAGE.shape, bool)))).all()
