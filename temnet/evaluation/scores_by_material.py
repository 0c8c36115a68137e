"""Scores of places by material, for specimens that are drawn from many materials."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.structures.crystal import STRONG, WEAK
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.matching import Pairs
from temnet.evaluation.scores import rates

MATERIAL = ("structure", "prototype", "zone_axis")
"""Drawn parameters that name the material of a crystal and its zone axis."""


@dataclass(frozen=True)
class MaterialRow:
    """A line of materials.csv: the columns of one material along one zone axis, by place alone.

    Attributes:
        network: Name of the network.
        material: The compound.
        prototype: Its structure.
        zone_axis: Direction of the beam, in the vectors of the conventional cell.
        images: Number of images.
        columns: Number of true columns that are scored.
        recall: Fraction of the columns that were found.
        precision: Fraction of the peaks that are columns.
        f1: Harmonic mean of both.
        strong_recall: Fraction of the strong columns that were found; empty where columns have one
            class, or without strong ones.
        weak_recall: Fraction of the weak columns that were found; empty likewise.
    """

    network: str
    material: str
    prototype: str
    zone_axis: str
    images: int
    columns: int
    recall: float
    precision: float
    f1: float
    strong_recall: float = np.nan
    weak_recall: float = np.nan


def material_rows(
    results: Sequence[ImageResult],
    class_names: Sequence[str],
    settings: Evaluation,
    network: str = "",
) -> list[MaterialRow]:
    """Scores of each material and zone axis, in alphabetical order.

    Args:
        results: The images, with the peaks that count.
        class_names: Name of each class index.
        settings: Uses `radius` and `border`.
        network: Name of the network.

    Returns:
        One row each; none for specimens that are not drawn from many materials.
    """
    groups: dict[tuple[str, ...], list[ImageResult]] = defaultdict(list)
    for image in results:
        if all(key in image.parameters for key in MATERIAL):
            groups[tuple(str(image.parameters[key]) for key in MATERIAL)].append(image)
    return [
        _row(images, names, class_names, settings, network)
        for names, images in sorted(groups.items())
    ]


def _row(
    images: Sequence[ImageResult],
    names: Sequence[str],
    class_names: Sequence[str],
    settings: Evaluation,
    network: str,
) -> MaterialRow:
    pairs = [image.by_position(settings) for image in images]
    counts = np.sum([[len(p.true), len(p.false), len(p.missed)] for p in pairs], axis=0)
    precision, recall, f1 = (float(rate) for rate in rates(counts))
    kinds = {name: number for number, name in enumerate(class_names)}
    material, prototype, zone_axis = names
    return MaterialRow(
        network,
        material,
        prototype,
        zone_axis,
        images=len(images),
        columns=int(counts[0] + counts[2]),
        recall=recall,
        precision=precision,
        f1=f1,
        strong_recall=_recall(images, pairs, kinds.get(STRONG)),
        weak_recall=_recall(images, pairs, kinds.get(WEAK)),
    )


def _recall(images: Sequence[ImageResult], pairs: Sequence[Pairs], kind: int | None) -> float:
    """Fraction of the columns of one class that were found, as any class."""
    if kind is None:
        return np.nan
    found = missed = 0
    for image, pair in zip(images, pairs, strict=True):
        own = image.columns.class_index == kind
        found, missed = found + int(own[pair.true].sum()), missed + int(own[pair.missed].sum())
    return found / (found + missed) if found + missed else np.nan
