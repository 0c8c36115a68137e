"""Folders for each hour, minute and second, to which cameras write the frames of a long movie."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

CLOCK = re.compile(r"(?:hour|minute|second)s?[ _-]?\d+", re.IGNORECASE)
"""Names of these folders (Gatan's in-situ cameras)."""


def of_one_clock(folders: Sequence[Path]) -> bool:
    """Whether folders are hours, minutes or seconds of one movie.

    >>> of_one_clock([Path("film/Hour_00"), Path("film/Hour_01")])
    True
    >>> of_one_clock([Path("film_1"), Path("film_2")])
    False
    """
    films = {film_of(folder) for folder in folders}
    return len(films) == 1 and not films & set(folders)


def film_of(folder: Path) -> Path:
    """The folder itself, or for a part of a camera's clock the folder that holds the clock."""
    while CLOCK.fullmatch(folder.name):
        folder = folder.parent
    return folder
