"""The stored sets of an experiment, as the stages share them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from temnet.config.experiment import Experiment
from temnet.data.generate import set_folder
from temnet.data.shards import SHARD
from temnet.data.store import MANIFEST, check_settings, open_set
from temnet.errors import InputError
from temnet.randomness import SPLITS
from temnet.records import Example
from temnet.workflow.folder import RUNS

BYTES_PER_PIXEL = 2
"""Images are stored as float16."""


def stored_splits(experiment: Experiment) -> list[str]:
    """Splits that are kept on disk; fresh training examples are not."""
    fresh = experiment.data.source == "fresh"
    return [split for split in SPLITS if not (fresh and split == "training")]


def split_folder(experiment: Experiment, split: str) -> Path:
    """Where the stored set of a split lies."""
    return set_folder(experiment.simulation, experiment.data, split, RUNS)


def missing_examples(experiment: Experiment, split: str) -> int:
    """How many examples of a split are still to be made."""
    folder, count = split_folder(experiment, split), experiment.data.count(split)
    if not (folder / MANIFEST).is_file():
        return count
    stored = open_set(folder)
    known = min(len(stored), count)
    missing = [shard for shard in stored.missing_shards(known)]
    made = sum(
        min(SHARD, known - shard * SHARD) for shard in range(-(-known // SHARD))
        if shard not in missing
    )  # fmt: skip
    return count - made


def check_sets(experiment: Experiment, splits: Sequence[str]) -> None:
    """Whether the folders of these splits' sets are free or hold this experiment's sets.

    Raises:
        InputError: A set of other settings lies there, or the place is no folder that sets can be
            written into.
    """
    for split in splits:
        folder = split_folder(experiment, split)
        _check_place(folder)
        if (folder / MANIFEST).is_file():
            check_settings(open_set(folder), experiment.simulation, split)


def _check_place(folder: Path) -> None:
    """Whether a set can lie in a folder, which need not be there yet."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InputError(
            f"data.folder: {folder} cannot be used, since {nearest} is no folder; give another one."
        )
    if nearest != folder and not os.access(nearest, os.W_OK):
        raise InputError(
            f"data.folder: {folder} cannot be used, since {nearest} may not be written to; change "
            "its rights or give another one."
        )


def repair_sets(experiment: Experiment) -> list[str]:
    """Marks damaged examples of the experiment's sets, so that they are made again.

    Returns:
        A line for each set about what was found.
    """
    lines = []
    for split in stored_splits(experiment):
        folder = split_folder(experiment, split)
        if not (folder / MANIFEST).is_file():
            lines.append(f"{split}: no set in {folder} yet")
            continue
        damaged = open_set(folder).forget_damaged()
        ranges = ", ".join(f"{n * SHARD} to {(n + 1) * SHARD - 1}" for n in damaged)
        lines.append(f"{split}: {f'damaged examples {ranges}' if damaged else 'nothing damaged'}")
    return lines


def examples(experiment: Experiment, split: str) -> Iterator[Example]:
    """The stored examples of a split in order."""
    stored, count = open_set(split_folder(experiment, split)), experiment.data.count(split)
    for shard in range(-(-count // SHARD)):
        yield from stored.shard(shard)[: count - shard * SHARD]


def spread_examples(experiment: Experiment, split: str, most: int) -> dict[int, Example]:
    """Up to ``most`` stored examples of a split by their index, evenly from all of it.

    Neighbours may share a specimen (`data.exit_wave_reuse`); these rarely do.
    """
    stored, count = open_set(split_folder(experiment, split)), experiment.data.count(split)
    return {index: stored.example(index) for index in range(0, count, -(-count // most))}


def set_bytes(experiment: Experiment, count: int) -> int:
    """Size of the images of ``count`` stored examples [bytes]."""
    rows, cols = experiment.data.shape
    return count * rows * cols * experiment.focus_count * BYTES_PER_PIXEL
