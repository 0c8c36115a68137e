"""The files of a batch, each with a folder of its own for its results."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from temnet.config.names import user_path
from temnet.errors import InputError
from temnet.inference.reading.camera_clock import film_of, of_one_clock
from temnet.inference.reading.file_order import as_shells_sort, in_order
from temnet.inference.reading.image_folders import images_in, images_of, matches
from temnet.system.file_names import safe_whole_name

LOGGER = logging.getLogger(__name__)

LONGEST_FOLDER, BEGINNING = (100, 60) if os.name == "nt" else (200, 130)
"""Bytes of a result folder's name, and of its beginning that a longer one keeps with its end.

On Windows a whole path has at most 260 characters, unless longer ones were allowed."""

LONGEST_NAME = 80
"""Letters of a joint movie's name."""


@dataclass(frozen=True)
class Job:
    """Files that are processed together, and the folder of their results.

    Attributes:
        path: The file, the folder of a movie's frames, or a name for several files.
        files: The image files.
        folder: Name of the folder of its results.
    """

    path: Path
    files: tuple[Path, ...]
    folder: str


def plan_batch(entries: Sequence[str], together: bool) -> tuple[list[Job], list[InputError]]:
    """Jobs of a command line.

    Args:
        entries: Paths of files and folders, and patterns.  A folder stands for all images in it.
        together: Whether the images are movies or focal series: each folder is one, and all named
            files and those of patterns are another one.  Otherwise each image is a job.

    Returns:
        The jobs in the order of the entries, each path once, and an error for each entry that
        stands for no image.
    """
    named: list[Path] = []
    folders: dict[Path, list[Path]] = {}
    errors: list[InputError] = []
    for entry in entries:
        try:
            files, inside = _entry(entry)
            images = {folder: _images_of(folder) for folder in inside}
        except InputError as error:
            errors.append(error)
            continue
        except OSError as error:
            place = error.filename or entry
            errors.append(InputError(f"{place}: this cannot be read: {error.strerror}."))
            continue
        named += files
        if together:
            folders |= images
        else:
            named += [image for some in images.values() for image in some]
    found = _together(named, folders) if together else {_absolute(p): (p,) for p in named}
    names = distinct_names(list(found))
    jobs = zip(found.items(), names, strict=True)
    return [Job(_from_here(path), files, name) for (path, files), name in jobs], errors


def _together(
    named: Sequence[Path], folders: Mapping[Path, Sequence[Path]]
) -> dict[Path, tuple[Path, ...]]:
    """The files of each movie or focal series by its path."""
    found = {_absolute(folder): tuple(images) for folder, images in folders.items()}
    if len(found) > 1 and of_one_clock(list(found)):
        parts = in_order(found)
        found = {film_of(parts[0]): tuple(image for part in parts for image in found[part])}
    if named:
        path, files = _joined(named)
        found.setdefault(path, files)
    return found


def _images_of(folder: Path) -> list[Path]:
    """The images that a folder stands for."""
    images = images_in(folder)
    if not images:
        raise InputError(f"{folder}: there are no images in this folder; name the files.")
    return images


def _entry(entry: str) -> tuple[list[Path], list[Path]]:
    """The files and the folders that an entry names."""
    path = user_path(entry, "the file")
    if path.is_dir():
        return [], [path]
    if path.exists():
        return [path], []
    files, folders = matches(entry)
    if path.is_symlink():
        raise InputError(f"{entry}: this link leads nowhere (to {os.readlink(path)}).")
    if not files and not folders:
        raise InputError(f"There is no file {entry!r} in {Path.cwd()}; check the path.")
    return files, folders


def _joined(named: Sequence[Path]) -> tuple[Path, tuple[Path, ...]]:
    """The path and the files of one movie or focal series of several files.

    Files in the order of a shell's patterns, which knows no numbers, are sorted by their names;
    those in an order that someone chose stay in it.
    """
    files = list({_absolute(path): path for path in named}.values())
    if len(files) == 1:
        return _absolute(files[0]), tuple(files)
    sorted_files = in_order(files)
    if as_shells_sort(files):
        files = sorted_files
    elif files != sorted_files:
        LOGGER.info("files follow each other as they are listed, from %s on", files[0])
    first, last = _absolute(files[0]), _absolute(files[-1])
    folder = first.parent
    parents = {_absolute(path).parent for path in files}
    if len(parents) > 1 and of_one_clock(list(parents)):
        return film_of(Path(os.path.commonpath(parents))), tuple(files)
    whole = {_absolute(path) for path in files} == {_absolute(path) for path in images_of(folder)}
    if whole:
        return folder, tuple(files)
    name = f"{first.stem}_to_{last.stem}"
    if len(name) > LONGEST_NAME:
        name = f"{first.stem[:LONGEST_NAME]}_and_{len(files) - 1}_more"
    return folder / f"{name}{first.suffix}", tuple(files)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


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
    name = safe_whole_name("_".join(part.strip("/\\") for part in parts).strip("_ "))
    name = name or "image"  # of `...tif` only dots are left, which lead elsewhere
    content = name.encode()
    if len(content) <= LONGEST_FOLDER:
        return name
    between = ".."
    rest = LONGEST_FOLDER - BEGINNING - len(between)
    ends = content[:BEGINNING], content[-rest:]
    return between.join(end.decode(errors="ignore") for end in ends)


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
