"""Stage `gallery`: pictures of random examples, without a stored set."""

from __future__ import annotations

from collections.abc import Mapping

from temnet.config.experiment import Experiment
from temnet.reporting.snapshots import write_pictures
from temnet.simulation.example import simulate_example
from temnet.stages import simulate
from temnet.workflow.stage import Stage, Work

EXAMPLES = 16
"""Number of examples, each of another specimen."""

SPLIT = "validation"


def settings(experiment: Experiment) -> Mapping[str, object]:
    """Settings that the examples depend on."""
    return {"identity": experiment.simulation.identity()}


def check(experiment: Experiment) -> None:
    """Checks that specimens can be built.

    Raises:
        InputError: If they cannot.
    """
    simulate.check_specimens(experiment.simulation)


def run(work: Work[None]) -> None:
    """Writes the first image of each example, and all foci of the first example."""
    chosen = {}
    with work.progress("gallery", EXAMPLES) as done:
        for number in range(EXAMPLES):
            index = number * work.experiment.data.exit_wave_reuse
            chosen[index] = simulate_example(work.experiment, index, SPLIT)
            done(1)
    write_pictures(work.folder / "examples.npz", simulate.pictures(chosen))
    write_pictures(work.folder / "series.npz", simulate.focal_pictures(0, chosen[0]))


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """Number of examples."""
    return [f"{EXAMPLES} examples and the focal series of the first"]


STAGE = Stage(
    name="gallery",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
)
