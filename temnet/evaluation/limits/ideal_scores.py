"""Scores of the ideal observer over the places of many images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from temnet.evaluation.limits.ideal_observer import Evidence, Place, posterior
from temnet.evaluation.metrics import ImageCounts
from temnet.evaluation.score_curves import MACRO_ROW, Point, curve_rows
from temnet.evaluation.scores import LOCALISATION, SPECIES

TRIALS = 400
"""How often the electrons of each place are counted."""

PROBABLE, HIGHEST = "most probable", "highest F1"
"""Rules: the most probable kind is predicted; or each class by itself is predicted wherever its
probability is above the threshold that gives it the highest F1."""

EMPTY = "empty"
"""Name of a place without a column."""


@dataclass(frozen=True)
class IdealRow:
    """A line of ideal_observer.csv: F1 of a class by one rule at one dose.

    Attributes:
        rule: ``most probable`` or ``highest F1``.
        dose: Electrons in the image [e/Å²]; empty for the doses that the images were drawn with.
        class_: A class, or ``macro`` for the mean over the classes.
        columns: Number of columns.
        f1: F1 of the ideal observer.
        f1_low: Lower end of its 95 % bootstrap interval over specimens.
        f1_high: Upper end of its 95 % bootstrap interval over specimens.
    """

    rule: str
    dose: float
    class_: str
    columns: int
    f1: float
    f1_low: float
    f1_high: float


@dataclass(frozen=True)
class IdealConfusionRow:
    """A line of ideal_confusion.csv: a share of a true class by the rule ``most probable``.

    Attributes:
        dose: Electrons in the image [e/Å²]; empty for the doses that the images were drawn with.
        true_class: True class; ``empty`` for a place without a column.
        found_class: Predicted class.
        share: Fraction of the true class that is predicted as this one.
    """

    dose: float
    true_class: str
    found_class: str
    share: float


def doses_of_trials(doses: Sequence[float], drawn: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """The dose of each trial, for each given dose and for the doses of the images.

    Args:
        doses: Given doses [e/Å²].
        drawn: (N,) doses that the images were drawn with [e/Å²].

    Returns:
        Pairs of the dose in tables, NaN for those of the images, and the doses (`TRIALS`,).
    """
    fixed = [(float(dose), np.full(TRIALS, float(dose))) for dose in doses]
    return [*fixed, (np.nan, np.quantile(drawn, (np.arange(TRIALS) + 0.5) / TRIALS))]


def ideal_rows(
    places: Sequence[Place],
    evidences: Sequence[Evidence],
    empty: float,
    doses: Sequence[tuple[float, np.ndarray]],
    class_names: Sequence[str],
    rng: np.random.Generator,
) -> tuple[list[IdealRow], list[IdealConfusionRow]]:
    """F1 of each class and the confusion matrix of the ideal observer at each dose.

    The observer decides at each place with its column and, with the weight that makes ``empty`` the
    fraction of empty places, without it.  Electrons are drawn from the same random numbers at each
    dose.

    Two rules are scored.  Predicting the most probable kind makes the fewest errors, but hardly
    ever predicts a rare class at low doses.  The highest F1 of a class is reached by predicting it
    wherever its probability is above some threshold (Lipton, Elkan and Naryanaswamy, ECML PKDD
    2014, LNCS 8725, 225).

    Args:
        places: The places.
        evidences: The evidence at each, of 1 e/Å².
        empty: Fraction of the places that are empty.
        doses: Those of `doses_of_trials`.
        class_names: Name of each class index.
        rng: Draws the electrons, and the specimens again for the intervals.

    Returns:
        F1 of each class and of the mean over the classes, by both rules; and the confusion of the
        rule `PROBABLE`.  Both are empty without places.
    """
    if not places:
        return [], []
    count = len(class_names)
    kinds = np.arange(count + 1)
    true = np.array([kind for place in places for kind in (place.class_index, count)], np.int64)
    weight = np.array([place.weight * part for place in places for part in (1 - empty, empty)])
    specimen = np.array([place.specimen for place in places], np.int64).repeat(2)
    normals = rng.standard_normal((len(true), TRIALS, count + 1))
    before = [np.append((1 - empty) * place.prior, empty) for place in places]
    numbers = np.bincount(true, minlength=count + 1)[:count].tolist()
    columns = {**dict(zip(class_names, numbers, strict=True)), MACRO_ROW: sum(numbers)}
    scores: list[IdealRow] = []
    confusion: list[IdealConfusionRow] = []
    for dose, each in doses:
        held = np.stack(
            [
                posterior(evidences[number // 2], kind, before[number // 2], each, normals[number])
                for number, kind in enumerate(true)
            ]
        )
        probable = (np.argmax(held, axis=-1)[..., None] == kinds).mean(axis=1)
        above = (held[..., :count] >= thresholds(held, true, weight)).mean(axis=1)
        confusion += _confusion_rows(dose, probable, true, weight, (*class_names, EMPTY))
        for rule, shares in ((PROBABLE, probable[:, :count]), (HIGHEST, above)):
            images = _expected_counts(shares, true, weight, specimen, class_names)
            scores += [
                IdealRow(
                    rule, dose, row.class_, columns[row.class_], row.f1, row.f1_low, row.f1_high
                )
                for row in curve_rows(images, Point(), rng)
                if row.class_ in columns
            ]
    return scores, confusion


def thresholds(held: np.ndarray, true: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The probability of each class above which predicting it gives it the highest F1.

    Args:
        held: (T, M, A) probability of each kind in each trial of each place, the empty one last.
        true: (T,) the true kind.
        weight: (T,) weight of each place.

    Returns:
        (A - 1,) in [0, 1]; infinite for a class that does not occur, which is never predicted.
    """
    found = []
    for kind in range(held.shape[-1] - 1):
        if not weight[true == kind].sum():
            found.append(np.inf)
            continue
        values = held[..., kind].ravel()
        weights = np.repeat(weight, held.shape[1])
        there = np.repeat(weight * (true == kind), held.shape[1])
        order = np.argsort(-values, kind="stable")
        values = values[order]
        f1 = 2 * np.cumsum(there[order]) / (np.cumsum(weights[order]) + there.sum())
        # Equal values are predicted together: only the last of them counts.
        f1[:-1][values[1:] == values[:-1]] = -1
        found.append(values[np.argmax(f1)])
    return np.array(found)


def _expected_counts(
    shares: np.ndarray,
    true: np.ndarray,
    weight: np.ndarray,
    specimen: np.ndarray,
    class_names: Sequence[str],
) -> ImageCounts:
    """Expected numbers of true positives, false positives and missed columns.

    Args:
        shares: (T, C) fraction of the trials of each place in which a class is predicted.
        true: (T,) the true kind.
        weight: (T,) weight of each place.
        specimen: (T,).
        class_names: Name of each class index.
    """
    there = true[:, None] == np.arange(len(class_names))
    counts = np.stack([there * shares, ~there * shares, there * (1 - shares)], axis=-1)
    names = (*class_names, LOCALISATION, SPECIES)
    every = np.zeros((len(true), len(names), 3))
    every[:, : len(class_names)] = weight[:, None, None] * counts
    nothing, unknown = np.zeros(every.shape[:2]), np.full(len(true), np.nan)
    return ImageCounts(names, every, nothing, nothing, unknown, specimen)


def _confusion_rows(
    dose: float, shares: np.ndarray, true: np.ndarray, weight: np.ndarray, names: Sequence[str]
) -> list[IdealConfusionRow]:
    rows = []
    for kind in np.unique(true[weight > 0]):
        own = true == kind
        found = weight[own] @ shares[own] / weight[own].sum()
        rows += [
            IdealConfusionRow(dose, names[kind], name, float(share))
            for name, share in zip(names, found, strict=True)
        ]
    return rows
