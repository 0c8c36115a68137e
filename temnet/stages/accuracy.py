"""Stage `accuracy`: how far simulated images are from converged ones."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from temnet.config.experiment import Experiment
from temnet.csv_tables import ACCURACY_FIELDS, write_table
from temnet.simulation.accuracy import measure, measurement_count
from temnet.workflow.stage import Progress, Stage


def settings(experiment: Experiment) -> dict[str, Any]:
    """What the table depends on."""
    return experiment.model_dump(mode="json", include={"seed", "accuracy"})


def check(experiment: Experiment) -> None:
    """Nothing beyond the settings."""


def run(experiment: Experiment, root: Path, folder: Path, inputs: None, progress: Progress) -> None:
    """Writes accuracy.csv."""
    with progress("accuracy", measurement_count(experiment.accuracy)) as done:
        rows = measure(experiment.accuracy, experiment.seed, done)
    write_table(folder / "accuracy.csv", [asdict(row) for row in rows], ACCURACY_FIELDS)


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """The cases and the grids."""
    cases = ", ".join(case.specimen for case in experiment.accuracy.cases)
    grids = ", ".join(f"{sampling:g}" for sampling in experiment.accuracy.grid_samplings)
    return [f"{cases} on grids of {grids} Å against {experiment.accuracy.reference_sampling:g} Å"]


STAGE = Stage(
    name="accuracy",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
)
