"""Image files that a path, a folder or a pattern stands for."""

from __future__ import annotations

import glob
import logging
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from temnet.config.names import user_path
from temnet.errors import InputError
from temnet.inference.reading.camera_clock import CLOCK, film_of
from temnet.inference.reading.duplicate_formats import warn_of_copies, without_duplicates
from temnet.inference.reading.file_order import in_order
from temnet.inference.reading.formats.readers import READERS

LOGGER = logging.getLogger(__name__)

MOST_FOLDERS = 20_000
"""Most folders that are searched below one: five hours of a movie with a folder per second."""

DEEPEST = 10
"""Levels of folders that are searched."""

RUN_FILES = ("experiment.yaml", "environment.json")
"""Files in each result folder of temnet; pictures in such folders are not measurements."""


def files_of(entry: str | Path, start: Path = Path()) -> list[Path]:
    """The image files of an entry, in the order of their names.

    Args:
        entry: A file, a folder for the images in it, or a pattern.
        start: The folder that relative paths start from.

    Returns:
        The files; none if nothing matches, or a folder holds no images.
    """
    path = start / user_path(str(entry), "images.files")
    if path.is_file():
        return [path]
    if path.is_dir():
        if images := images_in(path):
            return images
    files, folders = matches(entry, start)
    return files or [image for folder in folders for image in images_in(folder)]


def matches(entry: str | Path, start: Path = Path()) -> tuple[list[Path], list[Path]]:
    """Files and folders that match a pattern, in the order of their names.

    Of an image in several formats one is used; results of temnet are left out.
    """
    # Brackets in the name of the starting folder are not part of the pattern.
    pattern = str(user_path(str(entry), "images.files"))
    names = glob.glob(pattern, root_dir=start, recursive=True)
    found = [start / name for name in names]
    if "**" in pattern:
        found = _once(place for place in found if not _among_results(place, start))
    files = in_order(place for place in found if place.is_file())
    folders = in_order(place for place in found if place.is_dir())
    return without_duplicates(files), folders


def images_in(folder: Path) -> list[Path]:
    """The image files of a folder, in the order of their names, without hidden ones.

    A folder without images stands for those in the folders below it, as cameras write long movies
    to Hour_00/Minute_00/Second_00.  Of an image in several formats one is used.  The description
    (.emi) of images beside it (.ser) does not count as an image.

    Raises:
        InputError: If there are more than `MOST_FOLDERS` folders below it.
    """
    own = images_of(folder)
    if own:
        film = _film_beside(folder, own)
        files = without_duplicates(in_order(film or own))
        warn_of_copies(folder, files)
        return files
    found = without_duplicates(in_order(_images_below(folder)))
    parts = {path.parent for path in found}
    if found:
        clock = all(CLOCK.fullmatch(part.name) for part in parts)
        LOGGER.log(
            logging.INFO if clock or len(parts) == 1 else logging.WARNING,
            "%s: there are no images in the folder itself; the %d images in %d folders below it "
            "are used, from %s to %s",
            folder,
            len(found),
            len(parts),
            found[0].relative_to(folder),
            found[-1].relative_to(folder),
        )
    return found


def _film_beside(folder: Path, own: Sequence[Path]) -> list[Path]:
    """The frames in a camera's clock below a folder with images of its own; none without a clock.

    Cameras put a summary, and users put notes, beside the folders of the hours.
    """
    clock = {below for below in _folders_in(folder) if CLOCK.fullmatch(below.name)}
    found = [path for path in _images_below(folder) if clock & set(path.parents)] if clock else []
    if found:
        LOGGER.warning(
            "%s: the movie of %d images in the folders %s is used; %d images beside these folders "
            "are left out (%s). Give their names to use them",
            folder,
            len(found),
            ", ".join(sorted(below.name for below in clock)[:3]),
            len(own),
            ", ".join(sorted(path.name for path in own)[:3]),
        )
    return found


def images_of(folder: Path) -> list[Path]:
    """The image files in a folder itself, in no order."""
    shown = (p for p in folder.iterdir() if not p.name.startswith("."))
    files = [p for p in shown if p.suffix.lower() in READERS and p.is_file()]
    described = {re.sub(r"_\d+$", "", p.stem) for p in files if p.suffix.lower() == ".ser"}
    return [p for p in files if p.suffix.lower() != ".emi" or p.stem not in described]


def _images_below(folder: Path) -> list[Path]:
    """The images of the folders below one; folders below a folder with images are not searched."""
    found: list[Path] = []
    seen = {os.path.realpath(folder)}
    waiting = [(folder, 0)]
    while waiting:
        place, level = waiting.pop()
        for below in _folders_in(place):
            real = os.path.realpath(below)
            if real in seen:  # circular links
                continue
            seen.add(real)
            if len(seen) > MOST_FOLDERS:
                raise InputError(
                    f"{folder}: there are no images in this folder, and more than {MOST_FOLDERS:,} "
                    "folders below it. Give the folder of the images, or a pattern."
                )
            images = images_of(below)
            found += images
            if not images and level < DEEPEST:
                waiting.append((below, level + 1))
    return found


def _folders_in(folder: Path) -> list[Path]:
    """The folders in one, without hidden ones, unreadable ones and results of temnet."""
    try:
        inside = [p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")]
    except OSError:
        return []
    return [p for p in inside if os.access(p, os.R_OK | os.X_OK) and not has_results(p)]


def has_results(folder: Path) -> bool:
    """Whether a folder holds the results of a run of temnet."""
    return all((folder / name).is_file() for name in RUN_FILES)


def _among_results(place: Path, start: Path) -> bool:
    return any(has_results(folder) for folder in place.parents if folder not in start.parents)


def _once(paths: Iterable[Path]) -> list[Path]:
    """Each file by one path, even if links lead to it by several."""
    found: dict[str, Path] = {}
    for path in sorted(paths, key=lambda path: (len(path.parts), str(path))):
        found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def common_name(paths: Sequence[Path]) -> str:
    """The name of the files' folder, of the one above a camera's clock, or else of the first file.

    >>> common_name([Path(f"/d/film/Hour_00/Minute_00/Second_0{n}/a.dm4") for n in (0, 1)])
    'film'
    >>> common_name([Path("/d/film/a.dm4"), Path("/d/film/b.dm4")])
    'film'
    >>> common_name([Path("/d/film/a.dm4"), Path("/d/other/b.dm4")])
    'a.dm4'
    """
    folders = {path.resolve().parent for path in paths}
    if len(folders) == 1:
        return folders.pop().name or paths[0].name
    if not all(CLOCK.fullmatch(folder.name) for folder in folders):
        return paths[0].name
    return film_of(Path(os.path.commonpath(folders))).name or paths[0].name
