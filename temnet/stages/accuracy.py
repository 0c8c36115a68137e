"""Stage `accuracy`: the error of simulated images against converged ones."""

from __future__ import annotations

from collections.abc import Mapping

from temnet.config.analysis.accuracy import Accuracy
from temnet.config.experiment import Experiment, required
from temnet.simulation.accuracy import Measurement, box_grid, measure, measurement_count
from temnet.tables.csv_rows import write_rows
from temnet.workflow.stage import Stage, Work


def settings(experiment: Experiment) -> Mapping[str, object]:
    """Settings that the table depends on."""
    return experiment.model_dump(mode="json", include={"seed", "accuracy"})


def check(experiment: Experiment) -> Accuracy:
    """The section `accuracy`.

    Raises:
        InputError: If the box is not a good number of pixels of each grid.
    """
    accuracy = required(experiment.accuracy, "accuracy")
    for sampling in (
        accuracy.reference_sampling,
        accuracy.converged_sampling,
        *accuracy.grid_samplings,
    ):
        box_grid(accuracy.box, sampling)
    return accuracy


def run(work: Work[Accuracy]) -> None:
    """Writes accuracy.csv."""
    accuracy = work.inputs
    with work.progress("accuracy", measurement_count(accuracy)) as done:
        rows = measure(accuracy, work.experiment.seed, done)
    write_rows(work.folder / "accuracy.csv", rows, Measurement)


def describe(experiment: Experiment, accuracy: Accuracy) -> list[str]:
    """Specimens and grids."""
    cases = ", ".join(case.specimen for case in accuracy.cases)
    grids = ", ".join(f"{sampling:g}" for sampling in accuracy.grid_samplings)
    return [f"{cases} on grids of {grids} Å against {accuracy.reference_sampling:g} Å"]


STAGE = Stage(
    name="accuracy",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
)
