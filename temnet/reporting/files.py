"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Writes ``content`` to ``path`` in one step: the old file, or the new one, never a part.

    Folders that are missing are made.  The temporary file lies beside the target, because only
    a rename within one file system is atomic.

    Raises:
        OSError: The folder cannot be written to or the disk is full; the old file is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
