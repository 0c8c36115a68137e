"""Random generators that depend only on a seed, a name and an index.

Every draw in temnet uses a generator that is passed as an argument.  The generators are made
here, so that an example is the same for any number of workers, in any order, before and after a
crash.
"""

from __future__ import annotations

import zlib

import numpy as np

from temnet.errors import InputError

SPLITS = ("training", "selection", "validation")
"""Names of the splits.  They are part of the names of random streams, so that the bits of examples
depend on them.  `selection` chooses checkpoints and thresholds and `validation` is scored: other
programs often call them validation and test."""


def generator(seed: int, stream: str, *index: int) -> np.random.Generator:
    """A generator for ``index`` of a named stream.

    Args:
        seed: The seed of the experiment, 0 or more.
        stream: Name of the stream, for instance ``"training/structure"``.
        *index: Whole numbers, 0 or more.

    Returns:
        A generator that is a pure function of the arguments.

    >>> first, again = generator(1, "training/camera", 7), generator(1, "training/camera", 7)
    >>> bool(first.random() == again.random())
    True
    >>> bool(generator(1, "training/camera", 8).random() == again.random())
    False
    """
    words = [seed, zlib.crc32(stream.encode()), *index]
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(words)))


def check_split(split: str) -> None:
    """Check the name of a split.

    Raises:
        InputError: If no split has this name.
    """
    if split not in SPLITS:
        raise InputError(f"Unknown split {split!r}; the splits are {', '.join(SPLITS)}.")
