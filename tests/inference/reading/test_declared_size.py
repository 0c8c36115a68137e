"""Files that declare more than they or memory can hold; paths that are not regular files."""

import os
import struct
import zlib
from importlib import import_module

import h5py
import numpy as np
import pytest
import tifffile

from temnet.errors import InputError
from temnet.inference.reading.formats import declared_size as declared
from temnet.inference.reading.formats import large_files, rosettasciio
from temnet.inference.reading.formats.readers import READERS
from temnet.inference.reading.image_file import open_images

MOVIE = np.random.default_rng(0).integers(0, 4000, (5, 20, 30), dtype=np.uint16)


def signal(data):
    """A movie as RosettaSciIO's writers take it."""
    names = [("time", True), ("y", False), ("x", False)]
    axes = [
        {"name": name, "size": size, "navigate": navigate, "index_in_array": number}
        | {"scale": 1.0, "offset": 0.0, "units": "s" if navigate else "nm"}
        for number, ((name, navigate), size) in enumerate(zip(names, data.shape, strict=True))
    ]
    metadata = {"General": {"title": "image"}, "Signal": {"signal_type": ""}}
    rest = {"original_metadata": {}, "learning_results": {}, "tmp_parameters": {}, "models": {}}
    package = {"package": "temnet", "package_version": "1"}
    return {"data": data, "axes": axes, "metadata": metadata, **rest, "package_info": package} | {
        "attributes": {"_lazy": False}
    }


def write_hdf5(path, shape, chunks, extra=None):
    """A file whose images are declared and never written, which takes a few kB."""
    import_module(f"rsciio.{path.suffix[1:]}").file_writer(str(path), signal(MOVIE))
    with h5py.File(path, "r+") as file:
        found = []
        file.visit(lambda name: found.append(name) if name.endswith("/data") else None)
        del file[found[0]]
        options = {"dtype": "u2", "compression": "gzip", "fillvalue": 7}
        file.create_dataset(found[0], shape, chunks=chunks, **options)
        if extra:
            file.create_dataset(f"{found[0]}_beside", extra, chunks=True, **options)
    return path


@pytest.mark.parametrize("suffix", [".hspy", ".emd"])
def test_declared_images_that_memory_cannot_hold_are_refused_and_a_long_movie_is_not(
    tmp_path, suffix
):
    turn = (lambda shape: shape) if suffix == ".hspy" else (lambda shape: shape[::-1])
    large = turn((2, 40000, 40000)), turn((1, 1000, 1000))
    path = write_hdf5(tmp_path / f"a{suffix}", *large)
    assert path.stat().st_size < 2**18
    with pytest.raises(InputError, match="images of 40000 x 40000 pixels, more than memory"):
        open_images(path)
    long = turn((100_000, 512, 512)), turn((1, 512, 512))  # 52 GB
    opened = open_images(write_hdf5(tmp_path / f"b{suffix}", *long))
    assert (len(opened), opened.shape) == (100_000, (512, 512))
    np.testing.assert_array_equal(opened.read(99_999), np.full((512, 512), 7))


def test_pieces_and_other_datasets_that_unpack_to_too_much_are_refused(tmp_path):
    path = write_hdf5(tmp_path / "a.hspy", (4000, 512, 512), (3000, 512, 512))
    with pytest.raises(InputError, match="declares 2,097,152,000 bytes"):
        open_images(path)
    path = write_hdf5(tmp_path / "b.hspy", (5, 20, 30), (1, 20, 30), extra=(2**31,))
    with pytest.raises(InputError, match="data_beside declares 4,294,967,296 bytes"):
        open_images(path)
    path = write_hdf5(tmp_path / "c.hspy", (5, 20, 30), (1, 20, 30), extra=(2**10,))
    assert len(open_images(path)) == 5


def test_values_that_are_stored_in_another_file_are_refused(tmp_path):
    path = write_hdf5(tmp_path / "a.hspy", (5, 20, 30), (1, 20, 30))
    with h5py.File(path, "r+") as file:
        outside = [("/dev/zero", 0, 6000)]
        file.create_dataset("outside", (5, 20, 30), "u2", external=outside)
    with pytest.raises(InputError, match="outside are stored in another file"):
        open_images(path)


def write_png(path, side):
    """A grey picture of zeros."""

    def chunk(kind, content):
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    values = zlib.compress(bytes((side + 1) * 20))
    parts = chunk(b"IHDR", header), chunk(b"IDAT", values), chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


def test_pictures_are_measured_by_their_header(tmp_path):
    with pytest.raises(InputError, match="images of 30000 x 30000 pixels, more than memory"):
        open_images(write_png(tmp_path / "a.png", 30000))
    assert open_images(write_png(tmp_path / "b.png", 20)).shape == (20, 20)


def write_ser(path, count, rows=20, cols=30, all_at_one_place=False):
    """A series of TIA of 16-bit images."""
    label = b"Number"
    dimension = struct.pack("<IddII", count, 0.0, 1.0, 0, len(label)) + label + bytes(4)
    element = struct.pack("<ddIddIHII", 0, 2e-11, 0, 0, 2e-11, 0, 2, cols, rows)
    image = element + MOVIE[0].tobytes()
    start = 30 + len(dimension) + 8 * count
    step = 0 if all_at_one_place else len(image) + 8
    offsets = [start + number * step for number in range(count)]
    head = struct.pack("<HHHIIII", 0x4949, 0x0197, 0x0210, 0x4122, 0x4152, count, count)
    head += struct.pack("<II", 30 + len(dimension), 1)
    tags = [offset + len(image) for offset in offsets]
    table = struct.pack(f"<{2 * count}I", *offsets, *tags)
    body = (image + bytes(8)) * (1 if all_at_one_place else count)
    path.write_bytes(head + dimension + table + body)
    return path


def test_a_series_must_have_its_images_in_the_file(tmp_path):
    opened = open_images(write_ser(tmp_path / "a.ser", 4))
    assert (len(opened), opened.shape) == (4, (20, 30))
    assert opened.pixel_size == pytest.approx((0.2, 0.2))
    with pytest.raises(InputError, match="promises 40 images of 20 x 30 pixels"):
        open_images(write_ser(tmp_path / "b.ser", 40, all_at_one_place=True))
    with pytest.raises(InputError, match="images of 50000 x 30000 pixels, more than memory"):
        open_images(write_ser(tmp_path / "c.ser", 1, 50000, 30000))
    content = write_ser(tmp_path / "d.ser", 4).read_bytes()
    (tmp_path / "d.ser").write_bytes(content[:-700])
    with pytest.raises(InputError, match="cut off"):
        open_images(tmp_path / "d.ser")


def test_a_file_that_is_only_read_whole_must_fit_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(large_files, "SMALL_FILE", 0)
    monkeypatch.setattr(rosettasciio, "LARGE_WHOLE", 0, raising=False)
    path = write_ser(tmp_path / "a.ser", 4)
    assert len(open_images(path)) == 4
    monkeypatch.setattr(declared, "_memory", lambda: path.stat().st_size)
    with pytest.raises(InputError, match="read whole, for which this machine has"):
        open_images(path)


@pytest.mark.parametrize("rows", [5, 3])
def test_of_an_array_that_is_cut_off_whole_images_are_read(tmp_path, caplog, rows):
    path = tmp_path / "a.npy"
    np.save(path, MOVIE)
    content = path.read_bytes()
    path.write_bytes(content[: 128 + rows * MOVIE[0].nbytes - 1])
    opened = open_images(path)
    assert len(opened) == rows - 1
    np.testing.assert_array_equal(opened.read(rows - 2), MOVIE[rows - 2])
    assert f"promises 5 images and {rows - 1} are whole" in caplog.text
    assert opened.notes[0] in caplog.text
    path.write_bytes(content[: 128 + MOVIE[0].nbytes - 1])
    with pytest.raises(InputError, match="cut off"):
        open_images(path)


def test_cut_arrays_without_whole_images_are_refused_and_longer_files_get_a_note(tmp_path):
    path = tmp_path / "a.npy"
    for array in (MOVIE[0], np.asfortranarray(MOVIE)):
        np.save(path, array)
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(InputError, match="cut off: its header promises an array of"):
            open_images(path)
    with path.open("wb") as file:
        np.save(file, MOVIE)
        np.save(file, MOVIE[0])
    opened = open_images(path)
    assert len(opened) == 5
    assert "bytes after the array" in opened.notes[0]
    np.save(path, np.array([None, 3]), allow_pickle=True)
    with pytest.raises(InputError, match="Python objects"):
        open_images(path)


def test_a_compressed_movie_larger_than_the_file_is_read_page_by_page(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.repeat(MOVIE, 20, axis=0), compression="zlib", metadata=None)
    monkeypatch.setattr(large_files, "SMALL_FILE", path.stat().st_size + 1)
    opened = open_images(path)
    whole = tifffile.TiffPageSeries.asarray
    monkeypatch.setattr(tifffile.TiffPageSeries, "asarray", lambda *a, **k: pytest.fail("whole"))
    np.testing.assert_array_equal(opened.read(41), MOVIE[2])
    monkeypatch.setattr(tifffile.TiffPageSeries, "asarray", whole)


@pytest.mark.parametrize("suffix", sorted(READERS))
def test_pipes_devices_and_folders_are_refused_at_once(tmp_path, suffix):
    pipe, link, folder = (tmp_path / f"{name}{suffix}" for name in "plf")
    os.mkfifo(pipe)
    link.symlink_to("/dev/zero")
    folder.mkdir()
    for path in (pipe, link, folder):
        with pytest.raises(InputError, match="not a regular file"):
            open_images(path)
    (tmp_path / f"dangling{suffix}").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no such file"):
        open_images(tmp_path / f"dangling{suffix}")


def test_a_link_to_an_image_is_an_image_and_a_pipe_beside_an_emi_file_is_not_opened(tmp_path):
    np.save(tmp_path / "a.npy", MOVIE)
    (tmp_path / "b.npy").symlink_to(tmp_path / "a.npy")
    assert len(open_images(tmp_path / "b.npy")) == 5
    (tmp_path / "a.emi").write_bytes(b"<ObjectInfo></ObjectInfo>")
    os.mkfifo(tmp_path / "a_1.ser")
    with pytest.raises(InputError, match=r"a_1\.ser: this is not a regular file"):
        open_images(tmp_path / "a.emi")
