"""TIFF files: movies that were cut off, previews and thumbnails, sets of files."""

import gc
import logging
import os
import zlib
from importlib import import_module

import numpy as np
import pytest
import tifffile
from PIL import Image

from temnet.errors import InputError
from temnet.inference.reading.formats import large_files
from temnet.inference.reading.formats.tiff import read_tiff
from temnet.inference.reading.formats.tiff_image_count import page_list
from temnet.inference.reading.formats.tiff_partial import read_partial
from temnet.inference.reading.image_file import open_images
from tests.inference.reading.test_image_file import signal as rosettasciio_signal

MOVIE = np.random.default_rng(0).integers(0, 4000, (10, 64, 80), dtype=np.uint16)
FRAME = MOVIE[0].nbytes

WRITTEN = {
    "imagej": {"imagej": True},
    "tifffile": {"photometric": "minisblack"},
    "zlib": {"photometric": "minisblack", "compression": "zlib"},
    "tiles": {"photometric": "minisblack", "tile": (16, 16), "compression": "zlib"},
    "bigtiff": {"photometric": "minisblack", "bigtiff": True},
    "big-endian": {"photometric": "minisblack", "byteorder": ">"},
    "plain": {"photometric": "minisblack", "metadata": None},
    "plain zlib": {"photometric": "minisblack", "metadata": None, "compression": "zlib"},
}
"""How tifffile writes a movie, as most programs do one way or another."""


def write(path, kind):
    """A movie of ten frames as a program writes it."""
    if kind in WRITTEN:
        tifffile.imwrite(path, MOVIE, **WRITTEN[kind])
    elif kind == "ome":
        path = path.with_suffix(".ome.tif")
        tifffile.imwrite(path, MOVIE, metadata={"axes": "TYX"}, photometric="minisblack")
    elif kind == "page by page":
        with tifffile.TiffWriter(path) as writer:
            for frame in MOVIE:
                writer.write(frame)
    elif kind == "rosettasciio":
        signals = rosettasciio_signal(MOVIE, outer=(("time", "s"),))
        import_module("rsciio.tiff").file_writer(str(path), signals)
    else:
        first, *others = (Image.fromarray(frame) for frame in MOVIE)
        options = {"compression": "tiff_lzw"} if kind == "libtiff" else {}
        first.save(path, save_all=True, append_images=others, **options)
    return path


KINDS = [*WRITTEN, "ome", "page by page", "rosettasciio", "pillow", "libtiff"]


@pytest.mark.parametrize("small", [2**27, 0])
@pytest.mark.parametrize("kind", KINDS)
def test_of_a_movie_that_is_cut_off_the_whole_frames_are_read_with_both_numbers_in_a_note(
    tmp_path, monkeypatch, caplog, kind, small
):
    monkeypatch.setattr(large_files, "SMALL_FILE", small)
    path = write(tmp_path / "a.tif", kind)
    whole = path.read_bytes()
    assert (len(open_images(path)), open_images(path).notes, caplog.text) == (10, (), "")
    for fraction in (0.94, 0.55):
        path.write_bytes(whole[: int(len(whole) * fraction)])
        caplog.clear()
        opened = open_images(path)
        assert 10 * fraction - 1.1 < len(opened) <= 10 * fraction
        for number in range(len(opened)):
            np.testing.assert_array_equal(opened.read(number), MOVIE[number])
        (note,) = opened.notes
        assert note in caplog.text
        assert f" {len(opened)} " in note
        assert "10" in note or "more than" in note
    path.write_bytes(whole[:900])
    with pytest.raises(InputError, match="cut off"):
        open_images(path)


def test_the_number_of_frames_that_a_header_promises_is_named(tmp_path):
    path = write(tmp_path / "a.tif", "imagej")
    content = path.read_bytes()
    path.write_bytes(content[: 400 + 7 * FRAME])
    (note,) = open_images(path).notes
    assert "promises 10 images and 7 are whole; 7 were read" in note


@pytest.mark.parametrize("program", ["imagej", "ome"])
def test_of_a_movie_of_focal_series_whole_series_are_kept(tmp_path, program):
    path = tmp_path / ("a.ome.tif" if program == "ome" else "a.tif")
    stack = MOVIE[:6].reshape(3, 2, 64, 80)
    options = {"imagej": True} if program == "imagej" else {"ome": True}
    tifffile.imwrite(
        path, stack, metadata={"axes": "TZYX"}, **options, photometric="minisblack"
    )  # one chunk of data, then the list of the other pages
    assert open_images(path).axes == ((3, "time"), (2, ""))
    content = path.read_bytes()
    with tifffile.TiffFile(path) as file:
        start = file.pages.first.dataoffsets[0]
    path.write_bytes(content[: start + 5 * FRAME + 10])
    opened = open_images(path)
    if program == "imagej":
        assert opened.axes == ((2, "time"), (2, ""))
        assert "promises 6 images and 5 are whole; 4 were read" in opened.notes[0]
    else:  # the description lies behind the data and is lost with it
        assert [size for size, _ in opened.axes] == [5]
    for number in range(len(opened)):
        np.testing.assert_array_equal(opened.read(number), MOVIE[number])
    path.write_bytes(content[: start + FRAME + 10])
    if program == "imagej":
        with pytest.raises(InputError, match="less than one series of 2"):
            open_images(path)


def test_the_pixel_size_survives_the_cut(tmp_path):
    path = tmp_path / "a.tif"
    pixel = {"resolution": (50, 50), "metadata": {"unit": "nm", "axes": "TYX"}}
    tifffile.imwrite(path, MOVIE, imagej=True, **pixel)
    path.write_bytes(path.read_bytes()[: 5 * FRAME])
    opened = open_images(path)
    assert opened.pixel_size == pytest.approx((0.2, 0.2), rel=1e-4)
    assert opened.axes == ((4, "time"),)


def test_a_single_image_that_is_cut_off_is_refused_and_a_bad_pointer_behind_it_noted(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, MOVIE[0], metadata=None)
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    with pytest.raises(InputError, match="no image in it is whole"):
        open_images(path)
    with tifffile.TiffFile(path) as file:
        tags = len(file.pages.first.tags)
    after = 8 + 2 + 12 * tags  # where the place of the next page stands
    assert content[after : after + 4] == bytes(4)
    path.write_bytes(content[:after] + (2**30).to_bytes(4, "little") + content[after + 4 :])
    opened = open_images(path)
    np.testing.assert_array_equal(opened.read(0), MOVIE[0])
    assert "more than 1 and 1 of them" in opened.notes[0]


def test_a_file_of_an_ome_set_gives_its_own_images(tmp_path):
    names = [tmp_path / "a.ome.tif", tmp_path / "b.ome.tif"]
    plane = '<TiffData FirstT="{0}" IFD="0"><UUID FileName="{1}">urn:uuid:{0}</UUID></TiffData>'
    planes = "".join(plane.format(number, name.name) for number, name in enumerate(names))
    xml = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" '
        'SizeX="80" SizeY="64" SizeZ="1" SizeC="1" SizeT="2" PhysicalSizeX="0.02" '
        'PhysicalSizeXUnit="nm" PhysicalSizeY="0.02" PhysicalSizeYUnit="nm">'
        f'<Channel ID="Channel:0:0" SamplesPerPixel="1"/>{planes}</Pixels></Image></OME>'
    )
    for number, name in enumerate(names):
        tifffile.imwrite(name, MOVIE[number], description=xml, metadata=None)
    for number, name in enumerate(names):
        opened = open_images(name)
        assert len(opened) == 1
        assert opened.pixel_size == pytest.approx((0.2, 0.2))
        np.testing.assert_array_equal(opened.read(0), MOVIE[number])
        assert "one of 2" in opened.notes[0]


GREY = (MOVIE[0] // 16).astype(np.uint8)
RGB = {"photometric": "rgb", "metadata": None}
BLACK = {"photometric": "minisblack", "metadata": None}


@pytest.mark.parametrize("small", [2**27, 0])
@pytest.mark.parametrize(
    "others",
    [
        [(np.stack([GREY] * 3), {**RGB, "planarconfig": "separate"})],
        [(np.stack([GREY] * 3, axis=-1), RGB)],
        [(GREY, BLACK)],
        [(GREY[::4, ::4], {**BLACK, "subfiletype": 1})],
        [(MOVIE[0][::5, ::4], BLACK)],
        [(GREY[::4, ::4], BLACK), (np.stack([GREY] * 3, axis=-1), RGB)],
    ],
    ids=["planes", "colours", "eight bits", "thumbnail", "small", "both"],
)
@pytest.mark.parametrize("first", [True, False])
def test_the_measurement_is_read_and_not_its_preview(
    tmp_path, monkeypatch, caplog, others, first, small
):
    monkeypatch.setattr(large_files, "SMALL_FILE", small)
    path = tmp_path / "a.tif"
    pages = [*others, (MOVIE[3], BLACK)] if first else [(MOVIE[3], BLACK), *others]
    with tifffile.TiffWriter(path) as writer:
        for image, options in pages:
            writer.write(image, **options)
    opened = open_images(path)
    assert (len(opened), opened.shape) == (1, (64, 80))
    np.testing.assert_array_equal(opened.read(0), MOVIE[3])
    assert f"number {len(pages) if first else 1} is used as the measurement" in caplog.text
    assert opened.notes[0] in caplog.text


@pytest.mark.parametrize("small", [2**27, 0])
def test_a_movie_with_a_thumbnail_of_each_frame_keeps_its_frames(tmp_path, monkeypatch, small):
    monkeypatch.setattr(large_files, "SMALL_FILE", small)
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for frame in MOVIE[:4]:
            writer.write(frame[::4, ::4], subfiletype=1)
            writer.write(frame)
    opened = open_images(path)
    assert [size for size, _ in opened.axes] == [4]
    for number in (3, 0):
        np.testing.assert_array_equal(opened.read(number), MOVIE[number])


def test_two_images_of_one_kind_stay_two_frames_and_a_smaller_first_one_is_no_thumbnail(
    tmp_path, caplog
):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(MOVIE[0][:40, :50], **BLACK)  # more than a quarter of the next one
        writer.write(MOVIE[1], **BLACK)
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(open_images(path).read(0), MOVIE[0][:40, :50])
    assert "number 1 is used" in caplog.text


def test_a_declared_image_of_thirty_thousand_pixels_a_side_is_refused_unread(tmp_path):
    path = tmp_path / "a.tif"
    rows = np.zeros((500, 30000), np.uint8)
    with tifffile.TiffWriter(path) as writer:
        strip = zlib.compress(rows.tobytes())
        options = {"shape": (30000, 30000), "dtype": np.uint8, "rowsperstrip": 500}
        writer.write((strip for _ in range(60)), compression="zlib", **options)
    assert path.stat().st_size < 2**21
    with pytest.raises(InputError, match="images of 30000 x 30000 pixels, more than memory"):
        open_images(path)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files as Linux does")
def test_large_compressed_single_images_are_not_kept_open(tmp_path, monkeypatch):
    monkeypatch.setattr(large_files, "SMALL_FILE", 0)
    opened = []
    for number in range(50):
        path = tmp_path / f"{number}.tif"
        tifffile.imwrite(path, MOVIE[number % 10], compression="zlib")
        opened.append(open_images(path))
        np.testing.assert_array_equal(opened[-1].read(0), MOVIE[number % 10])
    gc.collect()
    links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
    held = [os.readlink(link) for link in links if os.path.exists(link)]
    assert not [name for name in held if str(tmp_path) in name]


def test_the_data_set_of_a_movie(tmp_path):
    path = write(tmp_path / "a.tif", "imagej")
    found = read_tiff(path)
    assert [axis.name for axis in found.axes[-2:]] == ["height", "width"] and not found.lazy
    np.testing.assert_array_equal(found.data, MOVIE)


def test_a_part_of_a_file_is_read_by_its_list_of_pages(tmp_path):
    path = write(tmp_path / "a.tif", "plain zlib")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with tifffile.TiffFile(path) as file:
        whole = [page for page in file.pages if sum(page.dataoffsets[:1]) < len(content) // 2]
        found = read_partial(path, file, page_list(path), 1)
    count = found.shape[0]
    assert 0 < count <= len(whole)
    np.testing.assert_array_equal(found.data, MOVIE[:count])
    assert found.notes[0].startswith("the file is cut off")
