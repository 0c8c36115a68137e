"""Scores of subsets: the images whose conditions lie in given ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from temnet.config.analysis.subsets import Subset
from temnet.evaluation.bootstrap import intervals
from temnet.evaluation.metrics import MACRO, ImageCounts, scores
from temnet.evaluation.scores import LOCALISATION


@dataclass(frozen=True)
class SubsetRow:
    """A line of subsets.csv: the images of a subset together.

    Intervals are 95 % bootstrap intervals over specimens; scores are empty where nothing counts.

    Attributes:
        network: Name of the network.
        subset: Name of the subset.
        images: Number of images.
        specimens: Number of specimens that they show.
        columns: Number of true columns that are scored.
        precision: Fraction of the peaks that are columns, by place alone.
        recall: Fraction of the columns that were found, by place alone.
        f1: Harmonic mean of both.
        f1_low: Lower end of its interval.
        f1_high: Upper end of its interval.
        macro_f1: Mean of F1 over the classes.
        macro_f1_low: Lower end of its interval.
        macro_f1_high: Upper end of its interval.
    """

    network: str
    subset: str
    images: int
    specimens: int
    columns: int
    precision: float
    recall: float
    f1: float
    f1_low: float
    f1_high: float
    macro_f1: float
    macro_f1_low: float
    macro_f1_high: float


def subset_rows(
    images: ImageCounts,
    drawn: Sequence[Mapping[str, float]],
    subsets: Mapping[str, Subset],
    rng: np.random.Generator,
    network: str = "",
) -> list[SubsetRow]:
    """Scores of each subset.

    Args:
        images: N images.
        drawn: (N,) conditions of each; see `conditions`.
        subsets: By name the ranges of conditions.
        rng: Draws the samples of the intervals.
        network: Name of the network.

    Returns:
        One row each, also where no image belongs to the subset.
    """
    rows = []
    for name, subset in subsets.items():
        part = images.select(np.array([belongs(each, subset) for each in drawn], bool))
        values, ends = scores(part), intervals(part, rng)
        place, macro = f"{LOCALISATION}/f1", ends[MACRO]
        row = SubsetRow(
            network=network,
            subset=name,
            images=len(part),
            specimens=len(np.unique(part.specimen)),
            columns=int(part.columns.sum()),
            precision=values[f"{LOCALISATION}/precision"],
            recall=values[f"{LOCALISATION}/recall"],
            f1=values[place],
            f1_low=ends[place][0],
            f1_high=ends[place][1],
            macro_f1=values[MACRO],
            macro_f1_low=macro[0],
            macro_f1_high=macro[1],
        )
        rows.append(row)
    return rows


def belongs(drawn: Mapping[str, float], subset: Subset) -> bool:
    """Whether all conditions of an image lie in the ranges; an unknown one does not.

    >>> belongs({"dose": 500.0}, {"dose": (500, None)})
    True
    >>> belongs({"dose": 500.0, "coma": float("nan")}, {"dose": (500, None), "coma": (0, None)})
    False
    """
    return all(
        (-np.inf if low is None else low)
        <= drawn.get(name, np.nan)
        <= (np.inf if high is None else high)
        for name, (low, high) in subset.items()
    )
