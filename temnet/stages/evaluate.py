"""Stage `evaluate`: scores the trained network on examples that nothing was chosen by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from temnet.config.experiment import Experiment
from temnet.evaluation.evaluate import evaluate, find_in_example
from temnet.models.checkpoint import Network, load_network
from temnet.records import Example
from temnet.reporting.files import replace_file
from temnet.reporting.snapshots import Picture, write_pictures
from temnet.reporting.tables import SCORE_FIELDS, write_table
from temnet.stages import simulate, train
from temnet.stages.sets import examples, spread_examples
from temnet.stages.stage import Progress, Stage
from temnet.stages.summary import summarise

SPLIT = "validation"


def settings(experiment: Experiment) -> dict[str, Any]:
    """What the scores depend on."""
    values = train.settings(experiment)
    return {**values, "data": {**values["data"], SPLIT: experiment.data.count(SPLIT)}}


def check(experiment: Experiment) -> None:
    """Nothing beyond the settings: the network and the set are made by the stages before."""


def run(experiment: Experiment, root: Path, folder: Path, inputs: None, progress: Progress) -> None:
    """Writes scores.csv, summary.json and a few images with true and found columns."""
    network = load_network(root / train.STAGE.name / train.NETWORK)
    with progress("evaluate", experiment.data.count(SPLIT)) as done:
        rows = evaluate(
            network, enumerate(examples(experiment, SPLIT)), experiment.evaluation, progress=done
        )
    write_table(folder / "scores.csv", rows, SCORE_FIELDS)
    values = {
        "split": SPLIT,
        "network": network.card["name"],
        "threshold": network.card["threshold"],
        **summarise(rows, experiment.class_names),
    }
    replace_file(folder / "summary.json", (json.dumps(values, indent=1) + "\n").encode())
    chosen = spread_examples(experiment, SPLIT, simulate.PICTURES)
    write_pictures(folder / "examples.npz", _found(network, chosen))


def _found(network: Network, chosen: Mapping[int, Example]) -> list[Picture]:
    """Examples with what the network finds in them."""
    found = [find_in_example(network, example) for example in chosen.values()]
    return [
        replace(picture, found_positions=peaks.positions, found_class=peaks.class_index)
        for picture, peaks in zip(simulate.pictures(chosen), found, strict=True)
    ]


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """Which examples are scored."""
    return [
        f"{experiment.data.count(SPLIT)} examples of {SPLIT}, radius "
        f"{experiment.evaluation.radius:g} Å"
    ]


STAGE = Stage(
    name="evaluate",
    requires=("simulate", "train"),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
)
