"""The best position that the electrons of an image allow: the Cramér-Rao bound.

No unbiased estimator of a column's position has a smaller variance than the inverse of the Fisher
information of the recorded electrons; see A. J. den Dekker, S. Van Aert, A. van den Bos and D. Van
Dyck, Ultramicroscopy 104, 83 (2005).  Here the two coordinates of one column are unknown and all
else is known, so that the bound is a little lower than that for all columns at once.  Electrons are
counted as they arrive: what the camera adds afterwards can only raise the error.  A network knows
what columns look like beforehand and is not unbiased: where there are few electrons its error may
lie below the bound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.simulation import SimulationSettings
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.metrics import interval, resampled_weights
from temnet.evaluation.scores import PICOMETRE_PER_ANGSTROM, position_error
from temnet.randomness import generator
from temnet.records import IGNORED
from temnet.simulation.position_derivatives import position_derivatives

SAME_PLACE = 1e-3
"""Positions that differ by less [Å] are those of the same column."""


def cramer_rao_bound(
    expected: np.ndarray, derivative_row: np.ndarray, derivative_col: np.ndarray
) -> np.ndarray:
    """Smallest covariance of the two coordinates of a column.

    The inverse of the Fisher information of independent Poisson counts,
    F_ab = sum over the pixels of (d mean / d a) (d mean / d b) / mean.

    Args:
        expected: Mean number of electrons in each pixel, of any shape; pixels of zero, which
            tell nothing, are left out.
        derivative_row: Derivative of it by the column's row [1/Å].
        derivative_col: Derivative of it by the column's column [1/Å].

    Returns:
        (2, 2) covariance [Å²]; infinite on the diagonal where the image does not tell.
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


def chosen_columns(looked: ImageResult, settings: Evaluation, seed: int, count: int) -> np.ndarray:
    """Some of an image's columns that are scored.

    Args:
        looked: The image.
        settings: Border.
        seed: Of the experiment.
        count: How many; fewer where there are fewer.

    Returns:
        (K, 2) positions [Å].
    """
    columns = looked.columns
    known = columns.inside(*looked.shape_angstrom, settings.border)
    places = columns.positions[known & (columns.class_index != IGNORED)]
    rng = generator(seed, "evaluation/cramer_rao", looked.index)
    return places[rng.permutation(len(places))[:count]]


def bound_rows(
    looked: ImageResult,
    places: np.ndarray,
    bounds: np.ndarray,
    class_names: Sequence[str],
    settings: Evaluation,
) -> list[dict[str, Any]]:
    """The error of columns beside their bound.

    Args:
        looked: An image with the peaks that count.
        places: (K, 2) true positions of columns [Å].
        bounds: (K,) of `bounds_in_example` [Å].
        class_names: Name of each class index.
        settings: Radius and border.

    Returns:
        For each column index, specimen, class, row_angstrom, col_angstrom, bound_pm and error_pm,
        the distance of its peak after the image's shift was taken off; NaN where it was missed.
    """
    pairs = looked.by_place(settings)
    residuals = pairs.displacements - position_error(pairs.displacements)[1]
    rows = []
    for place, bound in zip(places, bounds, strict=True):
        away = np.linalg.norm(looked.columns.positions - place, axis=1)
        column = int(np.argmin(away))
        mine = np.flatnonzero((pairs.true == column) & (away[column] < SAME_PLACE))
        error = float(np.linalg.norm(residuals[mine[0]])) if len(mine) else math.nan
        rows.append(
            {
                "index": looked.index,
                "specimen": looked.specimen,
                "class": class_names[looked.columns.class_index[column]],
                "row_angstrom": place[0],
                "col_angstrom": place[1],
                "bound_pm": float(bound) * PICOMETRE_PER_ANGSTROM,
                "error_pm": error * PICOMETRE_PER_ANGSTROM,
            }
        )
    return rows


def ratio_to_bound(rows: Sequence[dict[str, Any]], rng: np.random.Generator) -> dict[str, float]:
    """Root-mean-square error over root-mean-square bound of the columns that were found.

    Args:
        rows: Those of `bound_rows`, of many images.
        rng: Draws the specimens again for the interval.

    Returns:
        ``columns``, ``found`` (numbers), ``bound_pm``, ``error_pm``, their ``ratio`` and its 95 %
        bootstrap interval ``low`` to ``high``; NaN where nothing was found, or for the interval
        in fewer than two specimens.
    """
    errors = np.array([row["error_pm"] for row in rows], float)
    bounds = np.array([row["bound_pm"] for row in rows], float)
    known = np.isfinite(errors) & np.isfinite(bounds)
    specimen = np.array([row["specimen"] for row in rows], np.int64)[known]
    squares = np.stack([errors[known] ** 2, bounds[known] ** 2])
    found = {"columns": len(rows), "found": int(known.sum())}
    if not known.any():
        empty = dict.fromkeys(("bound_pm", "error_pm", "ratio", "low", "high"), math.nan)
        return {**found, **empty}
    error, bound = np.sqrt(squares.mean(axis=1)).tolist()
    low = high = math.nan
    if len(np.unique(specimen)) > 1:
        upper, lower = squares @ resampled_weights(specimen, rng).T
        low, high = interval(np.sqrt(upper / lower))
    return {
        **found,
        "bound_pm": bound,
        "error_pm": error,
        "ratio": error / bound,
        "low": low,
        "high": high,
    }
