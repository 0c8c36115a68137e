"""Rows and columns of stacks by names, units and shape."""

from importlib import import_module

import h5py
import numpy as np
import pytest
import tifffile

from temnet.errors import InputError
from temnet.inference.reading.axis_order import axis_order, doubt
from temnet.inference.reading.formats import large_files
from temnet.inference.reading.formats.data_set import Axis
from temnet.inference.reading.image_file import open_images
from tests.inference.reading.signals import data_set

STACK = np.random.default_rng(0).integers(0, 4000, (20, 128, 96), dtype=np.uint16)
"""(frame, row, col)"""

PLACES = {"frame": 0, "y": 1, "x": 2}


def axis(number, name, size, units=None, navigate=False):
    """An axis as RosettaSciIO's writers take it."""
    fixed = {"size": size, "scale": 0.02, "offset": 0.0, "index_in_array": number}
    return {"name": name, "units": units, "navigate": navigate, **fixed}


def write_hspy(path, data, axes):
    """Axes: name, units, navigate."""
    described = [axis(n, *one[:1], data.shape[n], *one[1:]) for n, one in enumerate(axes)]
    signal = data_set(data, described, "")
    import_module("rsciio.hspy").file_writer(str(path), signal)
    return path


def check(path, expected=STACK):
    """The file's images are those of ``expected``, read whole and one by one."""
    opened = open_images(path)
    assert (len(opened), opened.shape) == (len(expected), expected.shape[1:])
    for number in (0, 7, len(expected) - 1):
        np.testing.assert_array_equal(opened.read(number), expected[number])
    return opened


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(
    "order", ["frame y x", "y x frame", "x y frame", "y frame x", "frame x y", "x frame y"]
)
def test_names_of_axes_decide(tmp_path, monkeypatch, order, lazy):
    monkeypatch.setattr(large_files, "SMALL_FILE", 0 if lazy else 2**27)
    names = order.split()
    data = STACK.transpose([PLACES[name] for name in names])
    axes = [(name, None if name == "frame" else "nm") for name in names]
    assert check(write_hspy(tmp_path / "a.hspy", data, axes)).axes == ((20, "time"),)


@pytest.mark.parametrize(
    "axes",
    [
        [("", "nm"), ("", "nm"), ("", "s")],
        [("", "nm"), ("", "nm"), ("", None)],
        [("", None), ("", None), ("focus", "nm")],
        [("", None), ("", None), ("", None, True)],
    ],
    ids=["seconds", "no unit", "name", "navigation"],
)
def test_units_and_other_names_decide_where_rows_and_columns_have_none(tmp_path, axes):
    check(write_hspy(tmp_path / "a.hspy", STACK.transpose(1, 2, 0), axes))
    first = [axes[2], *axes[:2]]
    check(write_hspy(tmp_path / "b.hspy", STACK, first))


def write_emd(path, data, names, units):
    """EMD 0.2 as its description has it: dim1 is the first axis of the dataset."""
    with h5py.File(path, "w") as file:
        file.attrs["version_major"], file.attrs["version_minor"] = 0, 2
        group = file.create_group("data/movie")
        group.attrs["emd_group_type"] = 1
        group["data"] = data
        for number, (name, unit) in enumerate(zip(names, units, strict=True), start=1):
            dim = group.create_dataset(
                f"dim{number}", data=np.arange(data.shape[number - 1]) * 0.02
            )
            dim.attrs["name"], dim.attrs["units"] = np.bytes_(name), np.bytes_(unit)
    return path


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(
    ("names", "units"),
    [
        (("time", "y", "x"), ("[s]", "[n_m]", "[n_m]")),
        (("", "", ""), ("s", "n_m", "n_m")),
        (("frame", "a", "b"), ("", "", "")),
    ],
)
def test_emd_files_in_the_order_of_images_rows_columns(tmp_path, monkeypatch, names, units, lazy):
    monkeypatch.setattr(large_files, "SMALL_FILE", 0 if lazy else 2**27)
    opened = check(write_emd(tmp_path / "a.emd", STACK, names, units))
    if "n_m" in units[1]:
        assert opened.pixel_size == pytest.approx((0.2, 0.2))


def test_a_single_image_has_its_rows_in_the_axis_y_of_an_emd_file(tmp_path):
    for data, names in ((STACK[0], ("y", "x")), (STACK[0].T, ("x", "y"))):
        path = write_emd(tmp_path / "a.emd", data, names, ("nm", "nm"))
        np.testing.assert_array_equal(open_images(path).read(0), STACK[0])


def test_emd_files_whose_order_is_turned_keep_it(tmp_path):
    """As RosettaSciIO and Matlab write them: dim1 are columns."""
    path = write_emd(tmp_path / "a.emd", STACK.T, ("x", "y", "time"), ("nm", "nm", "s"))
    check(path)


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(
    "shape",
    [
        (128, 128, 20),
        (128, 120, 20),
        (512, 512, 3),
        (512, 256, 3),
        (128, 20, 128),
        (5, 128, 128, 3),
    ],
)
def test_a_stack_whose_images_seem_to_come_last_is_refused_with_a_remedy(
    tmp_path, monkeypatch, shape, lazy
):
    monkeypatch.setattr(large_files, "SMALL_FILE", 0 if lazy else 2**27)
    np.save(tmp_path / "a.npy", np.zeros(shape, np.float32))
    with pytest.raises(InputError, match=r"numpy\.moveaxis"):
        open_images(tmp_path / "a.npy")


def test_three_images_of_bytes_along_the_last_axis_are_refused_with_a_remedy(tmp_path):
    np.save(tmp_path / "a.npy", (STACK[:3].transpose(1, 2, 0) // 16).astype(np.uint8))
    with pytest.raises(InputError, match="if it holds 3 images, save it with their axis first"):
        open_images(tmp_path / "a.npy")


@pytest.mark.parametrize("fortran", [False, True])
@pytest.mark.parametrize(
    "shape",
    [
        (20, 128, 128),
        (3, 512, 512),
        (128, 128),
        (300, 64, 64),
        (40, 20, 30),
        (5, 20, 30),
        (40, 64, 48),
    ],
)
def test_usual_stacks_are_not_doubted(tmp_path, shape, fortran):
    stack = np.random.default_rng(1).random(shape)
    np.save(tmp_path / "a.npy", np.asfortranarray(stack) if fortran else stack)
    opened = open_images(tmp_path / "a.npy")
    assert opened.notes == ()
    expected = stack if stack.ndim == 3 else stack[None]
    for number in (0, len(expected) - 1):
        np.testing.assert_array_equal(opened.read(number), expected[number])


def test_a_long_movie_of_narrow_strips_is_read_with_a_warning(tmp_path, caplog):
    strips = np.random.default_rng(1).random((200, 128, 20))
    np.save(tmp_path / "a.npy", strips)
    opened = open_images(tmp_path / "a.npy")
    assert (len(opened), opened.shape) == (200, (128, 20))
    assert "200 images of 128 x 20 pixels, but it seems to hold 20 images" in caplog.text
    assert opened.notes[0] in caplog.text


@pytest.mark.parametrize("lazy", [False, True])
def test_a_last_axis_of_one_is_a_channel(tmp_path, monkeypatch, lazy):
    monkeypatch.setattr(large_files, "SMALL_FILE", 0 if lazy else 2**27)
    np.save(tmp_path / "a.npy", STACK[..., None])
    check(tmp_path / "a.npy")
    np.save(tmp_path / "b.npy", STACK[0][..., None])
    np.testing.assert_array_equal(open_images(tmp_path / "b.npy").read(0), STACK[0])


def test_a_tiff_with_images_along_the_last_axis(tmp_path):
    behind = np.ascontiguousarray(STACK.transpose(1, 2, 0))
    tifffile.imwrite(tmp_path / "a.tif", behind, metadata={"axes": "YXT"})
    check(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "b.tif", behind[:96], metadata=None, photometric="minisblack")
    with pytest.raises(InputError, match=r"numpy\.moveaxis"):
        open_images(tmp_path / "b.tif")
    tifffile.imwrite(tmp_path / "c.tif", behind[:96], imagej=True, metadata={"axes": "TYX"})
    assert len(open_images(tmp_path / "c.tif")) == 96  # the program names its axes


def test_diffraction_patterns_of_a_scan_are_refused_and_not_turned():
    scan = [Axis("y", "nm"), Axis("x", "nm")]
    pattern = [Axis("ky", "1/nm"), Axis("kx", "1/nm")]
    assert axis_order([*scan, *pattern]) is None
    assert axis_order([*pattern, *scan]) is None  # in their places
    assert axis_order([pattern[0], *scan, Axis("dose")]) == (0, 3, 1, 2)


def test_doubt_grows_with_the_shape():
    assert [doubt((128, 128, n)) for n in (3, 20, 42, 43, 64, 200, 1000)] == [
        *["refuse"] * 3,
        *["warn"] * 4,
    ]
    assert [doubt((128, 128, n)) for n in (96, 128, 180)] == [""] * 3
    assert [doubt((n, 100, 200)) for n in (20, 60, 100, 400)] == ["", "", "warn", ""]
    assert doubt((128, 128)) == doubt((15, 15, 3)) == ""


@pytest.mark.parametrize("small", [True, False])
def test_a_tiff_with_many_values_in_each_pixel_is_a_stack_of_as_many_images(
    tmp_path, monkeypatch, small
):
    if not small:
        monkeypatch.setattr(large_files, "SMALL_FILE", 1000)
    stack = np.random.default_rng(0).integers(0, 99, (64, 64, 20)).astype(np.uint16)
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, stack, photometric="minisblack", planarconfig="contig")
    opened = open_images(path)
    assert len(opened) == 20
    np.testing.assert_array_equal(opened.read(7), stack[..., 7])
