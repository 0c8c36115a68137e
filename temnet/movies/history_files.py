"""File of the histories of a movie's sites: ``occupancy/histories.npz``."""

from __future__ import annotations

from pathlib import Path

from temnet.movies.occupancy import Histories
from temnet.system.array_files import read_arrays, write_arrays

ARRAYS = ("occupied", "observed", "appeared", "disappeared")


def write_histories(path: Path, histories: Histories) -> None:
    """Writes histories in one step."""
    write_arrays(path, {name: getattr(histories, name) for name in ARRAYS})


def read_histories(path: Path) -> Histories:
    """Reads histories that `write_histories` wrote.

    Raises:
        InputError: If the file is missing or damaged.
    """
    return Histories(*read_arrays(path, ARRAYS, "run the stage `occupancy` again"))
