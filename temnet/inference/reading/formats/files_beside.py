"""Files beside an image file that its reader reads, too."""

from __future__ import annotations

import re
from pathlib import Path


def files_beside(path: Path) -> list[Path]:
    """The further files that the images of a file, or their pixel size, come from."""
    if path.suffix.lower() == ".emi":
        return ser_files(path)
    text = direct_electron_text(path)
    return [] if text is None else [text]


def ser_files(path: Path) -> list[Path]:
    """The .ser files that belong to an .emi file."""
    return sorted(path.parent.glob(f"{path.stem}_[0-9].ser"))


def direct_electron_text(path: Path) -> Path | None:
    """The text beside a movie of Direct Electron, with its pixel size; None for other files."""
    name = re.fullmatch(r"(\d{8}_\d+)(?:_.+)?_movie\.mrc", path.name)
    texts = sorted(path.parent.glob(f"{name[1]}_*info.txt")) if name else []
    return texts[0] if texts and texts[0].is_file() else None
