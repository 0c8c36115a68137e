"""Batches of arrays, in an order that depends only on the seed and the position."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from itertools import count, islice
from pathlib import Path

import numpy as np

from temnet.data.augment import augmented
from temnet.data.batch_settings import BatchSettings
from temnet.data.fresh import fresh_examples, renewed_examples
from temnet.data.shards import SHARD
from temnet.data.shuffling import epoch_order, shuffled
from temnet.data.store import open_set
from temnet.images.normalize import normalize
from temnet.records import Example

SHOWN_PARAMETERS = ("structure", "energy", "defocus", "dose")
"""Parameters of an example that messages show."""

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Images (batch, row, col, focus), labels (batch, row, col, class), weights (batch, row, col)."""


def batches(
    settings: BatchSettings, split: str, folder: Path | None, start_epoch: int = 0
) -> Generator[Batch, None, None]:
    """Endless training batches from the start of an epoch; one pass over other splits.

    Args:
        settings: The settings of examples and batches.
        split: training, selection or validation.
        folder: The stored set of the split; None simulates fresh examples.  With
            `data.source: fresh`, the folder of the sets that training renews.
        start_epoch: Number of epochs already trained.
    """
    if split == "training":
        return training_batches(settings, folder, start_epoch)
    return ordered_batches(settings, split, folder)


def training_batches(
    settings: BatchSettings, folder: Path | None, start_epoch: int
) -> Generator[Batch, None, None]:
    """Endless batches from the start of an epoch; see `batches`."""
    size = settings.training.batch_size
    epoch_size = settings.training.epoch_size
    start = start_epoch * epoch_size
    if settings.data.source == "fresh" and settings.data.image_epochs > 1:
        examples = renewed_examples(settings, folder, epoch_size, start)
    elif settings.data.source == "fresh" or folder is None:
        examples = fresh_examples(settings, "training", start)
    else:
        examples = _passes(settings, folder, start)
    with closing(examples):
        prepared = (
            prepare(example, settings, position, "training")
            for position, example in zip(count(start), examples, strict=False)
        )
        while True:
            yield _stack(list(islice(prepared, size)))


def describe_batch(settings: BatchSettings, folder: Path | None, epoch: int, batch: int) -> str:
    """The examples of a training batch and their drawn parameters, for messages.

    Args:
        settings: The settings of examples and batches.
        folder: The stored training set; None for fresh examples.
        epoch: Number of the epoch, from 0.
        batch: Number of the batch in the epoch, from 0.
    """
    size = settings.training.batch_size
    first = epoch * settings.training.epoch_size + batch * size
    if settings.data.source == "fresh" or folder is None:
        return f"training images {first} to {first + size - 1}, counted from the first epoch's"
    number = settings.data.training
    stored, texts = open_set(folder), []
    for position in range(first, first + size):
        order = np.concatenate(epoch_order(number, settings.simulation.seed, position // number))
        index = int(order[position % number])
        drawn = stored.example(index).parameters
        values = {name: drawn[name] for name in SHOWN_PARAMETERS if name in drawn}
        texts.append(f"example {index} ({', '.join(f'{k} {v}' for k, v in values.items())})")
    return ", ".join(texts)


def ordered_batches(
    settings: BatchSettings, split: str, folder: Path | None
) -> Generator[Batch, None, None]:
    """One pass over the batches of a split, in order and not augmented."""
    size, number = settings.training.batch_size, settings.data.count(split)
    if folder is None:
        examples = fresh_examples(settings, split, 0)
    else:
        stored = open_set(folder)
        examples = (e for shard in range(-(-number // SHARD)) for e in stored.shard(shard))
    with closing(examples):
        prepared = (prepare(e, settings, 0, split) for e in islice(examples, number))
        while batch := list(islice(prepared, size)):
            yield _stack(batch)


def prepare(example: Example, settings: BatchSettings, position: int, split: str) -> Batch:
    """The arrays of one example: normalised, and augmented for training.

    Args:
        example: The example.
        settings: The settings of examples and batches.
        position: Number of earlier training examples; it determines the augmentation.
        split: Only ``training`` is augmented.
    """
    width = settings.simulation.labels.normalisation_width
    images = normalize(example.images, example.sampling, width)
    maps: Batch = (images, example.labels, example.weights)
    if split != "training":
        return maps
    return augmented(maps, settings.data.augment, settings.simulation.seed, position)


def _passes(settings: BatchSettings, folder: Path, start: int) -> Generator[Example, None, None]:
    """Examples of a stored set, pass after pass, from position ``start`` on."""
    stored, number = open_set(folder), settings.data.training
    epoch, skip = divmod(start, number)
    while True:
        yield from shuffled(stored, number, settings.simulation.seed, epoch, skip)
        epoch, skip = epoch + 1, 0


def _stack(parts: list[Batch]) -> Batch:
    images, labels, weights = (np.stack(arrays) for arrays in zip(*parts, strict=True))
    return images, labels, weights
