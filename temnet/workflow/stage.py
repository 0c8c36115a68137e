"""Stages of a run, and the table of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar

from temnet.config.experiment import Experiment

Done = Callable[[int], object]
"""Called with the number of items just finished."""

Progress = Callable[[str, int], AbstractContextManager[Done]]
"""Shows the progress of work, from a title and the number of items."""

Inputs = TypeVar("Inputs")
"""Inputs that a stage's check has read, and that the stage uses."""

STAGE_MODULES = {
    "vibrations": "temnet.stages.vibrations",
    "accuracy": "temnet.stages.accuracy",
    "gallery": "temnet.stages.gallery",
    "movie": "temnet.stages.movie",
    "simulate": "temnet.stages.simulate",
    "train": "temnet.stages.train",
    "evaluate": "temnet.stages.evaluate",
    "predict": "temnet.stages.predict",
    "occupancy": "temnet.stages.occupancy",
    "strain": "temnet.stages.strain",
    "compare": "temnet.stages.compare",
    "report": "temnet.stages.report",
}
"""Each stage's module, which holds it as ``STAGE``."""


@contextmanager
def silent(title: str, total: int) -> Iterator[Done]:
    """A `Progress` that shows nothing."""
    yield lambda count: None


@dataclass(frozen=True)
class Work(Generic[Inputs]):
    """The work of a stage in a run.

    Attributes:
        experiment: Settings of the run.
        root: The run folder.
        folder: The folder to write into.
        inputs: The inputs that the stage's check has returned.
        progress: Shows the progress.
    """

    experiment: Experiment
    root: Path
    folder: Path
    inputs: Inputs
    progress: Progress


@dataclass(frozen=True)
class Stage(Generic[Inputs]):
    """One stage of a run.

    Attributes:
        name: Its name in the YAML, and the name of its folder.
        requires: Stages whose folders it reads.
        settings: Plain values that the stage's result depends on, from the experiment.
        check: Checks the inputs before anything is written, and returns them for ``run``; raises
            InputError if one is invalid.
        run: Does the work.
        describe: Lines that `--check` prints, from the experiment and the inputs.
        resumable: Whether the folder keeps the part that a stopped run has finished, so that the
            stage can resume; the folder of other stages appears in one step.
        always: Whether every run repeats the stage: it is quick and depends on other results.
        intact: Whether the files that the stage keeps or has read outside its own folder are
            unchanged, from the experiment and the run folder.
        requires_also: Further stages that it reads with these settings.
    """

    name: str
    requires: tuple[str, ...]
    settings: Callable[[Experiment], Mapping[str, object]]
    check: Callable[[Experiment], Inputs]
    run: Callable[[Work[Inputs]], None]
    describe: Callable[[Experiment, Inputs], list[str]]
    resumable: bool = False
    always: bool = False
    intact: Callable[[Experiment, Path], bool] = lambda experiment, root: True
    requires_also: Callable[[Experiment], tuple[str, ...]] = lambda experiment: ()


def get_stage(name: str) -> Stage[Any]:
    """A stage by its name; this loads the heavy libraries that it needs."""
    return import_module(STAGE_MODULES[name]).STAGE
