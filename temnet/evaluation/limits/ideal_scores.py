"""Scores of the ideal observer over the places of many images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from temnet.evaluation.limits.ideal_observer import Evidence, Place, posterior
from temnet.evaluation.metrics import ImageCounts
from temnet.evaluation.score_curves import MACRO_ROW, curve_rows
from temnet.evaluation.scores import LOCALISATION, SPECIES

TRIALS = 400
"""How often the electrons of each place are counted."""

PROBABLE, HIGHEST = "most probable", "highest F1"
"""Rules: the kind that is most probable is said; a class is said from that probability on which
gives it the highest F1, each class by itself."""

Rows = list[dict[str, Any]]


def doses_of_trials(doses: Sequence[float], drawn: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """The dose of each trial, for each dose that is asked for and for those of the images.

    Args:
        doses: Those that are asked for [e/Å²].
        drawn: (N,) those that the images were drawn with [e/Å²].

    Returns:
        Pairs of the dose that tables call it by, NaN for those of the images, and (`TRIALS`,).
    """
    fixed = [(float(dose), np.full(TRIALS, float(dose))) for dose in doses]
    return [*fixed, (np.nan, np.quantile(drawn, (np.arange(TRIALS) + 0.5) / TRIALS))]


def ideal_rows(
    places: Sequence[Place],
    told: Sequence[Evidence],
    empty: float,
    doses: Sequence[tuple[float, np.ndarray]],
    class_names: Sequence[str],
    rng: np.random.Generator,
) -> tuple[Rows, Rows]:
    """F1 of each class and the confusion matrix of the ideal observer at each dose.

    Each place is asked about as it is and, with the weight that makes ``empty`` the fraction of the
    empty ones, without its column.  Electrons are drawn from the same random numbers at each dose.

    Two rules are scored.  To say what is most probable makes the fewest errors, but hardly ever
    names a rare class where the electrons tell little.  The highest F1 that any rule can give a
    class is reached by naming it wherever its probability is above some value (Lipton, Elkan and
    Naryanaswamy, ECML PKDD 2014, LNCS 8725, 225).

    Args:
        places: The places.
        told: The evidence at each, of 1 e/Å².
        empty: Fraction of the places that are empty.
        doses: Those of `doses_of_trials`.
        class_names: Name of each class index.
        rng: Draws the electrons, and the specimens again for the intervals.

    Returns:
        Rows of rule, dose, class (and the mean over the classes), columns, f1, f1_low, f1_high, the
        ends being those of a 95 % bootstrap interval over specimens; and for the rule `PROBABLE`
        rows of dose, true_class, found_class and share (of the true class), by number, the empty
        place last.  None without places.
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
    scores: Rows = []
    confusion: Rows = []
    for dose, each in doses:
        held = np.stack(
            [
                posterior(told[number // 2], kind, before[number // 2], each, normals[number])
                for number, kind in enumerate(true)
            ]
        )
        said = (np.argmax(held, axis=-1)[..., None] == kinds).mean(axis=1)
        named = (held[..., :count] >= thresholds(held, true, weight)).mean(axis=1)
        confusion += _confusion_rows(dose, said, true, weight)
        for rule, shares in ((PROBABLE, said[:, :count]), (HIGHEST, named)):
            images = _tally(shares, true, weight, specimen, class_names)
            scores += [
                {
                    "rule": rule,
                    "dose": dose,
                    "class": row["class"],
                    "columns": columns[row["class"]],
                    **{key: row[key] for key in ("f1", "f1_low", "f1_high")},
                }
                for row in curve_rows(images, {}, rng)
                if row["class"] in columns
            ]
    return scores, confusion


def thresholds(held: np.ndarray, true: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The probability of each class from which on naming it gives it the highest F1.

    Args:
        held: (T, M, A) probability of each kind in each trial of each place, the empty one last.
        true: (T,) the kind that stands there.
        weight: (T,) weight of each place.

    Returns:
        (A - 1,) in [0, 1]; infinite for a class that stands nowhere, which is best never named.
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
        # Equal values are named together: only the last of them counts.
        f1[:-1][values[1:] == values[:-1]] = -1
        found.append(values[np.argmax(f1)])
    return np.array(found)


def _tally(
    shares: np.ndarray,
    true: np.ndarray,
    weight: np.ndarray,
    specimen: np.ndarray,
    class_names: Sequence[str],
) -> ImageCounts:
    """Expected numbers of columns found, invented and missed.

    Args:
        shares: (T, C) fraction of the trials of each place in which a class is said.
        true: (T,) the kind that stands there.
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


def _confusion_rows(dose: float, said: np.ndarray, true: np.ndarray, weight: np.ndarray) -> Rows:
    rows = []
    for kind in np.unique(true[weight > 0]):
        own = true == kind
        shares = weight[own] @ said[own] / weight[own].sum()
        rows += [
            {"dose": dose, "true_class": int(kind), "found_class": number, "share": float(share)}
            for number, share in enumerate(shares)
        ]
    return rows
