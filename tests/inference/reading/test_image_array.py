"""Arrays and signals in place of files."""

import dask.array
import numpy as np
import pytest

from temnet.errors import InputError
from temnet.inference.reading.frames_and_foci import arrange
from temnet.inference.reading.image_array import (
    array_file,
    check_pixel_size,
    is_array,
    memory_file,
)
from tests.inference.reading.signals import X, Y, signal


def test_an_image_has_no_axis_and_a_movie_one():
    movie = np.arange(30, dtype=np.int16).reshape(2, 3, 5)
    file = array_file(movie, "m")
    assert (file.axes, file.shape, len(file)) == (((2, ""),), (3, 5), 2)
    assert file.read(1)[2, 4] == 29 and file.read(0)[0, 1] == 1
    assert file.pixel_size is None and str(file.path) == "m"
    single = array_file(movie[1], "s")
    assert (single.axes, len(single)) == ((), 1)
    np.testing.assert_array_equal(single.read(0), movie[1])


def test_four_axes_are_frame_row_col_focus():
    series = np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3)
    file = array_file(series, "s")
    assert file.axes == ((2, "time"), (3, "focus")) and file.shape == (4, 5)
    order = arrange([file], "auto", 3).order
    for frame, foci in enumerate(order):
        for focus, number in enumerate(foci):
            np.testing.assert_array_equal(file.read(number), series[frame, :, :, focus])
    foci_second = np.ones((5, 3, 40, 40))
    with pytest.raises(InputError, match=r"\('frame', 'focus', 'row', 'col'\)"):
        array_file(foci_second, "s")
    assert array_file(foci_second, "s", ("frame", "focus", "row", "col")).shape == (40, 40)
    assert array_file(series[:1], "s").axes == ((3, "focus"),)
    assert array_file(series[..., :1], "s").axes == ((2, "time"),)


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        (("frame", "row", "col"), ((7, "time"),)),
        (("focus", "row", "col"), ((7, "focus"),)),
        (("row", "col", "frame"), ((6, "time"),)),
        (("col", "focus", "row"), ((5, "focus"),)),
    ],
)
def test_named_axes_decide(axes, expected):
    array = np.arange(7 * 5 * 6, dtype=np.uint8).reshape(7, 5, 6)
    file = array_file(array, "a", axes)
    outer = next(number for number, name in enumerate(axes) if name not in ("row", "col"))
    by_row = np.moveaxis(array, (outer, axes.index("row"), axes.index("col")), (0, 1, 2))
    assert file.axes == expected and file.shape == by_row.shape[1:]
    for number in range(len(file)):
        np.testing.assert_array_equal(file.read(number), by_row[number])
    count = len(file)
    assert arrange([file], "auto", count).order.shape == (
        (count, 1) if "frame" in axes else (1, count)
    )


def test_three_foci_of_bytes_behind_are_no_colours():
    array = np.random.default_rng(0).integers(0, 255, (20, 24, 3), np.uint8)
    with pytest.raises(InputError, match="colour"):
        array_file(array, "a")
    file = array_file(array, "a", ("row", "col", "focus"))
    np.testing.assert_array_equal(file.read(2), array[..., 2])


@pytest.mark.parametrize(
    "axes", [("frame", "row"), ("row", "col", "row"), ("y", "x", "t"), ("frame", "focus", "row")]
)
def test_wrong_names_of_axes_are_refused(axes):
    with pytest.raises(InputError, match="axes must name"):
        array_file(np.ones((4, 5, 6)), "a", axes)


def test_a_movie_with_its_frames_behind_is_doubted():
    with pytest.raises(InputError, match=r"\('row', 'col', 'frame'\)"):
        array_file(np.ones((128, 128, 20), np.float32), "a")
    assert len(array_file(np.ones((128, 128, 20)), "a", ("row", "col", "frame"))) == 20
    assert len(array_file(np.ones((128, 128, 20)), "a", ("frame", "row", "col"))) == 128


def test_a_movie_of_one_frame_is_an_image():
    assert array_file(np.ones((1, 3, 5)), "m").axes == ()


def test_a_channel_is_no_axis():
    file = array_file(np.ones((20, 30, 1)), "a")
    assert (file.axes, file.shape) == ((), (20, 30))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.float16, np.float64])
def test_all_real_types_are_read_as_they_are(dtype):
    assert array_file(np.ones((3, 5), dtype), "a").read(0).dtype == dtype


@pytest.mark.parametrize("shape", [(), (4,), (2, 2, 2, 4, 4), (0, 4, 4), (4, 0)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(InputError, match="shape"):
        array_file(np.ones(shape), "a")


@pytest.mark.parametrize("dtype", [object, "U1", "datetime64[s]"])
def test_values_that_are_no_real_numbers_are_refused(dtype):
    with pytest.raises(InputError, match="real numbers"):
        array_file(np.zeros((4, 4), dtype), "a")


@pytest.mark.parametrize("images", [np.ones((4, 4), complex), [[1, 2], [3]], object(), {"a": 1}])
def test_what_is_no_array_of_real_numbers_is_one_sentence(images):
    with pytest.raises(InputError) as raised:
        memory_file(images)
    assert str(raised.value).startswith("array: ") and "\n" not in str(raised.value)


def test_a_mask_hides_values():
    values = np.ma.masked_array(np.arange(20).reshape(4, 5), np.arange(20).reshape(4, 5) == 7)
    read = array_file(values, "a").read(0)
    assert np.isnan(read[1, 2]) and np.isnan(read).sum() == 1 and read[3, 4] == 19


def test_lazy_arrays_are_computed_an_image_at_a_time():
    computed = []

    def frame(block_info=None):
        computed.append(block_info[None]["chunk-location"][0])
        return np.full((1, 4, 5), float(computed[-1]))

    lazy = dask.array.map_blocks(frame, chunks=((1,) * 6, (4,), (5,)), dtype=float)
    file = array_file(lazy, "a")
    computed.clear()
    assert file.read(4)[0, 0] == 4 and computed == [4]
    file = memory_file(signal(lazy, ("time", 1.0, "s", True), Y, X))
    computed.clear()
    assert file.read(2)[0, 0] == 2 and computed == [2]


def test_objects_that_are_indexed_are_read_an_image_at_a_time(tmp_path):
    import h5py

    values = np.random.default_rng(0).random((3, 6, 5, 2))
    with h5py.File(tmp_path / "a.h5", "w") as stored:
        data = stored.create_dataset("movie", data=values)
        file = memory_file(data)
        np.testing.assert_array_equal(file.read(3), values[1, :, :, 1])
        named = memory_file(data, ("row", "focus", "col", "frame"))
        np.testing.assert_array_equal(named.read(6 + 4), values[:, 4, :, 1])


def test_a_pixel_size_is_asked_for():
    plain = memory_file(np.ones((4, 5)))
    with pytest.raises(InputError, match=r"sampling=0\.2"):
        check_pixel_size(plain, "header")
    check_pixel_size(plain, 0.2)
    check_pixel_size(plain, "auto")
    furlongs = signal(np.ones((4, 5)), ("y", 1, "furlong", False), ("x", 1, "furlong", False))
    with pytest.raises(InputError, match="furlong"):
        check_pixel_size(memory_file(furlongs), None)
    check_pixel_size(memory_file(signal(np.ones((4, 5)), Y, X)), None)


def test_names_of_files_are_no_arrays(tmp_path):
    assert not is_array("a.tif") and not is_array(tmp_path) and not is_array(["a", tmp_path])
    assert not is_array([]) and is_array(np.ones(3)) and is_array([[1, 2], [3, 4]])
