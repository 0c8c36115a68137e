"""File of the histories of a movie's sites: ``occupancy/histories.npz``."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from temnet.errors import InputError
from temnet.movies.histories import Histories
from temnet.system.files import replace_file

ARRAYS = ("occupied", "observed", "appeared", "disappeared")


def write_histories(path: Path, histories: Histories) -> None:
    """Writes histories in one step."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: getattr(histories, name) for name in ARRAYS})
    replace_file(path, buffer.getvalue())


def read_histories(path: Path) -> Histories:
    """Reads histories that `write_histories` wrote.

    Raises:
        InputError: If the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return Histories(*(file[name] for name in ARRAYS))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path}: the histories of the sites cannot be read ({error}); run the stage "
            "`occupancy` again."
        ) from error
