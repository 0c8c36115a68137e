"""Reading images, movies and focal series from files of microscopes."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Literal

import numpy as np

from temnet.config.card import KnownLattice
from temnet.config.names import printable
from temnet.errors import InputError
from temnet.images.resample import resampled_size, square_pixels
from temnet.images.unseen import UnseenRegions
from temnet.inference.bad_pixels.inpainting import inpainted
from temnet.inference.bad_pixels.inspection import Inspection, inspect
from temnet.inference.masks import Box, box_mask, fill, mirror_sources
from temnet.inference.reading.frames_and_foci import Axes, arrange
from temnet.inference.reading.image_file import ImageFile, open_images
from temnet.inference.reading.image_folders import common_name, images_in
from temnet.inference.reading.lazy_frames import LazyFrames
from temnet.inference.reading.pixel_size import (
    given_pixel_size,
    plausible,
    with_measured_pixel_size,
    with_pixel_size_of_materials,
)
from temnet.records import ImageSeries

LOGGER = logging.getLogger(__name__)

SMALLEST_SIDE = 16
"""Fewest rows and columns of an image; smaller ones show no lattice."""

IN_MEMORY = 2**25
"""Series of up to this many bytes are read into an array; larger ones stay in their files.  A
single frame is read, however large."""


def read_images(
    files: str | Path | Sequence[str | Path],
    sampling: float | Literal["auto"] | None = None,
    axes: Axes = "auto",
    frames: tuple[int, int] | None = None,
    focus_count: int = 1,
    mask: Sequence[Box] = (),
    spacing: float | None = None,
    invert: bool = False,
) -> ImageSeries:
    """Images, movies or focal series from files.

    Every image is read and inspected once, one at a time, before this function returns; after that,
    large series stay in their files until frames are requested (`LazyFrames`).  Regions of one
    value or without numbers do not count as image and are filled with the mirror image of their
    surroundings; broken pixels, rows and columns are filled likewise, single ones with the median
    of their neighbours (`temnet.inference.bad_pixels`).

    Args:
        files: One file, or the files of a movie or of a focal series in their order.  A folder
            stands for all images in it, sorted by the numbers in their names.  A file may be a
            stack.
        sampling: Pixel size [Å]; by default that in the header; ``auto`` measures it on the lattice
            (`measure_sampling`), near the header's value if there is one.
        axes: ``frames`` if the images are a movie, ``focus`` if they are one or more focal series.
            ``auto`` uses the header; without one, images are focal series if the network takes more
            than one image and their number is a multiple of that, else frames.
        frames: First frame and the one after the last; all by default.  All results count frames
            from the first of these.
        focus_count: Images in a focal series of the network.
        mask: Boxes to exclude: first row, row after the last, first column, column after the last,
            in the files' pixels.  They are filled with the mirror image of their surroundings, and
            no columns are found there.
        spacing: Distance between lattice planes in the images [Å]; it checks the pixel size, or
            measures it if ``sampling`` is ``auto``.
        invert: Exchange bright and dark about the mean of each image, for dark columns and a
            network that was trained on bright ones.

    Returns:
        The images, (frame, row, col, focus) float32 in the files' grey values, with the name of the
        file, or of the folder if there are several files.  Pixels that are not square are resampled
        along one axis to the smaller of height and width.  ``metadata["calibration"]`` is the
        measurement on the lattice, ``metadata["frame_files"]`` the files of each frame if there are
        several, and ``metadata["notes"]`` holds sentences on changes and doubts.

    Raises:
        InputError: If a file is missing, is not an image, or has too many values that are not
            numbers; if its pixel size is unknown or cannot be measured; or if there are no such
            frames.  Such frames of a movie become blank, all zero, and are named in the log.
    """
    return images_of(open_all(files), sampling, axes, frames, focus_count, mask, spacing, invert)


def open_all(files: str | Path | Sequence[str | Path]) -> list[ImageFile]:
    """Opens files, and all images in folders; see `read_images`."""
    return [open_images(path) for path in _paths(files)]


def images_of(
    opened: Sequence[ImageFile],
    sampling: float | Literal["auto"] | None = None,
    axes: Axes = "auto",
    frames: tuple[int, int] | None = None,
    focus_count: int = 1,
    mask: Sequence[Box] = (),
    spacing: float | None = None,
    invert: bool = False,
    lattices: Sequence[KnownLattice] = (),
) -> ImageSeries:
    """Images, movies or focal series from open files; see `read_images`.

    With ``sampling="auto"`` and no ``spacing``, the pixel size is that at which some of
    ``lattices``, the network's materials, explain the lattice of the images.
    """
    paths = [file.path for file in opened]
    shape = _common_shape(opened)
    pixel_size, known = _pixel_size(opened, sampling, spacing is not None or bool(lattices))
    arrangement = arrange(opened, axes, focus_count)
    order = _chosen_frames(arrangement.order, frames, paths[0])
    boxes = _checked_boxes(mask, shape, paths[0])
    images = _Images(opened, mirror_sources(shape, boxes))
    inspected = inspect(images.read, images.place, order)
    small, size = min(pixel_size), _square_size(shape, pixel_size)
    read = _corrected(images.read, inspected, pixel_size, size, invert)
    stack = LazyFrames(read, order, size)
    few = len(stack) == 1 or np.prod(stack.shape) * stack.dtype.itemsize <= IN_MEMORY
    frame_files = [[printable(images.place(n)[0].name) for n in foci] for foci in order.tolist()]
    used = dict.fromkeys(images.place(n)[0] for n in order.ravel().tolist())
    series = ImageSeries(
        images=np.asarray(stack) if few else stack,
        sampling=small,
        name=printable(paths[0].name if len(paths) == 1 else common_name(paths)),
        metadata={
            "files": [printable(path.name) for path in used],
            "frame_files": frame_files if len(paths) > 1 else None,
            "inverted": invert,
            "technique": next((file.technique for file in opened if file.technique), ""),
            "notes": [*_file_notes(opened), *arrangement.notes, *inspected.notes],
            "first_frame": 0 if frames is None else frames[0],
        },
        pixel_size=pixel_size,
        masked=boxes,
        unseen=_unseen(inspected.unseen, order, shape),
    )
    given = small if known else None
    if spacing is None:
        auto = sampling == "auto"
        return with_pixel_size_of_materials(series, lattices, given) if auto else series
    return with_measured_pixel_size(series, spacing, given, sampling == "auto")


class _Images:
    """Images of several files, numbered through all of them."""

    def __init__(self, opened: Sequence[ImageFile], sources: tuple[np.ndarray, np.ndarray]) -> None:
        """The images of ``opened``, with boxes filled from ``sources`` (`mirror_sources`)."""
        self._opened, self._sources = opened, sources
        self._ends = list(accumulate(len(file) for file in opened))

    def _find(self, number: int) -> tuple[ImageFile, int]:
        which = bisect_right(self._ends, number)
        file = self._opened[which]
        return file, number - (self._ends[which] - len(file))

    def place(self, number: int) -> tuple[Path, int]:
        """The file of an image, and the number of the image in it."""
        file, inside = self._find(number)
        return file.path, inside

    def read(self, number: int) -> np.ndarray:
        """(row, col) float32 values of an image as its file holds them, with boxes filled."""
        file, inside = self._find(number)
        with np.errstate(over="ignore"):  # values beyond float32 become infinite
            image = np.asarray(file.read(inside), np.float32)
        return fill(image, self._sources) if self._sources[0].size else image


def _corrected(
    read: Callable[[int], np.ndarray],
    inspected: Inspection,
    pixel_size: tuple[float, float],
    size: tuple[int, int],
    invert: bool,
) -> Callable[[int], np.ndarray]:
    """From an image's number to (row, col) float32 without faults, with square pixels."""

    def corrected(number: int) -> np.ndarray:
        if number in inspected.unusable:
            return np.zeros(size, np.float32)
        image = read(number)
        if number in inspected.replaced:
            image = inpainted(image, inspected.replaced[number])
        image = 2 * image.mean(dtype=np.float64).astype(np.float32) - image if invert else image
        return square_pixels(image[..., None], pixel_size)[..., 0]

    return corrected


def _paths(files: str | Path | Sequence[str | Path]) -> list[Path]:
    """Every file, with folders replaced by the images in them."""
    given = [Path(files)] if isinstance(files, str | Path) else [Path(file) for file in files]
    if not given:
        raise InputError("No image files were given. Name at least one.")
    paths: list[Path] = []
    for path in given:
        inside = images_in(path) if path.is_dir() else [path]
        if not inside:
            raise InputError(f"{path}: there are no images in this folder. Name the files.")
        paths += inside
    return paths


def _common_shape(opened: Sequence[ImageFile]) -> tuple[int, int]:
    """Rows and columns of all images."""
    shapes = {file.shape for file in opened}
    if len(shapes) > 1:
        sizes = ", ".join(sorted(f"{rows} x {cols}" for rows, cols in shapes))
        raise InputError(
            f"{opened[0].path.parent}: the images differ in size ({sizes}). Give images of one "
            "size, or predict them one by one."
        )
    rows, cols = shapes.pop()
    if min(rows, cols) < SMALLEST_SIDE:
        raise InputError(
            f"{opened[0].path}: the image has {rows} x {cols} pixels; at least "
            f"{SMALLEST_SIDE} x {SMALLEST_SIDE} are needed."
        )
    return rows, cols


def _pixel_size(
    opened: Sequence[ImageFile], sampling: float | Literal["auto"] | None, measurable: bool
) -> tuple[tuple[float, float], bool]:
    """Height and width of a pixel [Å], and whether they are known before a lattice is measured."""
    if sampling == "auto" and not measurable:
        raise InputError(
            f"{opened[0].path}: measuring the pixel size needs the distance between the lattice "
            "planes where the network's materials are not known. Set images.spacing (or --spacing) "
            "[Å]."
        )
    if isinstance(sampling, str) and sampling != "auto":
        raise InputError(f"The pixel size must be a number in Å or auto; got {sampling!r}.")
    if sampling == "auto" and not all(plausible(file.pixel_size) for file in opened):
        return (1.0, 1.0), False
    return given_pixel_size(opened, None if sampling == "auto" else sampling), True


def _chosen_frames(order: np.ndarray, frames: tuple[int, int] | None, path: Path) -> np.ndarray:
    """(frame, focus) numbers of the images in a range of frames."""
    if frames is None:
        return order
    first, end = frames
    if not 0 <= first < end:
        raise InputError(
            f"images.frames must be the first frame, counted from 0, and the one after the last; "
            f"got {list(frames)}."
        )
    if first >= len(order):
        raise InputError(
            f"{path}: images.frames starts at {first}, but there are only {len(order)} frames."
        )
    if end > len(order):
        LOGGER.warning(
            "%s: images.frames ends at %d, but there are only %d frames; those are used",
            path,
            end,
            len(order),
        )
    return order[first:end]


def _checked_boxes(mask: Sequence[Box], shape: tuple[int, int], path: Path) -> tuple[Box, ...]:
    """The boxes as integers; refused if they do not lie in the image."""
    boxes: list[Box] = []
    for given in mask:
        box = tuple(int(edge) for edge in given)
        if len(box) != 4 or not (
            0 <= box[0] < box[1] <= shape[0] and 0 <= box[2] < box[3] <= shape[1]
        ):
            raise InputError(
                f"{path}: images.mask {list(box)} does not fit the image of {shape[0]} x "
                f"{shape[1]} pixels; expected [first row, row after the last, first column, "
                "column after the last]."
            )
        boxes.append(box)
    if boxes and np.all(box_mask(shape, boxes)):
        raise InputError(f"{path}: images.mask covers the whole image. Leave a part of it.")
    return tuple(boxes)


def _square_size(shape: tuple[int, int], pixel_size: tuple[float, float]) -> tuple[int, int]:
    """Rows and columns of an image with square pixels of the smaller side."""
    small = min(pixel_size)
    rows, cols = (
        n if np.isclose(pixel, small, rtol=1e-6, atol=0) else resampled_size(n, pixel, small)
        for n, pixel in zip(shape, pixel_size, strict=True)
    )
    return rows, cols


def _file_notes(opened: Sequence[ImageFile]) -> list[str]:
    """Notes on the files themselves, each sentence once."""
    return list(dict.fromkeys(note for file in opened for note in file.notes))


def _unseen(
    masks: Mapping[int, bytes], order: np.ndarray, shape: tuple[int, int]
) -> UnseenRegions | None:
    """Regions without image by frame, from the masks of single images; None without any."""
    if not masks:
        return None
    packed = {
        frame: {focus: masks[number] for focus, number in enumerate(foci) if number in masks}
        for frame, foci in enumerate(order.tolist())
        if any(number in masks for number in foci)
    }
    return UnseenRegions(shape, packed)
