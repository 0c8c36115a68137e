import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter

from temnet.inference.tiling import in_parts


def blurred(reach):
    """An answer that depends on pixels up to ``reach`` away, and on the image's border."""

    def look(images):
        mean = uniform_filter(images, (2 * reach + 1, 2 * reach + 1, 0), mode="constant")
        return np.concatenate([mean, images], axis=-1)

    return look


@given(
    st.integers(20, 90), st.integers(20, 90), st.integers(16, 40), st.integers(0, 8),
    st.integers(0, 99),
)  # fmt: skip
def test_parts_make_up_the_whole(rows, cols, tile, reach, seed):
    images = np.random.default_rng(seed).normal(size=(rows, cols, 1)).astype(np.float32)
    whole = blurred(reach)(images)
    found = in_parts(blurred(reach), images, 2, tile, margin=reach + 4, blend=8)
    np.testing.assert_allclose(found, whole, atol=1e-5)


def test_too_small_a_margin_is_seen():
    images = np.random.default_rng(0).normal(size=(64, 64, 1)).astype(np.float32)
    found = in_parts(blurred(8), images, 2, 16, margin=4, blend=8)
    assert np.abs(found - blurred(8)(images)).max() > 0.01
    with pytest.raises(ValueError, match="too wide"):
        in_parts(blurred(1), images, 2, 16, margin=3, blend=8)


def test_an_image_of_one_part_is_looked_at_once():
    shapes = []

    def look(images):
        shapes.append(images.shape)
        return images

    images = np.ones((30, 20, 1), np.float32)
    np.testing.assert_array_equal(in_parts(look, images, 1, 32, 8, 4), images)
    assert shapes == [(30, 20, 1)]
