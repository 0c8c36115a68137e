"""MRC files, written here byte by byte after the standard and IMOD's description of it."""

import struct

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.inference.reading.formats import large_files
from temnet.inference.reading.formats.data_set import Axis
from temnet.inference.reading.formats.mrc import read_mrc
from temnet.inference.reading.image_file import open_images

RNG = np.random.default_rng(0)
WAVES = np.sin(np.arange(64)[:, None] / 5) + np.cos(np.arange(80)[None] / 4)
"""A smooth image from -2 to 2, as a sampled lattice is."""

GREY = np.round(127.5 + 60 * WAVES).astype(np.uint8)
STACK = np.stack([GREY, GREY[::-1], GREY[:, ::-1]])
STAMPS = {"<": b"\x44\x44\0\0", ">": b"\x11\x11\0\0"}
IMOD = 1146047817


def write(path, data, mode, order="<", pixel=(0.2, 0.2), **changes):
    """An MRC file; ``changes`` of its header by name.

    ``data``: (section, row, col) in the type of the file; ``pixel``: height and width [Å].
    """
    count, rows, cols = data.shape
    header = bytearray(1024)

    def put(offset, kind, *values):
        struct.pack_into(f"{order}{len(values)}{kind}", header, offset, *values)

    put(0, "i", *changes.get("sizes", (cols, rows, count)), mode)
    put(28, "i", *changes.get("intervals", (cols, rows, count)))
    put(40, "f", *changes.get("cell", (cols * pixel[1], rows * pixel[0], count * 1.0)))
    put(64, "i", *changes.get("maps", (1, 2, 3)))
    put(76, "f", *changes.get("least_and_largest", (0.0, -1.0)))
    extended = changes.get("extended", b"")
    put(92, "i", len(extended))
    header[104:108] = changes.get("extended_type", bytes(4))
    put(152, "i", *changes.get("imod", (0, 0)))
    if changes.get("map", True):
        header[208:212] = b"MAP "
        header[212:216] = changes.get("stamp", STAMPS[order])
    values = data.astype(data.dtype.newbyteorder(order)).tobytes()
    path.write_bytes(bytes(header) + extended + values + changes.get("after", b""))
    return path


def read(path):
    opened = open_images(path)
    return np.stack([opened.read(number) for number in range(len(opened))])


SIGNED = (STACK.astype(int) - 128).astype(np.int8)
SMALL = (STACK // 2).astype(np.uint8)  # up to 127, which is the same with and without a sign


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(
    ("data", "changes", "expected"),
    [
        (SIGNED, {}, SIGNED),
        (SIGNED, {"least_and_largest": (-128.0, 127.0)}, SIGNED),
        (SIGNED, {"imod": (IMOD, 1)}, SIGNED),
        (SIGNED, {"map": False, "least_and_largest": (-120.0, 120.0)}, SIGNED),
        (SIGNED, {"map": False}, SIGNED),
        (STACK, {"imod": (IMOD, 0)}, STACK),
        (STACK, {"least_and_largest": (0.0, 250.0)}, STACK),
        (STACK, {"map": False}, STACK),
        (STACK, {}, STACK),
        (SMALL, {}, SMALL),
        (SMALL, {"map": False}, SMALL),
        (SMALL, {"imod": (IMOD, 1)}, SMALL),
    ],
)
def test_bytes_have_the_sign_that_header_or_image_show(
    tmp_path, monkeypatch, data, changes, expected, lazy
):
    monkeypatch.setattr(large_files, "SMALL_FILE", 0 if lazy else 2**27)
    found = read(write(tmp_path / "a.mrc", data, 0, **changes))
    np.testing.assert_array_equal(found.astype(int), expected.astype(int))


def test_imods_flag_overrides_the_image(tmp_path):
    """The flag is wrong here, and is followed: a program wrote it on purpose."""
    found = read(write(tmp_path / "a.mrc", STACK, 0, imod=(IMOD, 1)))
    np.testing.assert_array_equal(found, STACK.view(np.int8))
    assert open_images(tmp_path / "a.mrc").notes == ()


def test_bytes_against_the_standard_are_warned_of(tmp_path, caplog):
    opened = open_images(write(tmp_path / "a.mrc", STACK, 0))
    assert "wrap round; they were read as unsigned" in opened.notes[0]
    assert opened.notes[0] in caplog.text
    assert open_images(write(tmp_path / "a.mrc", SIGNED, 0)).notes == ()


COUNTS = RNG.integers(0, 30000, (3, 64, 80))


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("mode", "kind"), [(0, "i1"), (1, "i2"), (2, "f4"), (6, "u2"), (12, "f2")])
def test_every_mode_in_both_byte_orders_is_read(tmp_path, monkeypatch, mode, kind, order, lazy):
    monkeypatch.setattr(large_files, "SMALL_FILE", 0 if lazy else 2**27)
    data = SIGNED if kind == "i1" else (COUNTS + 20000 * (kind == "u2")).astype(kind)
    path = write(tmp_path / "a.mrc", data, mode, order, pixel=(0.3, 0.2))
    opened = open_images(path)
    assert opened.pixel_size == pytest.approx((0.3, 0.2))
    assert (len(opened), opened.shape, opened.notes) == (3, (64, 80), ())
    np.testing.assert_array_equal(read(path), data)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_wrong_or_missing_machine_stamp_is_corrected(tmp_path, order):
    data = COUNTS.astype("i2")
    other = STAMPS["<" if order == ">" else ">"]
    path = write(tmp_path / "a.mrc", data, 1, order, stamp=other)
    np.testing.assert_array_equal(read(path), data)
    assert "machine stamp" in open_images(path).notes[0]
    path = write(tmp_path / "a.mrc", data, 1, order, map=False)
    np.testing.assert_array_equal(read(path), data)
    assert open_images(path).notes == ()
    path = write(tmp_path / "a.mrc", data, 1, order, stamp=bytes(4))
    np.testing.assert_array_equal(read(path), data)


def test_unsigned_values_of_sixteen_bits_are_recognised_by_their_largest(tmp_path):
    data = (COUNTS + 20000).astype("u2")
    path = write(tmp_path / "a.mrc", data, 1, least_and_largest=(20000.0, 49999.0))
    np.testing.assert_array_equal(read(path), data)
    assert "read as unsigned" in open_images(path).notes[0]
    signed = (COUNTS - 15000).astype("i2")
    path = write(tmp_path / "a.mrc", signed, 1, least_and_largest=(-15000.0, 14999.0))
    np.testing.assert_array_equal(read(path), signed)


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("cols", [80, 79])
def test_values_of_four_bits_are_unpacked(tmp_path, monkeypatch, cols, lazy):
    monkeypatch.setattr(large_files, "SMALL_FILE", 0 if lazy else 2**27)
    counts = RNG.integers(0, 16, (3, 64, cols), dtype=np.uint8)
    padded = np.pad(counts, ((0, 0), (0, 0), (0, cols % 2)))
    packed = padded[..., ::2] | padded[..., 1::2] << 4  # the lower half first (IMOD)
    path = write(tmp_path / "a.mrc", packed, 101, sizes=(cols, 64, 3))
    np.testing.assert_array_equal(read(path), counts)
    path = write(tmp_path / "a.mrc", packed, 0, imod=(IMOD, 16))
    with pytest.raises(InputError, match="two values of 4 bits"):
        open_images(path)


@pytest.mark.parametrize(("mode", "word"), [(3, "complex"), (4, "complex"), (16, "colours")])
def test_modes_without_measured_images_are_refused(tmp_path, mode, word):
    path = write(tmp_path / "a.mrc", np.zeros((1, 64, 80), "c8"), mode)
    with pytest.raises(InputError, match=f"{word}.*MRC mode {mode}"):
        open_images(path)


@pytest.mark.parametrize(
    "sizes",
    [(80, 64, -1), (80, 64, 0), (-80, 64, 3), (2**31 - 1, 64, 3), (0, 0, 0)],
)
def test_implausible_sizes_are_refused_in_both_byte_orders(tmp_path, sizes):
    path = write(tmp_path / "a.mrc", COUNTS.astype("i2"), 1, sizes=sizes)
    with pytest.raises(InputError, match="not an MRC file that can be read: .*mode 1"):
        open_images(path)
    path = write(tmp_path / "a.mrc", COUNTS.astype("i2"), 99)
    with pytest.raises(InputError, match="mode 99"):
        open_images(path)


def test_sizes_beyond_the_file_or_memory_are_refused_before_reading(tmp_path):
    path = write(tmp_path / "a.mrc", COUNTS.astype("i2"), 1, sizes=(46341, 46341, 46341))
    with pytest.raises(InputError, match="46341 x 46341 pixels, more than memory"):
        open_images(path)
    path = write(tmp_path / "a.mrc", COUNTS.astype("i2"), 1, sizes=(8000, 8000, 3))
    with pytest.raises(InputError, match="promises 3 images of 8000 x 8000 .* no image is whole"):
        open_images(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="too short"):
        open_images(path)


@pytest.mark.parametrize("lazy", [False, True])
def test_of_a_stack_that_is_cut_off_the_whole_images_are_read(tmp_path, monkeypatch, caplog, lazy):
    monkeypatch.setattr(large_files, "SMALL_FILE", 0 if lazy else 2**27)
    data = COUNTS.astype("i2")
    path = write(tmp_path / "a.mrc", data, 1)
    path.write_bytes(path.read_bytes()[:-1])
    np.testing.assert_array_equal(read(path), data[:2])
    assert "promises 3 images and 2 are whole" in open_images(path).notes[0]
    assert "promises 3 images and 2 are whole" in caplog.text
    path = write(tmp_path / "a.mrc", data, 1, after=bytes(2 * 64 * 80))
    np.testing.assert_array_equal(read(path), data)
    assert "longer than its header promises (10,240 bytes, room for 1 more" in caplog.text


def test_an_extended_header_is_passed_over_and_fei_s_holds_the_pixel_size(tmp_path):
    data = COUNTS.astype("i2")
    path = write(tmp_path / "a.mrc", data, 1, extended=bytes(3072))
    np.testing.assert_array_equal(read(path), data)
    early = bytearray(131072)
    struct.pack_into("<f", early, 28, -5e-8)  # the 8th number of the first image [m]
    struct.pack_into("<f", early, 44, 2e-11)  # the 12th
    path = write(tmp_path / "a.mrc", data, 1, extended=bytes(early), cell=(0, 0, 0))
    assert open_images(path).pixel_size == pytest.approx((0.2, 0.2))
    assert open_images(path).defocus == pytest.approx(-500)
    np.testing.assert_array_equal(read(path), data)
    later = bytearray(768 * 3)
    struct.pack_into("<2d", later, 156, 2e-11, 3e-11)  # width and height [m]
    struct.pack_into("<d", later, 220, 3e-8)  # defocus [m]
    changes = {"extended": bytes(later), "extended_type": b"FEI1", "cell": (0, 0, 0)}
    path = write(tmp_path / "a.mrc", data, 1, **changes)
    assert open_images(path).pixel_size == pytest.approx((0.3, 0.2))
    assert open_images(path).defocus == pytest.approx(300)


@pytest.mark.parametrize("cell", [(0, 0, 0), (16.0, 0, 3), (float("nan"), 12.8, 3), (-16, 12.8, 3)])
def test_a_cell_without_a_size_gives_no_pixel_size(tmp_path, cell):
    path = write(tmp_path / "a.mrc", COUNTS.astype("i2"), 1, cell=cell)
    assert open_images(path).pixel_size is None
    path = write(tmp_path / "a.mrc", COUNTS.astype("i2"), 1, intervals=(0, 0, 0))
    assert open_images(path).pixel_size is None


def test_the_pixel_size_is_the_cell_over_its_intervals_and_depth_does_not_matter(tmp_path):
    data, cell = COUNTS.astype("i2"), (40.0, 32.0, 0.0)
    path = write(tmp_path / "a.mrc", data, 1, intervals=(200, 160, 1), cell=cell)
    assert open_images(path).pixel_size == pytest.approx((0.2, 0.2))
    path = write(tmp_path / "a.mrc", data[:1], 1, pixel=(0.3, 0.2))
    opened = open_images(path)
    assert (opened.axes, opened.pixel_size) == ((), pytest.approx((0.3, 0.2)))
    np.testing.assert_array_equal(opened.read(0), data[0])


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("maps", [(2, 1, 3), (3, 1, 2), (3, 2, 1), (1, 3, 2)])
def test_axes_in_another_order_are_reordered(tmp_path, monkeypatch, maps, lazy):
    """Columns, rows and sections of the file are the axes x, y, z (1, 2, 3) of ``maps``."""
    monkeypatch.setattr(large_files, "SMALL_FILE", 0 if lazy else 2**27)
    data = RNG.integers(0, 1000, (20, 30, 40)).astype("i2")  # z, y, x
    place = {1: 2, 2: 1, 3: 0}
    stored = data.transpose([place[axis] for axis in maps[::-1]])
    cell = {"intervals": (40, 30, 20), "cell": (8.0, 9.0, 20.0), "maps": maps}
    path = write(tmp_path / "a.mrc", stored, 1, **cell)
    opened = open_images(path)
    assert opened.pixel_size == pytest.approx((0.3, 0.2))
    np.testing.assert_array_equal(read(path), data)


def test_an_invalid_order_of_axes_is_refused_and_an_empty_one_is_the_usual(tmp_path):
    path = write(tmp_path / "a.mrc", COUNTS.astype("i2"), 1, maps=(1, 1, 3))
    with pytest.raises(InputError, match=r"order of axes .* is \(1, 1, 3\)"):
        open_images(path)
    path = write(tmp_path / "a.mrc", COUNTS.astype("i2"), 1, maps=(0, 0, 0))
    np.testing.assert_array_equal(read(path), COUNTS)


def test_the_text_beside_a_movie_of_direct_electron_has_its_pixel_size(tmp_path):
    path = write(tmp_path / "20251103_23389_movie.mrc", COUNTS.astype("i2"), 1, cell=(0, 0, 0))
    text = tmp_path / "20251103_23389_info.txt"
    lines = "Specimen Pixel Size X (nanometers) = 0.02\nSpecimen Pixel Size Y (nanometers) = 0.03\n"
    text.write_text(lines)
    assert open_images(path).pixel_size == pytest.approx((0.3, 0.2))
    text.write_text(f"{lines}Instrument Project Camera Length (centimeters) = 80\n")
    with pytest.raises(InputError, match="diffraction patterns"):
        open_images(path)


def test_the_data_set_of_a_stack_and_of_a_single_image(tmp_path):
    data = COUNTS.astype("i2")
    stack = read_mrc(write(tmp_path / "a.mrc", data, 1, pixel=(0.25, 0.5)))  # exact in float32
    assert stack.axes == (Axis("z", scale=1.0), Axis("y", "Å", 0.25), Axis("x", "Å", 0.5))
    assert not stack.lazy and stack.tags == {} and stack.notes == ()
    np.testing.assert_array_equal(stack.data, data)
    single = read_mrc(write(tmp_path / "b.mrc", data[:1], 1, pixel=(0.25, 0.5)))
    assert single.axes == stack.axes[1:] and single.shape == (64, 80)
