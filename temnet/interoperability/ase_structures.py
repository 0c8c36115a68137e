"""Columns as ASE structures, which OVITO reads as extended XYZ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from temnet.errors import InputError

if TYPE_CHECKING:
    import ase

    from temnet.interoperability.found_columns import FoundColumns

SPREADS = ("spread", "class_spread")
"""Fields of Peaks that are mostly not known."""

FLAGS = "flags"
"""Field of Peaks that is left out where no column of the frame has one."""

UP = "up"
"""Entry ``y_axis`` of a structure whose y runs up."""


def identities(site: np.ndarray) -> np.ndarray:
    """(N,) int64, a number from 1 for each site, the same in all frames.

    Columns without a site have numbers of their own, because OVITO expects each only once in a
    frame.

    Args:
        site: (N,) int64, number of the site of each column, -1 without a site.

    >>> identities(np.array([0, 2, -1, 0, -1])).tolist()
    [1, 3, 4, 1, 5]
    """
    found = site + 1
    alone = site < 0
    found[alone] = site.max(initial=-1) + 2 + np.arange(np.count_nonzero(alone))
    return found


def structure_of(columns: FoundColumns, frame: int, ids: np.ndarray | None = None) -> ase.Atoms:
    """The columns of one frame as an ASE structure; see `FoundColumns.to_ase`.

    Args:
        columns: The columns of that frame.
        frame: Its number.
        ids: (N,) int64, their `identities`; None where sites are not known.

    Raises:
        InputError: If an element does not exist.
    """
    from ase import Atoms
    from ase.data import atomic_numbers

    unknown = sorted(set(columns.elements) - set(atomic_numbers))
    if unknown:
        raise InputError(f"There is no element {', '.join(unknown)}; give symbols such as Pt.")
    row, col = columns.positions.T
    atoms = Atoms(
        [columns.elements[index] for index in columns.class_index],
        positions=np.stack([col, -row, np.zeros(len(columns))], axis=1),
        info={
            "frame": frame,
            "y_axis": UP,
            "sampling": float(min(columns.pixel_size)),
            "class_names": {"names": list(columns.classes)},  # ASE keeps a mapping as JSON
        },
    )
    words = np.array([re.sub(r"\s", "_", name) for name in columns.classes], np.str_)
    atoms.arrays["class"] = words[columns.class_index]
    for name, values in columns.arrays().items():
        known = name not in SPREADS or bool(np.any(np.isfinite(values)))
        known &= name != FLAGS or bool(np.any(values))
        if name not in ("frame", "positions") and known:
            atoms.arrays[name] = values
    if columns.site is not None and ids is not None:
        atoms.arrays["site"], atoms.arrays["id"] = columns.site, ids
    for name, further in columns.further.items():
        atoms.arrays[name] = further.values
    return atoms
