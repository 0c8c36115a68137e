"""The files of a batch, each with a folder of its own for its results."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from temnet.errors import InputError
from temnet.inference.file_names import images_in
from temnet.reporting.map_files import safe_name


@dataclass(frozen=True)
class Job:
    """What is looked at together.

    Attributes:
        path: The file, or the folder of a movie's frames.
        files: The image files.
        folder: Name of the folder of its results.
    """

    path: Path
    files: tuple[Path, ...]
    folder: str


def plan_batch(entries: Sequence[str], together: bool) -> tuple[list[Job], list[InputError]]:
    """The jobs that a command line's entries stand for.

    Args:
        entries: Paths of files and folders, and patterns.  A folder stands for all images in it.
        together: The images of a folder are one movie or focal series, else each is by itself.

    Returns:
        The jobs in the order of the entries, each path once, and what is wrong with the entries
        that stand for no image.
    """
    found: dict[Path, tuple[Path, ...]] = {}
    errors: list[InputError] = []
    for entry in entries:
        try:
            for path, files in _jobs_of(entry, together):
                found.setdefault(Path(os.path.abspath(path)), files)
        except InputError as error:
            errors.append(error)
    names = distinct_names(list(found))
    jobs = zip(found.items(), names, strict=True)
    return [Job(_from_here(path), files, name) for (path, files), name in jobs], errors


def _jobs_of(entry: str, together: bool) -> list[tuple[Path, tuple[Path, ...]]]:
    """Paths with their files."""
    path = Path(entry).expanduser()
    places = [path] if path.exists() else sorted(map(Path, glob.glob(str(path), recursive=True)))
    if not places:
        raise InputError(f"There is no file {entry!r} in {Path.cwd()}; check the path.")
    jobs: list[tuple[Path, tuple[Path, ...]]] = []
    for place in places:
        if place.is_dir():
            images = tuple(images_in(place))
            if not images:
                raise InputError(f"{place}: there are no images in this folder; name the files.")
            jobs += [(place, images)] if together else [(image, (image,)) for image in images]
        else:
            jobs.append((place, (place,)))
    return jobs


def distinct_names(paths: Sequence[Path]) -> list[str]:
    """A short name for each path, no two alike even where case does not count.

    The stem where that is enough, else the name with its ending, else more and more of the
    folders above, joined by underscores.

    >>> distinct_names([Path("/a/b.tif"), Path("/a/c.tif"), Path("/a/c.dm4"), Path("/d/c.dm4")])
    ['b', 'c.tif', 'a_c.dm4', 'd_c.dm4']
    """
    level = [0] * len(paths)
    while True:
        names = [_name(path, much) for path, much in zip(paths, level, strict=True)]
        count = Counter(name.casefold() for name in names)
        again = [
            number
            for number, (path, name) in enumerate(zip(paths, names, strict=True))
            if count[name.casefold()] > 1 and level[number] < len(path.parts)
        ]
        if not again:
            break
        for number in again:
            level[number] += 1
    taken: set[str] = set()
    for number in range(len(names)):  # such as a_b/c.tif and a/b_c.tif
        while names[number].casefold() in taken:
            names[number] += "_"
        taken.add(names[number].casefold())
    return names


def _name(path: Path, level: int) -> str:
    parts = [path.stem] if level == 0 else path.parts[-level:]
    return safe_name("_".join(part.strip("/\\") for part in parts)).strip("_ ") or "image"


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
