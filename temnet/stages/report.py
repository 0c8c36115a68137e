"""Stage `report`: figures and a page of everything that the run folder holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from temnet.config.experiment import Experiment
from temnet.reporting.report import write_report
from temnet.workflow.stage import Progress, Stage


def settings(experiment: Experiment) -> dict[str, Any]:
    """Nothing: the report is made again by every run."""
    return {}


def check(experiment: Experiment) -> None:
    """Nothing beyond the settings."""


def run(experiment: Experiment, root: Path, folder: Path, inputs: None, progress: Progress) -> None:
    """Writes the figures and index.html."""
    with progress("report", 1) as done:
        write_report(root, folder, experiment)
        done(1)


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """What is written."""
    return ["figures and index.html"]


STAGE = Stage(
    name="report",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
    always=True,
)
