"""MRC files: the header by the standard and by IMOD, checked against the file's size and values.

MRC2014: A. Cheng et al., J. Struct. Biol. 192 (2015) 146; https://www.ccpem.ac.uk/mrc-format/mrc2014;
IMOD: https://bio3d.colorado.edu/imod/doc/mrc_format.txt.  All offsets are in bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from temnet.errors import InputError
from temnet.inference.reading.formats.data_set import Axis, DataSet, Tags, Values
from temnet.inference.reading.formats.declared_size import check_image_size
from temnet.inference.reading.formats.files_beside import direct_electron_text
from temnet.inference.reading.formats.large_files import (
    Mapped,
    Nibbles,
    cut_off_note,
    is_large,
    viewed,
)

HEADER_BYTES = 1024

MODES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2", 101: "u1"}
"""Type of a value by mode; in mode 101 a byte holds two values of 4 bits."""

HALF_BYTES = 101

REFUSED = {
    3: "complex integers (a Fourier transform)",
    4: "complex numbers (a wave or a Fourier transform)",
    16: "colours",
}
"""Contents of the modes that hold no measured image."""

MOST_SIDE = 2**20
"""A header with more rows or columns is read in the other byte order, or refused."""

STAMPS = {b"\x44\x44": "<", b"\x44\x41": "<", b"\x11\x11": ">"}
"""Byte order by the machine stamp at 212."""

IMOD_STAMP = 1146047817
"""The integer at 152 in files of IMOD and SerialEM."""

IMOD_SIGNED, IMOD_HALF_BYTES = 1, 16
"""Bits of IMOD's flags at 156: bytes are signed; two values of 4 bits in each byte."""

FEI_BYTES = 131072
"""Length of the extended header by early software of FEI: 1024 images of 128 bytes."""

FEI_IMAGE_BYTES = 768
"""Bytes that later software of FEI writes for the first image, at least."""

ROUGHER = 1.2
"""Bytes read with the wrong sign wrap round: neighbours then differ by more than this factor."""

SIGN_ROWS = 256
"""Rows of the first image from which the sign of its bytes is inferred."""


@dataclass(frozen=True)
class Header:
    """An MRC header.

    Attributes:
        order: Byte order, ``<`` or ``>``.
        sizes: Columns, rows and sections as they lie in the file.
        mode: Type of the values.
        cell: Number of intervals along x, y and z, and their total length [Å].
        maps: Which of x, y, z (1, 2, 3) the columns, rows and sections are.
        extended: Bytes between header and values.
        raw: The bytes of the header, and of the beginning of the extended header.
        notes: Doubts, a sentence each.
    """

    order: str
    sizes: tuple[int, int, int]
    mode: int
    cell: tuple[tuple[int, ...], tuple[float, ...]]
    maps: tuple[int, int, int]
    extended: int
    raw: bytes
    notes: tuple[str, ...]

    def numbers(self, kind: str, offset: int, count: int = 1) -> tuple[float, ...]:
        """Numbers of a kind (`struct`'s i, f or d) from a place in the header."""
        return struct.unpack_from(f"{self.order}{count}{kind}", self.raw, offset)


def read_mrc(path: Path) -> DataSet:
    """The images of an MRC file, (image, row, col) or (row, col).

    Args:
        path: The file.

    Raises:
        InputError: If the header is not that of an MRC file with images, or no image is whole.
    """
    with path.open("rb") as file:
        raw = file.read(HEADER_BYTES + FEI_IMAGE_BYTES)
    if len(raw) < HEADER_BYTES:
        raise InputError(f"{path}: this file is too short for the header of an MRC file.")
    header = _header(path, raw)
    notes = list(header.notes)
    dtype, half = _type_of_values(path, header, notes)
    lazy = is_large(path.stat().st_size)
    data = _values(path, header, dtype, half, lazy, notes)
    order = _axis_order(path, header)
    if order is not None:
        data = viewed(data, lambda values: values.transpose(order))
    height, width = _pixel_size(path, header)
    axes: tuple[Axis, ...] = Axis("z", scale=1.0), Axis("y", "Å", height), Axis("x", "Å", width)
    if data.shape[0] == 1:
        axes = axes[1:]
        data = data.first() if isinstance(data, Nibbles) else viewed(data, lambda values: values[0])
    defocus = _defocus(header)
    tags: Tags = {} if defocus is None else {"fei_header": {"defocus": defocus}}
    return DataSet(data, axes, tags, notes=tuple(notes), lazy=lazy)


def _header(path: Path, raw: bytes) -> Header:
    """The header in the byte order in which its numbers are plausible.

    That should be the order of the machine stamp; if it is not, the header gets a note.
    """
    stamped = STAMPS.get(raw[212:214]) if raw[208:211] == b"MAP" else None
    first = stamped or "<"
    orders = (first, "<>".replace(first, ""))
    found = next((order for order in orders if _plausible(path, raw, order)), None)
    if found is None:
        sizes = struct.unpack_from(f"{first}3i", raw)
        mode = struct.unpack_from(f"{first}i", raw, 12)[0]
        raise InputError(
            f"{path}: this is not an MRC file that can be read: its header gives columns, rows, "
            f"images {sizes} and mode {mode}."
        )
    notes = []
    if stamped not in (None, found):
        notes.append(
            "the machine stamp of the header contradicts its numbers; they were read in the other "
            "byte order"
        )
    at = lambda kind, offset, count: struct.unpack_from(f"{found}{count}{kind}", raw, offset)  # noqa: E731
    maps = at("i", 64, 3)
    return Header(
        order=found,
        sizes=at("i", 0, 3),
        mode=at("i", 12, 1)[0],
        cell=(at("i", 28, 3), at("f", 40, 3)),
        maps=(1, 2, 3) if maps == (0, 0, 0) else maps,
        extended=at("i", 92, 1)[0],
        raw=raw,
        notes=tuple(notes),
    )


def _plausible(path: Path, raw: bytes, order: str) -> bool:
    """Whether sizes, mode and extended header are plausible in a byte order."""
    *sizes, mode = struct.unpack_from(f"{order}4i", raw)
    extended = struct.unpack_from(f"{order}i", raw, 92)[0]
    return (
        all(0 < size <= MOST_SIDE for size in sizes[:2])
        and sizes[2] > 0
        and mode in {*MODES, *REFUSED}
        and 0 <= extended <= path.stat().st_size
    )


def _type_of_values(path: Path, header: Header, notes: list[str]) -> tuple[np.dtype, bool]:
    """Type of a value, and whether a byte holds two values."""
    if header.mode in REFUSED:
        raise InputError(
            f"{path}: the values are {REFUSED[header.mode]} (MRC mode {header.mode}). Export the "
            "image's intensity."
        )
    stamp, flags = map(int, header.numbers("i", 152, 2))
    imod = stamp == IMOD_STAMP
    if header.mode == 0 and imod and flags & IMOD_HALF_BYTES:
        raise InputError(
            f"{path}: by IMOD's flag each byte of mode 0 holds two values of 4 bits, which temnet "
            "cannot read. Convert the file to mode 1 or 101 (IMOD: newstack -mode 1)."
        )
    kind = MODES[header.mode]
    if kind == "i1":
        kind = "i1" if _bytes_are_signed(path, header, notes) else "u1"
    elif kind == "i2" and _shown_unsigned(header, 2**15):
        notes.append(
            "the largest value in the header does not fit into signed 16-bit integers; the values "
            "were read as unsigned"
        )
        kind = "u2"
    return np.dtype(f"{header.order}{kind}"), header.mode == HALF_BYTES


def _shown_unsigned(header: Header, limit: int) -> bool:
    """Whether the smallest and largest value in the header fit unsigned numbers only."""
    low, high = header.numbers("f", 76, 2)
    return bool(0 <= low <= high < 2 * limit and high >= limit)


def _bytes_are_signed(path: Path, header: Header, notes: list[str]) -> bool:
    """Whether the bytes of mode 0 are signed.

    IMOD's flag decides; then the smallest value in the header; then the standard, by which they
    are signed, unless the image would wrap round.  Files older than MRC2000 (without the word MAP)
    are unsigned.
    """
    stamp, flags = map(int, header.numbers("i", 152, 2))
    if stamp == IMOD_STAMP:
        return bool(flags & IMOD_SIGNED)
    low, high = header.numbers("f", 76, 2)
    if -128 <= low < 0 and low <= high < 128:
        return True
    if _shown_unsigned(header, 128):
        notes.append(
            f"bytes are signed by the standard, but the header's largest value is {high:g}; they "
            "were read as unsigned"
        )
        return False
    standard = header.raw[208:211] == b"MAP"
    signed, unsigned = (_roughness(path, header, kind) for kind in ("i1", "u1"))
    if standard and signed > ROUGHER * unsigned:
        notes.append(
            "bytes are signed by the standard, but the image would wrap round; they were read as "
            "unsigned"
        )
        return False
    return standard or unsigned > ROUGHER * signed


def _roughness(path: Path, header: Header, kind: str) -> float:
    """Mean difference of neighbours in the first rows of the first image, read as ``kind``."""
    cols, rows = header.sizes[:2]
    with path.open("rb") as file:
        file.seek(HEADER_BYTES + header.extended)
        values = np.frombuffer(file.read(cols * min(rows, SIGN_ROWS)), kind)
    image = values[: values.size // cols * cols].reshape(-1, cols).astype(np.float32)
    return float(np.abs(np.diff(image, axis=1)).mean()) if image.size > 1 else 0.0


def _values(
    path: Path, header: Header, dtype: np.dtype, half: bool, lazy: bool, notes: list[str]
) -> Values:
    """(section, row, col) values of all whole sections."""
    cols, rows, promised = header.sizes
    check_image_size(path, (rows, cols))
    width = -(-cols // 2) if half else cols
    offset, size = HEADER_BYTES + header.extended, path.stat().st_size
    section = rows * width * dtype.itemsize
    whole, rest = divmod(size - offset, section)
    if whole < 1:
        raise InputError(
            f"{path}: the header promises {promised} images of {rows} x {cols} pixels ({section:,} "
            f"bytes each), but the file has only {size:,} bytes, so that no image is whole. It is "
            "cut off or broken; copy it again."
        )
    if whole < promised:
        if header.maps[2] != 3:
            raise InputError(
                f"{path}: the file is cut off: it holds {whole} of {promised} sections, and each "
                "section is a cut through all images. Copy it again."
            )
        notes.append(cut_off_note(promised, whole))
    elif whole > promised or rest:
        notes.append(
            f"the file is longer than its header promises ({size - offset - promised * section:,} "
            f"bytes, room for {whole - promised} more images); the promised {promised} were read"
        )
    shape = min(whole, promised), rows, width
    mapped = Mapped(path, dtype, offset, shape)
    if lazy and not half:
        return mapped
    packed = Nibbles(mapped, cols)
    if lazy and header.maps == (1, 2, 3):
        return packed
    return packed.whole() if half else mapped.whole()


def _axis_order(path: Path, header: Header) -> tuple[int, ...] | None:
    """Order in which the file's axes (section, row, col) become z, y, x; None to leave them."""
    maps = header.maps
    if sorted(maps) != [1, 2, 3]:
        raise InputError(
            f"{path}: the header's order of axes (MAPC, MAPR, MAPS) is {maps}; expected 1, 2, 3 in "
            "any order."
        )
    if maps == (1, 2, 3):
        return None
    ids = maps[::-1]
    return tuple(ids.index(axis) for axis in (3, 2, 1))


def _pixel_size(path: Path, header: Header) -> tuple[float, float]:
    """Height and width of a pixel [Å], 0 if the file does not give them."""
    older = _early_fei(header) or _direct_electron(path)
    if older is not None:
        return older
    (cols, rows, _), (width, height, _) = header.cell
    sizes = tuple(
        length / count if count > 0 and np.isfinite(length) and length > 0 else 0.0
        for length, count in ((height, rows), (width, cols))
    )
    return (sizes[0], sizes[1]) if min(sizes) > 0 else (0.0, 0.0)


def _early_fei(header: Header) -> tuple[float, float] | None:
    """Pixel size [Å] in the extended header of early FEI software, which leaves the cell empty."""
    named = header.raw[104:107] == b"FEI"
    if header.extended < 128 or not (named or header.extended == FEI_BYTES):
        return None
    first = header.raw[HEADER_BYTES:]
    if named:  # FEI1 and FEI2: 8 bytes at 156 and 164 [m]
        width, height = header.numbers("d", HEADER_BYTES + 156, 2) if len(first) >= 172 else (0, 0)
        return None if min(header.cell[1][:2]) > 0 else _positive((height, width))
    return _positive(header.numbers("f", HEADER_BYTES + 44) * 2)


def _defocus(header: Header) -> float | None:
    """Defocus of the first image [m] in FEI's extended header, None if it is not given."""
    named = header.raw[104:107] == b"FEI"
    if header.extended < FEI_IMAGE_BYTES or not (named or header.extended == FEI_BYTES):
        return None
    kind, offset = ("d", 220) if named else ("f", 28)
    there = len(header.raw) >= HEADER_BYTES + offset + struct.calcsize(kind)
    value = header.numbers(kind, HEADER_BYTES + offset)[0] if there else 0.0
    return value if np.isfinite(value) and 0 < abs(value) < 1e-3 else None


def _positive(metres: tuple[float, ...]) -> tuple[float, float] | None:
    """Two lengths in m as Å, None if they are not plausible."""
    good = all(np.isfinite(length) and 0 < length < 1 for length in metres)
    return (metres[0] * 1e10, metres[1] * 1e10) if good else None


def _direct_electron(path: Path) -> tuple[float, float] | None:
    """Pixel size [Å] in the text beside a movie of Direct Electron.

    Raises:
        InputError: If that text gives a camera length: the movie shows diffraction patterns.
    """
    text = direct_electron_text(path)
    if text is None:
        return None
    lines = text.read_text(encoding="utf-8", errors="replace").splitlines()
    given = {key.strip(): value for key, _, value in (line.partition("=") for line in lines)}
    try:
        if float(given.get("Instrument Project Camera Length (centimeters)", -1)) != -1:
            raise InputError(
                f"{path}: {text.name} gives a camera length, so these are diffraction "
                "patterns. temnet needs images."
            )
        sizes = [float(given[f"Specimen Pixel Size {axis} (nanometers)"]) for axis in "YX"]
    except (KeyError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        return None
    return (sizes[0] * 10, sizes[1] * 10) if min(sizes) > 0 else None
