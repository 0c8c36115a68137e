"""Reading images as microscopes write them."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from itertools import accumulate, chain
from pathlib import Path
from typing import Literal

import numpy as np

from temnet.errors import InputError
from temnet.images.resample import resampled_size, square_pixels
from temnet.inference.arrangement import Axes, arranged
from temnet.inference.files import ImageFile, open_images
from temnet.inference.frames import LazyFrames
from temnet.inference.image_folders import common_name, images_in
from temnet.inference.masks import Box, box_mask, fill, mirror_sources
from temnet.inference.pixel_size import measured_pixels, plausible, told_pixels
from temnet.inference.pixels import (
    MOST_BROKEN,
    find_broken,
    painted_block,
    replaced,
    saturated_fraction,
)
from temnet.records import ImageSeries

LOGGER = logging.getLogger(__name__)

SMALLEST_SIDE = 16
"""Images with fewer rows or columns show no lattice."""

LEAST_CONTRAST = 5.0e-3
"""Standard deviation over mean of grey values below which something was added to them: that of
40,000 electrons in a pixel.  Near `temnet.images.normalize.RELATIVE_FLOOR` images are blank."""

MOST_NAMED = 20
"""Numbers of broken images that a warning names."""

IN_MEMORY = 2**27
"""Series of so many bytes are read into an array; larger ones stay in their files."""


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

    Every image is looked at once, one at a time, before anything is returned; after that large
    series stay in their files until frames are asked for (`temnet.inference.frames.LazyFrames`).
    Single pixels that are NaN, infinite, or far outside of all that the image holds get the
    median of their neighbours.

    Args:
        files: One file, or the files of a movie or of a focal series in their order; a folder
            stands for all images in it, sorted as people do.  A file may be a stack.
        sampling: Pixel size [Å]; from the header where it is not given; ``auto`` measures it on
            the lattice (`temnet.inference.calibration.measure_sampling`), near what the header
            says if it says something.
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
        lattice is in ``metadata["calibration"]``, and the files of each frame, if there are
        several, in ``metadata["frame_files"]``.

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
    unusable = _look_through(opened, order, boxes, shape)
    frame_files = [[_place(opened, int(n))[0].path for n in foci] for foci in order]

    sources = mirror_sources(shape, boxes)

    def read(number: int) -> np.ndarray:
        if number in unusable:
            return np.zeros((rows, cols), np.float32)
        image, _ = _repaired(_one(opened, number), sources)
        image = 2 * image.mean(dtype=np.float64).astype(np.float32) - image if invert else image
        return square_pixels(image[..., None], pixel_size)[..., 0]

    small = min(pixel_size)
    rows, cols = (
        n if np.isclose(pixel, small, rtol=1e-6, atol=0) else resampled_size(n, pixel, small)
        for n, pixel in zip(shape, pixel_size, strict=True)
    )
    images = LazyFrames(read, order, (rows, cols))
    few = np.prod(images.shape) * images.dtype.itemsize <= IN_MEMORY
    series = ImageSeries(
        images=np.asarray(images) if few else images,
        sampling=small,
        name=_name(paths),
        metadata={
            "files": [path.name for path in dict.fromkeys(chain.from_iterable(frame_files))],
            "frame_files": (
                [[path.name for path in foci] for foci in frame_files] if len(paths) > 1 else None
            ),
            "inverted": invert,
            "notes": list(arrangement.notes),
            "first_frame": 0 if frames is None else frames[0],
        },
        pixel_size=pixel_size,
        masked=boxes,
    )
    if spacing is None:
        return series
    return measured_pixels(series, spacing, small if told else None, sampling == "auto", IN_MEMORY)


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
    return paths[0].name if len(paths) == 1 else common_name(paths)


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


def _one(opened: Sequence[ImageFile], number: int) -> np.ndarray:
    """(row, col) values of an image as its file holds them."""
    file, number = _place(opened, number)
    return file.read(number)


def _repaired(
    image: np.ndarray, sources: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """An image in float32 with boxes filled and broken pixels replaced, and which those were."""
    with np.errstate(over="ignore"):  # what float32 cannot hold counts as infinite
        image = np.asarray(image, np.float32)
    if sources[0].size:
        image = fill(image, sources)
    broken = find_broken(image)
    if 0 < broken.size <= MOST_BROKEN * image.size:
        image = replaced(image, broken)
    return image, broken


def _look_through(
    opened: Sequence[ImageFile],
    order: np.ndarray,
    boxes: tuple[Box, ...],
    shape: tuple[int, int],
) -> frozenset[int]:
    """One look at every image: refuses what is unusable, warns of what is doubtful.

    Returns:
        Numbers of a movie's images that hold too many broken pixels.
    """
    path = opened[0].path
    unusable: dict[int, str] = {}
    movie = len(order) > 1 and order.shape[1] == 1
    sources = mirror_sources(shape, boxes)
    most_broken, most_saturated, with_broken, flat = 0, 0.0, 0, []
    least_contrast = math.inf
    for number in order.ravel():
        image, broken = _repaired(_one(opened, int(number)), sources)
        if broken.size > MOST_BROKEN * image.size or not np.all(np.isfinite(image)):
            unusable[int(number)] = _broken_text(image, broken, *_place(opened, int(number)))
            if movie and len(unusable) < order.size:
                continue
            reason = next(iter(unusable.values()))
            raise InputError(f"{reason}; mask them by images.mask, or cut them off.")
        if number == order[0, 0] and image.min() < image.max():
            _warn_of_paint(image, path)
        if image.min() == image.max():
            flat.append(int(number))
        else:
            spread, mean = image.std(dtype=np.float64), abs(image.mean(dtype=np.float64))
            least_contrast = min(least_contrast, spread / mean if mean else math.inf)
        most_broken, with_broken = max(most_broken, broken.size), with_broken + (broken.size > 0)
        most_saturated = max(most_saturated, saturated_fraction(image))
    if len(flat) + len(unusable) == order.size:
        raise InputError(f"{path}: all pixels have the same value; this image shows nothing.")
    if flat:
        blank = [f"{file.path.name}[{k}]" for file, k in (_place(opened, n) for n in flat[:5])]
        more = f" and {len(flat) - 5} more" if len(flat) > 5 else ""
        LOGGER.warning("%s: %s%s: blank, all pixels the same", path, ", ".join(blank), more)
    if least_contrast < LEAST_CONTRAST:
        LOGGER.warning(
            "%s: grey values scatter by only %.2g %% of their mean, so that columns may go unseen; "
            "if the camera adds a constant, subtract it",
            path,
            100 * least_contrast,
        )
    if most_broken:
        LOGGER.warning(
            "%s: broken pixels in %d of %d images, at most %d in one, were replaced by the median "
            "of their neighbours",
            path,
            with_broken,
            order.size,
            most_broken,
        )
    if most_saturated:
        LOGGER.warning(
            "%s: up to %.2g %% of the pixels of an image are saturated; columns there are "
            "unreliable",
            path,
            100 * most_saturated,
        )
    if unusable:
        reason, *others = unusable.values()
        more = f", as {len(others)} more: images {_listed(list(unusable)[1:])}" if others else ""
        LOGGER.warning("%s; this frame is taken as blank%s", reason, more)
    return frozenset(unusable)


def _listed(numbers: Sequence[int]) -> str:
    """The first of some numbers, as text.

    >>> _listed([3, 5])
    '3, 5'
    """
    shown = ", ".join(map(str, numbers[:MOST_NAMED]))
    return shown + (", and more" if len(numbers) > MOST_NAMED else "")


def _broken_text(image: np.ndarray, broken: np.ndarray, file: ImageFile, number: int) -> str:
    """Says how much of an image is broken, and how."""
    undefined = int(np.count_nonzero(~np.isfinite(image)))
    kind = "NaN or infinite" if undefined else "broken (far outside all that their neighbours hold)"
    fraction = max(broken.size, undefined) / image.size
    return (
        f"{file.path}: {fraction:.2%} of the pixels of image {number} are {kind}, too many or too "
        "close together to be replaced"
    )


def _warn_of_paint(image: np.ndarray, path: Path) -> None:
    """Warns of a block of one extreme value, which nobody has masked."""
    found = painted_block(image)
    if found is not None:
        box, value = found
        LOGGER.warning(
            "%s: all of rows %d to %d, columns %d to %d is exactly %g: a scale bar, a label or an "
            "empty border? If so, set images.mask: [[%d, %d, %d, %d]], with what belongs to it",
            path,
            box[0],
            box[1] - 1,
            box[2],
            box[3] - 1,
            value,
            *box,
        )
