"""Stage `report`: figures and a page of all results in the run folder."""

from __future__ import annotations

from collections.abc import Mapping

from temnet.config.experiment import Experiment
from temnet.reporting.report import write_report
from temnet.reporting.run_results import RunResults
from temnet.workflow.stage import Stage, Work


def settings(experiment: Experiment) -> Mapping[str, object]:
    """No settings: every run writes the report again."""
    return {}


def check(experiment: Experiment) -> None:
    """Checks nothing beyond the settings."""


def run(work: Work[None]) -> None:
    """Writes the figures and index.html."""
    with work.progress("report", 1) as done:
        write_report(RunResults(work.root, work.folder, work.experiment))
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
