"""Batches of arrays, in an order that depends on the seed and the position alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from temnet.config.experiment import Experiment
from temnet.data.augment import SYMMETRIES, apply_symmetry
from temnet.data.generate import fresh_examples
from temnet.data.store import SHARD, open_set
from temnet.images.normalize import normalize
from temnet.randomness import generator
from temnet.records import Example

WINDOW = 8
"""Shards that are held in memory at a time, and whose examples are shuffled among each other."""

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Images (batch, row, col, focus), labels (batch, row, col, class), weights (batch, row, col)."""


def steps_per_epoch(experiment: Experiment) -> int:
    """Training steps of an epoch.

    >>> from types import SimpleNamespace as settings
    >>> steps_per_epoch(settings(training=settings(images_per_epoch=1000, batch_size=8)))
    125
    """
    return max(1, experiment.training.images_per_epoch // experiment.training.batch_size)


def training_batches(
    experiment: Experiment, folder: Path | None, start_epoch: int
) -> Iterator[Batch]:
    """Batches without end, from the beginning of an epoch.

    Args:
        experiment: The settings.
        folder: The stored training set; None makes fresh examples.
        start_epoch: Epochs that were trained already.
    """
    size = experiment.training.batch_size
    start = start_epoch * steps_per_epoch(experiment) * size
    if folder is None:
        examples = fresh_examples(experiment, "training", start)
    else:
        examples = _shuffled(experiment, folder, start)
    prepared = (
        prepare(example, experiment, position, "training")
        for position, example in enumerate(examples, start)
    )
    while True:
        yield _stack(list(islice(prepared, size)))


def ordered_batches(experiment: Experiment, split: str, folder: Path | None) -> Iterator[Batch]:
    """Batches of a split in order, once, as they are."""
    size, count = experiment.training.batch_size, experiment.data.count(split)
    if folder is None:
        examples = islice(fresh_examples(experiment, split, 0), count)
    else:
        stored = open_set(folder)
        examples = islice(
            (e for shard in range(-(-count // SHARD)) for e in stored.shard(shard)), count
        )
    prepared = (prepare(example, experiment, 0, split) for example in examples)
    while batch := list(islice(prepared, size)):
        yield _stack(batch)


def prepare(example: Example, experiment: Experiment, position: int, split: str) -> Batch:
    """The arrays of one example: turned for training, and normalised last.

    Args:
        example: The example.
        experiment: The settings.
        position: How many training examples came before; it decides the symmetry.
        split: Only ``training`` is turned.
    """
    maps: Batch = (example.images, example.labels, example.weights)
    if split == "training" and experiment.data.augment:
        symmetry = int(generator(experiment.seed, "symmetry", position).integers(SYMMETRIES))
        images, labels, weights = (apply_symmetry(part, symmetry) for part in maps)
    else:
        images, labels, weights = maps
    width = experiment.labels.normalisation_width
    return normalize(images, example.sampling, width), labels, weights


def epoch_order(count: int, seed: int, epoch: int) -> list[np.ndarray]:
    """The order of one pass over a stored set: groups of examples that are read together.

    Shards are shuffled, then the examples of ``WINDOW`` shards among each other.

    Args:
        count: Examples of the set.
        seed: The experiment's seed.
        epoch: Which pass.
    """
    rng = generator(seed, "order", epoch)
    shards = rng.permutation(-(-count // SHARD))
    groups = []
    for first in range(0, len(shards), WINDOW):
        members = shards[first : first + WINDOW, None] * SHARD + np.arange(SHARD)
        groups.append(rng.permutation(members[members < count]))
    return groups


def _shuffled(experiment: Experiment, folder: Path, start: int) -> Iterator[Example]:
    """Examples of a stored set, pass after pass, from position ``start`` on."""
    stored, count = open_set(folder), experiment.data.training
    epoch, skip = divmod(start, count)
    while True:
        for group in epoch_order(count, experiment.seed, epoch):
            if skip >= len(group):
                skip -= len(group)
                continue
            held = {shard: stored.shard(shard) for shard in sorted({i // SHARD for i in group})}
            for index in group[skip:]:
                yield held[index // SHARD][index % SHARD]
            skip = 0
        epoch += 1


def _stack(parts: list[Batch]) -> Batch:
    images, labels, weights = (np.stack(arrays) for arrays in zip(*parts, strict=True))
    return images, labels, weights
