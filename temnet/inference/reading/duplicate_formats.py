"""Images that are stored in several formats: as measured, exported, and as pictures."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from temnet.inference.reading.camera_clock import CLOCK
from temnet.inference.reading.formats.readers import READERS

LOGGER = logging.getLogger(__name__)

FEWEST_DUPLICATES = 3
"""This many equal names in two folders are duplicates, in folders of any name."""

EXPORTED = {".npy": 1, ".tif": 2, ".tiff": 2}
"""Rank of formats of exported images; formats of instruments have rank 0."""

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
"""Formats of pictures, which have 8 bits and no pixel size; rank 3."""


def without_duplicates(files: Sequence[Path]) -> list[Path]:
    """Files without those that hold the same image in another format, with a warning.

    Files in one folder whose names differ only in the ending are the same image: as measured,
    exported as TIFF, and as a picture.  The first of these formats is used.  So are files of
    neighbouring folders that hold the same names, each folder in a format of its own.
    """
    places = _same_places(files)
    groups: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for file in files:
        groups[places[file.parent], _bare(file)].append(file)
    kept = {min(group, key=_rank) for group in groups.values()}
    left = [file for file in files if file not in kept]
    if not left:
        return list(files)
    chosen = [file for file in files if file in kept]
    twice = sum(len(group) > 1 for group in groups.values())
    LOGGER.warning(
        "%s: %d of %d images exist in several formats (%s); %s are used and %s left out. Give a "
        "pattern such as %s to choose others",
        files[0].parent,
        twice,
        len(groups),
        _endings(files),
        _endings(chosen),
        _endings(left),
        left[0].parent / f"*{left[0].suffix}",
    )
    return chosen


def _same_places(files: Sequence[Path]) -> dict[Path, Path]:
    """By folder, the first folder with the same images in another format; mostly itself."""
    inside: dict[Path, list[Path]] = defaultdict(list)
    for file in files:
        inside[file.parent].append(file)
    first: dict[tuple[Path, frozenset[str]], Path] = {}
    endings: dict[Path, set[str]] = defaultdict(set)
    places = {}
    for folder, own in inside.items():
        names = frozenset(map(_bare, own))
        kinds = {file.suffix.lower() for file in own}
        place = first.setdefault((folder.parent, names), folder)
        called = any(kind[1:].rstrip("f") in folder.name.lower() for kind in kinds)
        alike = called or len(names) >= FEWEST_DUPLICATES
        other = bool(kinds & endings[place]) or CLOCK.fullmatch(folder.name) is not None
        places[folder] = place if alike and not other else folder
        endings[places[folder]] |= kinds
    return places


def _bare(file: Path) -> str:
    """A name without its ending, or its two endings as in a.dm4.tif.

    >>> _bare(Path("Frame_1.dm4.TIF")), _bare(Path("df_0.5.tif"))
    ('frame_1', 'df_0.5')
    """
    while file.suffix.lower() in READERS and file.stem:
        file = file.with_suffix("")
    return file.name.casefold()


def _rank(file: Path) -> tuple[int, int, str]:
    """Sort key of formats: those of instruments, then exported ones, then pictures."""
    ending = file.suffix.lower()
    rank = 3 if ending in PICTURES else EXPORTED.get(ending, 0)
    return rank, -list(READERS).index(ending) if ending in READERS else 0, file.name


def _endings(files: Sequence[Path]) -> str:
    """Number of files of each ending, as text.

    >>> _endings([Path("a.tif"), Path("b.TIF"), Path("a.png")])
    '2 .tif, 1 .png'
    """
    counted = Counter(file.suffix.lower() for file in files)
    return ", ".join(f"{count} {ending}" for ending, count in counted.items())


def warn_of_copies(folder: Path, files: Sequence[Path]) -> None:
    """Warns if some files are copies of others by their names, such as f_1_thumb.png of f_1.tif."""
    ranks = {_bare(file): _rank(file)[0] for file in files}
    more = [
        name
        for name, rank in ranks.items()
        if any(ranks.get(name[:end], rank) < rank for end in range(1, len(name)))
    ]
    if more:
        LOGGER.warning(
            "%s: the images have several formats (%s), and all of them are used. Give a pattern "
            "such as %s if %s and others are copies of these images",
            folder,
            _endings(files),
            folder / f"*{min(files, key=_rank).suffix}",
            more[0],
        )
