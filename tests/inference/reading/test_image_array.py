"""Arrays in place of files."""

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.inference.reading.image_array import array_file


def test_an_image_has_no_axis_and_a_movie_one():
    movie = np.arange(30, dtype=np.int16).reshape(2, 3, 5)
    file = array_file(movie, "m")
    assert (file.axes, file.shape, len(file)) == (((2, ""),), (3, 5), 2)
    assert file.read(1)[2, 4] == 29 and file.read(0)[0, 1] == 1
    assert file.pixel_size is None and str(file.path) == "m"
    single = array_file(movie[1], "s")
    assert (single.axes, len(single)) == ((), 1)
    np.testing.assert_array_equal(single.read(0), movie[1])


def test_a_movie_of_one_frame_is_an_image():
    assert array_file(np.ones((1, 3, 5)), "m").axes == ()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.float16, np.float64])
def test_all_real_types_are_read_as_they_are(dtype):
    assert array_file(np.ones((3, 5), dtype), "a").read(0).dtype == dtype


@pytest.mark.parametrize("shape", [(), (4,), (2, 2, 4, 4), (0, 4, 4), (4, 0)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(InputError, match="shape"):
        array_file(np.ones(shape), "a")


@pytest.mark.parametrize("dtype", [complex, object, "U1", "datetime64[s]"])
def test_values_that_are_no_real_numbers_are_refused(dtype):
    with pytest.raises(InputError, match="real numbers"):
        array_file(np.zeros((4, 4), dtype), "a")
