"""Simulation of stored sets, shard by shard."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from temnet.config.learning.data import Data
from temnet.config.simulation import SimulationSettings
from temnet.data.cluster import Workers, open_workers
from temnet.data.shards import SHARD, Shard, encode
from temnet.data.store import MANIFEST, check_settings, open_set, prepare_set
from temnet.errors import disk_errors_as_input_errors
from temnet.simulation.example import simulate_block

LOGGER = logging.getLogger(__name__)


def set_folder(settings: SimulationSettings, data: Data, split: str, root: Path) -> Path:
    """Folder of the stored set of a split: in `data.folder`, or below ``root`` by its hash.

    Args:
        settings: The settings of the examples.
        data: Settings; uses `folder`.
        split: training, selection or validation.
        root: The folder that holds all runs.
    """
    if data.folder is not None:
        return Path(data.folder) / split
    return root / "sets" / settings.identity() / split


def generate_set(
    settings: SimulationSettings,
    data: Data,
    split: str,
    folder: Path,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Simulate the examples of a split that ``folder`` does not hold yet.

    If a call is interrupted at any moment, the next one completes the unfinished shards.  The
    bytes of the set are always the same, for any number of workers.

    Args:
        settings: The settings of the examples.
        data: Number of examples, and the workers that simulate them.
        split: training, selection or validation.
        folder: The folder of the set; if another process is making it, this one waits.
        progress: Called with the number of examples just finished; the first call counts those
            that existed before.

    Raises:
        InputError: If the folder holds a set of other settings or cannot be written, the disk is
            full, or the scheduler cannot be used.
    """
    count = data.count(split)
    if not _is_whole(settings, split, folder, count):
        with disk_errors_as_input_errors(folder), _alone(folder), open_workers(data) as workers:
            fill_set(settings, split, folder, 0, count, workers, progress)
    elif progress is not None:
        progress(count)


def fill_set(
    settings: SimulationSettings,
    split: str,
    folder: Path,
    first: int,
    count: int,
    workers: Workers,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Simulate the missing examples of a set, from ``first`` to ``first + count - 1``.

    In a longer set that is unfinished, the last shard is completed.

    Args:
        settings: The settings of the examples.
        split: training, selection or validation.
        folder: The folder of the set; only this process writes to it.
        first: Index of the first example of the set.
        count: Number of its examples.
        workers: The workers that simulate.
        progress: As in `generate_set`.

    Raises:
        InputError: As in `generate_set`.
    """
    done = progress or (lambda number: None)
    with disk_errors_as_input_errors(folder):
        stored = prepare_set(settings, split, folder, first, count)
        missing = stored.missing_shards(count)
        done(count - sum(_size(shard, count) for shard in missing))
        jobs = ((settings, split, first, shard, _size(shard, len(stored))) for shard in missing)
        for number, shard in workers.as_done(make_shard, jobs):
            stored.write(number, shard)
            done(_size(number, count))


def _is_whole(settings: SimulationSettings, split: str, folder: Path, count: int) -> bool:
    """Whether a set is complete."""
    if not (folder / MANIFEST).is_file():
        return False
    stored = open_set(folder)
    check_settings(stored, settings, split)
    return stored.holds(count)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lock the folder of a set inside the block; a second process waits."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        LOGGER.warning("%s: waiting for another run that simulates these images", folder)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def make_shard(
    settings: SimulationSettings, split: str, first: int, number: int, size: int
) -> tuple[int, Shard]:
    """The number of a shard and its encoded examples.

    Args:
        settings: The settings of the examples.
        split: training, selection or validation.
        first: Index of the first example of the set.
        number: Number of the shard.
        size: Number of its examples.
    """
    start = first + number * SHARD
    return number, encode(simulate_block(settings, start, start + size, split))


def _size(shard: int, count: int) -> int:
    return min(SHARD, count - shard * SHARD)
