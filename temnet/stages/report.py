"""Stage `report`: figures and a page of all results in the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from temnet.config.experiment import Experiment
from temnet.reporting.report import write_report
from temnet.workflow.stage import Progress, Stage


def settings(experiment: Experiment) -> Mapping[str, object]:
    """No settings: every run writes the report again."""
    return {}


def check(experiment: Experiment) -> None:
    """Checks nothing beyond the settings."""


def run(experiment: Experiment, root: Path, folder: Path, inputs: None, progress: Progress) -> None:
    """Writes the figures and index.html."""
    with progress("report", 1) as done:
        write_report(root, folder, experiment)
        done(1)


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """Files that are written."""
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
