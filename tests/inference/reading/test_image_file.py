"""The formats of microscopes, written by RosettaSciIO's own writers where it has them."""

import logging
import os
from importlib import import_module
from pathlib import Path

import h5py
import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from temnet.errors import InputError
from temnet.inference.reading.formats import large_files, rosettasciio
from temnet.inference.reading.image_file import open_images
from temnet.inference.reading.read_images import read_images
from tests.inference.reading.signals import data_set

MOVIE = np.random.default_rng(0).integers(0, 4000, (5, 20, 30), dtype=np.uint16)


def axis(name, size, scale=1.0, units=None, navigate=False):
    return {
        "name": name,
        "size": size,
        "scale": scale,
        "offset": 0.0,
        "units": units,
        "navigate": navigate,
    }


def signal(data, outer=(), pixel=(0.02, 0.02), units="nm", title="image"):
    """A data set as RosettaSciIO's writers take it."""
    sizes = np.shape(data)
    axes = [axis(name, sizes[n], 1.0, unit, True) for n, (name, unit) in enumerate(outer)]
    axes += [axis("y", sizes[-2], pixel[0], units), axis("x", sizes[-1], pixel[1], units)]
    for number, one in enumerate(axes):
        one["index_in_array"] = number
    return data_set(data, axes, title)


def write(path, data, **options):
    """Writes a file by the writer of its ending."""
    writer = import_module(rosettasciio.READERS[path.suffix]).file_writer
    writer(str(path), signal(data, **options))
    return path


def write_mrc(path, data, pixel):
    """An MRC 2014 file of 16-bit counts (mode 6); pixel: height and width [Å]."""
    count, rows, cols = data.shape
    header = np.zeros(256, "<i4")
    header[:3], header[3], header[7:10] = (cols, rows, count), 6, (cols, rows, count)
    header.view("<f4")[10:13] = cols * pixel[1], rows * pixel[0], count
    header[52], header[53] = int.from_bytes(b"MAP ", "little"), 0x00004444
    path.write_bytes(header.tobytes() + data.astype("<u2").tobytes())
    return path


TIME = (("time", "s"),)


@pytest.mark.parametrize("units,scale", [("nm", 0.02), ("pm", 20.0), ("Å", 0.2), ("\u212b", 0.2)])
@pytest.mark.parametrize("ending", [".hspy", ".emd", ".tif", ".mrc"])
@pytest.mark.parametrize("aspect", [1.0, 1.5])
def test_a_movie_comes_back_with_its_pixel_size(tmp_path, ending, units, scale, aspect):
    if ending == ".mrc":
        path = write_mrc(tmp_path / "a_movie.mrc", MOVIE, (0.2 * aspect, 0.2))
    else:
        units = "Å" if ending == ".tif" and units == "\u212b" else units  # its tags are Latin-1
        pixel = (scale * aspect, scale)
        path = write(tmp_path / f"a{ending}", MOVIE, outer=TIME, pixel=pixel, units=units)
    opened = open_images(path)
    assert opened.pixel_size == pytest.approx((0.2 * aspect, 0.2), rel=1e-4)
    assert (len(opened), opened.shape) == (5, (20, 30))
    for number in (4, 0):
        np.testing.assert_array_equal(opened.read(number), MOVIE[number])


@pytest.mark.parametrize("ending", [".hspy", ".emd", ".tif", ".npy", ".mrc"])
def test_a_large_file_gives_the_same_frames_as_its_array(tmp_path, monkeypatch, ending):
    path = tmp_path / f"a{ending}"
    if ending == ".npy":
        np.save(path, np.asfortranarray(MOVIE))
    elif ending == ".mrc":
        write_mrc(path, MOVIE, (0.2, 0.2))
    else:
        write(path, MOVIE, outer=TIME)
    small = read_images(path, sampling=0.2)
    monkeypatch.setattr(large_files, "SMALL_FILE", 0)
    large = read_images(path, sampling=0.2)
    for series in (small, large):
        np.testing.assert_array_equal(np.asarray(series.images)[..., 0], MOVIE)
    np.testing.assert_array_equal(large.images[3:0:-2, ..., 0], MOVIE[3:0:-2])


def test_pieces_of_many_frames_are_read_once_for_all_of_them(tmp_path, monkeypatch):
    with h5py.File(write(tmp_path / "a.emd", MOVIE, outer=TIME), "r+") as file:
        group = next(iter(file["signals"].values()))
        data = group["data"][()]
        del group["data"]
        group.create_dataset("data", data=data, chunks=(2, 20, 5))
    monkeypatch.setattr(large_files, "SMALL_FILE", 2 * MOVIE[0].nbytes)  # two frames at once
    opened = open_images(tmp_path / "a.emd")
    asked = []
    read = h5py.Dataset.__getitem__
    monkeypatch.setattr(
        h5py.Dataset, "__getitem__", lambda self, *a: asked.append(a) or read(self, *a)
    )
    counts = []
    for number in (0, 1, 2, 3, 4, 0):
        np.testing.assert_array_equal(opened.read(number), MOVIE[number])
        counts.append(len(asked))
    assert 0 < counts[0] == counts[1] < counts[2] == counts[3] < counts[4] < counts[5]


def test_large_compressed_tiffs_and_those_of_several_axes_are_read_page_by_page(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(large_files, "SMALL_FILE", 0)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, MOVIE, compression="zlib")
    np.testing.assert_array_equal(open_images(path).read(3), MOVIE[3])
    series = np.stack([MOVIE, MOVIE + 1], axis=1)
    tifffile.imwrite(path, series, compression="zlib")
    opened = open_images(path)
    assert [size for size, _ in opened.axes] == [5, 2]
    np.testing.assert_array_equal(opened.read(2 * 3 + 1), MOVIE[3] + 1)


@pytest.mark.parametrize("small", [2**27, 0])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_movie_written_page_by_page_keeps_all_of_its_frames(
    tmp_path, monkeypatch, small, compression
):
    monkeypatch.setattr(large_files, "SMALL_FILE", small)
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for frame in MOVIE:
            tags = {"resolution": (1e8 / 0.2, 1e8 / 0.2), "resolutionunit": "CENTIMETER"}
            writer.write(frame, compression=compression, **tags)
    opened = open_images(path)
    assert [size for size, _ in opened.axes] == [5]
    assert opened.pixel_size == pytest.approx((0.2, 0.2), rel=1e-4)
    for number in (3, 0, 4):
        np.testing.assert_array_equal(opened.read(number), MOVIE[number])


@pytest.mark.parametrize("small", [2**27, 0])
def test_of_several_movies_in_a_tiff_the_first_is_read(tmp_path, monkeypatch, caplog, small):
    """Two movies of two frames are not one movie of two pages."""
    monkeypatch.setattr(large_files, "SMALL_FILE", small)
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for movie in (MOVIE[:2], MOVIE[2:4]):
            writer.write(movie, photometric="minisblack")
    opened = open_images(path)
    assert [size for size, _ in opened.axes] == [2]
    np.testing.assert_array_equal(opened.read(1), MOVIE[1])
    assert "1 more left out" in caplog.text


def test_images_that_are_left_out_are_warned_of(tmp_path, caplog):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for image in (MOVIE[0], MOVIE[1], MOVIE[2, ::2, ::2]):
            writer.write(image)
    np.testing.assert_array_equal(open_images(path).read(0), MOVIE[0])
    assert "of 3 data sets number 1 is used" in caplog.text


def test_a_large_single_image_and_one_in_colours(tmp_path, monkeypatch):
    np.save(tmp_path / "a.npy", MOVIE[0])
    tifffile.imwrite(tmp_path / "b.tif", np.repeat(MOVIE[0, ..., None] // 16, 3, -1).astype("u1"))
    expected = {"a.npy": MOVIE[0], "b.tif": MOVIE[0] // 16}
    for size in (2**27, 0):
        monkeypatch.setattr(large_files, "SMALL_FILE", size)
        for name, image in expected.items():
            np.testing.assert_array_equal(open_images(tmp_path / name).read(0), image)


def test_large_files_of_formats_that_are_read_whole_are_warned_of(tmp_path, monkeypatch, caplog):
    write(tmp_path / "a.png", MOVIE[0].astype(np.uint8))
    open_images(tmp_path / "a.png")
    assert caplog.text == ""
    monkeypatch.setattr(rosettasciio, "LARGE_WHOLE", 0)
    np.testing.assert_array_equal(open_images(tmp_path / "a.png").read(0), MOVIE[0] % 256)
    assert "files of this format are read whole" in caplog.text


def test_a_png_and_a_real_number_of_each_kind(tmp_path):
    write(tmp_path / "a.png", MOVIE[0].astype(np.uint8))
    assert read_images(tmp_path / "a.png", sampling=0.2).images.shape == (1, 20, 30, 1)
    for kind in ("u1", "i1", "u2", ">u2", "i2", "u4", "i4", "f4", ">f4", "f8", "f2"):
        image = (MOVIE[0].astype(int) % 100 - 20 * (kind[-2] in "if")).astype(
            kind
        )  # negative where it can be
        for ending in (".npy", ".tif"):
            path = tmp_path / f"{kind.strip('>')}{ending}"
            np.save(path, image) if ending == ".npy" else tifffile.imwrite(path, image)
            found = read_images(path, sampling=0.2).images[0, ..., 0]
            np.testing.assert_array_equal(found, image.astype(np.float32))


def test_a_grey_png_with_transparency_is_refused_with_a_remedy(tmp_path):
    grey = MOVIE[0].astype(np.uint8)
    imageio.imwrite(tmp_path / "a.png", np.stack([grey, np.full_like(grey, 255)], axis=-1))
    with pytest.raises(InputError, match=r"a\.png: .* alpha channel"):
        open_images(tmp_path / "a.png")


def test_resolution_tags_of_a_tiff_are_lengths_where_they_can_be(tmp_path):
    path = tmp_path / "a.tif"
    for unit, per_unit in (("CENTIMETER", 1e8 / 0.2), ("INCH", 2.54e8 / 0.2)):
        tifffile.imwrite(path, MOVIE[0], resolution=(per_unit, per_unit / 2), resolutionunit=unit)
        assert open_images(path).pixel_size == pytest.approx((0.4, 0.2), rel=1e-4)
    tifffile.imwrite(path, MOVIE[0], resolution=(72, 72), resolutionunit="INCH")  # for printers
    with pytest.raises(InputError, match="does not give its pixel size"):
        read_images(path)


@pytest.mark.parametrize("units", ["1/nm", "1 / nm", "nm^-1", "mrad"])
def test_diffraction_patterns_are_refused(tmp_path, units):
    path = write(tmp_path / "a.hspy", MOVIE[0], units=units)
    with pytest.raises(InputError, match="diffraction pattern"):
        read_images(path)


def test_the_image_is_read_from_a_file_that_also_holds_something_else(tmp_path, caplog):
    with h5py.File(tmp_path / "a.emd", "w") as file:
        file.attrs["version_major"], file.attrs["version_minor"] = 0, 2
        contents = {"a_cube": (MOVIE, "eV"), "b_wave": (MOVIE[0] + 1j, "nm"), "c": (MOVIE[1], "nm")}
        for name, (data, unit) in contents.items():
            group = file.create_group(f"data/{name}")
            group.attrs["emd_group_type"] = 1
            group["data"] = data.T
            for number, size in enumerate(data.T.shape, start=1):
                group[f"dim{number}"] = np.arange(size) * 0.02
                group[f"dim{number}"].attrs["name"] = np.bytes_(f"axis{number}")
                group[f"dim{number}"].attrs["units"] = np.bytes_(unit)
    with caplog.at_level(logging.INFO, "temnet"):
        opened = open_images(tmp_path / "a.emd")
    np.testing.assert_array_equal(opened.read(0), MOVIE[1])
    assert "3 data sets; the only image is used (c)" in caplog.text


SAMPLES = {
    "image.dm3": (1, (2, 2), None),
    "image.dm4": (1, (2, 2), None),
    "stack.dm4": (2, (2, 2), None),
    "stack.mrc": (1, (4, 8), None),
    "tem_acquire.emi": (1, (128, 128), 214.79317511461325),
    "tem_acquire_1.ser": (1, (128, 128), 214.79317511461325),
    "velox_tem_stack.emd": (2, (3, 3), 0.08172883192297851),
}
"""Images, their shape and their pixel size [Å] in RosettaSciIO's own tests."""


@pytest.mark.skipif("TEMNET_TEST_IMAGES" not in os.environ, reason="needs the format samples")
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("small", [2**27, 0])
def test_files_of_instruments(monkeypatch, name, small):
    monkeypatch.setattr(large_files, "SMALL_FILE", small)
    path = Path(os.environ["TEMNET_TEST_IMAGES"]) / name
    count, shape, pixel = SAMPLES[name]
    opened = open_images(path)
    assert (len(opened), opened.shape) == (count, shape)
    assert opened.pixel_size == (None if pixel is None else pytest.approx((pixel, pixel)))
    reader = rosettasciio.READERS.get(path.suffix, f"rsciio{path.suffix}")
    whole = import_module(reader).file_reader(str(path))[0]["data"]
    for number in range(count):
        np.testing.assert_array_equal(opened.read(number), whole.reshape(-1, *shape)[number])
