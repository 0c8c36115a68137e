"""What a file's header says: the size of its pixels, and what its axes are."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from temnet.errors import InputError
from temnet.units import is_length, kind_of, to_angstrom, unit_name

SAMPLING_RANGE = (0.005, 10.0)
"""Pixel sizes that an atomic-resolution image can have, generously [Å]."""

Axis = Mapping[str, Any]
"""An axis as RosettaSciIO describes it: name, units, scale, size."""

Meaning = Literal["time", "focus", ""]
"""What images follow each other in, as far as a header tells."""

TIMES = ("time", "t", "frame", "frames")
"""Names of an axis of time, in lower case."""

PRINTERS = ("inch", "inches")
"""Units in which programs write how large a picture shall be printed."""

RESOLUTION_UNITS = {2: 2.54e8, 3: 1e8}
"""Length of a TIFF's unit of resolution, by its code: inch and centimetre [Å]."""


def pixel_size(
    axes: Sequence[Axis], metadata: Mapping[str, Any], path: object
) -> tuple[float, float] | None:
    """Height and width of a pixel [Å], None where the header does not tell.

    Args:
        axes: Those of the file; the last two are rows and columns.
        metadata: What RosettaSciIO calls the original metadata.
        path: The file, for messages.

    Raises:
        InputError: The axes are those of a diffraction pattern.
    """
    found = []
    for axis, unit in zip(list(axes)[-2:], _units(axes, metadata), strict=True):
        kind, scale = kind_of(unit), axis.get("scale")
        if kind in ("reciprocal", "angle"):
            raise InputError(
                f"{path}: the axes are in {unit}: this is a diffraction pattern or a Fourier "
                "transform; give the image itself."
            )
        if kind != "length" or not scale:
            return _from_ome(metadata) or _from_resolution(metadata)
        found.append(to_angstrom(abs(float(scale)), unit))
        if unit_name(unit).lower() in PRINTERS and not _plausible(found[-1]):
            return None
    if len(found) < 2 or not all(0 < size < math.inf for size in found):
        return None
    return found[0], found[1]


def refuse_diffraction(metadata: Mapping[str, Any], path: object) -> None:
    """Refuses what its program calls a diffraction pattern, whatever its axes are in.

    Args:
        metadata: What RosettaSciIO calls the metadata, which has a type of signal.
        path: The file, for messages.

    Raises:
        InputError: It is one.
    """
    kind = str(metadata.get("Signal", {}).get("signal_type", ""))
    if "diffraction" in kind.lower():
        raise InputError(
            f"{path}: the file calls its data {kind}: this is a diffraction pattern; give the "
            "image itself."
        )


def unknown_unit(axes: Sequence[Axis], metadata: Mapping[str, Any]) -> str | None:
    """The unit in which a header gives the pixel size, where it is no length that is known here.

    Args:
        axes: Those of the file; the last two are rows and columns.
        metadata: What RosettaSciIO calls the original metadata.
    """
    units = [*_units(axes, metadata), *(_ome(metadata, axis, "Unit") or "" for axis in "YX")]
    return next((unit for unit in units if kind_of(unit) not in ("length", "pixel")), None)


def _units(axes: Sequence[Axis], metadata: Mapping[str, Any]) -> list[str]:
    """Units of rows and columns as they are written, empty where there are none."""
    found = []
    for axis, other in zip(list(axes)[-2:], _imagej_units(metadata), strict=False):
        unit = axis.get("units")
        unit = unit.decode("utf-8", "replace") if isinstance(unit, bytes) else unit
        known = isinstance(unit, str) and kind_of(unit) != "pixel"
        found.append(str(unit) if known else other)
    return found


def _imagej_units(metadata: Mapping[str, Any]) -> tuple[str, str]:
    """Units of rows and columns that ImageJ writes into a TIFF's description.

    RosettaSciIO's reader leaves them out.
    """
    description = metadata.get("ImageDescription")
    if not isinstance(description, str) or not description.startswith("ImageJ="):
        return "", ""
    lines = dict(line.partition("=")[::2] for line in description.splitlines())
    unit = lines.get("unit", "").strip()
    return lines.get("yunit", unit).strip() or unit, unit


def _ome(metadata: Mapping[str, Any], axis: str, end: str = "") -> str | None:
    """The size of a pixel, or its unit, in the OME-XML of a TIFF's description (element Pixels)."""
    description = metadata.get("ImageDescription")
    if not isinstance(description, str) or "<OME" not in description:
        return None
    found = re.search(rf'\bPhysicalSize{axis}{end}="([^"]*)"', description)
    return html.unescape(found[1]) if found else None


def _from_ome(metadata: Mapping[str, Any]) -> tuple[float, float] | None:
    """Pixel size [Å] by OME-XML."""
    found = []
    for axis in "YX":
        size, unit = _ome(metadata, axis), _ome(metadata, axis, "Unit") or "µm"
        if size is None or not is_length(unit):
            return None
        found.append(to_angstrom(float(size), unit))
    return (found[0], found[1]) if min(found) > 0 else None


def _from_resolution(metadata: Mapping[str, Any]) -> tuple[float, float] | None:
    """Pixel size [Å] by a TIFF's resolution per inch or centimetre.

    Most programs write there how large the picture shall be printed; what cannot be the pixel of
    a microscope is passed over.
    """
    unit = RESOLUTION_UNITS.get(int(metadata.get("ResolutionUnit") or 0))
    tags = metadata.get("YResolution"), metadata.get("XResolution")
    if unit is None or None in tags or not all(numerator > 0 for numerator, _ in tags):
        return None
    height, width = (unit * denominator / numerator for numerator, denominator in tags)
    return (height, width) if _plausible(height) and _plausible(width) else None


def _plausible(size: float) -> bool:
    """Whether a pixel of this size [Å] may be that of an atomic-resolution image."""
    low, high = SAMPLING_RANGE
    return low <= size <= high


def axis_meaning(axis: Axis, metadata: Mapping[str, Any]) -> Meaning:
    """Whether an axis is time or focus, as far as its name and its unit tell.

    Velox' stacks have an axis of time whatever they are, which tells nothing.
    """
    name = str(axis.get("name") or "").strip().lower()
    if "focus" in name:
        return "focus"
    if "BinaryResult" in metadata:
        return ""
    timed = name in TIMES or kind_of(str(axis.get("units") or "")) == "time"
    return "time" if timed else ""


def is_energy(axis: Axis) -> bool:
    """Whether an axis is that of a spectrum."""
    name, unit = str(axis.get("name") or "").lower(), str(axis.get("units") or "").strip()
    return name.startswith(("energy", "wavelength")) or unit in ("eV", "keV", "meV")
