"""The order in which people mean the files of a movie or of a focal series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from temnet.inference.reading.numbers_in_names import Key, keys, signed


def in_order(paths: Iterable[Path]) -> list[Path]:
    """Files sorted as people mean their names, folder by folder.

    Numbers are compared as numbers, with the signs, decimals and units that
    `temnet.inference.reading.numbers_in_names` finds in the names of a folder.

    >>> [path.name for path in in_order([Path("a10.tif"), Path("a9.tif")])]
    ['a9.tif', 'a10.tif']
    >>> [path.name for path in in_order([Path("df_0.tif"), Path("df_50.tif"), Path("df_-50.tif")])]
    ['df_-50.tif', 'df_0.tif', 'df_50.tif']
    """
    chosen = list(paths)
    below: dict[Path, dict[str, None]] = defaultdict(dict)
    for path in chosen:
        for place in (path, *path.parents):
            below[place.parent][_own_name(place, place == path)] = None
    order = {
        (folder, name): key
        for folder, names in below.items()
        for name, key in zip(names, keys(list(names)), strict=True)
    }

    def key(path: Path) -> tuple[list[Key], str]:
        places = [path, *path.parents][::-1]
        return [order[place.parent, _own_name(place, place == path)] for place in places], path.name

    return sorted(chosen, key=key)


def by_signs(paths: Sequence[Path]) -> bool:
    """Whether files stand in the order of their names, and a sign in the names decided it."""
    return signed([path.stem for path in paths]) and list(paths) == in_order(paths)


def as_shells_sort(paths: Sequence[Path]) -> bool:
    """Whether files stand in the order that a shell gives the matches of a pattern.

    That is by their characters, which puts 10 before 9 and knows no signs; by the locale case or
    separators do not count.

    >>> as_shells_sort([Path("df_-10"), Path("df_-60"), Path("df_0")])
    True
    >>> as_shells_sort([Path("c"), Path("a"), Path("b")])
    False
    """
    texts = [str(path) for path in paths]
    folded = [text.casefold() for text in texts]
    plain = ["".join(c for c in text if c.isalnum()) for text in folded]
    return any(given == sorted(given) for given in (texts, folded, plain))


def _own_name(path: Path, file: bool) -> str:
    return path.stem if file else path.name
