"""Columns in files that other programs read: CSV, HDF5 and extended XYZ.

``.csv``
    The table of ``temnet.csv_tables``, for people and spreadsheets: seven significant
    digits, which is 1e-4 Å in a field of 100 nm.

``.h5``
    The exact numbers.  The file's attributes are ``format`` ("temnet columns"), ``version``,
    ``sampling`` (Å per pixel) and ``class_names``; its datasets are the fields of
    :class:`temnet.records.Peaks`, each with one line per column of atoms and the attributes
    ``unit``, ``axes`` and ``description``.

``.xyz``
    Extended XYZ as ASE, OVITO and others read it: configuration ``i`` is frame ``i``, up to the
    last frame with columns.  ``x`` is the column and ``y`` is minus the row, both in Å, so that
    the structure looks like the image where y runs up; ``z`` is 0.  (Files of temnet 0.1 have
    ``y`` = row and show the mirror image; they lack ``y_axis=up`` and are read as what they are.)
    The other fields of Peaks are arrays (real numbers with eight decimals); spreads that are not
    known are left out.  A class that is named by an element and perhaps a number, such as ``Mo``
    or ``S2``, has that element's symbol; others, such as ``metal``, have ``X``.  The class's own
    name stands in the array ``class``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

import numpy as np

from temnet.errors import InputError
from temnet.records import Peaks
from temnet.reporting.files.column_table import ColumnTable, ColumnTableWriter, read_columns
from temnet.reporting.files.hdf5_disk import Hdf5Disk
from temnet.system.files import replacing

FORMAT, VERSION = "temnet columns", 1
"""Format and version in an HDF5 file of columns; a newer version is refused."""

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

BLOCK_ROWS = 4096
"""Columns that an HDF5 file gets at a time."""

CHUNK_ROWS = 512
"""Rows of an HDF5 file's chunks, the last of which is written whole: 37 kB."""

SPREADS = ("spread", "class_spread")
"""Fields of Peaks that are mostly not known."""

UP = "up"
"""Entry ``y_axis`` of an XYZ file whose y runs up."""

Add = Callable[[Peaks], None]
"""Appends columns to a file."""

Begin = Callable[[Path, float, Sequence[str]], AbstractContextManager[Add]]
"""Opens a file for writing, from its path, the pixel size [Å] and the names of the classes."""

_ELEMENT_CLASS = re.compile(r"([A-Z][a-z]?)[0-9]*(:.*)?")


class StoredPeaks(NamedTuple):
    """Columns as they were read from a file.

    Attributes:
        peaks: The columns.
        sampling: Pixel size of the image [Å]; NaN where the file does not contain it.
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
        peaks: The columns.
        sampling: Pixel size of the image [Å].
        class_names: Name of each class index.

    Raises:
        InputError: If the ending is another.
    """
    with open_peaks(Path(path), sampling, class_names) as add:
        add(peaks)


def open_peaks(
    path: Path, sampling: float, class_names: Sequence[str]
) -> AbstractContextManager[Add]:
    """Opens a file of columns that grows frame by frame and is in place at the end of the block.

    Args:
        path: A file ending in ``.csv``, ``.h5`` or ``.xyz``; an older one is replaced.
        sampling: Pixel size of the image [Å].
        class_names: Name of each class index.

    Returns:
        A context whose value appends Peaks.  In ``.xyz`` files later calls add later frames.

    Raises:
        InputError: If the ending is another.
    """
    begin, _ = _format(path)
    return begin(path, sampling, class_names)


def read_peaks(path: str | Path) -> StoredPeaks:
    """The columns, the pixel size [Å] and the names of the classes in a file of `write_peaks`.

    From ``.h5`` exactly what was written, from ``.csv`` with seven significant digits, from
    ``.xyz`` with eight decimals and sorted by frame.

    Raises:
        InputError: If the file is missing, damaged or not a file of columns, or its table holds
            the columns of several images.
    """
    path = Path(path)
    _, read = _format(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; check the path.")
    return read(path)


def element_symbol(class_name: str) -> str:
    """The element of a class's columns, ``X`` where the name contains none.

    >>> [element_symbol(name) for name in ("Mo", "S2", "C:1-3", "metal", "Q2")]
    ['Mo', 'S', 'C', 'X', 'X']
    """
    from ase.data import atomic_numbers

    found = _ELEMENT_CLASS.fullmatch(class_name)
    return found[1] if found and found[1] in atomic_numbers else UNKNOWN_ELEMENT


def _format(path: Path) -> tuple[Begin, Callable[[Path], StoredPeaks]]:
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        raise InputError(
            f"{path}: columns are kept in files ending in {', '.join(FORMATS)}; got "
            f"{path.suffix!r}. Choose one of them."
        ) from None


@contextmanager
def _begin_csv(path: Path, sampling: float, class_names: Sequence[str]) -> Iterator[Add]:
    with replacing(path) as temporary, ColumnTableWriter(temporary, class_names) as table:
        yield lambda peaks: table.write(peaks, sampling, path.stem)
        table.close()


def _read_csv(path: Path) -> StoredPeaks:
    table = read_columns(path)
    if len(table.files) > 1:
        raise InputError(
            f"{path}: this table holds the columns of {len(table.files)} images "
            f"({table.files[0]}, {table.files[1]}, …); read the file of one image."
        )
    return StoredPeaks(table.peaks, _sampling_of(table), table.class_names)


def _sampling_of(table: ColumnTable) -> float:
    """Pixel size [Å] as the ratio of Å to pixels, from the number that gives it best."""
    if not np.any(table.pixels):
        return math.nan
    best = np.unravel_index(np.argmax(np.abs(table.pixels)), table.pixels.shape)
    return float(f"{table.peaks.positions[best] / table.pixels[best]:.6g}")


@contextmanager
def _begin_hdf5(path: Path, sampling: float, class_names: Sequence[str]) -> Iterator[Add]:
    import h5py

    waiting: list[Peaks] = []
    with replacing(path) as temporary, Hdf5Disk(temporary) as disk, h5py.File(disk, "w") as file:
        file.attrs.update(format=FORMAT, version=VERSION, sampling=float(sampling))
        file.attrs["sampling_unit"] = "Å per pixel"
        file.attrs["class_names"] = np.array(class_names, dtype=h5py.string_dtype())
        for name, empty in _arrays(Peaks.empty(len(class_names))).items():
            dataset = file.create_dataset(
                name,
                empty.shape,
                empty.dtype,
                maxshape=(None, *empty.shape[1:]),
                chunks=(CHUNK_ROWS, *empty.shape[1:]),
            )
            dataset.attrs.update(zip(("unit", "axes", "description"), FIELDS[name], strict=True))

        def add(peaks: Peaks) -> None:
            waiting.append(peaks)
            if sum(map(len, waiting)) >= BLOCK_ROWS:
                flush()

        def flush() -> None:
            if not waiting:
                return
            for name, values in _arrays(Peaks.concatenate(waiting)).items():
                there = len(file[name])
                file[name].resize(there + len(values), axis=0)
                file[name][there:] = values
            waiting.clear()
            disk.check()

        yield add
        flush()
        file.close()
        disk.check()
        disk.close()


def _arrays(peaks: Peaks) -> dict[str, np.ndarray]:
    """The fields of some columns."""
    return {field.name: getattr(peaks, field.name) for field in fields(Peaks)}


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


@contextmanager
def _begin_xyz(path: Path, sampling: float, class_names: Sequence[str]) -> Iterator[Add]:
    from ase.io import write

    written = 0  # configurations so far, one for each frame
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:

        def add(peaks: Peaks) -> None:
            nonlocal written
            if not len(peaks):
                return
            ends = np.flatnonzero(np.diff(peaks.frame)) + 1
            for part in np.split(np.arange(len(peaks)), ends):
                frame = int(peaks.frame[part[0]])
                empty = range(written, frame)
                configurations = [_configuration(none, number, *described) for number in empty]
                configurations.append(_configuration(peaks.select(part), frame, *described))
                write(file, configurations, format="extxyz")
                written = frame + 1

        none, described = Peaks.empty(len(class_names)), (sampling, class_names)
        yield add
        if not written:
            write(file, [_configuration(none, 0, *described)], format="extxyz")
        file.close()


def _configuration(peaks: Peaks, frame: int, sampling: float, class_names: Sequence[str]):
    """The columns of one frame as an ASE structure."""
    from ase import Atoms

    row, col = peaks.positions.T
    symbols = [element_symbol(name) for name in class_names]
    atoms = Atoms(
        [symbols[index] for index in peaks.class_index],
        positions=np.stack([col, -row, np.zeros(len(peaks))], axis=1),
        info={
            "frame": frame,
            "y_axis": UP,
            "sampling": float(sampling),
            "class_names": {"names": list(class_names)},  # ASE keeps a mapping as JSON
        },
    )
    words = np.array([re.sub(r"\s", "_", name) for name in class_names], np.str_)
    atoms.arrays["class"] = words[peaks.class_index]
    for field in fields(Peaks):
        values = getattr(peaks, field.name)
        known = field.name not in SPREADS or np.any(np.isfinite(values))
        if field.name not in ("frame", "positions") and known:
            atoms.arrays[field.name] = values
    return atoms


def _read_xyz(path: Path) -> StoredPeaks:
    from ase.io import iread

    try:
        configurations = list(iread(path, format="extxyz"))
        names = tuple(configurations[0].info["class_names"]["names"])
        parts = [_peaks_of(atoms, len(names)) for atoms in configurations]
        sampling = float(configurations[0].info["sampling"])
    except Exception as error:  # ASE raises errors of any kind over a broken line
        raise _damaged(path, error) from error
    return StoredPeaks(Peaks.concatenate(parts), sampling, names)


def _peaks_of(atoms, class_count: int) -> Peaks:
    if len(atoms) == 0:
        return Peaks.empty(class_count)
    values = {
        field.name: np.asarray(atoms.arrays[field.name], np.float64)
        for field in fields(Peaks)
        if field.name not in ("frame", "class_index", *SPREADS)
    }
    unknown = np.full(len(atoms), np.nan)
    for name in SPREADS:
        values[name] = np.asarray(atoms.arrays.get(name, unknown), np.float64)
    sign = -1 if atoms.info.get("y_axis") == UP else 1
    values["positions"] = atoms.positions[:, [1, 0]] * [sign, 1] + 0.0
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
        "have another format than its ending. Make it again."
    )


FORMATS: Mapping[str, tuple[Begin, Callable[[Path], StoredPeaks]]] = {
    ".csv": (_begin_csv, _read_csv),
    ".h5": (_begin_hdf5, _read_hdf5),
    ".xyz": (_begin_xyz, _read_xyz),
}
"""Functions that open a file for writing and that read it, by the file's ending."""
