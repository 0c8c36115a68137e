"""The best position that the electrons of an image allow: the Cramér-Rao bound.

No unbiased estimator of a column's position has a smaller variance than the inverse of the Fisher
information of the recorded electrons; see A. J. den Dekker, S. Van Aert, A. van den Bos and D. Van
Dyck, Ultramicroscopy 104, 83 (2005).  Here the two coordinates of one column are unknown and all
else is known, so that the bound is a little lower than that for all columns at once.  Electrons are
counted as they arrive: the noise that the camera adds can only raise the error.  A network has
learnt what columns look like and is not unbiased: at low doses its error may lie below the bound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.simulation import SimulationSettings
from temnet.evaluation.bootstrap import interval, resampled_weights
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.scores import PICOMETRE_PER_ANGSTROM, position_error
from temnet.randomness import generator
from temnet.score_records import BoundRatio
from temnet.simulation.position_derivatives import position_derivatives

SAME_POSITION = 1e-3
"""Positions that differ by less [Å] are those of the same column."""


@dataclass(frozen=True)
class BoundRow:
    """A line of cramer_rao.csv: the error of a column beside its Cramér-Rao bound.

    Attributes:
        network: Name of the network.
        index: Number of the image in its split.
        specimen: Number of the specimen.
        class_: Class of the column.
        row_angstrom: True row of the column [Å].
        col_angstrom: True column of the column [Å].
        bound_pm: Least root-mean-square error in the plane of an unbiased estimate [pm].
        error_pm: Distance of its peak from it [pm], after the image's shift was subtracted; empty
            where it was missed.
    """

    network: str
    index: int
    specimen: int
    class_: str
    row_angstrom: float
    col_angstrom: float
    bound_pm: float
    error_pm: float


def cramer_rao_bound(
    expected: np.ndarray, derivative_row: np.ndarray, derivative_col: np.ndarray
) -> np.ndarray:
    """Smallest covariance of the two coordinates of a column.

    The inverse of the Fisher information of independent Poisson counts,
    F_ab = sum over the pixels of (d mean / d a) (d mean / d b) / mean.

    Args:
        expected: Mean number of electrons in each pixel, of any shape; pixels of zero, which
            hold no information, are left out.
        derivative_row: Derivative of it by the column's row [1/Å].
        derivative_col: Derivative of it by the column's column [1/Å].

    Returns:
        (2, 2) covariance [Å²]; infinite on the diagonal where the image holds no information.
    """
    lit = expected > 0
    slopes = np.stack([derivative_row[lit], derivative_col[lit]])
    information = (slopes / expected[lit]) @ slopes.T
    if np.linalg.matrix_rank(information) < 2:
        return np.diag([math.inf, math.inf])
    return np.linalg.inv(information)


def bounds_in_example(
    settings: SimulationSettings, index: int, split: str, positions: np.ndarray
) -> np.ndarray:
    """Smallest root-mean-square distance in the plane of columns of an example.

    Args:
        settings: The settings of the examples.
        index: Number of the example.
        split: training, selection or validation.
        positions: (K, 2) of the columns [Å].

    Returns:
        (K,) [Å].
    """
    answer = position_derivatives(settings, index, split, positions)
    covariances = [cramer_rao_bound(answer.expected, row, col) for row, col in answer.derivatives]
    return np.array([math.sqrt(np.trace(covariance)) for covariance in covariances])


def chosen_columns(image: ImageResult, settings: Evaluation, seed: int, count: int) -> np.ndarray:
    """Some of an image's columns that are scored.

    Args:
        image: The image.
        settings: Uses `border`.
        seed: Seed of the experiment.
        count: Number of columns; fewer where the image has fewer.

    Returns:
        (K, 2) positions [Å].
    """
    positions = image.columns.positions[image.scored(settings)]
    rng = generator(seed, "evaluation/cramer_rao", image.index)
    return positions[rng.permutation(len(positions))[:count]]


def bound_rows(
    image: ImageResult,
    positions: np.ndarray,
    bounds: np.ndarray,
    class_names: Sequence[str],
    settings: Evaluation,
    network: str = "",
) -> list[BoundRow]:
    """The error of columns beside their bound.

    Args:
        image: An image with the peaks that count.
        positions: (K, 2) true positions of columns [Å].
        bounds: (K,) of `bounds_in_example` [Å].
        class_names: Name of each class index.
        settings: Uses `radius` and `border`.
        network: Name of the network.
    """
    pairs = image.by_position(settings)
    residuals = pairs.displacements - position_error(pairs.displacements)[1]
    rows = []
    for position, bound in zip(positions, bounds, strict=True):
        away = np.linalg.norm(image.columns.positions - position, axis=1)
        column = int(np.argmin(away))
        mine = np.flatnonzero((pairs.true == column) & (away[column] < SAME_POSITION))
        error = float(np.linalg.norm(residuals[mine[0]])) if len(mine) else math.nan
        rows.append(
            BoundRow(
                network=network,
                index=image.index,
                specimen=image.specimen,
                class_=class_names[image.columns.class_index[column]],
                row_angstrom=float(position[0]),
                col_angstrom=float(position[1]),
                bound_pm=float(bound) * PICOMETRE_PER_ANGSTROM,
                error_pm=error * PICOMETRE_PER_ANGSTROM,
            )
        )
    return rows


def ratio_to_bound(rows: Sequence[BoundRow], rng: np.random.Generator) -> BoundRatio:
    """Root-mean-square error over root-mean-square bound of the columns that were found.

    Args:
        rows: Those of `bound_rows`, of many images.
        rng: Draws the specimens again for the interval.

    Returns:
        NaN where no column was found; the interval is NaN for fewer than two specimens.
    """
    errors = np.array([row.error_pm for row in rows], float)
    bounds = np.array([row.bound_pm for row in rows], float)
    known = np.isfinite(errors) & np.isfinite(bounds)
    specimen = np.array([row.specimen for row in rows], np.int64)[known]
    squares = np.stack([errors[known] ** 2, bounds[known] ** 2])
    if not known.any():
        return BoundRatio(columns=len(rows), found=0)
    error, bound = np.sqrt(squares.mean(axis=1)).tolist()
    low = high = math.nan
    if len(np.unique(specimen)) > 1:
        upper, lower = squares @ resampled_weights(specimen, rng).T
        low, high = interval(np.sqrt(upper / lower))
    return BoundRatio(len(rows), int(known.sum()), bound, error, error / bound, low, high)
