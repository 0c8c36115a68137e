"""Distances from columns to their nearest neighbours, which a network's card keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.spatial import cKDTree

from temnet.records import IGNORED, Columns

KEPT = (0.005, 0.995)
"""Quantiles that are kept."""

FEWEST_COLUMNS = 50
"""Fewest columns of a class for its quantiles."""


def neighbour_distances(
    images: Iterable[Columns], class_names: Sequence[str]
) -> dict[str, tuple[float, float]]:
    """The range of the distance from columns to the nearest one of any class, by their class.

    Args:
        images: The true columns of each image.
        class_names: Name of each class index.

    Returns:
        Least and largest distance [Å] of 99 % of the columns of each class with enough of them.
    """
    distances: dict[int, list[np.ndarray]] = {index: [] for index in range(len(class_names))}
    for columns in images:
        known = columns.select(columns.class_index != IGNORED)
        if len(known) < 2:
            continue
        nearest = cKDTree(known.positions).query(known.positions, k=2)[0][:, 1]
        for index, found in distances.items():
            found.append(nearest[known.class_index == index])
    spans = {}
    for index, name in enumerate(class_names):
        of_class = np.concatenate([np.zeros(0), *distances[index]])
        if len(of_class) >= FEWEST_COLUMNS:
            low, high = np.quantile(of_class, KEPT)
            spans[name] = (round(float(low), 3), round(float(high), 3))
    return spans
