"""The part of the stage `evaluate` that asks the ideal observer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from temnet.config.experiment import Experiment
from temnet.csv_tables import write_table
from temnet.data.cluster import open_workers
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.limits.ideal_observer import chosen_places, evidence_in_example
from temnet.evaluation.limits.ideal_scores import doses_of_trials, ideal_rows
from temnet.randomness import generator
from temnet.reporting.score_tables import EMPTY, IDEAL_CONFUSION_FIELDS, IDEAL_FIELDS
from temnet.workflow.stage import Progress


def ideal_observer(
    experiment: Experiment,
    split: str,
    looked: Sequence[ImageResult],
    folder: Path,
    progress: Progress,
) -> dict[str, Any]:
    """Writes ideal_observer.csv and ideal_confusion.csv.

    Args:
        experiment: The settings, with those of the ideal observer.
        split: The images' split.
        looked: All images with their true columns; what was found does not matter.
        folder: Of the stage.
        progress: Shows how far it is.

    Returns:
        For summary.json: numbers of images and columns that were asked about, and for each rule
        the F1 of each class, with its interval, at the doses of the images.
    """
    settings, classes = experiment.evaluation, experiment.class_names
    wanted = settings.ideal_observer
    places = chosen_places(
        looked, settings, experiment.seed, len(classes), wanted.images, wanted.columns
    )
    jobs = [
        (experiment.simulation, index, split, np.array([place.position for place in group]))
        for index, group in groupby(places, lambda place: place.index)
    ]
    told = []
    with progress("ideal observer", len(jobs)) as done, open_workers(experiment.data) as workers:
        for found in workers.in_order(evidence_in_example, jobs):
            told += found
            done(1)
    drawn = np.array([float(image.parameters["dose"]) for image in looked])
    rows, confusion = ideal_rows(
        places,
        told,
        wanted.empty,
        doses_of_trials(wanted.doses, drawn),
        classes,
        generator(experiment.seed, "evaluation/ideal_observer"),
    )
    write_table(folder / "ideal_observer.csv", rows, IDEAL_FIELDS)
    kinds = (*classes, EMPTY)
    named = [
        {**row, **{key: kinds[row[key]] for key in ("true_class", "found_class")}}
        for row in confusion
    ]
    write_table(folder / "ideal_confusion.csv", named, IDEAL_CONFUSION_FIELDS)
    as_drawn: dict[str, dict[str, Any]] = {}
    for row in rows:
        if np.isnan(row["dose"]):
            scores = {key: row[key] for key in ("f1", "f1_low", "f1_high")}
            as_drawn.setdefault(row["rule"], {})[row["class"]] = scores
    return {"images": len(jobs), "columns": len(places), "as_drawn": as_drawn}
