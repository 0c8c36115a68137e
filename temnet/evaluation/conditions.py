"""Conditions of images as plain numbers, and bins of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from temnet.units import MICROMETRE, MILLIRADIAN

BINS = 5
"""Bins of a parameter, of equal numbers of images."""

IMAGES_PER_BIN = 8
"""Fewest images in a bin; there are fewer bins where there are few images."""


Drawn = Mapping[str, Any]
"""Drawn parameters of an image by name."""


@dataclass(frozen=True)
class Condition:
    """A drawn parameter, or a consequence of it, that scores may depend on.

    Attributes:
        name: Its name in tables.
        label: Label of an axis, with the unit.
        read: From the drawn parameters to a number; raises KeyError where it was not drawn.
    """

    name: str
    label: str
    read: Callable[[Drawn], float]


def _drawn(key: str, unit: float = 1.0) -> Callable[[Drawn], float]:
    return lambda parameters: float(parameters[key]) / unit


CONTRAST = "column_contrast"
"""Name of `column_contrast`, which is measured in the first focal image and not drawn."""

PERCENT = 0.01

CONDITIONS = (
    Condition("dose", "dose (e/Å²)", _drawn("dose")),
    Condition(
        "defocus",
        "defocus of the first image (Å)",
        lambda drawn: float(np.atleast_1d(drawn["defocus"])[0]),
    ),
    Condition("camera_sampling", "camera's pixel (Å)", _drawn("camera_sampling")),
    Condition("astigmatism", "two-fold astigmatism (Å)", _drawn("C12")),
    Condition("coma", "coma (Å)", _drawn("C21")),
    Condition("Cs_um", "spherical aberration (µm)", _drawn("C30", MICROMETRE)),
    Condition("beam_tilt_mrad", "beam tilt (mrad)", _drawn("beam_tilt", MILLIRADIAN)),
    Condition("tilt_deg", "tilt of the specimen (°)", _drawn("tilt_deg")),
    Condition("thickness", "thickness of the specimen (Å)", _drawn("thickness")),
    Condition("spacing", "shortest distance of columns (Å)", _drawn("spacing")),
    Condition("focal_spread", "focal spread (Å)", _drawn("focal_spread")),
    Condition("image_spread", "vibration of the image (Å)", _drawn("image_spread")),
    Condition("energy", "energy (eV)", _drawn("energy")),
    Condition(CONTRAST, "contrast of the columns (%)", _drawn(CONTRAST, PERCENT)),
)
"""Conditions that scores are plotted against, where images differ in them."""

MEAN_SCORE = Condition("mean_score", "mean score of the columns found", _drawn("mean_score"))
"""A condition that a network itself reports of an image."""

DEPENDED = (*CONDITIONS, MEAN_SCORE)
"""Everything that scores may depend on."""

LABELS = {
    **{condition.name: condition.label for condition in DEPENDED},
    "scherzer": "defocus over Scherzer defocus",
}
"""Labels of axes, also of the parameter that only ever has fixed values."""


@dataclass(frozen=True)
class ConditionRow:
    """A line of conditions.csv: the conditions of an image; empty where one was not drawn.

    Attributes:
        index: Number of the image in its split.
        specimen: Number of the specimen, which several images may share.
        dose: Electrons in the image [e/Å²].
        defocus: Defocus of the first focal image [Å].
        camera_sampling: The camera's pixel [Å].
        astigmatism: Two-fold astigmatism [Å].
        coma: Coma [Å].
        Cs_um: Spherical aberration [µm].
        beam_tilt_mrad: Beam tilt [mrad].
        tilt_deg: Tilt of the specimen [°].
        thickness: Thickness of a crystal along the beam [Å].
        spacing: Shortest distance between columns of a crystal [Å].
        focal_spread: Focal spread [Å].
        image_spread: Vibration of the image [Å].
        energy: Electron energy [eV].
        column_contrast: Contrast of the columns in the first focal image [%].
    """

    index: int
    specimen: int
    dose: float = np.nan
    defocus: float = np.nan
    camera_sampling: float = np.nan
    astigmatism: float = np.nan
    coma: float = np.nan
    Cs_um: float = np.nan
    beam_tilt_mrad: float = np.nan
    tilt_deg: float = np.nan
    thickness: float = np.nan
    spacing: float = np.nan
    focal_spread: float = np.nan
    image_spread: float = np.nan
    energy: float = np.nan
    column_contrast: float = np.nan


def conditions(parameters: Drawn) -> dict[str, float]:
    """Every condition of an image as a number, NaN where it was not drawn.

    >>> found = conditions({"dose": 200.0, "defocus": [-50.0, 0.0], "C30": 10000.0})
    >>> found["dose"], found["defocus"], found["Cs_um"], found["tilt_deg"]
    (200.0, -50.0, 1.0, nan)
    """
    found = {}
    for condition in CONDITIONS:
        try:
            found[condition.name] = condition.read(parameters)
        except KeyError:
            found[condition.name] = np.nan
    return found


def equal_bins(values: Sequence[float] | np.ndarray) -> list[np.ndarray]:
    """Images in bins of equal numbers by rising value; equal values stay together.

    Args:
        values: (N,) one for each image; NaN is left out.

    Returns:
        Indices of each bin's images; an empty list if all values are equal.

    >>> [bin.tolist() for bin in equal_bins([3.0, 1.0] * 8)]
    [[1, 3, 5, 7, 9, 11, 13, 15], [0, 2, 4, 6, 8, 10, 12, 14]]
    """
    values = np.asarray(values, np.float64)
    different, count = np.unique(values[np.isfinite(values)], return_counts=True)
    if len(different) < 2:
        return []
    bins = min(BINS, len(different), max(int(count.sum()) // IMAGES_PER_BIN, 1))
    # A value goes where the middle of its images lies among all.
    place = (np.cumsum(count) - count / 2) / count.sum() * bins
    which = np.minimum(place.astype(np.int64), bins - 1)
    parts = [np.isin(values, different[which == number]) for number in range(bins)]
    return [np.flatnonzero(part) for part in parts if part.any()]
