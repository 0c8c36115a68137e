"""Making examples: shard by shard into a stored set, or fresh ones without end."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from distributed import Client, LocalCluster, as_completed

from temnet.config.experiment import Experiment
from temnet.data.store import SHARD, open_set, prepare_set, write_shard
from temnet.errors import InputError
from temnet.records import Example
from temnet.simulation.example import simulate_block

LOGGER = logging.getLogger(__name__)

BLOCK = 4
"""Fresh examples that a worker makes at a time, where an exit wave serves fewer than that."""


QUIET_WORKER = (
    "import logging, signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    "logging.getLogger('distributed').setLevel(logging.CRITICAL)"
)
"""Run by each worker: Ctrl-C reaches all processes of a terminal, and ours ends the workers, which
shall not complain of that.  Errors of the work itself come back as exceptions."""


def set_folder(experiment: Experiment, split: str, root: Path) -> Path:
    """Where the stored set of a split lies: in `data.folder`, or below ``root`` by its hash.

    Args:
        experiment: The settings.
        split: training, selection or validation.
        root: The folder that holds all runs.
    """
    if experiment.data.folder is not None:
        return Path(experiment.data.folder) / split
    return root / "sets" / experiment.identity() / split


def generate_set(
    experiment: Experiment,
    split: str,
    folder: Path,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Makes the examples of a split that ``folder`` does not hold yet.

    Killed at any moment, a second call goes on with the shards that were not finished.

    Args:
        experiment: The settings; `data.workers` processes are started.
        split: training, selection or validation.
        folder: The set's folder.
        progress: Called with the number of examples just finished, those that were there
            already in the first call.

    Raises:
        InputError: The folder holds a set of other settings, or cannot be written.
    """
    count = experiment.data.count(split)
    try:
        missing = prepare_set(experiment, split, folder).missing_shards(count)
    except (PermissionError, NotADirectoryError) as error:
        raise InputError(f"{folder}: this folder cannot be written ({error.strerror}).") from error
    if progress is not None:
        progress(count - sum(_shard_size(shard, count) for shard in missing))
    for shard in _made(experiment, split, folder, count, missing):
        if progress is not None:
            progress(_shard_size(shard, count))


def _shard_size(shard: int, count: int) -> int:
    return min(SHARD, count - shard * SHARD)


def _made(
    experiment: Experiment, split: str, folder: Path, count: int, missing: list[int]
) -> Iterator[int]:
    """Makes the missing shards, here or in worker processes, and yields each when it is done."""
    if not missing:
        return
    if experiment.data.workers == 0:
        for shard in missing:
            yield _make_shard(experiment, split, folder, count, shard)
        return
    with workers(min(experiment.data.workers, len(missing))) as client:
        waiting = iter(missing)

        def submit() -> list:
            shard = next(waiting, None)
            if shard is None:
                return []
            task = client.submit(_make_shard, experiment, split, folder, count, shard, pure=False)
            return [task]

        # A few tasks ahead of the workers, so that a long list is not sent at once.
        running = as_completed([t for _ in range(3 * experiment.data.workers) for t in submit()])
        for task in running:
            yield task.result()
            for following in submit():
                running.add(following)


def _make_shard(experiment: Experiment, split: str, folder: Path, count: int, shard: int) -> int:
    start = shard * SHARD
    examples = simulate_block(experiment, start, start + _shard_size(shard, count), split)
    write_shard(open_set(folder), shard, examples)
    return shard


@contextmanager
def workers(count: int) -> Iterator[Client]:
    """Worker processes of one thread each on this machine, which end with this process.

    A script that uses them needs the usual ``if __name__ == "__main__":`` around its work.
    """
    with (
        LocalCluster(
            n_workers=count,
            processes=True,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs=logging.ERROR,
            preload=[QUIET_WORKER],
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def fresh_examples(experiment: Experiment, split: str, start: int) -> Iterator[Example]:
    """Examples ``start``, ``start + 1``, ... without end, made ahead by worker processes.

    Args:
        experiment: The settings; `data.workers` processes are started, none for 0.
        split: training, selection or validation.
        start: Index of the first example.
    """
    block = max(BLOCK, experiment.data.exit_wave_reuse)

    def bounds() -> Iterator[tuple[int, int]]:
        first = start
        while True:
            following = (first // block + 1) * block
            yield first, following
            first = following

    pending = bounds()
    if experiment.data.workers == 0:
        for first, following in pending:
            yield from simulate_block(experiment, first, following, split)
    with workers(experiment.data.workers) as client:
        queue: deque = deque()
        while True:
            while len(queue) < 3 * experiment.data.workers:
                first, following = next(pending)
                queue.append(
                    client.submit(simulate_block, experiment, first, following, split, pure=False)
                )
            yield from queue.popleft().result()
