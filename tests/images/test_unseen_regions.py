import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from temnet.images.unseen import UnseenRegions, dilated, eroded, pack, unpack, wide_part

BORDER = np.zeros((30, 40), bool)
BORDER[:4] = BORDER[:, :7] = True
BLOCK = np.zeros((30, 40), bool)
BLOCK[10:15, 20:28] = True


@given(mask=arrays(bool, st.tuples(st.integers(1, 30), st.integers(1, 30))))
def test_masks_come_back_from_bytes(mask):
    np.testing.assert_array_equal(unpack(pack(mask), mask.shape), mask)


@given(
    mask=arrays(bool, st.tuples(st.integers(9, 20), st.integers(9, 20))),
    span=st.integers(1, 9),
    axis=st.integers(0, 1),
)
def test_windows_agree_with_scipy(mask, span, axis):
    shape = [1, 1]
    shape[axis] = span
    opened = ndimage.binary_opening(mask, np.ones(shape))
    np.testing.assert_array_equal(dilated(eroded(mask, span, axis), span, axis), opened)
    square = min(span, *mask.shape)
    expected = ndimage.binary_opening(mask, np.ones((square, square)))
    np.testing.assert_array_equal(wide_part(mask, square), expected)


def test_thin_and_wide_parts():
    mask = np.zeros((20, 20), bool)
    mask[:, 5], mask[0], mask[10:13, 10:13] = True, True, True
    block = np.zeros_like(mask)
    block[10:13, 10:13] = True
    np.testing.assert_array_equal(wide_part(mask, 3), block)
    row = np.zeros_like(mask)
    row[0] = True
    np.testing.assert_array_equal(wide_part(mask, 3, beyond=True) & mask, row | block)


def test_a_border_that_all_frames_have_takes_a_few_hundred_bytes():
    mask = np.zeros((256, 256), bool)
    mask[:13] = mask[:, :6] = True
    assert len(pack(mask)) < 200


def regions():
    packed = {2: {0: pack(BORDER)}, 3: {0: pack(BORDER), 1: pack(BLOCK)}}
    return UnseenRegions(BORDER.shape, packed)


@pytest.mark.parametrize("pixel", [(0.2, 0.2), (0.3, 0.1)])
def test_positions_count_pixels_of_the_file(pixel):
    row, col = np.mgrid[:30, :40]
    positions = np.stack([row, col], axis=-1).reshape(-1, 2) * pixel
    np.testing.assert_array_equal(regions().contains(2, positions, pixel), BORDER.ravel())
    np.testing.assert_array_equal(regions().contains(3, positions, pixel), (BORDER | BLOCK).ravel())
    assert not regions().contains(0, positions, pixel).any()
    near = regions().contains(3, positions, pixel, margin=0.59)
    wide = np.ones([2 * int(np.ceil(0.59 / size)) + 1 for size in pixel])
    expected = ndimage.binary_dilation(BORDER | BLOCK, wide)
    np.testing.assert_array_equal(near, expected.ravel())
    assert regions().contains(2, np.zeros((0, 2)), pixel).shape == (0,)


def test_images_that_were_moved_take_their_regions_along():
    shifts = np.zeros((4, 2, 2))
    shifts[3, 1] = 3, -5  # the second image lay lower and to the left
    moved = regions().aligned(shifts)
    expected = BORDER.copy()
    expected[7:12, 25:33] = True
    np.testing.assert_array_equal(moved.mask(3), expected)
    np.testing.assert_array_equal(moved.mask(2), BORDER)


def test_files_hold_each_mask_once(tmp_path):
    packed = {frame: {0: pack(BORDER)} for frame in range(500)} | {900: {0: pack(BLOCK)}}
    UnseenRegions(BORDER.shape, packed).write(tmp_path / "a.npz", (0.3, 0.1))
    found, pixel_size = UnseenRegions.read(tmp_path / "a.npz")
    assert (tmp_path / "a.npz").stat().st_size < 12_000 and pixel_size == (0.3, 0.1)
    assert len(found) == 501 and found.mask(500) is None
    np.testing.assert_array_equal(found.mask(499), BORDER)
    np.testing.assert_array_equal(found.mask(900), BLOCK)


def test_a_file_holds_the_union_of_moved_images(tmp_path):
    shifts = np.zeros((4, 2, 2))
    shifts[3, 1] = 3, -5
    moved = regions().aligned(shifts)
    moved.write(tmp_path / "a.npz", (0.2, 0.2))
    np.testing.assert_array_equal(UnseenRegions.read(tmp_path / "a.npz")[0].mask(3), moved.mask(3))
