"""One file of images: its header, and its images when they are requested."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dask
import numpy as np

from temnet.errors import InputError
from temnet.inference.reading.axis_order import in_order
from temnet.inference.reading.formats.data_set import DataSet
from temnet.inference.reading.formats.declared_size import check_image_size
from temnet.inference.reading.formats.readers import READERS
from temnet.inference.reading.header import (
    Meaning,
    axis_meaning,
    header_pixel_size,
    refuse_diffraction,
    unknown_unit,
)
from temnet.inference.reading.header_defocus import header_defocus
from temnet.inference.reading.header_technique import header_technique

LOGGER = logging.getLogger(__name__)

MOST_COLOURED = 0.01
"""A picture with a larger fraction of coloured pixels is not a grey image with a label on it."""

WHITE_IS_ZERO = 0
"""A TIFF's photometric interpretation of scanned negatives and some printed pictures."""


@dataclass(frozen=True)
class ImageFile:
    """A file of images.

    Attributes:
        path: The file.
        axes: Size and meaning of each axis before rows and columns; none for a single image.
        shape: Rows and columns.
        read: From the number of an image, counted through ``axes`` with the last one fastest, to
            (row, col) grey values as they are stored.
        pixel_size: Height and width of a pixel [Å], None if the file does not give them.
        notes: Sentences on what is missing or doubtful, which are also in the log.
        unknown_unit: The unit of the pixel size, if it is not a known unit of length.
        defocus: Defocus in the header, with the header's sign [Å]; None if it is not given.
        technique: STEM or its detector, if the header names it; else empty.
    """

    path: Path
    axes: tuple[tuple[int, Meaning], ...]
    shape: tuple[int, int]
    read: Callable[[int], np.ndarray]
    pixel_size: tuple[float, float] | None
    notes: tuple[str, ...] = ()
    unknown_unit: str | None = None
    defocus: float | None = None
    technique: str = ""

    def __len__(self) -> int:
        return int(np.prod([size for size, _ in self.axes], dtype=np.int64))


def open_images(path: Path) -> ImageFile:
    """A file of images, of which only the header is read.

    Args:
        path: A file with one of the endings in
            `temnet.inference.reading.formats.readers.READERS`.

    Raises:
        InputError: If the file does not exist, has another ending, is broken, or holds no image of
            real grey values.
    """
    check_regular(path)
    suffix = path.suffix.lower()
    if suffix not in READERS:
        known = " ".join(sorted(READERS))
        raise InputError(f"{path}: files ending in {suffix!r} cannot be read. Use one of {known}.")
    with _reading(path):
        opened = _open(path)
        for note in opened.notes:
            LOGGER.warning("%s: %s", path, note)
        for remark in opened.remarks:
            LOGGER.info("%s: %s", path, remark)
        if opened.read_whole:
            gigabytes = opened.read_whole / 1e9
            LOGGER.warning("%s: %.1f GB: files of this format are read whole", path, gigabytes)
        held = opened if opened.lazy or np.prod(opened.shape[:-2]) > 1 else None
        return image_file(path, opened, _reader(path, held))


def check_regular(path: Path) -> None:
    """Refuses paths other than regular files: opening a named pipe or a device may never return.

    Raises:
        InputError: If the path does not exist, or is not a regular file.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file. Check the path.")
    if not path.is_file():
        raise InputError(
            f"{path}: this is not a regular file but a folder, a named pipe or a device. Give a "
            "file of images."
        )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turns the exceptions of readers on a broken file into one clear message.

    Lazy readers work by Dask, which would otherwise use a cluster that is running in this process
    and may have no access to the file.  tifffile's own messages about broken headers are
    suppressed; what matters in them is reported here.
    """
    messages = logging.getLogger("tifffile")
    disabled, messages.disabled = messages.disabled, True
    try:
        with dask.config.set(scheduler="synchronous"):
            yield
    except InputError:
        raise
    except Exception as error:  # readers raise any kind of exception on a broken header
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise InputError(
            f"{path}: this is not an image that can be read ({reason}). The file may be cut off, "
            "or have the wrong ending."
        ) from error
    finally:
        messages.disabled = disabled


def _open(path: Path) -> DataSet:
    """The images of a file, rows and columns last."""
    return in_order(path, READERS[path.suffix.lower()](path))


def image_file(path: Path, opened: DataSet, read: Callable[[int], np.ndarray]) -> ImageFile:
    """The record of an open file; checks its type of values, its size and its colours.

    Args:
        path: The file, or the name of an array, for messages.
        opened: Its images, rows and columns last.
        read: From the number of an image, counted through the axes before rows and columns, to
            (row, col) grey values as they are stored.

    Raises:
        InputError: If it holds no image of real grey values.
    """
    *outer, rows, cols = _checked_shape(path, opened)
    if opened.coloured:
        _check_grey(np.asarray(opened.data[(0,) * len(outer)]), path)
    tags, axes = opened.tags, opened.axes
    meanings: list[Meaning] = [axis_meaning(axis, tags) for axis in axes[: len(outer)]]
    meanings += [""] * (len(outer) - len(meanings))
    if tags.get("PhotometricInterpretation") == WHITE_IS_ZERO:
        LOGGER.warning("%s: in this file 0 is white; its grey values are inverted", path)
        read = _inverted(read)
    refuse_diffraction(opened.metadata, path)
    size = header_pixel_size(axes, tags, path)
    return ImageFile(
        path=path,
        axes=tuple((n, m) for n, m in zip(outer, meanings, strict=True) if n > 1),
        shape=(rows, cols),
        read=read,
        pixel_size=size,
        notes=opened.notes,
        unknown_unit=unknown_unit(axes, tags) if size is None else None,
        defocus=header_defocus(tags, opened.metadata),
        technique=header_technique(tags, opened.metadata),
    )


def _checked_shape(path: Path, opened: DataSet) -> tuple[int, ...]:
    """Sizes of all axes, rows and columns last; refuses values that are not real images."""
    shape, kind = opened.shape, opened.data.dtype
    if kind.kind == "c":
        raise InputError(
            f"{path}: the values are complex (a wave or a Fourier transform). Export the image's "
            "intensity."
        )
    if len(shape) < 2 or 0 in shape:
        raise InputError(f"{path}: there is no image in this file (its shape is {shape}).")
    if not (opened.coloured or opened.real):
        raise InputError(f"{path}: the values are {kind}, not numbers.")
    check_image_size(path, shape[-2:])
    return shape


def _reader(path: Path, held: DataSet | None) -> Callable[[int], np.ndarray]:
    """From an image's number to its grey values; without ``held`` the file is read again."""

    def read(number: int) -> np.ndarray:
        with _reading(path):
            return read_image(_open(path) if held is None else held, number)

    return read


def read_image(opened: DataSet, number: int) -> np.ndarray:
    """(row, col) grey values of an image, counted through the axes before rows and columns."""
    outer = opened.shape[:-2]
    index = np.unravel_index(number, outer) if outer else ()
    return _grey(np.asarray(opened.data[tuple(int(part) for part in index)]))


def _inverted(read: Callable[[int], np.ndarray]) -> Callable[[int], np.ndarray]:
    """Grey values that grow with brightness, of a file where 0 is white."""

    def inverted(number: int) -> np.ndarray:
        values = read(number)
        return ~values if values.dtype.kind in "biu" else -values

    return inverted


def _channels(picture: np.ndarray) -> np.ndarray:
    """(row, col, 3) of a picture in red, green and blue."""
    if picture.dtype.names is not None:
        return np.stack([picture[name] for name in picture.dtype.names[:3]], axis=-1)
    return picture[..., :3]


def _grey(values: np.ndarray) -> np.ndarray:
    """(row, col) grey values."""
    coloured = values.dtype.names is not None or values.ndim == 3
    return _channels(values).mean(axis=-1, dtype=np.float32) if coloured else values


def _check_grey(picture: np.ndarray, path: Path) -> None:
    """Refuses a picture with more colour than a label on a grey image."""
    channels = _channels(picture)
    coloured = np.mean(np.any(channels != channels[..., :1], axis=-1))
    if coloured > MOST_COLOURED:
        count = picture.shape[-1]
        stack = picture.dtype.names is None and path.suffix.lower() != ".png"
        other = f", or, if it holds {count} images, save it with their axis first" if stack else ""
        raise InputError(
            f"{path}: this is a colour picture, not a measurement. Export it in grey values{other}."
        )
    if coloured > 0:
        LOGGER.warning("%s: %.2g %% of the pixels are coloured (a label?)", path, 100 * coloured)
