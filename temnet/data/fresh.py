"""Training examples that are simulated during training."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from temnet.config.simulation import SimulationSettings
from temnet.data.batch_settings import BatchSettings
from temnet.data.cluster import open_workers
from temnet.data.curriculum import narrowed
from temnet.data.generate import fill_set
from temnet.data.shards import LabelForm, Shard, encode
from temnet.data.shuffling import shuffled
from temnet.data.store import open_set
from temnet.records import Example
from temnet.simulation.example import simulate_block

BLOCK = 4
"""Smallest number of examples that a worker simulates at a time."""


def fresh_examples(
    settings: BatchSettings, split: str, start: int
) -> Generator[Example, None, None]:
    """Examples ``start``, ``start + 1``, ... without end, each once.

    The workers of `data.workers` or `data.scheduler` simulate them ahead.  They are the examples
    of a stored set.

    Args:
        settings: Settings; uses those of the examples, the workers and the curriculum.
        split: training, selection or validation.
        start: Index of the first example.
    """
    block = max(BLOCK, settings.simulation.exit_wave_reuse)
    form = LabelForm.of(settings.simulation)

    def jobs() -> Iterator[tuple[SimulationSettings, int, int, str]]:
        first = start
        while True:
            following = (first // block + 1) * block
            # A block belongs to one epoch, even if it starts in the middle.
            drawn = _in_epoch(settings, split, following - block)
            yield drawn, first, following, split
            first = following

    with open_workers(settings.data) as workers:
        for shard in workers.in_order(make_block, jobs()):
            for number in range(len(shard)):
                yield shard.example(number, form)


def _in_epoch(settings: BatchSettings, split: str, index: int) -> SimulationSettings:
    """The settings of a fresh example; those of training depend on its epoch."""
    training = settings.training
    if split != "training":
        return settings.simulation
    return narrowed(settings.simulation, training.range_fraction(index // training.epoch_size))


def make_block(settings: SimulationSettings, start: int, stop: int, split: str) -> Shard:
    """Examples ``start`` to ``stop - 1``, encoded for sending."""
    return encode(simulate_block(settings, start, stop, split))


def renewed_examples(
    settings: BatchSettings, folder: Path | None, size: int, start: int
) -> Generator[Example, None, None]:
    """Endless training examples from sets that are renewed after `data.image_epochs` epochs.

    The next set is simulated while the network is trained on the current one.  Sets are numbered,
    so that a resumed training finds them again.

    Args:
        settings: Settings; uses those of the examples, the workers and the curriculum.
        folder: Folder of the sets, at most two at a time; None for a temporary folder.
        size: Number of examples in an epoch, and in a set.
        start: Number of examples to skip.
    """
    with TemporaryDirectory() as temporary:
        yield from _renewed(settings, folder or Path(temporary), size, start)


def _renewed(settings: BatchSettings, folder: Path, size: int, start: int) -> Iterator[Example]:
    epochs, stopped = settings.data.image_epochs, Event()

    def path(number: int) -> Path:
        return folder / f"renewed-{number:05d}"

    def watch(done: int) -> None:
        if stopped.is_set():
            raise _StoppedError

    with open_workers(settings.data) as workers, ThreadPoolExecutor(1) as thread:

        def make(number: int) -> Future:
            fraction = settings.training.range_fraction(number * epochs)
            drawn = narrowed(settings.simulation, fraction)
            where = path(number), number * size, size, workers, watch
            return thread.submit(fill_set, drawn, "training", *where)

        epoch, skip = divmod(start, size)
        number = epoch // epochs
        making = make(number)
        try:
            while True:
                making.result()
                making = make(number + 1)
                for older in folder.glob("renewed-*"):
                    if older not in (path(number), path(number + 1)):
                        shutil.rmtree(older)
                stored = open_set(path(number))
                while epoch < (number + 1) * epochs:
                    yield from shuffled(stored, size, settings.simulation.seed, epoch, skip)
                    epoch, skip = epoch + 1, 0
                number += 1
        finally:
            stopped.set()


class _StoppedError(Exception):
    """The set is no longer needed."""
