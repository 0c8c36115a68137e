import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from temnet.randomness import generator


@given(st.integers(0, 2**31), st.text(max_size=20), st.integers(0, 2**31))
def test_a_generator_is_a_function_of_its_names(seed, stream, index):
    first, again = generator(seed, stream, index), generator(seed, stream, index)
    np.testing.assert_array_equal(first.random(4), again.random(4))
    for other in (
        generator(seed + 1, stream, index),
        generator(seed, stream + "x", index),
        generator(seed, stream, index + 1),
    ):
        assert np.all(generator(seed, stream, index).random(4) != other.random(4))


def test_streams_are_not_correlated():
    draws = np.array([generator(1, "camera", k).standard_normal(50) for k in range(200)])
    correlation = np.corrcoef(draws)
    off = correlation[~np.eye(200, dtype=bool)]
    assert abs(off.mean()) < 0.005
    assert off.std() < 1.2 / np.sqrt(50)


def test_bits_are_pinned():
    assert generator(1, "training/structure", 0).integers(2**31) == 278281838
