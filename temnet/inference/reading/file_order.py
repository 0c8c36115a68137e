"""The order of the files of a movie or focal series, by the numbers in their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from temnet.inference.reading.numbers_in_names import Key, keys, signed


def in_order(paths: Iterable[Path]) -> list[Path]:
    """Files sorted by the numbers in their names, folder by folder.

    Numbers have the signs, decimals and units that `temnet.inference.reading.numbers_in_names`
    finds in all names of a folder together.

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
    """Whether files are in the order of their names, and a sign in the names decides it."""
    return signed([path.stem for path in paths]) and list(paths) == in_order(paths)


def as_shells_sort(paths: Sequence[Path]) -> bool:
    """Whether files are in the order in which a shell lists the matches of a pattern.

    A shell sorts by characters, which puts 10 before 9 and ignores signs; in some locales it
    ignores case and separators.

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
