"""Reading images as microscopes write them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from pathlib import Path
from typing import Literal

import numpy as np

from temnet.config.names import printable
from temnet.errors import InputError
from temnet.images.resample import resampled_size, square_pixels
from temnet.images.unseen import UnseenRegions
from temnet.inference.bad_pixels.inpainting import mended
from temnet.inference.bad_pixels.inspection import inspect
from temnet.inference.masks import Box, box_mask, fill, mirror_sources
from temnet.inference.reading.frames_and_foci import Axes, arranged
from temnet.inference.reading.image_file import ImageFile, open_images
from temnet.inference.reading.image_folders import common_name, images_in
from temnet.inference.reading.lazy_frames import LazyFrames
from temnet.inference.reading.pixel_size import measured_pixels, plausible, told_pixels
from temnet.records import ImageSeries

LOGGER = logging.getLogger(__name__)

SMALLEST_SIDE = 16
"""Images with fewer rows or columns show no lattice."""

IN_MEMORY = 2**25
"""Series of so many bytes are read into an array; larger ones stay in their files.  A single frame
is read, however large."""

AT_ONCE = 2**27
"""Most bytes of frames from which the pixel size is measured together."""


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

    Every image is read once, one at a time, before anything is returned; after that large series
    stay in their files until frames are asked for (`LazyFrames`).  Regions of one value or of no
    number are filled with the mirror image of what is beside them and are no part of the image
    (`temnet.inference.bad_pixels`); so are broken pixels, rows and columns, of which single ones
    get the median of their neighbours.

    Args:
        files: One file, or the files of a movie or of a focal series in their order; a folder
            stands for all images in it, sorted as people do.  A file may be a stack.
        sampling: Pixel size [Å]; from the header where it is not given; ``auto`` measures it on
            the lattice (`measure_sampling`), near what the header says if it says something.
        axes: What the images follow each other in: ``frames`` of a movie, ``focus`` for the
            images of one or more focal series; ``auto`` takes what the header says, else focal
            series where the network wants more than one image and their number is a multiple of
            that, else frames.
        frames: First frame and the one after the last; all by default.  In all that follows
            frames are counted from the first of these.
        focus_count: Images in the network's focal series.
        mask: Boxes that hold no image: first row, row after the last, first column, column after
            the last, in the files' pixels.  They are filled with the mirror image of what is
            beside them, and no columns are found there.
        spacing: Distance between lattice planes that the images show [Å]; where ``sampling`` is
            not ``auto``, the pixel size is checked by it.
        invert: Exchange bright and dark about the mean of each image, for dark columns and a
            network that was taught on bright ones.

    Returns:
        The images, (frame, row, col, focus) float32 in the files' grey values, with the name of
        the file, or of the folder where there are several.  Pixels that are not square are
        resampled along one axis to the smaller of height and width.  What was measured on a
        lattice is in ``metadata["calibration"]``, the files of each frame, if there are several,
        in ``metadata["frame_files"]``, and sentences on what was changed or doubted in
        ``metadata["notes"]``.

    Raises:
        InputError: A file is missing, is no image, holds too many values that are no numbers, or
            its pixel size is unknown or cannot be measured; or there are no such frames.  A movie's
            frames with too many such values are blank, all zero, and named in the log.
    """
    paths = _paths(files)
    opened = [open_images(path) for path in paths]
    shape = _common_shape(opened)
    if sampling == "auto" and spacing is None:
        raise InputError(
            f"{paths[0]}: to measure the pixel size, the distance between the lattice planes has "
            "to be known; set images.spacing (or --spacing) [Å]."
        )
    if isinstance(sampling, str) and sampling != "auto":
        raise InputError(f"The pixel size is a number in Å or auto; got {sampling!r}.")
    told = sampling != "auto" or all(plausible(file.pixel_size) for file in opened)
    pixel_size = told_pixels(opened, None if sampling == "auto" else sampling) if told else (1, 1)
    arrangement = arranged(opened, axes, focus_count)
    order = arrangement.order
    if frames is not None:
        if not 0 <= frames[0] < frames[1]:
            raise InputError(
                f"Frames are chosen by the first, from 0 on, and the one after the last; got "
                f"{list(frames)}."
            )
        if frames[0] >= len(order):
            raise InputError(
                f"{paths[0]}: images.frames begins at {frames[0]}, but there are only "
                f"{len(order)} frames."
            )
        if frames[1] > len(order):
            LOGGER.warning(
                "%s: images.frames ends at %d, but there are only %d frames; those are taken",
                paths[0],
                frames[1],
                len(order),
            )
        order = order[frames[0] : frames[1]]
    boxes = _checked_boxes(mask, shape, paths[0])
    frame_files = [[_place(opened, int(n))[0].path for n in foci] for foci in order]
    sources = mirror_sources(shape, boxes)

    def place(number: int) -> tuple[Path, int]:
        file, inside = _place(opened, number)
        return file.path, inside

    inspected = inspect(lambda number: _one(opened, number, sources), place, order)

    def read(number: int) -> np.ndarray:
        if number in inspected.unusable:
            return np.zeros((rows, cols), np.float32)
        image = _one(opened, number, sources)
        if number in inspected.replaced:
            image = mended(image, inspected.replaced[number])
        image = 2 * image.mean(dtype=np.float64).astype(np.float32) - image if invert else image
        return square_pixels(image[..., None], pixel_size)[..., 0]

    small = min(pixel_size)
    rows, cols = (
        n if np.isclose(pixel, small, rtol=1e-6, atol=0) else resampled_size(n, pixel, small)
        for n, pixel in zip(shape, pixel_size, strict=True)
    )
    images = LazyFrames(read, order, (rows, cols))
    few = len(images) == 1 or np.prod(images.shape) * images.dtype.itemsize <= IN_MEMORY
    series = ImageSeries(
        images=np.asarray(images) if few else images,
        sampling=small,
        name=_name(paths),
        metadata={
            "files": [printable(p.name) for p in dict.fromkeys(chain.from_iterable(frame_files))],
            "frame_files": (
                [[printable(path.name) for path in foci] for foci in frame_files]
                if len(paths) > 1
                else None
            ),
            "inverted": invert,
            "notes": [*_file_notes(opened), *arrangement.notes, *inspected.notes],
            "first_frame": 0 if frames is None else frames[0],
        },
        pixel_size=pixel_size,
        masked=boxes,
        unseen=_unseen(inspected.unseen, order, shape),
    )
    if spacing is None:
        return series
    return measured_pixels(series, spacing, small if told else None, sampling == "auto", AT_ONCE)


def _paths(files: str | Path | Sequence[str | Path]) -> list[Path]:
    """Every file, with folders replaced by the images in them."""
    given = [Path(files)] if isinstance(files, str | Path) else [Path(file) for file in files]
    if not given:
        raise InputError("No image files were given; name at least one.")
    paths: list[Path] = []
    for path in given:
        inside = images_in(path) if path.is_dir() else [path]
        if not inside:
            raise InputError(f"{path}: there are no images in this folder; name the files.")
        paths += inside
    return paths


def _name(paths: Sequence[Path]) -> str:
    """The name of a file; of several that of their folder, where they share one."""
    return printable(paths[0].name if len(paths) == 1 else common_name(paths))


def _common_shape(opened: Sequence[ImageFile]) -> tuple[int, int]:
    shapes = {file.shape for file in opened}
    if len(shapes) > 1:
        sizes = ", ".join(sorted(f"{rows} x {cols}" for rows, cols in shapes))
        raise InputError(
            f"{opened[0].path.parent}: the images differ in size ({sizes}); give images of one "
            "size, or predict them one by one."
        )
    rows, cols = shapes.pop()
    if min(rows, cols) < SMALLEST_SIDE:
        raise InputError(
            f"{opened[0].path}: the image has {rows} x {cols} pixels; at least "
            f"{SMALLEST_SIDE} x {SMALLEST_SIDE} are needed."
        )
    return rows, cols


def _checked_boxes(mask: Sequence[Box], shape: tuple[int, int], path: Path) -> tuple[Box, ...]:
    """The boxes as integers; refused where they do not lie in the image."""
    boxes: list[Box] = []
    for given in mask:
        box = tuple(int(edge) for edge in given)
        if len(box) != 4 or not (
            0 <= box[0] < box[1] <= shape[0] and 0 <= box[2] < box[3] <= shape[1]
        ):
            raise InputError(
                f"{path}: images.mask {list(box)} is no part of the image of {shape[0]} x "
                f"{shape[1]} pixels; expected [first row, row after the last, first column, "
                "column after the last]."
            )
        boxes.append(box)
    if boxes and np.all(box_mask(shape, boxes)):
        raise InputError(f"{path}: images.mask covers the whole image; leave some of it.")
    return tuple(boxes)


def _place(opened: Sequence[ImageFile], number: int) -> tuple[ImageFile, int]:
    """The file of an image, and its number there, by its number through all files."""
    ends = list(accumulate(len(file) for file in opened))
    which = int(np.searchsorted(ends, number, side="right"))
    return opened[which], number - (ends[which] - len(opened[which]))


def _file_notes(opened: Sequence[ImageFile]) -> list[str]:
    """What there is to say of the files themselves, each sentence once."""
    return list(dict.fromkeys(note for file in opened for note in file.notes))


def _unseen(
    masks: Mapping[int, bytes], order: np.ndarray, shape: tuple[int, int]
) -> UnseenRegions | None:
    """By frame, what the masks of its images hide; None where there are none."""
    if not masks:
        return None
    packed = {
        frame: {focus: masks[number] for focus, number in enumerate(foci) if number in masks}
        for frame, foci in enumerate(order.tolist())
        if any(number in masks for number in foci)
    }
    return UnseenRegions(shape, packed)


def _one(
    opened: Sequence[ImageFile], number: int, sources: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """(row, col) float32 values of an image as its file holds them, with boxes filled."""
    file, inside = _place(opened, number)
    with np.errstate(over="ignore"):  # what float32 cannot hold counts as infinite
        image = np.asarray(file.read(inside), np.float32)
    return fill(image, sources) if sources[0].size else image
