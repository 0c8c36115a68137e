"""Which files a path, a folder or a pattern stands for."""

from __future__ import annotations

import glob
import logging
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from temnet.config.names import user_path
from temnet.errors import InputError
from temnet.inference.reading.file_order import in_order
from temnet.inference.reading.image_file import READABLE

LOGGER = logging.getLogger(__name__)

MOST_FOLDERS = 20_000
"""Folders below one that are looked into: five hours of a movie with a folder for each second."""

DEEPEST = 10
"""Levels of folders that are looked into."""

RUN_FILES = ("experiment.yaml", "environment.json")
"""What lies in each folder that temnet wrote results to, whose pictures are no measurements."""

FEWEST_TWINS = 3
"""So many equal names in two folders are no chance, whatever the folders are called."""

CLOCK = re.compile(r"(?:hour|minute|second)s?[ _-]?\d+", re.IGNORECASE)
"""Folders that cameras write the frames of a long movie to (Gatan's in-situ cameras)."""

EXPORTED = {".npy": 1, ".tif": 2, ".tiff": 2}
"""Rank of formats that images are exported to, after those of instruments, which have 0."""

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
"""Formats of pictures, which have 8 bits and no pixel size."""


def files_of(entry: str | Path, start: Path = Path()) -> list[Path]:
    """The image files that an entry stands for, in the order of their names.

    Args:
        entry: A file, a folder for the images in it, or a pattern.
        start: The folder that relative paths count from.

    Returns:
        The files; none where there is nothing, or a folder without images.
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
    """Files and folders that a pattern fits, in the order of their names.

    Of a file in several formats one is taken; results of temnet are left out.
    """
    # Brackets in the starting folder's own name are no pattern.
    pattern = str(user_path(str(entry), "images.files"))
    names = glob.glob(pattern, root_dir=start, recursive=True)
    found = [start / name for name in names]
    if "**" in pattern:
        found = _once(place for place in found if not _among_results(place, start))
    files = in_order(place for place in found if place.is_file())
    folders = in_order(place for place in found if place.is_dir())
    return without_twins(files), folders


def images_in(folder: Path) -> list[Path]:
    """The image files of a folder, in the order of their names, hidden ones left out.

    A folder that has none itself stands for those in the folders below it, as cameras write long
    movies to Hour_00/Minute_00/Second_00.  Of a frame in several formats one is taken.  The
    description (.emi) of images that lie beside it (.ser) is no image of its own.

    Raises:
        InputError: There are more folders below it than anyone would mean.
    """
    own = images_of(folder)
    if own:
        film = _film_beside(folder, own)
        return _of_one_kind(folder, without_twins(in_order(film or own)))
    found = without_twins(in_order(_images_below(folder)))
    parts = {path.parent for path in found}
    if found:
        clock = all(CLOCK.fullmatch(part.name) for part in parts)
        LOGGER.log(
            logging.INFO if clock or len(parts) == 1 else logging.WARNING,
            "%s: there are no images in the folder itself; the %d in %d folders below it are "
            "taken, the first is %s, the last %s",
            folder,
            len(found),
            len(parts),
            found[0].relative_to(folder),
            found[-1].relative_to(folder),
        )
    return found


def _film_beside(folder: Path, own: Sequence[Path]) -> list[Path]:
    """The frames in a camera's clock below a folder that has images itself, none without a clock.

    Cameras put a summary, and users put notes, beside the folders of the hours.
    """
    clock = {below for below in _folders_in(folder) if CLOCK.fullmatch(below.name)}
    found = [path for path in _images_below(folder) if clock & set(path.parents)] if clock else []
    if found:
        LOGGER.warning(
            "%s: the movie of %d images in the folders %s below it is taken; %d images beside them "
            "are left out (%s). Give their names to use them",
            folder,
            len(found),
            ", ".join(sorted(below.name for below in clock)[:3]),
            len(own),
            ", ".join(sorted(path.name for path in own)[:3]),
        )
    return found


def _of_one_kind(folder: Path, files: list[Path]) -> list[Path]:
    """The same files, with a warning where the names of some are those of others and more."""
    ranks = {_bare(file): _rank(file)[0] for file in files}
    more = [
        name
        for name, rank in ranks.items()
        if any(ranks.get(name[:end], rank) < rank for end in range(1, len(name)))
    ]
    if more:
        LOGGER.warning(
            "%s: the images have several formats (%s), and all of them are taken. Give a pattern "
            "such as %s if %s and others only show images that are there already",
            folder,
            _endings(files),
            folder / f"*{min(files, key=_rank).suffix}",
            more[0],
        )
    return files


def images_of(folder: Path) -> list[Path]:
    """The image files that lie in a folder itself, in no order."""
    shown = (p for p in folder.iterdir() if not p.name.startswith("."))
    files = [p for p in shown if p.suffix.lower() in READABLE and p.is_file()]
    described = {re.sub(r"_\d+$", "", p.stem) for p in files if p.suffix.lower() == ".ser"}
    return [p for p in files if p.suffix.lower() != ".emi" or p.stem not in described]


def _images_below(folder: Path) -> list[Path]:
    """The images of the folders below one; below a folder with images no further ones are."""
    found: list[Path] = []
    seen = {os.path.realpath(folder)}
    waiting = [(folder, 0)]
    while waiting:
        place, level = waiting.pop()
        for below in _folders_in(place):
            real = os.path.realpath(below)
            if real in seen:  # links that lead round in a circle
                continue
            seen.add(real)
            if len(seen) > MOST_FOLDERS:
                raise InputError(
                    f"{folder}: there are no images in this folder and more than {MOST_FOLDERS:,} "
                    "folders below it; name the folder of the images, or a pattern."
                )
            images = images_of(below)
            found += images
            if not images and level < DEEPEST:
                waiting.append((below, level + 1))
    return found


def _folders_in(folder: Path) -> list[Path]:
    """The folders in one, without hidden ones, results of temnet and those nobody may read."""
    try:
        inside = [p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")]
    except OSError:
        return []
    return [p for p in inside if os.access(p, os.R_OK | os.X_OK) and not has_results(p)]


def of_one_clock(folders: Sequence[Path]) -> bool:
    """Whether folders are those of one hour, minute or second after the other of one movie.

    >>> of_one_clock([Path("film/Hour_00"), Path("film/Hour_01")])
    True
    >>> of_one_clock([Path("film_1"), Path("film_2")])
    False
    """
    films = {film_of(folder) for folder in folders}
    return len(films) == 1 and not films & set(folders)


def film_of(folder: Path) -> Path:
    """The folder itself, or the one that holds a camera's clock."""
    while CLOCK.fullmatch(folder.name):
        folder = folder.parent
    return folder


def has_results(folder: Path) -> bool:
    """Whether temnet wrote the results of a run to a folder."""
    return all((folder / name).is_file() for name in RUN_FILES)


def _among_results(place: Path, start: Path) -> bool:
    return any(has_results(folder) for folder in place.parents if folder not in start.parents)


def _once(paths: Iterable[Path]) -> list[Path]:
    """Each file by one path, where links lead to it by several."""
    found: dict[str, Path] = {}
    for path in sorted(paths, key=lambda path: (len(path.parts), str(path))):
        found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def without_twins(files: Sequence[Path]) -> list[Path]:
    """Files without those that show the same image in another format, with a warning.

    Files of one folder and one name but for the ending are the same image: as measured, exported
    as TIFF, and as a picture.  The first of these is taken.  So are those of folders side by side
    that hold the same names, each in a format of its own.
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
        "%s: %d of %d images are there in several formats (%s); %s are taken and %s left out. Give "
        "a pattern such as %s to choose others",
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
    """By folder, the first of those that hold the same images in other formats: itself, mostly."""
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
        alike = called or len(names) >= FEWEST_TWINS
        other = bool(kinds & endings[place]) or CLOCK.fullmatch(folder.name) is not None
        places[folder] = place if alike and not other else folder
        endings[places[folder]] |= kinds
    return places


def _bare(file: Path) -> str:
    """A name without its endings, also where there are two as in a.dm4.tif.

    >>> _bare(Path("Frame_1.dm4.TIF")), _bare(Path("df_0.5.tif"))
    ('frame_1', 'df_0.5')
    """
    while file.suffix.lower() in READABLE and file.stem:
        file = file.with_suffix("")
    return file.name.casefold()


def _rank(file: Path) -> tuple[int, int, str]:
    """What images are chosen by: formats of instruments, then exported ones, then pictures."""
    ending = file.suffix.lower()
    rank = 3 if ending in PICTURES else EXPORTED.get(ending, 0)
    return rank, -READABLE.index(ending) if ending in READABLE else 0, file.name


def _endings(files: Sequence[Path]) -> str:
    """How many files there are of each ending, as text.

    >>> _endings([Path("a.tif"), Path("b.TIF"), Path("a.png")])
    '2 .tif, 1 .png'
    """
    counted = Counter(file.suffix.lower() for file in files)
    return ", ".join(f"{count} {ending}" for ending, count in counted.items())


def common_name(paths: Sequence[Path]) -> str:
    """The name of the files' folder, of a camera's clock the one above it, else the first file's.

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
