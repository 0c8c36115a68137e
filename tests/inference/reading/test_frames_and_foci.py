"""Images as frames of a movie, as foci, or both."""

from pathlib import Path

import numpy as np
import pytest

from temnet.inference.reading.frames_and_foci import arrange
from temnet.inference.reading.header_defocus import header_defocus
from temnet.inference.reading.image_file import ImageFile, open_images
from temnet.inference.reading.read_images import read_images
from tests.inference.reading.signals import data_set


def file(name="a.npy", axes=(), defocus=None):
    return ImageFile(
        Path(name), axes, (20, 20), lambda n: np.zeros((20, 20)), None, defocus=defocus
    )


def by_defocus(*values, axes="focus", count=3):
    return arrange([file(f"{n}.dm4", defocus=v) for n, v in enumerate(values)], axes, count)


def test_images_that_are_series_only_by_their_number_get_a_note(caplog):
    found = arrange([file(axes=((6, ""),))], "auto", 3)
    np.testing.assert_array_equal(found.order, [[0, 1, 2], [3, 4, 5]])
    (note,) = found.notes
    assert "its 6 images" in note and "2 focal series" in note and "--axes frames" in note
    assert caplog.text.count(note) == 1


@pytest.mark.parametrize(
    ("axes", "wanted", "count"),
    [
        (((6, ""),), "focus", 3),  # asked for
        (((6, ""),), "frames", 3),
        (((6, "time"),), "auto", 3),  # named in the file
        (((6, "focus"),), "auto", 3),
        (((6, ""),), "auto", 1),  # no series for this network
        (((3, ""),), "auto", 3),  # one series
        (((5, ""),), "auto", 3),  # no whole series
        (((2, ""), (3, "focus")), "auto", 3),
    ],
)
def test_unambiguous_images_get_no_note(caplog, axes, wanted, count):
    assert arrange([file(axes=axes)], wanted, count).notes == ()
    assert not caplog.text


def test_foci_are_sorted_by_the_headers_where_the_names_are_not_in_order(caplog):
    found = by_defocus(100.0, -500.0, 400.0)
    assert found.order.tolist() == [[1, 0, 2]]
    assert "1.dm4 (-50 nm), 0.dm4 (10 nm), 2.dm4 (40 nm)" in found.notes[0]
    assert found.notes[0] in caplog.text


@pytest.mark.parametrize(
    "values",
    [
        (-500.0, 0.0, 400.0),  # as the names
        (400.0, 0.0, -500.0),  # the other sign, for which names are more reliable
        (100.0, None, 400.0),  # one is not known
        (100.0, 100.0, 100.0),  # another knob was turned
        (100.0, 99.0, 101.0),  # too near to each other
    ],
)
def test_headers_without_another_order_leave_that_of_the_files(values):
    assert by_defocus(*values).order.tolist() == [[0, 1, 2]]


def test_each_series_of_files_is_sorted_by_itself_and_movies_are_not():
    values = (100.0, -500.0, 400.0, -500.0, 100.0, 400.0)
    assert by_defocus(*values).order.tolist() == [[1, 0, 2], [3, 4, 5]]
    assert by_defocus(*values, axes="frames").order.ravel().tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"Optics": {"Defocus": "3.0231699205257632e-08"}}, 302.317),  # Velox
        ({"ObjectInfo": {"ExperimentalDescription": {"Defocus_um": -0.5}}}, -5000.0),  # TIA
        ({"Microscope Info": {"Defocus": -60.0}}, -600.0),
        ({"Info": {"Defocus (nm)": 12}}, 120.0),
        ({"Info": {"Defocus": "-0.2 um"}}, -2000.0),
        ({"Acquisition_instrument": {"TEM": {"defocus": 0.0}}}, 0.0),
        ({"Info": {"DefocusStep": 5.0, "Focus": 3.0, "Note": "Defocus"}}, None),
        ({"a": {"Defocus": 5.0}, "b": {"Defocus": 6.0}}, None),  # which of them?
        ({"Info": {"Defocus": "unknown"}}, None),
        ({}, None),
    ],
)
def test_defocus_of_headers(tags, expected):
    assert header_defocus(tags) == (None if expected is None else pytest.approx(expected))
    assert header_defocus({}, tags) == header_defocus(tags)


def test_files_carry_the_defocus_of_their_headers_to_the_order_of_foci(tmp_path):
    from rsciio.hspy import file_writer

    values = (10.0, -50.0, 40.0)
    for number, value in enumerate(values):
        image = np.random.default_rng(number).random((20, 20))
        axes = [
            {"name": name, "size": 20, "scale": 0.02, "offset": 0.0, "units": "nm",
             "navigate": False, "index_in_array": n}
            for n, name in enumerate("yx")
        ]  # fmt: skip
        tags = {"Acquisition_instrument": {"TEM": {"defocus": value}}}
        signal = data_set(image, axes, "i", **tags)
        file_writer(str(tmp_path / f"{number}.hspy"), signal)
    assert open_images(tmp_path / "1.hspy").defocus == -500.0
    with_header = read_images(tmp_path, axes="focus", focus_count=3)
    assert with_header.metadata["frame_files"] == [["1.hspy", "0.hspy", "2.hspy"]]
    assert any("in the files' headers" in note for note in with_header.metadata["notes"])
