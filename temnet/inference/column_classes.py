"""Classes of the columns in tables: those of the network, or `column` where they mean nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from temnet.config.learning.labels import COLUMN
from temnet.records import Peaks


def class_names(known: Sequence[str], foreign: Sequence[bool]) -> tuple[str, ...]:
    """Classes of the columns in a table of several series.

    Args:
        known: Classes of the network.
        foreign: For each series whether the classes mean nothing there.

    >>> class_names(["metal", "oxide"], [False]), class_names(["metal", "oxide"], [True])
    (('metal', 'oxide'), ('column',))
    >>> class_names(["metal", "oxide"], [True, False])
    ('metal', 'oxide', 'column')
    """
    if not any(foreign) or COLUMN in known:
        return tuple(known)
    return (COLUMN,) if all(foreign) else (*known, COLUMN)


def in_classes(peaks: Peaks, names: Sequence[str], foreign: bool) -> Peaks:
    """Columns by the classes of a table.

    Args:
        peaks: Columns by the classes of the network.
        names: Names of `class_names`.
        foreign: Whether the classes mean nothing for these columns.
    """
    count = peaks.probabilities.shape[1]
    if COLUMN not in names or (len(names) == count and not foreign):
        return peaks
    probabilities = np.zeros((len(peaks), len(names)))
    if not foreign:
        probabilities[:, :count] = peaks.probabilities
        return replace(peaks, probabilities=probabilities)
    own = names.index(COLUMN)
    probabilities[:, own] = peaks.probabilities.sum(axis=1)
    return replace(
        peaks, class_index=np.full(len(peaks), own, np.int64), probabilities=probabilities
    )
