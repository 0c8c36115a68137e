"""Columns in files that other programs read: CSV, HDF5 and extended XYZ.

``.csv``
    The table of ``temnet.reporting.tables``, for people and spreadsheets: seven significant
    digits, which is 1e-4 Å in a field of 100 nm.

``.h5``
    The exact numbers.  The file's attributes are ``format`` ("temnet columns"), ``version``,
    ``sampling`` (Å per pixel) and ``class_names``; its datasets are the fields of
    :class:`temnet.records.Peaks`, each with one line per column of atoms and the attributes
    ``unit``, ``axes`` and ``description``.

``.xyz``
    Extended XYZ as ASE, OVITO and others read it: configuration ``i`` is frame ``i``, up to the
    last frame with columns; ``x`` is the column, ``y`` the row, both in Å, ``z`` is 0, and the
    other fields of Peaks are arrays (real numbers with eight decimals).  A class that is named by
    an element and perhaps a number, such as ``Mo`` or ``S2``, has that element's symbol; others,
    such as ``metal``, have ``X``.  The class's own name stands in the array ``class``.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

import numpy as np

from temnet.errors import InputError
from temnet.files import replace_file
from temnet.records import Peaks
from temnet.reporting.tables import (
    column_fields,
    peaks_from_rows,
    peaks_rows,
    read_table,
    write_table,
)

FORMAT, VERSION = "temnet columns", 1
"""What an HDF5 file of columns calls itself; one of a newer version is refused."""

FIELDS: Mapping[str, tuple[str, str, str]] = {
    "frame": ("", "column", "number of the frame, from 0"),
    "positions": ("Å", "column, (row, col)", "from the centre of pixel [0, 0]"),
    "class_index": ("", "column", "index into the attribute class_names of the file"),
    "score": ("", "column", "probability of being a column of any class"),
    "probabilities": ("", "column, class", "probability of each class at the peak"),
    "spread": ("Å", "column", "standard deviation of the position; NaN where it is not known"),
    "class_spread": (
        "",
        "column",
        "standard deviation of the class's probability; NaN where it is not known",
    ),
}
"""Unit, axes and meaning of the datasets, by the name of the field of Peaks."""

UNKNOWN_ELEMENT = "X"
"""Symbol of a column whose class names no element, as ASE has it."""

_ELEMENT_CLASS = re.compile(r"([A-Z][a-z]?)[0-9]*(:.*)?")


class StoredPeaks(NamedTuple):
    """Columns as they were read from a file.

    Attributes:
        peaks: The columns.
        sampling: Pixel size of the image [Å]; NaN where the file does not tell.
        class_names: Name of each class index.
    """

    peaks: Peaks
    sampling: float
    class_names: tuple[str, ...]


def write_peaks(
    path: str | Path, peaks: Peaks, sampling: float, class_names: Sequence[str]
) -> None:
    """Writes columns in the format of the path's ending, in one step.

    Args:
        path: A file ending in ``.csv``, ``.h5`` or ``.xyz``; an older one is replaced.
        peaks: What a network found.
        sampling: Pixel size of the image [Å].
        class_names: Name of each class index.

    Raises:
        InputError: The ending is another.
    """
    path = Path(path)
    write, _ = _format(path)
    write(path, peaks, sampling, class_names)


def read_peaks(path: str | Path) -> StoredPeaks:
    """The columns, the pixel size [Å] and the names of the classes in a file of `write_peaks`.

    From ``.h5`` exactly what was written, from ``.csv`` with seven significant digits, from
    ``.xyz`` with eight decimals and sorted by frame.

    Raises:
        InputError: The file is missing, damaged or no file of columns, or its table holds the
            columns of several images.
    """
    path = Path(path)
    _, read = _format(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; check the path.")
    return read(path)


def element_symbol(class_name: str) -> str:
    """The element of a class's columns, ``X`` where the name does not tell.

    >>> [element_symbol(name) for name in ("Mo", "S2", "C:1-3", "metal", "Q2")]
    ['Mo', 'S', 'C', 'X', 'X']
    """
    from ase.data import atomic_numbers

    found = _ELEMENT_CLASS.fullmatch(class_name)
    return found[1] if found and found[1] in atomic_numbers else UNKNOWN_ELEMENT


def _format(path: Path) -> tuple[Callable[..., None], Callable[[Path], StoredPeaks]]:
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise InputError(
            f"{path}: columns are kept in files ending in {', '.join(FORMATS)}; got "
            f"{path.suffix!r}. Choose one of them."
        ) from None


def _write_csv(path: Path, peaks: Peaks, sampling: float, class_names: Sequence[str]) -> None:
    rows = peaks_rows(peaks, sampling, class_names, path.stem)
    write_table(path, rows, column_fields(class_names))


def _read_csv(path: Path) -> StoredPeaks:
    rows = read_table(path)
    with path.open(encoding="utf-8", errors="surrogateescape") as file:
        header = file.readline().rstrip("\n").split(",")
    names = tuple(name[2:] for name in header if name.startswith("p_"))
    files = sorted({row["file"] for row in rows if "file" in row})
    if len(files) > 1:
        raise InputError(
            f"{path}: this table holds the columns of {len(files)} images ({files[0]}, "
            f"{files[1]}, …); read the file of one image."
        )
    try:
        return StoredPeaks(peaks_from_rows(rows, names), _sampling_of(rows), names)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise _damaged(path, error) from error


def _sampling_of(rows: Sequence[Mapping[str, float]]) -> float:
    """Pixel size [Å] as the ratio of Å to pixels, from the number that tells it best."""
    pairs = [(abs(row[f"{a}_pixel"]), abs(row[f"{a}_angstrom"])) for row in rows for a in _AXES]
    pixels, length = max(pairs, default=(0.0, 0.0))
    return float(f"{length / pixels:.6g}") if pixels > 0 else math.nan


_AXES = ("row", "col")


def _write_hdf5(path: Path, peaks: Peaks, sampling: float, class_names: Sequence[str]) -> None:
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs.update(format=FORMAT, version=VERSION, sampling=float(sampling))
        file.attrs["sampling_unit"] = "Å per pixel"
        file.attrs["class_names"] = np.array(class_names, dtype=h5py.string_dtype())
        for field in fields(Peaks):
            dataset = file.create_dataset(field.name, data=getattr(peaks, field.name))
            texts = FIELDS.get(field.name, ("", "", ""))
            dataset.attrs.update(zip(("unit", "axes", "description"), texts, strict=True))
    replace_file(path, buffer.getvalue())


def _read_hdf5(path: Path) -> StoredPeaks:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != FORMAT or int(file.attrs["version"]) > VERSION:
                raise InputError(
                    f"{path}: this is no file of columns that this temnet reads (expected format "
                    f"{FORMAT!r} up to version {VERSION}); make it again."
                )
            names = tuple(str(name) for name in file.attrs["class_names"])
            peaks = Peaks(**{field.name: file[field.name][()] for field in fields(Peaks)})
            return StoredPeaks(peaks, float(file.attrs["sampling"]), names)
    except InputError:
        raise
    except (OSError, KeyError, ValueError) as error:
        raise _damaged(path, error) from error


def _write_xyz(path: Path, peaks: Peaks, sampling: float, class_names: Sequence[str]) -> None:
    from ase.io import write

    last = int(peaks.frame.max()) if len(peaks) else 0
    configurations = [
        _configuration(peaks.select(peaks.frame == frame), frame, sampling, class_names)
        for frame in range(last + 1)
    ]
    text = io.StringIO()
    write(text, configurations, format="extxyz")
    replace_file(path, text.getvalue().encode())


def _configuration(peaks: Peaks, frame: int, sampling: float, class_names: Sequence[str]):
    """The columns of one frame as an ASE structure."""
    from ase import Atoms

    row, col = peaks.positions.T
    symbols = [element_symbol(name) for name in class_names]
    atoms = Atoms(
        [symbols[index] for index in peaks.class_index],
        positions=np.stack([col, row, np.zeros(len(peaks))], axis=1),
        info={
            "frame": frame,
            "sampling": float(sampling),
            "class_names": {"names": list(class_names)},  # ASE keeps a mapping as JSON
        },
    )
    words = np.array([re.sub(r"\s", "_", name) for name in class_names], np.str_)
    atoms.arrays["class"] = words[peaks.class_index]
    for field in fields(Peaks):
        if field.name not in ("frame", "positions"):
            atoms.arrays[field.name] = getattr(peaks, field.name)
    return atoms


def _read_xyz(path: Path) -> StoredPeaks:
    from ase.io import iread

    try:
        configurations = list(iread(path, format="extxyz"))
        names = tuple(configurations[0].info["class_names"]["names"])
        parts = [_peaks_of(atoms, len(names)) for atoms in configurations]
        sampling = float(configurations[0].info["sampling"])
    except Exception as error:  # ASE raises whatever a broken line leads it to
        raise _damaged(path, error) from error
    return StoredPeaks(Peaks.concatenate(parts), sampling, names)


def _peaks_of(atoms, class_count: int) -> Peaks:
    if len(atoms) == 0:
        return Peaks.empty(class_count)
    values = {
        field.name: np.asarray(atoms.arrays[field.name], np.float64)
        for field in fields(Peaks)
        if field.name not in ("frame", "class_index")
    }
    values["positions"] = atoms.positions[:, [1, 0]]
    values["probabilities"] = values["probabilities"].reshape(len(atoms), class_count)
    return Peaks(
        frame=np.full(len(atoms), int(atoms.info["frame"]), np.int64),
        class_index=atoms.arrays["class_index"].astype(np.int64),
        **values,
    )


def _damaged(path: Path, error: Exception) -> InputError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
    return InputError(
        f"{path}: this is not a file of columns that can be read ({reason}); it may be cut off or "
        "be something else than its ending says. Make it again."
    )


FORMATS: Mapping[str, tuple[Callable[..., None], Callable[[Path], StoredPeaks]]] = {
    ".csv": (_write_csv, _read_csv),
    ".h5": (_write_hdf5, _read_hdf5),
    ".xyz": (_write_xyz, _read_xyz),
}
"""Writer and reader by the file's ending."""
