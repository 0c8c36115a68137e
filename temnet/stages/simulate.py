"""Stage `simulate`: the stored sets on which networks are trained, selected and scored."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from temnet.config.experiment import Experiment
from temnet.config.simulation import SimulationSettings
from temnet.config.structures.from_file import FromFile
from temnet.data.generate import generate_set
from temnet.evaluation.conditions import conditions
from temnet.records import Example
from temnet.reporting.snapshots import Picture, write_pictures
from temnet.simulation.example import draw_specimen, simulate_block
from temnet.stages.stored_sets import (
    StoredSets,
)
from temnet.structures.atom_files.from_file import extent
from temnet.structures.elements import possible_elements
from temnet.structures.names import check_names
from temnet.structures.user_function import left_out
from temnet.structures.vibrations.displacements import check_elements
from temnet.workflow.stage import Progress, Stage, Work

LOGGER = logging.getLogger(__name__)

PICTURES = 8
"""Examples that the report shows."""

TIMED_SPECIMENS, LONGEST_TIMING = 12, 2.5
"""Specimens that are timed to estimate the time of a whole set, and the processor time [s] after
which no more are."""

TRIED_SPECIMENS = 4
"""Specimens that are built before a run, as a check and to count their columns."""

SHOWN_SPLIT = "validation"

NOT_IN_EXAMPLES = {"workers", "scheduler", "augment", "image_epochs"}
"""Settings of the section `data` that no example depends on."""


def settings(experiment: Experiment) -> Mapping[str, object]:
    """Settings that the sets depend on."""
    values = experiment.simulation.plain_values()
    sampling, *_ = (values.pop(key) for key in ("sampling", "shape", "exit_wave_reuse"))
    data = experiment.data.model_dump(mode="json", exclude=NOT_IN_EXAMPLES)
    return {**values, "model": {"sampling": sampling}, "data": data}


def check(experiment: Experiment) -> None:
    """Checks that specimens can be built and that the folders hold no other sets.

    Raises:
        InputError: If a specimen cannot be built, or a folder holds a set of other settings.
    """
    sets = StoredSets.of(experiment)
    sets.check(sets.splits)
    check_specimens(experiment.simulation)


def check_specimens(settings: SimulationSettings) -> None:
    """Checks elements and class names, and builds a few specimens.

    Specimens of a Python function are not built where it must not be run (`--check`).

    Raises:
        InputError: If an element or class name is unknown, or a specimen cannot be built.
    """
    structure, classes = settings.structure, settings.labels.classes
    if left_out(structure):
        return
    check_elements(possible_elements(structure), settings.vibrations)
    check_names(structure, classes)
    count = _class_count(settings, TRIED_SPECIMENS)
    missing = [name for name, n in zip(classes, count[1:], strict=True) if not n]
    if missing and 2 * count[0] > count.sum():
        LOGGER.warning(
            "none of %d test specimens has a column of class %s, and %d of %d columns match no "
            "class; check labels.classes: names list the elements along the beam",
            TRIED_SPECIMENS,
            " or ".join(missing),
            count[0],
            count.sum(),
        )


def run(work: Work[None]) -> None:
    """Simulates missing examples, and keeps pictures of a few for the report."""
    sets = StoredSets.of(work.experiment)
    for split in sets.splits:
        make_set(sets, split, work.progress)
    chosen = sets.spread_examples(SHOWN_SPLIT, PICTURES)
    write_pictures(work.folder / "examples.npz", pictures(chosen))


def make_set(sets: StoredSets, split: str, progress: Progress) -> None:
    """Simulates the missing examples of a split.

    Raises:
        InputError: See `generate_set`.
    """
    with progress(f"simulate {split}", sets.data.count(split)) as done:
        generate_set(sets.simulation, sets.data, split, sets.folder(split), done)


def pictures(chosen: Mapping[int, Example]) -> list[Picture]:
    """The first image of each example with its true columns.

    Args:
        chosen: Examples by index.
    """
    return [
        Picture(
            image=example.images[..., 0],
            sampling=example.sampling,
            index=index,
            caption=caption(example),
            true_positions=example.columns.positions,
            true_class=example.columns.class_index,
        )
        for index, example in chosen.items()
    ]


def focal_pictures(index: int, example: Example) -> list[Picture]:
    """All images of an example's focal series, with defocus and true columns."""
    foci = np.atleast_1d(example.parameters["defocus"])
    return [
        Picture(
            image=example.images[..., number],
            sampling=example.sampling,
            index=index,
            caption=f"defocus {focus:.0f} Å",
            true_positions=example.columns.positions,
            true_class=example.columns.class_index,
        )
        for number, focus in enumerate(foci)
    ]


def caption(example: Example) -> str:
    """Dose and first defocus of an example."""
    drawn = conditions(example.parameters)
    return f"{drawn['dose']:.3g} e/Å², defocus {drawn['defocus']:.0f} Å"


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """Numbers of examples, their size on disk, and the time that they take."""
    sets = StoredSets.of(experiment)
    lines, total = [], 0
    for split in sets.splits:
        missing = sets.missing(split)
        total += missing
        lines.append(
            f"{split}: {experiment.data.count(split)} examples, {missing} of them missing, in "
            f"{sets.folder(split)}"
        )
    if isinstance(experiment.structure, FromFile):
        path = experiment.structure.path
        lines.append(f"specimen: {Path(path).name}, {extent(path)}")
    if left_out(experiment.structure):
        lines.append("columns and time: not known before the function is run")
    else:
        lines.append(f"columns: {_columns_text(experiment.simulation)}")
    lines.append(f"disk: {sets.size(total) / 1e9:.2g} GB for missing examples")
    if total and not left_out(experiment.structure):
        workers = max(experiment.data.workers, 1)
        hours = total * seconds_per_example(experiment.simulation) / workers / 3600
        lines.append(f"time: about {duration(hours)} with data.workers: {experiment.data.workers}")
    return lines


def _columns_text(settings: SimulationSettings) -> str:
    """Number of columns of each class in a few specimens."""
    count = _class_count(settings, TRIED_SPECIMENS)
    named = zip(settings.labels.classes, count[1:], strict=True)
    each = ", ".join(f"{number:,} {name}" for name, number in named)
    return f"{each} and {count[0]:,} of no class in {TRIED_SPECIMENS} specimens"


def _class_count(settings: SimulationSettings, specimens: int) -> np.ndarray:
    """(class + 1,) number of columns of no class and of each class in the first specimens."""

    def of_one(index: int) -> np.ndarray:
        resting, _ = draw_specimen(settings, index, SHOWN_SPLIT)
        classes = len(settings.labels.classes) + 1
        return np.bincount(resting.columns.class_index + 1, minlength=classes)

    counts = [
        _once(settings, f"classes of {index}", partial(of_one, index)) for index in range(specimens)
    ]
    return np.sum(counts, axis=0)


def seconds_per_example(settings: SimulationSettings) -> float:
    """Processor time to simulate an example [s], from a few specimens of different size.

    The elapsed time is longer on a machine with other work.
    """
    return _once(settings, "seconds", lambda: _timed(settings))


Result = TypeVar("Result")

_KNOWN: dict[tuple[str, str], Any] = {}
"""Results about specimens by settings and question, since several stages need the same."""


def _once(settings: SimulationSettings, question: str, find: Callable[[], Result]) -> Result:
    """The return value of ``find``, which is called once for the same settings and files."""
    key = settings.identity(), question
    if key not in _KNOWN:
        _KNOWN[key] = find()
    return _KNOWN[key]


def _timed(settings: SimulationSettings) -> float:
    """As `seconds_per_example`, without the memory."""
    simulate_block(settings, 0, 1, SHOWN_SPLIT)  # the first one also loads libraries and plans
    reuse = settings.exit_wave_reuse
    used, specimens = time.process_time(), 0
    while specimens < TIMED_SPECIMENS and time.process_time() - used < LONGEST_TIMING:
        simulate_block(settings, specimens * reuse, (specimens + 1) * reuse, SHOWN_SPLIT)
        specimens += 1
    return (time.process_time() - used) / (specimens * reuse)


def duration(hours: float) -> str:
    """A duration in minutes or hours.

    >>> duration(0.5), duration(3), duration(0.001)
    ('30 minutes', '3.0 hours', '1 minute')
    """
    minutes = max(round(hours * 60), 1)
    if minutes < 100:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{hours:.1f} hours"


def intact(experiment: Experiment, root: Path) -> bool:
    """Whether all sets of the experiment are complete."""
    sets = StoredSets.of(experiment)
    return all(sets.missing(split) == 0 for split in sets.splits)


STAGE = Stage(
    name="simulate",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
    intact=intact,
)
