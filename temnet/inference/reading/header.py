"""File headers: the pixel size, and whether an axis is time or focus."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from temnet.errors import InputError
from temnet.inference.reading.formats.data_set import Axis, Tags, text_at
from temnet.units import is_length, kind_of, to_angstrom, unit_name

SAMPLING_RANGE = (0.005, 10.0)
"""Pixel sizes that an atomic-resolution image can have, with a wide margin [Å]."""

Meaning = Literal["time", "focus", ""]
"""What changes from image to image along an axis, empty if unknown."""

TIMES = ("time", "t", "frame", "frames")
"""Names of an axis of time."""

PRINTERS = ("inch", "inches")
"""Units in which programs write the size of a picture on paper."""

RESOLUTION_UNITS = {2: 2.54e8, 3: 1e8}
"""Length of a TIFF's unit of resolution, by its code: inch and centimetre [Å]."""


def header_pixel_size(
    axes: Sequence[Axis], tags: Tags, path: Path | str
) -> tuple[float, float] | None:
    """Height and width of a pixel [Å], None if the header does not give them.

    Args:
        axes: Axes of the file; the last two are rows and columns.
        tags: The file's own metadata.
        path: The file, for messages.

    Raises:
        InputError: If the axes are those of a diffraction pattern.
    """
    found = []
    for axis, unit in zip(axes[-2:], _units(axes, tags), strict=True):
        kind = kind_of(unit)
        if kind in ("reciprocal", "angle"):
            raise InputError(
                f"{path}: the axes are in {unit}: this is a diffraction pattern or a Fourier "
                "transform. temnet needs the image itself."
            )
        if kind != "length" or not axis.scale:
            return _from_ome(tags) or _from_resolution(tags)
        found.append(to_angstrom(abs(axis.scale), unit))
        if unit_name(unit).lower() in PRINTERS and not _plausible(found[-1]):
            return None
    if len(found) < 2 or not all(0 < size < math.inf for size in found):
        return None
    return found[0], found[1]


def refuse_diffraction(metadata: Tags, path: Path) -> None:
    """Refuses a data set that its program marks as a diffraction pattern, in any units.

    Args:
        metadata: The metadata in HyperSpy's terms, with the type of signal.
        path: The file, for messages.

    Raises:
        InputError: If the type of signal is diffraction.
    """
    kind = text_at(metadata, "Signal", "signal_type")
    if "diffraction" in kind.lower():
        raise InputError(
            f"{path}: the file marks its data as {kind}: this is a diffraction pattern. temnet "
            "needs the image itself."
        )


def unknown_unit(axes: Sequence[Axis], tags: Tags) -> str | None:
    """The unit of the pixel size in a header, if it is not a known unit of length.

    Args:
        axes: Axes of the file; the last two are rows and columns.
        tags: The file's own metadata.
    """
    units = [*_units(axes, tags), *(_ome(tags, axis, "Unit") or "" for axis in "YX")]
    return next((unit for unit in units if kind_of(unit) not in ("length", "pixel")), None)


def _units(axes: Sequence[Axis], tags: Tags) -> list[str]:
    """Units of rows and columns as they are written, empty if they are missing."""
    return [
        axis.unit if kind_of(axis.unit) != "pixel" else other
        for axis, other in zip(axes[-2:], _imagej_units(tags), strict=False)
    ]


def _imagej_units(tags: Tags) -> tuple[str, str]:
    """Units of rows and columns in ImageJ's description of a TIFF.

    RosettaSciIO's reader leaves them out.
    """
    description = text_at(tags, "ImageDescription")
    if not description.startswith("ImageJ="):
        return "", ""
    lines = dict(line.partition("=")[::2] for line in description.splitlines())
    unit = lines.get("unit", "").strip()
    return lines.get("yunit", unit).strip() or unit, unit


def _ome(tags: Tags, axis: str, end: str = "") -> str | None:
    """The size of a pixel, or its unit, in the OME-XML of a TIFF's description (element Pixels)."""
    description = text_at(tags, "ImageDescription")
    found = re.search(rf'\bPhysicalSize{axis}{end}="([^"]*)"', description)
    return html.unescape(found[1]) if found and "<OME" in description else None


def _from_ome(tags: Tags) -> tuple[float, float] | None:
    """Pixel size [Å] by OME-XML."""
    found = []
    for axis in "YX":
        size, unit = _ome(tags, axis), _ome(tags, axis, "Unit") or "µm"
        if size is None or not is_length(unit):
            return None
        found.append(to_angstrom(float(size), unit))
    return (found[0], found[1]) if min(found) > 0 else None


def _from_resolution(tags: Tags) -> tuple[float, float] | None:
    """Pixel size [Å] by a TIFF's resolution per inch or centimetre.

    Most programs write there how large a picture is on paper; sizes that a microscope's pixel
    cannot have are ignored.
    """
    code = tags.get("ResolutionUnit")
    unit = RESOLUTION_UNITS.get(int(code)) if isinstance(code, int) else None
    if unit is None:
        return None
    height, width = (_per_resolution(tags.get(f"{axis}Resolution"), unit) for axis in "YX")
    return (height, width) if _plausible(height) and _plausible(width) else None


def _per_resolution(resolution: object, unit: float) -> float:
    """Size of a pixel [Å] by a TIFF's fraction of pixels per unit [Å], 0 if it is not positive."""
    if not isinstance(resolution, tuple) or len(resolution) != 2 or not resolution[0] > 0:
        return 0.0
    numerator, denominator = resolution
    return unit * denominator / numerator


def _plausible(size: float) -> bool:
    """Whether a pixel of this size [Å] can be that of an atomic-resolution image."""
    low, high = SAMPLING_RANGE
    return low <= size <= high


def axis_meaning(axis: Axis, tags: Tags) -> Meaning:
    """Whether an axis is time or focus, by its name and its unit.

    Velox gives every stack an axis of time, which is ignored.
    """
    if "focus" in axis.name:
        return "focus"
    if "BinaryResult" in tags:
        return ""
    return "time" if axis.name in TIMES or kind_of(axis.unit) == "time" else ""
