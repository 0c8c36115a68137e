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
from temnet.inference.reading.axis_order import in_order, is_coloured
from temnet.inference.reading.formats.data_set_choice import Candidate, choice_note, measurements
from temnet.inference.reading.formats.declared_size import (
    check_image_size,
    check_whole_size,
    declared_bytes,
)
from temnet.inference.reading.formats.large_files import refuse_transparency
from temnet.inference.reading.formats.mrc import read_mrc
from temnet.inference.reading.formats.npy import read_npy
from temnet.inference.reading.formats.tiff import read_tiff
from temnet.inference.reading.header import (
    Meaning,
    axis_meaning,
    is_energy,
    pixel_size,
    refuse_diffraction,
    unknown_unit,
)
from temnet.inference.reading.header_defocus import header_defocus

LOGGER = logging.getLogger(__name__)

MOST_COLOURED = 0.01
"""A picture with more coloured pixels than this fraction is no grey image with a label on it."""

SMALL_FILE = 2**25
"""Files of up to so many bytes are read whole, which leaves none of them open.

A movie's values are then held as they were stored; of a single image nothing is held.  Of larger
ones no more than this is held, however long the movie.
"""

LARGE_WHOLE = 2**27
"""Files of more bytes that can only be read whole are warned of."""

READERS: Mapping[str, str] = {
    ".dm3": "rsciio.digitalmicrograph",
    ".dm4": "rsciio.digitalmicrograph",
    ".emd": "rsciio.emd",
    ".ser": "rsciio.tia",
    ".emi": "rsciio.tia",
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

CHUNKED = (".dm3", ".dm4")
"""Endings whose reader maps the file into memory in parts of a chosen shape."""

WHOLE_ONLY = (".ser", ".emi", ".png")
"""Endings whose reader reads the whole file for any part of it: these are read once, whole."""

OWN: Mapping[str, Callable[[Path, bool], dict[str, Any]]] = {
    ".mrc": read_mrc,
    ".mrcs": read_mrc,
    ".npy": read_npy,
}
"""Readers of our own by the file's ending."""

READABLE = (*READERS, *OWN)
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
        notes: Sentences on what is missing or doubtful, which the log has too.
        unknown_unit: The unit of the pixel size, where it is no length that is known here.
        defocus: As the header gives it, of whatever sign [Å]; None where it does not.
    """

    path: Path
    axes: tuple[tuple[int, Meaning], ...]
    shape: tuple[int, int]
    read: Callable[[int], np.ndarray]
    pixel_size: tuple[float, float] | None
    notes: tuple[str, ...] = ()
    unknown_unit: str | None = None
    defocus: float | None = None

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
    check_regular(path)
    suffix = path.suffix.lower()
    if suffix not in READABLE:
        known = " ".join(sorted(READABLE))
        raise InputError(f"{path}: files ending in {suffix!r} cannot be read; known are {known}.")
    with _reading(path):
        signal = _open(path)
        for note in signal["notes"]:
            LOGGER.warning("%s: %s", path, note)
        for remark in signal.get("remarks", ()):
            LOGGER.info("%s: %s", path, remark)
        if "whole" in signal:
            gigabytes = signal["whole"] / 1e9
            LOGGER.warning("%s: files of its kind are read whole, %.1f GB", path, gigabytes)
        return _image_file(path, signal)


def check_regular(path: Path) -> None:
    """Refuses what is no regular file: opening a named pipe or a device may wait for ever.

    Raises:
        InputError: There is no such file, or it is something else.
    """
    if not path.exists():
        raise InputError(f"{path}: there is no such file; check the path.")
    if not path.is_file():
        raise InputError(
            f"{path}: this is no regular file (a folder, a named pipe or a device); give a file "
            "of images."
        )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turns what readers raise over a broken file into one clear message.

    Lazy readers work by Dask, which would send the reading to a cluster that is at work elsewhere
    in this process, where the file may not be.  tifffile's own messages about broken headers are
    kept back: what matters of them is reported here.
    """
    messages = logging.getLogger("tifffile")
    disabled, messages.disabled = messages.disabled, True
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
    finally:
        messages.disabled = disabled


def _open(path: Path) -> Signal:
    """A file's image, rows and columns last.

    Beside what RosettaSciIO describes it has ``notes`` and ``remarks``, sentences for the log and
    for the page or for the log alone, ``lazy``, whether its values are read from the file when
    they are asked for, by indexing, and ``whole``, the bytes of a large file that cannot be so.
    """
    suffix, size = path.suffix.lower(), path.stat().st_size
    if suffix in OWN:
        lazy = size > SMALL_FILE
        return in_order(path, {**OWN[suffix](path, lazy), "lazy": lazy})
    if suffix in TIFF:
        reader = import_module(READERS[suffix]).file_reader
        return in_order(path, read_tiff(path, size > SMALL_FILE, SMALL_FILE, reader))
    declared = max(size, declared_bytes(path))
    lazy = declared > SMALL_FILE and suffix not in WHOLE_ONLY
    if declared > SMALL_FILE and not lazy:
        check_whole_size(path, declared)
    signals = _signals(path, lazy)
    number, texts = _chosen(path, signals)
    signal = {**signals[number], **texts, "lazy": lazy}
    if declared > LARGE_WHOLE and not lazy:
        signal["whole"] = declared
    data = signal["data"]
    if lazy and suffix in CHUNKED and data.ndim == 3:
        signal["data"] = _signals(path, lazy, chunks=(1, *data.shape[1:]))[number]["data"]
    return in_order(path, signal, SMALL_FILE)


def _signals(path: Path, lazy: bool, **options: Any) -> list[Signal]:
    """All data sets of a file."""
    suffix = path.suffix.lower()
    if suffix == ".png":
        refuse_transparency(path)
    reader: Callable[..., list[Signal]] = import_module(READERS[suffix]).file_reader
    if suffix == ".emd":
        options["select_type"] = "images"  # the reader of spectrum images wants another library
    return reader(str(path), lazy=lazy, **options)


def _chosen(path: Path, signals: Sequence[Signal]) -> tuple[int, dict[str, tuple[str, ...]]]:
    """The number of the data set that was measured, or of one that can be refused for it.

    Returns:
        It, and sentences on what is left out, as notes or remarks.
    """
    flat = [n for n, signal in enumerate(signals) if _is_flat(signal)]
    if not flat:
        raise InputError(f"{path}: there is no image in this file.")
    usable = [n for n in flat if _is_real(signals[n]) or is_coloured(signals[n])]
    if not usable:
        return flat[0], {"notes": ()}
    candidates = [_candidate(signals[n]) for n in usable]
    best = measurements(candidates)[0]
    number = usable[best]
    if len(usable) > 1:
        return number, {"notes": (_titled(signals[number], choice_note(candidates, best)),)}
    text = _titled(signals[number], f"{len(signals)} data sets; the only image is taken")
    return number, {"notes": (), "remarks": (text,) if len(signals) > 1 else ()}


def _titled(signal: Signal, text: str) -> str:
    """A sentence about a choice with the chosen data set's title."""
    title = signal.get("metadata", {}).get("General", {}).get("title")
    return f"{text} ({title})" if title else text


def _candidate(signal: Signal) -> Candidate:
    """A data set as the choice wants it."""
    shape, kind = np.shape(signal["data"]), signal["data"].dtype
    colours = is_coloured(signal)
    if colours and kind.names is None:
        shape = shape[:-1]
    bits = 8 * (kind.itemsize // len(kind.names) if kind.names else kind.itemsize)
    return Candidate(shape[-2], shape[-1], bits, colours, count=int(np.prod(shape[:-2])))


def _is_flat(signal: Signal) -> bool:
    """Whether a data set has rows and columns, and no spectra."""
    return np.ndim(signal["data"]) >= 2 and not any(is_energy(axis) for axis in signal["axes"])


def _is_real(signal: Signal) -> bool:
    """Whether the values are real numbers."""
    return signal["data"].dtype.kind in "uifb"


def _image_file(path: Path, signal: Signal) -> ImageFile:
    """What is read from an open file, after a look at the first image."""
    data = signal["data"]
    shape, kind = tuple(data.shape), data.dtype
    colours = is_coloured(signal)
    if colours and kind.names is None:
        shape = shape[:-1]
    if kind.kind == "c":
        raise InputError(
            f"{path}: the values are complex (a wave or a Fourier transform); export the "
            "image's intensity."
        )
    if len(shape) < 2 or 0 in shape:
        raise InputError(f"{path}: there is no image in this file (its shape is {shape}).")
    if not colours and kind.kind not in "uifb":
        raise InputError(f"{path}: the values are {kind}, not numbers.")
    check_image_size(path, shape[-2:])
    outer = shape[:-2]
    if colours:
        _check_grey(np.asarray(data[(0,) * len(outer)]), path)
    metadata, axes = _plain(signal.get("original_metadata")), list(signal["axes"])
    meanings = [axis_meaning(axis, metadata) for axis in axes[: len(outer)]]
    meanings += [""] * (len(outer) - len(meanings))
    read = _reader(path, data if signal["lazy"] or np.prod(outer) > 1 else None, outer)
    if metadata.get("PhotometricInterpretation") == WHITE_IS_ZERO:
        LOGGER.warning("%s: the file says that 0 is white; its grey values are turned round", path)
        read = _turned(read)
    refuse_diffraction(_plain(signal.get("metadata")), path)
    size = pixel_size(axes, metadata, path)
    return ImageFile(
        path=path,
        axes=tuple((n, m) for n, m in zip(outer, meanings, strict=True) if n > 1),
        shape=shape[-2:],
        read=read,
        pixel_size=size,
        notes=tuple(signal["notes"]),
        unknown_unit=unknown_unit(axes, metadata) if size is None else None,
        defocus=header_defocus(metadata, signal.get("metadata")),
    )


def _reader(path: Path, data: Any | None, outer: tuple[int, ...]) -> Callable[[int], np.ndarray]:
    """From an image's number to its grey values; without ``data`` the file is read again."""

    def read(number: int) -> np.ndarray:
        with _reading(path):
            values = _open(path)["data"] if data is None else data
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
        count = picture.shape[-1]
        stack = picture.dtype.names is None and path.suffix.lower() != ".png"
        other = f", or, if it holds {count} images, save it with their axis first" if stack else ""
        raise InputError(
            f"{path}: this is a colour picture, not a measurement; export it in grey values{other}."
        )
    if coloured > 0:
        LOGGER.warning("%s: %.2g %% of the pixels are coloured (a label?)", path, 100 * coloured)
