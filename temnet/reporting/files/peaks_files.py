"""Columns in files that other programs read: CSV, HDF5 and extended XYZ.

``.csv``
    The table of ``temnet.tables.csv_tables``, for people and spreadsheets: seven significant
    digits, which is 1e-4 Å in a field of 100 nm.

``.h5``
    The exact numbers.  The file's attributes are ``format`` ("temnet columns"), ``version``,
    ``sampling`` (Å per pixel) and ``class_names``; its datasets are the fields of
    :class:`temnet.records.Peaks`, each with one line per column of atoms and the attributes
    ``unit``, ``axes`` and ``description``.  Further numbers of columns, such as strain, are further
    datasets, and further arrays in ``.xyz``.

``.xyz``
    Extended XYZ as ASE, OVITO and others read it: configuration ``i`` is frame ``i``, up to the
    last frame with columns.  ``x`` is the column and ``y`` is minus the row, both in Å, so that
    the structure looks like the image where y runs up; ``z`` is 0.  (Files of temnet 0.1 have
    ``y`` = row and show the mirror image; they lack ``y_axis=up`` and are read as what they are.)
    The other fields of Peaks are arrays (real numbers with eight decimals); spreads that are not
    known, and flags where no column of the frame has one, are left out.  A class of one element,
    such as ``Mo`` or ``S2``, has its symbol; others, such as ``metal`` of a network for several
    metals, have ``X``.  The class's own name stands in the array ``class``.  Where sites are known,
    ``site`` is the number in ``sites.csv`` (-1 without a site) and ``id`` a number for each site in
    all frames.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from temnet.errors import InputError
from temnet.interoperability.ase_structures import SPREADS, UP, identities, structure_of
from temnet.interoperability.found_columns import FoundColumns, Further
from temnet.records import ColumnFlag, Peaks
from temnet.reporting.files.column_table import (
    FLAGS,
    NO_SITE,
    ColumnTable,
    ColumnTableWriter,
    read_columns,
)
from temnet.reporting.files.hdf5_disk import Hdf5Disk
from temnet.structures.lattices.class_elements import element_symbol
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
    "flags": (
        "",
        "column",
        "why the column is doubtful, a sum of "
        + ", ".join(f"{each.value} ({each.word})" for each in ColumnFlag)
        + "; 0 where nothing speaks against it",
    ),
}
"""Unit, axes and meaning of the datasets, by the name of the field of Peaks."""

BLOCK_ROWS = 4096
"""Columns that an HDF5 file gets at a time."""

CHUNK_ROWS = 512
"""Rows of an HDF5 file's chunks, the last of which is written whole: 37 kB."""

Add = Callable[[Peaks], None]
"""Appends columns to a file."""

Begin = Callable[[Path, float, Sequence[str]], AbstractContextManager[Add]]
"""Opens a file for writing, from its path, the pixel size [Å] and the names of the classes."""

Read = tuple[Peaks, float, tuple[str, ...]]
"""Columns, pixel size [Å] and names of the classes as they are in a file."""


class StoredPeaks(NamedTuple):
    """Columns as they were read from a file.

    Attributes:
        peaks: The columns, with their conversions to other programs.
        sampling: Pixel size of the image [Å]; NaN where the file does not contain it.
        class_names: Name of each class index.
    """

    peaks: FoundColumns
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
    peaks, sampling, class_names = read(path)
    return StoredPeaks(_described(peaks, sampling, class_names), sampling, class_names)


def _format(path: Path) -> tuple[Begin, Callable[[Path], Read]]:
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


def _read_csv(path: Path) -> Read:
    table = read_columns(path)
    if len(table.files) > 1:
        raise InputError(
            f"{path}: this table holds the columns of {len(table.files)} images "
            f"({table.files[0]}, {table.files[1]}, …); read the file of one image."
        )
    known = bool(np.any(table.site != NO_SITE))
    peaks = FoundColumns.of(table.peaks, site=table.site) if known else table.peaks
    return peaks, _sampling_of(table), table.class_names


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
        for name, empty in Peaks.empty(len(class_names)).arrays().items():
            _begin_dataset(file, name, empty, FIELDS[name])

        def add(peaks: Peaks) -> None:
            waiting.append(peaks)
            if sum(map(len, waiting)) >= BLOCK_ROWS:
                flush()

        def flush() -> None:
            if not waiting:
                return
            for name, each in _further(waiting[0]).items():
                if name not in file:
                    about = (each.unit, "column", each.description)
                    _begin_dataset(file, name, each.values[:0], about)
            for name, values in _waiting_arrays(waiting).items():
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


def _begin_dataset(file: Any, name: str, empty: np.ndarray, about: tuple[str, str, str]) -> None:
    """Begins a dataset that grows, with its unit, axes and description."""
    dataset = file.create_dataset(
        name,
        empty.shape,
        empty.dtype,
        maxshape=(None, *empty.shape[1:]),
        chunks=(CHUNK_ROWS, *empty.shape[1:]),
    )
    dataset.attrs.update(zip(("unit", "axes", "description"), about, strict=True))


def _further(peaks: Peaks) -> Mapping[str, Further]:
    """Further numbers of columns, by name."""
    return peaks.further if isinstance(peaks, FoundColumns) else {}


def _waiting_arrays(parts: list[Peaks]) -> dict[str, np.ndarray]:
    """The arrays of several sets of columns, one after the other."""
    names = _further(parts[0])
    further = {
        name: np.concatenate([_further(part)[name].values for part in parts]) for name in names
    }
    return Peaks.concatenate(parts).arrays() | further


def _read_hdf5(path: Path) -> Read:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != FORMAT or int(file.attrs["version"]) > VERSION:
                raise InputError(
                    f"{path}: this is no file of columns that this temnet reads (expected format "
                    f"{FORMAT!r} up to version {VERSION}); make it again."
                )
            names = tuple(str(name) for name in file.attrs["class_names"])
            there = [each.name for each in fields(Peaks) if each.name in file or each.name != FLAGS]
            peaks = Peaks(**{name: file[name][()] for name in there})
            return peaks, float(file.attrs["sampling"]), names
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
            columns = _described(peaks, sampling, class_names)
            ids = None if columns.site is None else identities(columns.site)
            ends = np.flatnonzero(np.diff(peaks.frame)) + 1
            for part in np.split(np.arange(len(peaks)), ends):
                frame = int(peaks.frame[part[0]])
                configurations = [structure_of(none, number) for number in range(written, frame)]
                here = None if ids is None else ids[part]
                configurations.append(structure_of(columns.select(part), frame, here))
                write(file, configurations, format="extxyz")
                written = frame + 1

        none = _described(Peaks.empty(len(class_names)), sampling, class_names)
        yield add
        if not written:
            write(file, [structure_of(none, 0)], format="extxyz")
        file.close()


def _described(peaks: Peaks, sampling: float, class_names: Sequence[str]) -> FoundColumns:
    """Columns with their classes and elements, if they have none yet."""
    if isinstance(peaks, FoundColumns) and peaks.elements:
        return peaks
    return FoundColumns.of(
        peaks,
        site=peaks.site if isinstance(peaks, FoundColumns) else None,
        classes=tuple(class_names),
        elements=tuple(map(element_symbol, class_names)),
        pixel_size=(sampling, sampling),
        frames=int(peaks.frame.max(initial=-1)) + 1,
    )


def _read_xyz(path: Path) -> Read:
    from ase.io import iread

    try:
        configurations = list(iread(path, format="extxyz"))
        names = tuple(configurations[0].info["class_names"]["names"])
        peaks = Peaks.concatenate([_peaks_of(atoms, len(names)) for atoms in configurations])
        sampling = float(configurations[0].info["sampling"])
        sites = [atoms.arrays["site"] for atoms in configurations if "site" in atoms.arrays]
    except Exception as error:  # ASE raises errors of any kind over a broken line
        raise _damaged(path, error) from error
    if sites and sum(map(len, sites)) == len(peaks):
        peaks = FoundColumns.of(peaks, site=np.concatenate(sites).astype(np.int64))
    return peaks, sampling, names


def _peaks_of(atoms, class_count: int) -> Peaks:
    if len(atoms) == 0:
        return Peaks.empty(class_count)
    values = {
        field.name: np.asarray(atoms.arrays[field.name], np.float64)
        for field in fields(Peaks)
        if field.name not in ("frame", "class_index", FLAGS, *SPREADS)
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
        flags=np.asarray(atoms.arrays.get(FLAGS, np.zeros(len(atoms))), np.int64),
        **values,
    )


def _damaged(path: Path, error: Exception) -> InputError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
    return InputError(
        f"{path}: this is not a file of columns that can be read ({reason}); it may be cut off or "
        "have another format than its ending. Make it again."
    )


FORMATS: Mapping[str, tuple[Begin, Callable[[Path], Read]]] = {
    ".csv": (_begin_csv, _read_csv),
    ".h5": (_begin_hdf5, _read_hdf5),
    ".xyz": (_begin_xyz, _read_xyz),
}
"""Functions that open a file for writing and that read it, by the file's ending."""
