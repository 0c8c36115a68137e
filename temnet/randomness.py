"""Random generators that depend on nothing but their names.

Every draw in temnet comes from a generator that is passed in as an argument.  The generators
are made here, from the experiment's seed, the name of a stream and an index, so that an
example is the same for any number of workers, in any order, before or after a crash.
"""

from __future__ import annotations

import zlib

import numpy as np

from temnet.errors import InputError

SPLITS = ("training", "selection", "validation")
"""Names of the splits; an example's bits depend on the split's place in this tuple."""


def generator(seed: int, stream: str, *index: int) -> np.random.Generator:
    """A generator for ``index`` of a named stream.

    Args:
        seed: The experiment's seed, 0 or more.
        stream: Name of what is drawn, for instance ``"training/structure"``.
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
    """Raises an error unless there is such a split.

    Raises:
        InputError: There is none.
    """
    if split not in SPLITS:
        raise InputError(f"There is no split {split!r}; the splits are {', '.join(SPLITS)}.")
