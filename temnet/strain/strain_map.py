"""The strain at each column of images, with its error: ``temnet.strain_map``."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from temnet.errors import InputError
from temnet.records import Peaks
from temnet.strain.deformation import QUANTITIES, deformation
from temnet.strain.error_propagation import ErrorPropagation, Slopes, slopes
from temnet.strain.lattice import Lattice
from temnet.strain.local_lattice import NEIGHBOURS, LocalLattices, local_lattices
from temnet.strain.neighbourhood import template
from temnet.strain.reference import (
    Fit,
    Reference,
    core,
    mean_lattice,
    oriented,
    reference_of,
    scaled_to_spacing,
)
from temnet.strain.results import GrainLattice, LayerMean, StrainMap
from temnet.strain.surface import BURIED, depth, layers, surface

LOGGER = logging.getLogger(__name__)

ReferenceName = Literal["core", "region", "spacing", "lattice"]
"""What strain is measured against."""

Box = tuple[float, float, float, float]
"""Lowest and highest row, lowest and highest column [Å]."""


@dataclass(frozen=True)
class StrainSettings:
    """How strain is measured.

    Attributes:
        neighbours: Fewest neighbours of a fit.
        reference: What strain is measured against.
        region: Of the reference `region` [Å].
        spacing: Of the reference `spacing`, distance of lattice planes [Å].
        lattice: (2, 2) float64, of the reference `lattice`: its vectors as columns [Å].
    """

    neighbours: int = NEIGHBOURS
    reference: ReferenceName = "core"
    region: Box | None = None
    spacing: float | None = None
    lattice: np.ndarray | None = None


def strain_map(
    peaks: Peaks,
    *,
    neighbours: int = NEIGHBOURS,
    reference: ReferenceName = "core",
    region: Box | None = None,
    spacing: float | None = None,
    lattice: Sequence[Sequence[float]] | np.ndarray | None = None,
    position_error: float | np.ndarray | None = None,
    field: tuple[float, float] | None = None,
) -> StrainMap:
    """The strain tensor at each column, from the positions of its neighbours.

    Each frame is measured by itself.  Grains and twins are found and measured apart, each against
    its own reference.

    Args:
        peaks: The columns, such as those of `temnet.find_columns`.
        neighbours: Fewest neighbours of a fit; shells of equal distance are completed.  More make
            errors smaller and the map smoother.
        reference: What strain is measured against, in each grain: its ``core``, the deeper half
            of the columns that have all neighbours; the columns in a ``region``; the core's
            lattice scaled to a known ``spacing`` of planes; or a known ``lattice``.
        region: Lowest and highest row, lowest and highest column of the reference `region` [Å].
        spacing: Distance of lattice planes for the reference `spacing` [Å].
        lattice: Two vectors ((x, y), (x, y)) [Å] for the reference `lattice`, in any orientation.
        position_error: Standard error of the positions along an axis [Å], one or (N,), where it
            is known beforehand.  It is scaled by the residuals of each grain, to which it counts
            as four more.
        field: Height and width of the images [Å].  Columns at its edges are then not at the
            surface of the crystal.

    Raises:
        InputError: If a setting is invalid, or the lattice of no grain fits the reference.  Where
            some grains fit, the columns of the others have no strain.

    >>> rows, cols = np.mgrid[:12, :12] * 2.0
    >>> rows, cols = rows.ravel(), cols.ravel()
    >>> cols = np.where(cols < 20, cols, cols + 0.1)  # the last columns of a row lie further out
    >>> zeros = np.zeros(len(rows), np.int64)
    >>> points = np.stack([rows, cols], axis=1)
    >>> peaks = Peaks(zeros, points, zeros, zeros + 1.0, np.ones((len(rows), 1)), zeros + np.nan)
    >>> strain = strain_map(peaks, neighbours=8, reference="region", region=(0, 22, 0, 12))
    >>> [float(strain.value("e_xx")[5 * 12 + col].round(3)) + 0.0 for col in (4, 9, 10)]
    [0.0, 0.025, 0.025]
    """
    settings = StrainSettings(
        neighbours=neighbours,
        reference=reference,
        region=region,
        spacing=spacing,
        lattice=None if lattice is None else np.asarray(lattice, float).T,
    )
    check_settings(settings)
    check_errors(position_error, len(peaks))
    errors = None if position_error is None else np.broadcast_to(position_error, len(peaks))
    parts, problems = [], []
    for frame in np.unique(peaks.frame):
        own = np.flatnonzero(peaks.frame == frame)
        known = None if errors is None else np.asarray(errors, float)[own]
        part, unfit = _in_frame(peaks.select(own), int(frame), settings, known, field)
        parts.append((own, part))
        problems += unfit
    joined = _joined(peaks, parts)
    if problems and not any(each.reference for each in joined.lattices):
        raise problems[0]
    if problems:
        LOGGER.warning(
            "%d of %d grains have another lattice than the reference; their columns have no strain",
            len(problems),
            len(joined.lattices),
        )
    return joined


def check_settings(settings: StrainSettings) -> None:
    """Checks that a reference has what it needs.

    Raises:
        InputError: If something is missing or not a length.
    """
    if settings.neighbours < 3:
        raise InputError(f"strain.neighbours must be 3 at least; got {settings.neighbours}.")
    if settings.reference not in ("core", "region", "spacing", "lattice"):
        raise InputError(
            f"strain.reference is {settings.reference!r}; expected core, region, spacing or "
            "lattice."
        )
    if settings.reference != "core" and getattr(settings, settings.reference) is None:
        raise InputError(
            f"strain.reference is {settings.reference}, which needs strain.{settings.reference}."
        )
    if settings.spacing is not None and not (0 < settings.spacing < np.inf):
        raise InputError(f"strain.spacing must be a length above 0 Å; got {settings.spacing}.")
    if settings.region is not None:
        top, bottom, left, right = settings.region
        if not (top < bottom and left < right):
            raise InputError(
                "A region is its lowest and highest row, lowest and highest column; got "
                f"{tuple(settings.region)} Å."
            )
    given = settings.lattice
    if given is not None and (given.shape != (2, 2) or not abs(np.linalg.det(given)) > 0):
        raise InputError("A reference lattice needs two vectors (x, y) that are not parallel.")


def check_errors(position_error: float | np.ndarray | None, count: int) -> None:
    """Checks position errors that are given for columns.

    Raises:
        InputError: If they are not one number or one for each column, or one is negative.
    """
    given = np.asarray(np.nan if position_error is None else position_error, float)
    if given.shape not in ((), (count,)) or np.any(given < 0):
        raise InputError(
            f"Position errors of the shape {given.shape}, of which the smallest is "
            f"{np.nanmin(given, initial=np.inf):g} Å; expected one of 0 or more, or one for each "
            f"of {count} columns."
        )


def _in_frame(
    peaks: Peaks,
    frame: int,
    settings: StrainSettings,
    position_error: np.ndarray | None,
    field: tuple[float, float] | None,
) -> tuple[StrainMap, list[InputError]]:
    """The strain in one frame, and for each grain that the reference does not fit the reason."""
    points = peaks.positions[:, ::-1] * [1.0, -1.0]
    found = local_lattices(points, settings.neighbours, position_error)
    layer, below = _depths(points, found, field)
    propagation = ErrorPropagation(found.weights, found.errors)
    values = np.full((len(points), len(QUANTITIES)), np.nan)
    errors = values.copy()
    lattices, parts = [], []
    cores = list(_cores(found, below))
    fits, problems = _fits([each.mean for each in cores], settings)
    for each, fit in zip(cores, fits, strict=True):
        own = each.own
        known = None if fit is None else _reference(each, fit, peaks, found, settings)
        common = np.full(len(QUANTITIES), np.nan)
        if known is not None:
            vectors = found.fits.vectors[own]
            of = slopes(vectors, known)
            values[own] = deformation(vectors @ np.linalg.inv(known.vectors), known.vectors)
            errors[own] = propagation.errors(own, of, known.measured_on)
            common = propagation.common_errors(of, known.measured_on)
            parts.append((own, of, known.measured_on))
        lattice = Lattice(each.mean, found.grains[each.grain].lattice.sites)
        count = int(own.sum()) if known is not None else 0
        lattices.append(GrainLattice(frame, each.grain, count, lattice, known, common))
    strain = StrainMap(
        columns=peaks,
        state=found.state,
        grain=found.grain,
        neighbours=found.fits.used,
        residual=found.fits.residual,
        layer=layer,
        depth=below,
        values=values,
        errors=errors,
        lattices=tuple(lattices),
        layer_means=tuple(_layer_means(frame, layer, below, values, propagation, parts)),
    )
    return strain, problems


@dataclass(frozen=True)
class _Core:
    """The core of a grain.

    Attributes:
        grain: Number of the grain.
        own: (N,) bool, the columns of the grain with a lattice around them.
        inner: (N,) bool, those of its core.
        mean: (2, 2) mean lattice of the core [Å].
    """

    grain: int
    own: np.ndarray
    inner: np.ndarray
    mean: np.ndarray


def _cores(found: LocalLattices, below: np.ndarray) -> Iterator[_Core]:
    """The cores of the grains that are large enough for one."""
    for number in range(len(found.grains)):
        own = found.fitted & (found.grain == number)
        inner = core(own, own & found.complete, below)
        mean = mean_lattice(found.fits.vectors[inner])
        if mean is not None:
            yield _Core(number, own, inner, mean)


def _fits(
    means: Sequence[np.ndarray], settings: StrainSettings
) -> tuple[list[Fit | None], list[InputError]]:
    """How the reference fits each grain, and why it does not fit others.

    A support beside a particle, or another crystal, may fit a multiple of the known cell by
    chance: of grains of several ranks only those of the lowest one are meant.

    Args:
        means: (2, 2) mean lattice of each grain's core [Å].
        settings: What strain is measured against.
    """
    fits: list[Fit | None] = []
    problems = []
    for mean in means:
        try:
            fits.append(_fit(mean, settings))
        except InputError as error:
            fits.append(None)
            problems.append(error)
    lowest = min((fit.rank for fit in fits if fit is not None), default=0)
    for number, fit in enumerate(fits):
        if fit is not None and fit.rank > lowest:
            fits[number] = None
            problems.append(InputError("A grain fits a multiple of the reference alone."))
    return fits, problems


def _fit(mean: np.ndarray, settings: StrainSettings) -> Fit:
    """How the reference fits the mean lattice (2, 2) of a grain's core [Å].

    Raises:
        InputError: If it does not.
    """
    if settings.reference == "spacing" and settings.spacing is not None:
        return scaled_to_spacing(mean, settings.spacing)
    if settings.reference == "lattice" and settings.lattice is not None:
        return oriented(mean, settings.lattice)
    return Fit(_itself, 0)


def _layer_means(
    frame: int,
    layer: np.ndarray,
    below: np.ndarray,
    values: np.ndarray,
    propagation: ErrorPropagation,
    parts: list[tuple[np.ndarray, Slopes, np.ndarray]],
) -> Iterator[LayerMean]:
    """Means of the values in each layer of one frame."""
    with_values = np.isfinite(values[:, 0])
    for each in np.unique(layer[with_values & (layer > 0)]):
        own = with_values & (layer == each)
        chosen = [
            (rows & own, of.select(own[rows]), measured_on)
            for rows, of, measured_on in parts
            if (rows & own).any()
        ]
        several = own.sum() > 1
        yield LayerMean(
            frame,
            int(each),
            int(own.sum()),
            float(below[own].mean()),
            values[own].mean(axis=0),
            propagation.mean_errors(chosen),
            values[own].std(axis=0, ddof=1) if several else np.full(len(QUANTITIES), np.nan),
        )


def _depths(
    points: np.ndarray, found: LocalLattices, field: tuple[float, float] | None
) -> tuple[np.ndarray, np.ndarray]:
    """(N,) layers and (N,) distances from the surface [Å] of the columns in one frame."""
    layer = np.full(len(points), BURIED, np.int64)
    below = np.full(len(points), np.nan)
    members = found.grain >= 0
    if not members.any():
        return layer, below
    lattices = [grain.lattice for grain in found.grains]
    grain, own = found.grain[members], points[members]
    nearest = np.array([each.nearest for each in lattices])[grain]
    reach = np.array([template(each, 1).reach.max() for each in lattices])[grain]
    box = None if field is None else (0.0, field[1], -field[0], 0.0)
    at_surface = surface(own, nearest, box)
    layer[members] = layers(own, reach, at_surface)
    below[members] = depth(own, at_surface)
    return layer, below


def _reference(
    grain: _Core, fit: Fit, peaks: Peaks, found: LocalLattices, settings: StrainSettings
) -> Reference | None:
    """The reference of one grain; None if it has too few columns in the region.

    Args:
        grain: The grain's core.
        fit: How the reference fits it.
        peaks: The columns.
        found: Their lattices.
        settings: What strain is measured against.
    """
    if settings.reference == "region" and settings.region is not None:
        row, col = peaks.positions.T
        top, bottom, left, right = settings.region
        inside = grain.own & (row >= top) & (row <= bottom) & (col >= left) & (col <= right)
        there = mean_lattice(found.fits.vectors[inside])
        return None if there is None else reference_of(there, inside, _itself)
    return reference_of(grain.mean, grain.inner, fit.change)


def _itself(mean: np.ndarray) -> np.ndarray:
    """The mean lattice is the reference."""
    return mean


def _joined(peaks: Peaks, parts: list[tuple[np.ndarray, StrainMap]]) -> StrainMap:
    """Maps of single frames as one, in the order of the columns."""
    if not parts:
        nothing, _ = _in_frame(peaks, 0, StrainSettings(), None, None)
        parts = [(np.zeros(0, np.int64), nothing)]
    others = ("columns", "lattices", "layer_means")
    names = [name for name in vars(parts[0][1]) if name not in others]
    order = np.argsort(np.concatenate([own for own, _ in parts]), kind="stable")
    arrays = {
        name: np.concatenate([getattr(part, name) for _, part in parts])[order] for name in names
    }
    lattices = tuple(lattice for _, part in parts for lattice in part.lattices)
    means = tuple(mean for _, part in parts for mean in part.layer_means)
    return StrainMap(columns=peaks, lattices=lattices, layer_means=means, **arrays)
