"""Files of named arrays (``.npz``), written in one step."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from temnet.errors import InputError
from temnet.system.files import replace_file


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes a compressed file of arrays in one step."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    replace_file(path, buffer.getvalue())


def read_arrays(path: Path, names: Sequence[str], remedy: str) -> list[np.ndarray]:
    """Reads some arrays of a file.

    Args:
        path: The file.
        names: Names of the arrays.
        remedy: What to do if the file is damaged, for the message.

    Raises:
        InputError: If the file or an array is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in names if name not in file.files]
            if missing:
                raise KeyError(f"no array {missing[0]}, but {', '.join(file.files)}")
            return [file[name] for name in names]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: the arrays cannot be read ({error}); {remedy}.") from error
