"""What a file's header says: the size of its pixels, and what its axes are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from temnet.errors import InputError
from temnet.units import is_length, to_angstrom

SAMPLING_RANGE = (0.005, 10.0)
"""Pixel sizes that an atomic-resolution image can have, generously [Å]."""

Axis = Mapping[str, Any]
"""An axis as RosettaSciIO describes it: name, units, scale, size."""

Meaning = Literal["time", "focus", ""]
"""What images follow each other in, as far as a header tells."""

TIMES = ("time", "t", "frame", "frames")
"""Names of an axis of time, in lower case."""

SECONDS = ("s", "ms", "us", "µs", "μs", "ns", "min", "h", "sec", "seconds")
"""Units of an axis of time."""

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
    default = _imagej_unit(metadata)
    found = []
    for axis in list(axes)[-2:]:
        unit, scale = axis.get("units") or default, axis.get("scale")
        text = str(unit).replace(" ", "")
        if text.startswith("1/") or text.endswith(("^-1", "-1", "⁻¹")) or text == "mrad":
            raise InputError(
                f"{path}: the axes are in {unit}: this is a diffraction pattern or a Fourier "
                "transform; give the image itself."
            )
        if not isinstance(unit, str) or not is_length(unit) or not scale:
            return _from_ome(metadata) or _from_resolution(metadata)
        found.append(to_angstrom(float(scale), unit))
    if len(found) < 2 or not min(found) > 0 or _without_cell(metadata):
        return None
    return found[0], found[1]


def _imagej_unit(metadata: Mapping[str, Any]) -> str | None:
    """The unit that ImageJ writes into a TIFF's description, which the reader leaves out."""
    description = metadata.get("ImageDescription")
    if not isinstance(description, str) or not description.startswith("ImageJ="):
        return None
    lines = dict(line.partition("=")[::2] for line in description.splitlines())
    return lines.get("unit", "").replace("\\u00C5", "Å").replace("\\u00c5", "Å") or None


def _from_ome(metadata: Mapping[str, Any]) -> tuple[float, float] | None:
    """Pixel size [Å] by the OME-XML in a TIFF's description (OME model, element Pixels)."""
    description = metadata.get("ImageDescription")
    if not isinstance(description, str) or "<OME" not in description:
        return None
    found = []
    for axis in "YX":
        size, named = (
            re.search(rf'\bPhysicalSize{axis}{end}="([^"]*)"', description) for end in ("", "Unit")
        )
        unit = named[1] if named else "µm"
        if size is None or not is_length(unit):
            return None
        found.append(to_angstrom(float(size[1]), unit))
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
    low, high = SAMPLING_RANGE
    return (height, width) if low <= min(height, width) <= max(height, width) <= high else None


def _without_cell(metadata: Mapping[str, Any]) -> bool:
    """Whether an MRC header has no size, for which the reader gives a pixel of 1 nm."""
    header = metadata.get("std_header")
    return isinstance(header, Mapping) and 0 in (header.get("MX"), header.get("MY"))


def axis_meaning(axis: Axis, metadata: Mapping[str, Any]) -> Meaning:
    """Whether an axis is time or focus, as far as its name and its unit tell.

    Velox' stacks have an axis of time whatever they are, which tells nothing.
    """
    name = str(axis.get("name") or "").strip().lower()
    if "focus" in name:
        return "focus"
    if "BinaryResult" in metadata:
        return ""
    timed = name in TIMES or str(axis.get("units") or "").strip() in SECONDS
    return "time" if timed else ""


def is_energy(axis: Axis) -> bool:
    """Whether an axis is that of a spectrum."""
    name, unit = str(axis.get("name") or "").lower(), str(axis.get("units") or "").strip()
    return name.startswith(("energy", "wavelength")) or unit in ("eV", "keV", "meV")
