"""Stage `simulate`: makes the sets that networks are trained, selected and scored on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from temnet.config.experiment import Experiment
from temnet.config.structures.from_file import FromFile
from temnet.config.user_function import left_out
from temnet.data.generate import generate_set
from temnet.evaluation.evaluate import drawn_conditions
from temnet.records import Example
from temnet.reporting.snapshots import Picture, write_pictures
from temnet.simulation.example import draw_specimen, simulate_block
from temnet.stages.stored_sets import (
    check_sets,
    missing_examples,
    set_bytes,
    split_folder,
    spread_examples,
    stored_splits,
)
from temnet.structures.atom_files.from_file import extent
from temnet.structures.elements import possible_elements
from temnet.structures.names import check_names
from temnet.structures.vibrations.displacements import check_elements
from temnet.workflow.stage import Progress, Stage

LOGGER = logging.getLogger(__name__)

PICTURES = 8
"""Examples that the report shows."""

TIMED_SPECIMENS, LONGEST_TIMING = 12, 2.5
"""Specimens that the time of a whole set is told from, and the processor's seconds after which no
more begin."""

TRIED_SPECIMENS = 4
"""Specimens that are made before a run to see whether they can be, and whose columns
are counted."""

SHOWN_SPLIT = "validation"

NOT_IN_EXAMPLES = {"workers", "scheduler", "augment", "image_epochs"}
"""Settings of the data that no example depends on."""


def settings(experiment: Experiment) -> dict[str, Any]:
    """What the sets depend on."""
    values = experiment.simulation.plain_values()
    sampling, *_ = (values.pop(key) for key in ("sampling", "shape", "exit_wave_reuse"))
    data = experiment.data.model_dump(mode="json", exclude=NOT_IN_EXAMPLES)
    return {**values, "model": {"sampling": sampling}, "data": data}


def check(experiment: Experiment) -> None:
    """Whether specimens can be made and no other sets are in the way.

    Raises:
        InputError: It is not so.
    """
    check_sets(experiment, stored_splits(experiment))
    check_specimens(experiment)


def check_specimens(experiment: Experiment) -> None:
    """Whether elements and names are known, and a few specimens can be made.

    Specimens of a function that must not be run now are not tried.

    Raises:
        InputError: It is not so.
    """
    if left_out(experiment.structure):
        return
    check_elements(possible_elements(experiment.structure), experiment.vibrations)
    check_names(experiment.structure, experiment.class_names)
    count = _class_count(experiment, TRIED_SPECIMENS)
    missing = [name for name, n in zip(experiment.class_names, count[1:], strict=True) if not n]
    if missing and 2 * count[0] > count.sum():
        LOGGER.warning(
            "no column of %d specimens is of class %s, and %d of %d are of no class; compare "
            "labels.classes with what columns hold along the beam, by which they are named",
            TRIED_SPECIMENS,
            " or ".join(missing),
            count[0],
            count.sum(),
        )


def run(experiment: Experiment, root: Path, folder: Path, inputs: None, progress: Progress) -> None:
    """Makes the sets, as far as they are not there, and keeps a few examples to be shown."""
    for split in stored_splits(experiment):
        make_set(experiment, split, progress)
    chosen = spread_examples(experiment, SHOWN_SPLIT, PICTURES)
    write_pictures(folder / "examples.npz", pictures(chosen))


def make_set(experiment: Experiment, split: str, progress: Progress) -> None:
    """Makes the examples of a split that are not there yet.

    Raises:
        InputError: See `generate_set`.
    """
    with progress(f"simulate {split}", experiment.data.count(split)) as done:
        folder = split_folder(experiment, split)
        generate_set(experiment.simulation, experiment.data, split, folder, done)


def pictures(chosen: Mapping[int, Example]) -> list[Picture]:
    """The first image of each example, by its index, with its true columns."""
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
    """Every image of an example's focal series with its defocus and the true columns."""
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
    drawn = drawn_conditions(example.parameters)
    return f"{drawn['dose']:.3g} e/Å², defocus {drawn['defocus']:.0f} Å"


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """Numbers of examples, their size on disk and how long they take."""
    lines, total = [], 0
    for split in stored_splits(experiment):
        missing = missing_examples(experiment, split)
        total += missing
        lines.append(
            f"{split}: {experiment.data.count(split)} examples, {missing} of them to be made, in "
            f"{split_folder(experiment, split)}"
        )
    if isinstance(experiment.structure, FromFile):
        path = experiment.structure.path
        lines.append(f"specimen: {Path(path).name}, {extent(path)}")
    if left_out(experiment.structure):
        lines.append("columns and time: not known before the function is run")
    else:
        lines.append(f"columns: {_columns_text(experiment)}")
    lines.append(f"disk: {set_bytes(experiment, total) / 1e9:.2g} GB for what is to be made")
    if total and not left_out(experiment.structure):
        workers = max(experiment.data.workers, 1)
        hours = total * seconds_per_example(experiment) / workers / 3600
        lines.append(f"time: about {duration(hours)} with data.workers: {experiment.data.workers}")
    return lines


def _columns_text(experiment: Experiment) -> str:
    """How many columns of each class a few specimens have."""
    count = _class_count(experiment, TRIED_SPECIMENS)
    named = zip(experiment.class_names, count[1:], strict=True)
    each = ", ".join(f"{number:,} {name}" for name, number in named)
    return f"{each} and {count[0]:,} of no class in {TRIED_SPECIMENS} specimens"


def _class_count(experiment: Experiment, specimens: int) -> np.ndarray:
    """(class + 1,) columns of no class and of each class in the first specimens."""

    def of_one(index: int) -> np.ndarray:
        resting, _ = draw_specimen(experiment.simulation, index, SHOWN_SPLIT)
        classes = len(experiment.class_names) + 1
        return np.bincount(resting.columns.class_index + 1, minlength=classes)

    return sum(
        _once(experiment, f"classes of {index}", partial(of_one, index))
        for index in range(specimens)
    )


def seconds_per_example(experiment: Experiment) -> float:
    """Processor's time to simulate an example, from a few specimens, which differ in size [s].

    On a machine that has other work to do more time passes.
    """
    return _once(experiment, "seconds", lambda: _timed(experiment))


_KNOWN: dict[tuple[str, str], Any] = {}
"""What was found out about specimens, by their settings: several stages ask for the same."""


def _once(experiment: Experiment, what: str, find: Callable[[], Any]) -> Any:
    """What ``find`` returns, which is called once for the same settings and files."""
    key = experiment.simulation.identity(), what
    if key not in _KNOWN:
        _KNOWN[key] = find()
    return _KNOWN[key]


def _timed(experiment: Experiment) -> float:
    """As `seconds_per_example`, measured."""
    settings = experiment.simulation
    simulate_block(settings, 0, 1, SHOWN_SPLIT)  # the first one also loads and plans
    reuse = settings.exit_wave_reuse
    used, specimens = time.process_time(), 0
    while specimens < TIMED_SPECIMENS and time.process_time() - used < LONGEST_TIMING:
        simulate_block(settings, specimens * reuse, (specimens + 1) * reuse, SHOWN_SPLIT)
        specimens += 1
    return (time.process_time() - used) / (specimens * reuse)


def duration(hours: float) -> str:
    """A duration in a unit that suits it.

    >>> duration(0.5), duration(3), duration(0.001)
    ('30 minutes', '3.0 hours', '1 minute')
    """
    minutes = max(round(hours * 60), 1)
    if minutes < 100:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{hours:.1f} hours"


def intact(experiment: Experiment, root: Path) -> bool:
    """Whether all sets are complete."""
    return all(missing_examples(experiment, split) == 0 for split in stored_splits(experiment))


STAGE = Stage(
    name="simulate",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
    intact=intact,
)
