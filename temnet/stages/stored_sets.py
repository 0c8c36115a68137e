"""The stored sets of an experiment, which its stages share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from temnet.config.experiment import Experiment
from temnet.config.learning.data import Data
from temnet.config.simulation import SimulationSettings
from temnet.data.generate import set_folder
from temnet.data.shards import SHARD
from temnet.data.store import MANIFEST, check_settings, open_set
from temnet.errors import InputError
from temnet.randomness import SPLITS
from temnet.records import Example
from temnet.workflow.folder import RUNS

BYTES_PER_PIXEL = 2
"""Images are stored as float16."""


@dataclass(frozen=True)
class StoredSets:
    """The stored sets of an experiment, one for each split.

    Attributes:
        simulation: Settings of the examples.
        data: Numbers of examples, and the folder of the sets.
    """

    simulation: SimulationSettings
    data: Data

    @classmethod
    def of(cls, experiment: Experiment) -> StoredSets:
        """The sets of an experiment."""
        return cls(experiment.simulation, experiment.data)

    @property
    def splits(self) -> list[str]:
        """Splits that are kept on disk; fresh training examples are not."""
        fresh = self.data.source == "fresh"
        return [split for split in SPLITS if not (fresh and split == "training")]

    def folder(self, split: str) -> Path:
        """The folder of a split's set."""
        return set_folder(self.simulation, self.data, split, RUNS)

    def missing(self, split: str) -> int:
        """Number of examples of a split that are still to be simulated."""
        folder, count = self.folder(split), self.data.count(split)
        if not (folder / MANIFEST).is_file():
            return count
        stored = open_set(folder)
        known = min(len(stored), count)
        missing = stored.missing_shards(known)
        made = sum(
            min(SHARD, known - shard * SHARD) for shard in range(-(-known // SHARD))
            if shard not in missing
        )  # fmt: skip
        return count - made

    def check(self, splits: Sequence[str]) -> None:
        """Checks that the folders of these splits' sets are free or hold sets of these settings.

        Raises:
            InputError: If a folder holds a set of other settings, or cannot be written to.
        """
        for split in splits:
            folder = self.folder(split)
            _check_place(folder)
            if (folder / MANIFEST).is_file():
                check_settings(open_set(folder), self.simulation, split)

    def repair(self) -> list[str]:
        """Marks damaged examples, so that they are simulated again.

        Returns:
            A line for each set.
        """
        lines = []
        for split in self.splits:
            folder = self.folder(split)
            if not (folder / MANIFEST).is_file():
                lines.append(f"{split}: no set in {folder} yet")
                continue
            stored = open_set(folder)
            damaged, last = stored.forget_damaged(), len(stored) - 1
            ranges = ", ".join(f"{n * SHARD} to {min((n + 1) * SHARD - 1, last)}" for n in damaged)
            found = f"damaged examples {ranges}" if damaged else "nothing damaged"
            lines.append(f"{split}: {found}")
        return lines

    def examples(self, split: str) -> Iterator[Example]:
        """The stored examples of a split in order."""
        stored, count = open_set(self.folder(split)), self.data.count(split)
        for shard in range(-(-count // SHARD)):
            yield from stored.shard(shard)[: count - shard * SHARD]

    def spread_examples(self, split: str, most: int) -> dict[int, Example]:
        """Up to ``most`` stored examples of a split by their index, evenly from all of it.

        Neighbours may share a specimen (`data.exit_wave_reuse`); these rarely do.
        """
        stored, count = open_set(self.folder(split)), self.data.count(split)
        return {index: stored.example(index) for index in range(0, count, -(-count // most))}

    def size(self, count: int) -> int:
        """Size of the images of ``count`` stored examples [bytes]."""
        rows, cols = self.simulation.shape
        return count * rows * cols * self.simulation.focus_count * BYTES_PER_PIXEL


def _check_place(folder: Path) -> None:
    """Checks that a set can be written into a folder, which may not exist yet."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InputError(
            f"data.folder: {folder} cannot be used, since {nearest} is not a folder; give another "
            "one."
        )
    if nearest != folder and not os.access(nearest, os.W_OK):
        raise InputError(
            f"data.folder: {folder} cannot be used, since {nearest} may not be written to; change "
            "its rights or give another one."
        )
