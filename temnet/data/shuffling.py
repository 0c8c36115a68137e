"""Shuffled order of the examples of a stored set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from temnet.data.shards import SHARD
from temnet.data.store import StoredSet
from temnet.randomness import generator
from temnet.records import Example

WINDOW = 8
"""Number of shards held in memory at a time; their examples are shuffled together."""


def epoch_order(count: int, seed: int, epoch: int) -> list[np.ndarray]:
    """The order of one pass over a stored set: groups of examples that are read together.

    Shards are shuffled, then the examples of each ``WINDOW`` shards.

    Args:
        count: Number of examples.
        seed: The seed of the experiment.
        epoch: Number of the pass.
    """
    rng = generator(seed, "order", epoch)
    shards = rng.permutation(-(-count // SHARD))
    groups = []
    for first in range(0, len(shards), WINDOW):
        members = shards[first : first + WINDOW, None] * SHARD + np.arange(SHARD)
        groups.append(rng.permutation(members[members < count]))
    return groups


def shuffled(
    stored: StoredSet, count: int, seed: int, epoch: int, skip: int = 0
) -> Iterator[Example]:
    """One pass over a stored set.

    Args:
        stored: The set.
        count: Number of its examples to use.
        seed: The seed of the experiment.
        epoch: Number of the pass.
        skip: Examples at the start of the pass to skip.
    """
    for group in epoch_order(count, seed, epoch):
        if skip >= len(group):
            skip -= len(group)
            continue
        held = {shard: stored.read(shard) for shard in sorted({i // SHARD for i in group})}
        for index in group[skip:]:
            yield held[index // SHARD].example(index % SHARD, stored.label_form)
        skip = 0
