"""File names: which files of a folder are images, and in which order people mean them."""

from __future__ import annotations

import re
from pathlib import Path

from temnet.inference.files import READABLE


def natural_key(path: Path) -> list[tuple[int, str]]:
    """By what people sort file names: frame_2 before frame_10.

    >>> sorted([Path("a10.tif"), Path("a9.tif")], key=natural_key)[0].name
    'a9.tif'
    """
    parts = re.split(r"(\d+)", str(path))
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def images_in(folder: Path) -> list[Path]:
    """The files of a folder that can be read as images, hidden ones left out, sorted as people do.

    The description (.emi) of images that lie beside it (.ser) is no image of its own.
    """
    shown = (p for p in folder.iterdir() if not p.name.startswith("."))
    files = [p for p in shown if p.suffix.lower() in READABLE and p.is_file()]
    described = {re.sub(r"_\d+$", "", p.stem) for p in files if p.suffix.lower() == ".ser"}
    chosen = [p for p in files if p.suffix.lower() != ".emi" or p.stem not in described]
    return sorted(chosen, key=natural_key)
