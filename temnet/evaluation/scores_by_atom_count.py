"""Scores of the columns that have at least a number of atoms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.metrics import counts_of
from temnet.evaluation.score_curves import CurveRow, Point, curve_rows
from temnet.randomness import generator
from temnet.records import IGNORED

EVERYWHERE, VACUUM = "all", "vacuum"
"""Surroundings: all specimens, and those in vacuum."""


@dataclass(frozen=True)
class AtomCountRow(CurveRow):
    """A line of atom_counts.csv: a point of a curve, for one class and one smallest atom count.

    Attributes:
        surroundings: Which specimens: ``all``, or those in ``vacuum``.
        atoms: Smallest number of atoms of a column that is scored.
    """

    surroundings: str = EVERYWHERE
    atoms: int = 1


def with_atoms(image: ImageResult, atoms: int) -> ImageResult:
    """The image with its columns of fewer than ``atoms`` atoms ignored.

    They do not count as missed, and peaks on them count neither as found nor as false positives.
    """
    columns = image.columns
    class_index = np.where(columns.atom_count < atoms, IGNORED, columns.class_index)
    return replace(image, columns=replace(columns, class_index=class_index))


def in_vacuum(image: ImageResult) -> bool:
    """Whether an image shows columns of a specimen that was drawn without a support.

    An image without any column (vacuum, a film alone, a crystal off axis) has no columns in
    vacuum; false positives in it count among all specimens.
    """
    return "support" not in image.parameters and len(image.columns) > 0


def atom_count_rows(
    results: Sequence[ImageResult],
    class_names: Sequence[str],
    settings: Evaluation,
    point: Point,
    atom_counts: Sequence[int],
    seed: int,
) -> list[AtomCountRow]:
    """A point of the curve of each smallest atom count, for all specimens and those in vacuum.

    Args:
        results: Columns that one network found in images that differ in the specimen alone.
        class_names: Name of each class index.
        settings: Uses `radius` and `border`.
        point: Parameter and network.
        atom_counts: Smallest atom counts.
        seed: Seed of the intervals.

    Returns:
        Rows of `curve_rows` for each of them, except for surroundings without specimens.
    """
    everywhere = np.ones(len(results), bool)
    vacuum = np.array([in_vacuum(image) for image in results], bool)
    rows = []
    for atoms in atom_counts:
        part = [with_atoms(image, atoms) for image in results]
        counts = counts_of(part, class_names, settings)
        for name, chosen in ((EVERYWHERE, everywhere), (VACUUM, vacuum)):
            if chosen.any():
                # The same draws as for sweep.csv, so that one atom or more gives its intervals.
                rng = generator(seed, "evaluation/series")
                rows += [
                    AtomCountRow(**vars(row), surroundings=name, atoms=atoms)
                    for row in curve_rows(counts.select(chosen), point, rng)
                ]
    return rows
