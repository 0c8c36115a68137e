"""HyperSpy signals, by what they can do."""

from types import SimpleNamespace

import dask.array
import numpy as np
import pytest

from temnet.errors import InputError
from temnet.inference.reading.formats.data_set import Axis
from temnet.inference.reading.hyperspy_signal import (
    UNNAMED,
    is_signal,
    signal_axes,
    signal_data_set,
)
from temnet.inference.reading.image_array import memory_file
from tests.inference.reading.signals import X, Y, signal

MOVIE = np.arange(2 * 4 * 5).reshape(2, 4, 5)
TIME = ("Time", 0.5, "s", True)


def test_axes_come_in_the_order_of_the_array_and_images_have_rows_y():
    # HyperSpy itself names its axes in the reverse order, x first.
    made = signal(MOVIE, TIME, ("height", 0.02, "nm", False), ("", 0.03, "nm", False))
    assert signal_axes(made) == (
        Axis("time", "s", 0.5, 2, navigate=True),
        Axis("y", "nm", 0.02, 4),
        Axis("x", "nm", 0.03, 5),
    )
    spectra = signal(MOVIE, TIME, ("height", 1, "nm", True), ("Energy", 1, "eV", False))
    assert [axis.name for axis in signal_axes(spectra)] == ["time", "height", "energy"]


def test_an_axis_that_is_not_uniform_has_no_scale():
    made = signal(MOVIE, TIME, Y, X)
    (times,) = made.axes_manager.navigation_axes
    del times.scale
    assert [axis.scale for axis in signal_axes(made)] == [0, 0.02, 0.02]


def test_images_behind_their_rows_and_columns_are_moved_to_the_front():
    behind = signal(np.moveaxis(MOVIE, 0, 2), Y, X, TIME)
    name, opened = signal_data_set(behind)
    assert name == "film" and not opened.lazy
    np.testing.assert_array_equal(np.asarray(opened.data[1]), MOVIE[1])
    assert [axis.name for axis in opened.axes] == ["time", "y", "x"]


def test_lazy_signals_stay_lazy_and_titles_are_names_of_files():
    lazy = signal(dask.array.from_array(MOVIE, chunks=(1, 4, 5)), TIME, Y, X, title=" a/b ")
    name, opened = signal_data_set(lazy)
    assert name == "a_b" and opened.lazy
    untitled = signal(MOVIE, TIME, Y, X, title=" ")
    assert signal_data_set(untitled)[0] == UNNAMED
    untitled.metadata, untitled.original_metadata = None, {"a": {"b": 1}}
    name, opened = signal_data_set(untitled)
    assert (name, opened.metadata, opened.tags) == (UNNAMED, {}, {"a": {"b": 1}})


def test_what_is_a_signal():
    assert is_signal(signal(MOVIE, TIME, Y, X))
    assert not is_signal(MOVIE) and not is_signal("a.hspy")
    assert not is_signal(SimpleNamespace(axes_manager=None))
    spectrum = signal(np.ones(7), ("Energy", 1, "eV", False))
    profiles = signal(np.ones((4, 7)), ("y", 1, "nm", True), ("Energy", 1, "eV", False))
    with pytest.raises(InputError, match="spectra or profiles"):
        signal_data_set(profiles)
    with pytest.raises(InputError):
        memory_file(spectrum)


def test_signals_name_their_axes_and_pixel_size():
    data = np.arange(2 * 4 * 5).reshape(2, 4, 5)
    file = memory_file(signal(data, ("time", 0.5, "s", True), Y, X))
    assert file.axes == ((2, "time"),) and file.pixel_size == pytest.approx((0.2, 0.2))
    assert file.path.name == "film"
    np.testing.assert_array_equal(file.read(1), data[1])
    # Pixels that are not square, in two units; unnamed axes.
    file = memory_file(
        signal(data, ("", 1, "", True), ("", 20, "pm", False), ("", 1e-5, "µm", False), title="a/b")
    )
    assert file.axes == ((2, ""),) and file.pixel_size == pytest.approx((0.2, 0.1))
    assert file.path.name == "a_b"
    named = memory_file(signal(data, ("", 1, "", True), Y, X), ("focus", "row", "col"))
    assert named.axes == ((2, "focus"),) and named.pixel_size == pytest.approx((0.2, 0.2))
    assert memory_file(signal(data, ("defocus", 1, "nm", True), Y, X)).axes == ((2, "focus"),)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (signal(np.ones((4, 5)), ("y", 0.1, "1/nm", False), ("x", 0.1, "1/nm", False)), "1/nm"),
        (signal(np.ones((4, 5)), Y, X, signal_type="electron_diffraction"), "diffraction"),
        (
            signal(np.ones((4, 5, 6)), ("y", 1, "nm", True), ("x", 1, "nm", True),
                   ("Energy", 1, "eV", False)),
            "spectra",
        ),
        (signal(np.ones((4, 5), object), Y, X), "real numbers"),
        (signal(np.ones((4, 5), complex), Y, X), "complex"),
    ],
)  # fmt: skip
def test_signals_without_images_are_refused(made, message):
    with pytest.raises(InputError, match=message):
        memory_file(made)
