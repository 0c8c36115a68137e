"""Columns as ImageJ's regions of interest: a ZIP file with a multi-point for each class."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from temnet.interoperability.found_columns import Add, FoundColumns
from temnet.interoperability.libraries import library
from temnet.reporting.figures.drawing import class_colour
from temnet.system.file_names import safe_name
from temnet.system.files import replacing

ENDING = ".rois.zip"


@contextmanager
def open_rois(path: Path, first_image: int = 0) -> Iterator[Add]:
    """Opens a file of regions that is in place at the end of the block.

    Each frame and class is a multi-point with subpixel coordinates, in the class's colour.  Integer
    coordinates of points are the centres of pixels in ImageJ since 1.52u, as they are here, so
    nothing is added to them; only the outlines of areas count from the corners of pixels.

    Args:
        path: The file.
        first_image: Number of the first frame in its stack, from 0.

    Yields:
        A function that takes the `FoundColumns` of a frame.
    """
    roifile = library("roifile", "roifile")
    found: list[object] = []

    def add(columns: FoundColumns) -> None:
        pixels = columns.pixels[:, ::-1].astype(np.float32)
        for number in np.unique(columns.frame).tolist():
            for index, name in enumerate(columns.classes):
                mine = (columns.frame == number) & (columns.class_index == index)
                if not np.any(mine):
                    continue
                region = roifile.ImagejRoi.frompoints(
                    pixels[mine], name=f"{number:04d}_{safe_name(name)}"
                )
                region.roitype = roifile.ROI_TYPE.POINT
                region.options = roifile.ROI_OPTIONS.SUB_PIXEL_RESOLUTION
                region.stroke_color = bytes.fromhex("ff" + class_colour(index).lstrip("#"))
                if columns.frames > 1:  # else it is shown on all images of the stack
                    region.position = 1 + (first_image + number) * columns.foci
                found.append(region)

    yield add
    with replacing(path) as temporary:
        roifile.roiwrite(temporary, found, mode="w")
