"""Reading images as microscopes write them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np

from temnet.errors import InputError
from temnet.records import ImageSeries
from temnet.units import ANGSTROM_PER, to_angstrom

LOGGER = logging.getLogger(__name__)

SAMPLING_RANGE = (0.005, 10.0)
"""Pixel sizes that an atomic-resolution image can have, generously [Å]."""

SMALLEST_SIDE = 16
"""Images with fewer rows or columns show no lattice."""

PIXEL_ASPECT = 1e-3
"""Pixels whose height and width differ by more than this fraction are not square."""

MOST_COLOURED = 0.01
"""A picture with more coloured pixels than this fraction is no grey image with a label on it."""

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


def read_images(
    files: str | Path | Sequence[str | Path],
    sampling: float | None = None,
    axes: Literal["auto", "frames", "focus"] = "auto",
    frames: tuple[int, int] | None = None,
    focus_count: int = 1,
) -> ImageSeries:
    """Images, movies or focal series from files.

    Args:
        files: One file, or the files of a movie or of a focal series in their order; a file may
            be a stack.
        sampling: Pixel size [Å]; from the header where it is not given.
        axes: What the images follow each other in: ``frames`` of a movie, ``focus`` for the
            images of one or more focal series, ``auto`` for focal series where the network wants
            more than one image and their number is a multiple of that, else frames.
        frames: First frame and the one after the last; all by default.
        focus_count: Images in the network's focal series.

    Returns:
        The images, (frame, row, col, focus) float32 in the files' grey values.

    Raises:
        InputError: A file is missing, is no image, holds values that are no numbers, or its
            pixel size is unknown.
    """
    paths = [Path(files)] if isinstance(files, str | Path) else [Path(file) for file in files]
    if not paths:
        raise InputError("No image files were given; name at least one.")
    parts = [_read_file(path) for path in paths]
    shapes = {part[0].shape[1:] for part in parts}
    if len(shapes) > 1:
        raise InputError(
            f"{paths[0].parent}: the images differ in size ({_sizes(shapes)}); give images of "
            "one size, or predict them one by one."
        )
    stack = np.concatenate([part[0] for part in parts])
    pixel = _pixel_size(paths, [part[1] for part in parts], sampling)
    images = _as_series(stack, axes, focus_count, paths[0])
    if frames is not None:
        if frames[0] >= len(images):
            raise InputError(
                f"{paths[0]}: images.frames begins at {frames[0]}, but there are only "
                f"{len(images)} frames."
            )
        images = images[frames[0] : frames[1]]
    _refuse_bad_values(images, paths[0])
    return ImageSeries(images, pixel, paths[0].name, {"files": [path.name for path in paths]})


def _read_file(path: Path) -> tuple[np.ndarray, float | None]:
    """Images (image, row, col) float32 of one file and its pixel size [Å], None if unknown."""
    if not path.exists():
        raise InputError(f"{path}: there is no such file; check the path.")
    if not path.is_file():
        raise InputError(f"{path}: this is a folder, not an image; name the files in it.")
    suffix = path.suffix.lower()
    if suffix not in READERS and suffix != ".npy":
        known = " ".join(sorted([*READERS, ".npy"]))
        raise InputError(f"{path}: files ending in {suffix!r} cannot be read; known are {known}.")
    try:
        signal = _read_npy(path) if suffix == ".npy" else _read_signal(path, READERS[suffix])
    except InputError:
        raise
    except Exception as error:  # readers raise whatever a broken header leads them to
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise InputError(
            f"{path}: this is not an image that can be read ({reason}); the file may be cut off "
            "or be something else than its ending says."
        ) from error
    data = _grey(np.asarray(signal["data"]), path)
    unit = _imagej_unit(signal.get("original_metadata") or {})
    return data, _header_sampling(signal.get("axes") or [], unit, path)


def _read_npy(path: Path) -> dict[str, Any]:
    return {"data": np.load(path, allow_pickle=False), "axes": []}


def _read_signal(path: Path, module: str) -> dict[str, Any]:
    """The first signal of a file that is an image or a stack of images."""
    reader: Callable[..., list[dict[str, Any]]] = import_module(module).file_reader
    signals = [s for s in reader(str(path)) if np.ndim(s["data"]) >= 2]
    if not signals:
        raise InputError(f"{path}: there is no image in this file.")
    if len(signals) > 1:
        LOGGER.info("%s holds %d data sets; the first image is taken", path, len(signals))
    return signals[0]


def _grey(data: np.ndarray, path: Path) -> np.ndarray:
    """Data as (image, row, col) float32."""
    if data.dtype.names is not None:
        channels = np.stack([data[name] for name in data.dtype.names[:3]], axis=-1)
        data = _one_channel(channels, path)
    elif data.ndim == 3 and data.shape[-1] in (3, 4) and data.dtype == np.uint8:
        data = _one_channel(data[..., :3], path)
    if np.iscomplexobj(data):
        raise InputError(
            f"{path}: the values are complex (a wave or a Fourier transform); export the "
            "image's intensity."
        )
    if data.ndim < 2 or data.size == 0:
        raise InputError(f"{path}: there is no image in this file (its shape is {data.shape}).")
    if data.dtype.kind not in "uifb":
        raise InputError(f"{path}: the values are {data.dtype}, not numbers.")
    return data.reshape(-1, *data.shape[-2:]).astype(np.float32)


def _one_channel(data: np.ndarray, path: Path) -> np.ndarray:
    """The grey values of a picture in red, green and blue."""
    coloured = np.mean(np.any(data != data[..., :1], axis=-1))
    if coloured > MOST_COLOURED:
        raise InputError(
            f"{path}: this is a colour picture, not a measurement; export it in grey values."
        )
    if coloured > 0:
        LOGGER.warning("%s: %.2g %% of the pixels are coloured (a label?)", path, 100 * coloured)
    return data.mean(axis=-1)


def _imagej_unit(metadata: Mapping[str, Any]) -> str | None:
    """The unit that ImageJ writes into a TIFF's description, which the reader leaves out."""
    description = metadata.get("ImageDescription")
    if not isinstance(description, str) or not description.startswith("ImageJ="):
        return None
    lines = dict(line.partition("=")[::2] for line in description.splitlines())
    return lines.get("unit", "").replace("\\u00C5", "Å").replace("\\u00c5", "Å") or None


def _header_sampling(
    axes: Sequence[Mapping[str, Any]], default_unit: str | None, path: Path
) -> float | None:
    """Pixel size [Å] that the header gives for both image axes, None where it does not."""
    found = []
    for axis in list(axes)[-2:]:
        unit, scale = axis.get("units") or default_unit, axis.get("scale")
        if not isinstance(unit, str) or unit.strip() not in ANGSTROM_PER or not scale:
            return None
        found.append(to_angstrom(float(scale), unit))
    if len(found) < 2 or min(found) <= 0:
        return None
    if abs(found[0] - found[1]) > PIXEL_ASPECT * max(found):
        raise InputError(
            f"{path}: the pixels are not square ({found[0]:.4g} by {found[1]:.4g} Å); resample "
            "the image to square pixels first."
        )
    return found[0]


def _pixel_size(
    paths: Sequence[Path], headers: Sequence[float | None], sampling: float | None
) -> float:
    if sampling is None:
        known = [value for value in headers if value is not None]
        if len(known) < len(headers):
            raise InputError(
                f"{paths[list(headers).index(None)]}: the file does not say how large its pixels "
                "are; set images.sampling (or --sampling) to the pixel size in Å."
            )
        sampling = known[0]
        if max(known) - min(known) > PIXEL_ASPECT * sampling:
            raise InputError(
                f"{paths[0]}: the files' pixels differ in size ({min(known):.4g} to "
                f"{max(known):.4g} Å); predict them one by one."
            )
    low, high = SAMPLING_RANGE
    if not low <= sampling <= high:
        raise InputError(
            f"{paths[0]}: a pixel of {sampling:.4g} Å cannot be that of an atomic-resolution "
            f"image (expected {low} to {high:g} Å); set images.sampling to the right size."
        )
    return float(sampling)


def _as_series(stack: np.ndarray, axes: str, focus_count: int, path: Path) -> np.ndarray:
    """(frame, row, col, focus) of (image, row, col)."""
    if len(stack) == 0:
        raise InputError(f"{path}: the movie has no frames.")
    if min(stack.shape[1:]) < SMALLEST_SIDE:
        raise InputError(
            f"{path}: the image has {stack.shape[1]} x {stack.shape[2]} pixels; at least "
            f"{SMALLEST_SIDE} x {SMALLEST_SIDE} are needed."
        )
    if axes == "frames" or (axes == "auto" and (focus_count == 1 or len(stack) % focus_count)):
        return stack[..., None]
    # A stack that does not hold whole series is taken as one, and refused by the network.
    count = focus_count if focus_count > 1 and len(stack) % focus_count == 0 else len(stack)
    series = stack.reshape(-1, count, *stack.shape[1:])
    return np.ascontiguousarray(np.moveaxis(series, 1, -1))


def _refuse_bad_values(images: np.ndarray, path: Path) -> None:
    finite = np.isfinite(images)
    if not np.all(finite):
        bad = 1 - finite.mean()
        raise InputError(
            f"{path}: {bad:.2%} of the pixels are NaN or infinite; replace them (for instance by "
            "the median of their neighbours) before columns are looked for."
        )
    flat = np.ptp(images, axis=(1, 2, 3)) == 0
    if np.all(flat):
        raise InputError(f"{path}: all pixels have the same value; this image shows nothing.")


def _sizes(shapes: set[tuple[int, ...]]) -> str:
    return ", ".join(sorted(f"{shape[0]} x {shape[1]}" for shape in shapes))
