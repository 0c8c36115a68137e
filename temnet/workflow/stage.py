"""What a stage is, and the table of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from temnet.config.experiment import Experiment

Done = Callable[[int], object]
"""Told how many items were just finished."""

Progress = Callable[[str, int], AbstractContextManager[Done]]
"""Given a title and the number of items, shows how far the work is."""


@contextmanager
def silent(title: str, total: int) -> Iterator[Done]:
    """Shows nothing."""
    yield lambda count: None


def _nothing_lost(experiment: Experiment, root: Path) -> bool:
    return True


def _nothing_more(experiment: Experiment) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Stage:
    """One stage of a run.

    Attributes:
        name: What the YAML calls it, and the name of its folder.
        requires: Stages whose folders it reads.
        settings: From the experiment, the plain values that the stage's result depends on.
        check: Raises InputError where an input is wrong, before anything is written; what it
            returns is handed to ``run``.
        run: Called with the experiment, the run folder, the folder to write into, what ``check``
            returned and the progress.
        describe: From the experiment and what ``check`` returned, lines that say what would run.
        resumable: The folder keeps what a run that was stopped has made, and the stage goes on
            from there; others are made in one step.
        always: It is made again by every run, being quick and made of the others' results.
        intact: Whether, with these settings and in this run folder, what the stage keeps outside
            of its own folder, or has read there, is still the same.
        requires_also: Further stages that it reads with these settings.
    """

    name: str
    requires: tuple[str, ...]
    settings: Callable[[Experiment], Mapping[str, Any]]
    check: Callable[[Experiment], Any]
    run: Callable[[Experiment, Path, Path, Any, Progress], None]
    describe: Callable[[Experiment, Any], list[str]]
    resumable: bool = False
    always: bool = False
    intact: Callable[[Experiment, Path], bool] = _nothing_lost
    requires_also: Callable[[Experiment], tuple[str, ...]] = _nothing_more


def get_stage(name: str) -> Stage:
    """A stage by its name; its heavy libraries are loaded now and not before."""
    return import_module(f"temnet.stages.{name}").STAGE
