"""Sections of a run's page on networks: their training and their scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from temnet.evaluation.scores import LOCALISATION, SPECIES
from temnet.reporting.curves import f1_histogram, training_figure
from temnet.reporting.gallery import prediction_figure
from temnet.reporting.page import Html, Section, link, paragraph, table
from temnet.reporting.snapshots import read_pictures
from temnet.reporting.source import Source, counted, known, read_json
from temnet.reporting.tables import read_table

MOST_EXAMPLES = 4
"""Simulated images with errors marked that the page shows."""


def evaluate_section(source: Source) -> Section | None:
    """Scores on simulated images that nothing was chosen by."""
    names = ("evaluate/scores.csv", "evaluate/summary.json")
    if not source.has(*names):
        return None
    rows, summary = read_table(source.root / names[0]), read_json(source.root / names[1])
    radius = source.experiment.evaluation.radius
    parts = [
        paragraph(
            f"Scored on {counted(summary['images'], 'simulated image')} of the split "
            f"{summary['split']}; a column is found if a peak of its class lies within "
            f"{radius:g} Å. Macro F1, the mean over the classes: {known(summary['macro_f1'])}. "
            f"Columns score from {summary['threshold']:g}. Table: ",
            link(names[0]),
            ".",
        ),
        _score_table(summary["classes"]),
    ]
    f1 = [row["f1"] for row in rows if row["class"] == SPECIES]
    figure = f1_histogram({summary["network"]: np.array(f1, np.float64)}, "all classes, by image")
    parts.append(source.picture(figure, "f1_histogram", "F1 of each image, all classes together."))
    if source.has("evaluate/examples.npz"):
        pictures = read_pictures(source.root / "evaluate/examples.npz")[:MOST_EXAMPLES]
        if pictures:
            figure = prediction_figure(pictures, source.experiment.class_names, radius)
            caption = "Simulated images, their true columns, and what the network found."
            parts.append(source.picture(figure, "found_and_true", caption))
    return Section("Scores on simulated images", parts)


def _score_table(classes: Mapping[str, Mapping[str, Any]]) -> Html:
    named = {LOCALISATION: "any class (place only)", SPECIES: "all classes"}
    header = ("class", "columns", "found", "invented", "precision", "recall", "F1", "error (pm)")
    rows = [
        (
            named.get(name, name),
            scores["true_positives"] + scores["false_negatives"],
            scores["true_positives"],
            scores["false_positives"],
            *(scores[key] for key in ("precision", "recall", "f1")),
            known(scores["rms_error_pm"], ".1f"),
        )
        for name, scores in classes.items()
    ]
    return table(header, rows)


def train_section(source: Source) -> Section | None:
    """How training went, and what came of it."""
    log = "train/log.csv"
    if not source.has(log):
        return None
    rows = read_table(source.root / log)
    if not rows:
        return None
    minutes = sum(row.get("seconds", 0) for row in rows) / 60
    text = f"{counted(len(rows), 'epoch')} in {minutes:.1f} minutes."
    card = "train/network/card.json"
    if source.has(card):
        values = read_json(source.root / card)
        text += (
            f" The network {values['name']} ({values['kind']}, {values['parameters']:,} "
            f"parameters) takes columns that score {values['threshold']:g} and more."
        )
    parts = [paragraph(text, " Files: ", source.links(log, card), ".")]
    caption = "Loss and peak F1 on the selection images, which choose the network that is kept."
    parts.append(source.picture(training_figure(rows), "training", caption))
    return Section("Training", parts)
