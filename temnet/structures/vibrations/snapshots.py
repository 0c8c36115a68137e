"""Frames of molecular dynamics as displacements of a specimen."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms

from temnet.config.external_files import find_file, read_if_changed
from temnet.errors import InputError

MISFIT = 0.05
"""Largest distance of the atoms of a specimen from the mean positions of the simulated one [Å]."""


@dataclass(frozen=True)
class Snapshots:
    """Displacements of the atoms of one specimen.

    Attributes:
        numbers: (N,) atomic numbers.
        places: (N, 3) mean positions [Å].
        moves: (F, N, 3) displacements from these, frame by frame [Å].
    """

    numbers: np.ndarray
    places: np.ndarray
    moves: np.ndarray


def encode_snapshots(snapshots: Snapshots) -> bytes:
    """The content of a snapshots file."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        numbers=snapshots.numbers,
        places=snapshots.places,
        moves=snapshots.moves.astype(np.float32),
    )
    return buffer.getvalue()


def encode_specimen(snapshots: Snapshots) -> bytes:
    """The content of an XYZ file with the atoms at their mean positions."""
    text = io.StringIO()
    atoms = Atoms(numbers=snapshots.numbers, positions=snapshots.places)
    ase.io.write(text, atoms, format="xyz", fmt="%.5f")
    return text.getvalue().encode()


def read_snapshots(path: str) -> Snapshots:
    """Snapshots from their file.

    Raises:
        InputError: If the file is missing or damaged.
    """
    return _snapshots(find_file("vibrations.file", path))


@read_if_changed
def _snapshots(file: Path) -> Snapshots:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return Snapshots(arrays["numbers"], arrays["places"], arrays["moves"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(
            f"vibrations.file: {file} cannot be read as snapshots ({error}); give a file that the "
            "stage `vibrations` wrote."
        ) from error


def frames_for(
    snapshots: Snapshots, numbers: np.ndarray, positions: np.ndarray, chosen: np.ndarray
) -> np.ndarray:
    """Displacements for the simulated specimen in another position and orientation.

    Args:
        snapshots: The frames.
        numbers: (N,) atomic numbers of the specimen, in the same order.
        positions: (N, 3) its resting positions [Å].
        chosen: (K,) frames.

    Returns:
        (K, N, 3) displacements in the specimen's axes [Å].

    Raises:
        InputError: If the specimen is not the simulated one.
    """
    if not np.array_equal(numbers, snapshots.numbers):
        raise InputError(
            f"vibrations.file holds snapshots of a specimen of {len(snapshots.numbers)} atoms, "
            f"but the structure has {len(numbers)} or others; use the XYZ file beside it as "
            "`structure.kind: file`, without vacancies."
        )
    here, there = (
        positions - positions.mean(axis=0),
        snapshots.places - snapshots.places.mean(axis=0),
    )
    u, _, vt = np.linalg.svd(there.T @ here)
    u[:, -1] *= np.sign(np.linalg.det(u @ vt))
    rotation = u @ vt
    misfit = np.abs(there @ rotation - here).max()
    if misfit > MISFIT:
        raise InputError(
            f"vibrations.file: the structure differs from the simulated one by up to {misfit:.2f} "
            "Å; use the XYZ file beside the snapshots, with structure.scale 1."
        )
    return snapshots.moves[chosen].astype(np.float64) @ rotation
