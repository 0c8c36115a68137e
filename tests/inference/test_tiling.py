import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter

from temnet.inference.tiling import in_parts


def blurred(reach):
    """A prediction that depends on pixels up to ``reach`` away, and on the image's border."""

    def predict(images):
        mean = uniform_filter(images, (2 * reach + 1, 2 * reach + 1, 0), mode="constant")
        return np.concatenate([mean, images], axis=-1)

    return predict


@given(
    st.integers(5, 40), st.integers(5, 40), st.integers(8, 40), st.integers(0, 8),
    st.sampled_from([1, 2, 4]), st.integers(0, 99),
)  # fmt: skip
def test_parts_make_up_the_whole(rows, cols, more, reach, unit, seed):
    shape = (4 * rows, 4 * cols, 1)
    images = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    whole = blurred(reach)(images)
    margin = reach + 4
    longest = 4 * (margin + unit) + more
    found = in_parts(blurred(reach), images, 2, longest, margin, blend=8, unit=unit)
    np.testing.assert_allclose(found, whole, atol=1e-5)


def test_too_small_a_margin_is_seen():
    images = np.random.default_rng(0).normal(size=(64, 64, 1)).astype(np.float32)
    found = in_parts(blurred(8), images, 2, 32, margin=4, blend=8)
    assert np.abs(found - blurred(8)(images)).max() > 0.01
    for longest, margin in ((32, 3), (27, 4)):
        with pytest.raises(ValueError, match="too wide"):
            in_parts(blurred(1), images, 2, longest, margin, blend=8)


def test_an_image_of_one_tile_is_predicted_once():
    shapes = []

    def predict(images):
        shapes.append(images.shape)
        return images

    images = np.ones((30, 20, 1), np.float32)
    np.testing.assert_array_equal(in_parts(predict, images, 1, 48, 8, 4), images)
    assert shapes == [(30, 20, 1)]


def test_parts_are_of_one_size_and_begin_at_units():
    shapes, corners = set(), set()
    images = np.stack(np.mgrid[:96, :160], axis=-1).astype(np.float32)

    def predict(part):
        shapes.add(part.shape)
        corners.add(tuple(part[0, 0].astype(int).tolist()))
        return part

    np.testing.assert_allclose(in_parts(predict, images, 2, 80, 9, 8, unit=8), images, rtol=1e-6)
    assert len(shapes) == 1 and len(corners) == 6
    assert all(row % 8 == col % 8 == 0 for row, col in corners)
    # Without it, a network that halves the image would see other pixels together.
    corners.clear()
    in_parts(predict, images, 2, 80, 9, 8)
    assert any(row % 8 or col % 8 for row, col in corners)


def test_few_tiles_share_little():
    seen = []

    def predict(images):
        seen.append(images.shape[:2])
        return images

    in_parts(predict, np.ones((2048, 4096, 1), np.float32), 1, unit=16)
    assert len(seen) == 2 * 3 and set(seen) == {(1152, 1536)}
