"""One file of images: what its header says, and its images when they are asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import dask
import numpy as np

from temnet.errors import InputError
from temnet.inference.header import Meaning, axis_meaning, is_energy, pixel_size
from temnet.inference.stored import (
    Blocks,
    Mapped,
    refuse_colour_planes,
    refuse_transparency,
    tiff_images,
)

LOGGER = logging.getLogger(__name__)

MOST_COLOURED = 0.01
"""A picture with more coloured pixels than this fraction is no grey image with a label on it."""

SMALL_FILE = 2**27
"""Files of up to so many bytes are read whole, which leaves none of them open.

A movie's values are then held as they were stored; of a single image nothing is held.
"""

READERS: Mapping[str, str] = {
    ".dm3": "rsciio.digitalmicrograph",
    ".dm4": "rsciio.digitalmicrograph",
    ".emd": "rsciio.emd",
    ".ser": "rsciio.tia",
    ".emi": "rsciio.tia",
    ".mrc": "rsciio.mrc",
    ".tif": "rsciio.tiff",
    ".tiff": "rsciio.tiff",
    ".hspy": "rsciio.hspy",
    ".png": "rsciio.image",
}
"""RosettaSciIO's readers by the file's ending."""

TIFF = (".tif", ".tiff")
"""Endings of TIFF files."""

WHITE_IS_ZERO = 0
"""A TIFF's photometric interpretation of scanned negatives and some printed pictures."""

CHUNKED = (".dm3", ".dm4", ".mrc")
"""Endings whose reader maps the file into memory in parts of a chosen shape."""

WHOLE_ONLY = (".ser", ".emi", ".png")
"""Endings whose reader reads the whole file for any part of it: these are read once, whole."""

READABLE = (*READERS, ".npy")
"""Endings of the files that can be read."""

Signal = Mapping[str, Any]
"""A data set as RosettaSciIO describes it: data, axes, metadata, original_metadata."""


@dataclass(frozen=True)
class ImageFile:
    """A file of images.

    Attributes:
        path: Where it is.
        axes: Size and meaning of each axis before rows and columns; none for a single image.
        shape: Rows and columns.
        read: From an image's number, counted through ``axes`` with the last one fastest, to
            (row, col) grey values as they are stored.
        pixel_size: Height and width of a pixel [Å], None where the file does not tell.
    """

    path: Path
    axes: tuple[tuple[int, Meaning], ...]
    shape: tuple[int, int]
    read: Callable[[int], np.ndarray]
    pixel_size: tuple[float, float] | None

    def __len__(self) -> int:
        return int(np.prod([size for size, _ in self.axes], dtype=np.int64))


def open_images(path: Path) -> ImageFile:
    """Reads a file's header.

    Args:
        path: A file of a kind that is known here.

    Raises:
        InputError: It is missing, of another kind, broken, or holds no image of real grey
            values.
    """
    if not path.exists():
        raise InputError(f"{path}: there is no such file; check the path.")
    suffix = path.suffix.lower()
    if suffix not in READABLE:
        known = " ".join(sorted(READABLE))
        raise InputError(f"{path}: files ending in {suffix!r} cannot be read; known are {known}.")
    with _reading(path):
        size = path.stat().st_size
        lazy = size > SMALL_FILE and suffix not in WHOLE_ONLY
        if size > SMALL_FILE and not lazy:
            LOGGER.warning("%s: files of its kind are read whole, %.1f GB", path, size / 1e9)
        signal, data = _open(path, lazy, told=True)
        return _image_file(path, signal, data, lazy)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turns what readers raise over a broken file into one clear message.

    Lazy readers work by Dask, which would send the reading to a cluster that is at work elsewhere
    in this process, where the file may not be.
    """
    try:
        with dask.config.set(scheduler="synchronous"):
            yield
    except InputError:
        raise
    except Exception as error:  # readers raise whatever a broken header leads them to
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise InputError(
            f"{path}: this is not an image that can be read ({reason}); the file may be cut off "
            "or be something else than its ending says."
        ) from error


def _open(path: Path, lazy: bool, told: bool = False) -> tuple[Signal, Any]:
    """A file's image, and what its values are read from by indexing.

    With ``told`` the log says what else the file holds.
    """
    suffix = path.suffix.lower()
    if suffix == ".npy":
        data = np.load(path, allow_pickle=False, mmap_mode="r" if lazy else None)
        return {"data": data, "axes": []}, Mapped(path, data) if lazy else data
    signals = _signals(path, lazy)
    number = _chosen(path, signals)
    signal = signals[number]
    if told:
        _tell_of_others(path, signals, number)
    data = signal["data"]
    if lazy and suffix in TIFF:
        data = tiff_images(path, number, data)
    elif lazy and suffix in CHUNKED and data.ndim == 3:
        data = _signals(path, lazy, chunks=(1, *data.shape[1:]))[number]["data"]
    elif lazy and data.ndim == 3 and data.chunks[0][0] > 1:
        data = Blocks(data, SMALL_FILE)
    return signal, data


def _signals(path: Path, lazy: bool, **options: Any) -> list[Signal]:
    """All data sets of a file."""
    suffix = path.suffix.lower()
    if suffix in TIFF:
        refuse_colour_planes(path)
    elif suffix == ".png":
        refuse_transparency(path)
    reader: Callable[..., list[Signal]] = import_module(READERS[suffix]).file_reader
    if suffix == ".emd":
        options["select_type"] = "images"  # the reader of spectrum images wants another library
    signals = reader(str(path), lazy=lazy, **options)
    return _joined(signals) if suffix in TIFF else signals


def _joined(signals: list[Signal]) -> list[Signal]:
    """A TIFF's data sets, its pages as one of them where each came as one of its own.

    Python's usual writers (tifffile's `TiffWriter.write`, imageio's `append_data`) describe each
    page of a movie as an image by itself.
    """
    kinds = {(np.shape(signal["data"]), signal["data"].dtype) for signal in signals}
    first = signals[0] if signals else {}
    if len(signals) < 2 or len(kinds) > 1 or np.ndim(first["data"]) != 2:
        return signals
    return [
        {
            **first,
            "data": np.stack([signal["data"] for signal in signals]),
            "axes": [{}, *first["axes"]],
        }
    ]


def _chosen(path: Path, signals: Sequence[Signal]) -> int:
    """The number of the first data set that is an image, or one that can be refused for it."""
    flat = [n for n, signal in enumerate(signals) if _is_flat(signal)]
    if not flat:
        raise InputError(f"{path}: there is no image in this file.")
    real = [n for n in flat if _is_real(signals[n])]
    return (real or flat)[0]


def _tell_of_others(path: Path, signals: Sequence[Signal], number: int) -> None:
    """Warns of images that are left out, and mentions other data sets."""
    if len(signals) == 1:
        return
    others = [signal for n, signal in enumerate(signals) if n != number]
    images = sum(_is_flat(signal) and _is_real(signal) for signal in others)
    title = signals[number].get("metadata", {}).get("General", {}).get("title")
    name = f", {title}," if title else ""
    left = f"; {images} more left out, save those as files of their own" if images else ""
    LOGGER.log(
        logging.WARNING if images else logging.INFO,
        "%s holds %d data sets; the first image%s is taken%s",
        path,
        len(signals),
        name,
        left,
    )


def _is_flat(signal: Signal) -> bool:
    """Whether a data set has rows and columns, and no spectra."""
    return np.ndim(signal["data"]) >= 2 and not any(is_energy(axis) for axis in signal["axes"])


def _is_real(signal: Signal) -> bool:
    """Whether the values are real numbers."""
    return signal["data"].dtype.kind in "uifb"


def _image_file(path: Path, signal: Signal, data: Any, lazy: bool) -> ImageFile:
    """What is read from an open file, after a look at the first image."""
    shape, kind = tuple(signal["data"].shape), signal["data"].dtype
    colours = kind.names is not None
    if not colours and len(shape) == 3 and shape[-1] in (3, 4) and kind == np.uint8:
        colours, shape = True, shape[:-1]
    if kind.kind == "c":
        raise InputError(
            f"{path}: the values are complex (a wave or a Fourier transform); export the "
            "image's intensity."
        )
    if len(shape) < 2 or 0 in shape:
        raise InputError(f"{path}: there is no image in this file (its shape is {shape}).")
    if not colours and kind.kind not in "uifb":
        raise InputError(f"{path}: the values are {kind}, not numbers.")
    outer = shape[:-2]
    if colours:
        _check_grey(np.asarray(data[(0,) * len(outer)]), path)
    metadata, axes = _plain(signal.get("original_metadata")), list(signal["axes"])
    meanings = [axis_meaning(axis, metadata) for axis in axes[: len(outer)]]
    meanings += [""] * (len(outer) - len(meanings))
    read = _reader(path, data if lazy or np.prod(outer) > 1 else None, outer)
    if metadata.get("PhotometricInterpretation") == WHITE_IS_ZERO:
        LOGGER.warning("%s: the file says that 0 is white; its grey values are turned round", path)
        read = _turned(read)
    return ImageFile(
        path=path,
        axes=tuple((n, m) for n, m in zip(outer, meanings, strict=True) if n > 1),
        shape=shape[-2:],
        read=read,
        pixel_size=pixel_size(axes, metadata, path),
    )


def _reader(path: Path, data: Any | None, outer: tuple[int, ...]) -> Callable[[int], np.ndarray]:
    """From an image's number to its grey values; without ``data`` the file is read again."""

    def read(number: int) -> np.ndarray:
        with _reading(path):
            values = _open(path, False)[1] if data is None else data
            index = np.unravel_index(number, outer) if outer else ()
            return _grey(np.asarray(values[tuple(int(part) for part in index)]))

    return read


def _turned(read: Callable[[int], np.ndarray]) -> Callable[[int], np.ndarray]:
    """Grey values that grow with brightness, of a file where 0 is white."""

    def turned(number: int) -> np.ndarray:
        values = read(number)
        return ~values if values.dtype.kind in "biu" else -values

    return turned


def _plain(metadata: Any) -> Mapping[str, Any]:
    return metadata if isinstance(metadata, Mapping) else {}


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
    """Refuses a picture that is no grey image with at most a label in colour."""
    channels = _channels(picture)
    coloured = np.mean(np.any(channels != channels[..., :1], axis=-1))
    if coloured > MOST_COLOURED:
        raise InputError(
            f"{path}: this is a colour picture, not a measurement; export it in grey values."
        )
    if coloured > 0:
        LOGGER.warning("%s: %.2g %% of the pixels are coloured (a label?)", path, 100 * coloured)
