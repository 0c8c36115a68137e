"""The part of the stage `evaluate` that computes the ideal observer's scores."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.data.cluster import open_workers
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.limits.ideal_observer import chosen_places, evidence_in_example
from temnet.evaluation.limits.ideal_scores import (
    IdealConfusionRow,
    IdealRow,
    doses_of_trials,
    ideal_rows,
)
from temnet.evaluation.summary import IdealF1, IdealSummary
from temnet.randomness import generator
from temnet.stages.stored_sets import StoredSets
from temnet.tables.csv_rows import write_rows
from temnet.workflow.stage import Progress


def ideal_observer(
    settings: Evaluation,
    sets: StoredSets,
    split: str,
    results: Sequence[ImageResult],
    folder: Path,
    progress: Progress,
) -> IdealSummary | None:
    """Writes ideal_observer.csv and ideal_confusion.csv.

    Args:
        settings: Uses `ideal_observer` and the border.
        sets: Settings of the simulation and its workers.
        split: The images' split.
        results: All images with their true columns; the peaks are not used.
        folder: Folder of the stage.
        progress: Shows the progress.

    Returns:
        For summary.json: numbers of images and columns, and for each rule the F1 of each class,
        with its interval, at the doses of the images; None without `ideal_observer`.
    """
    wanted, simulation = settings.ideal_observer, sets.simulation
    if wanted is None:
        return None
    seed, classes = simulation.seed, simulation.labels.classes
    places = chosen_places(results, settings, seed, len(classes), wanted.images, wanted.columns)
    jobs = [
        (simulation, index, split, np.array([place.position for place in group]))
        for index, group in groupby(places, lambda place: place.index)
    ]
    evidences = []
    with progress("ideal observer", len(jobs)) as done, open_workers(sets.data) as workers:
        for found in workers.in_order(evidence_in_example, jobs):
            evidences += found
            done(1)
    drawn = np.array([float(image.parameters["dose"]) for image in results])
    rows, confusion = ideal_rows(
        places,
        evidences,
        wanted.empty,
        doses_of_trials(wanted.doses, drawn),
        classes,
        generator(seed, "evaluation/ideal_observer"),
    )
    write_rows(folder / "ideal_observer.csv", rows, IdealRow)
    write_rows(folder / "ideal_confusion.csv", confusion, IdealConfusionRow)
    as_drawn: dict[str, dict[str, IdealF1]] = {}
    for row in rows:
        if np.isnan(row.dose):
            f1 = IdealF1(row.f1, row.f1_low, row.f1_high)
            as_drawn.setdefault(row.rule, {})[row.class_] = f1
    return IdealSummary(images=len(jobs), columns=len(places), as_drawn=as_drawn)
