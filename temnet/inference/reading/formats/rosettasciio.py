"""Files of instruments and of HyperSpy, read by RosettaSciIO."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from temnet.errors import InputError
from temnet.inference.reading.formats.data_set import Axis, DataSet, Tags, text_at
from temnet.inference.reading.formats.data_set_choice import Candidate, choice_note, measurements
from temnet.inference.reading.formats.declared_size import check_whole_size, declared_bytes
from temnet.inference.reading.formats.large_files import is_large

LARGE_WHOLE = 2**27
"""Larger files [bytes] that can only be read whole cause a warning."""

READERS: Mapping[str, str] = {
    ".dm3": "rsciio.digitalmicrograph",
    ".dm4": "rsciio.digitalmicrograph",
    ".emd": "rsciio.emd",
    ".ser": "rsciio.tia",
    ".emi": "rsciio.tia",
    ".tif": "rsciio.tiff",
    ".tiff": "rsciio.tiff",
    ".hspy": "rsciio.hspy",
    ".png": "rsciio.image",
}
"""RosettaSciIO's reader of each ending."""

CHUNKED = (".dm3", ".dm4")
"""Endings whose reader maps the file into memory in chunks of a given shape."""

WHOLE_ONLY = (".ser", ".emi", ".png")
"""Endings whose reader reads the whole file for any part of it: these are read once, whole."""

ENERGY_UNITS = ("eV", "keV", "meV")


def read_rosettasciio(path: Path) -> DataSet:
    """The measured images of a file.

    Args:
        path: A file with one of the endings in `READERS`.

    Raises:
        InputError: If the file holds no image, or declares more than memory can hold.
    """
    suffix, size = path.suffix.lower(), path.stat().st_size
    declared = max(size, declared_bytes(path))
    lazy = is_large(declared) and suffix not in WHOLE_ONLY
    if is_large(declared) and not lazy:
        check_whole_size(path, declared)
    found = data_sets(path, lazy)
    number, chosen = _measured(path, found)
    if lazy and suffix in CHUNKED and len(chosen.data.shape) == 3:
        chunks = (1, *chosen.data.shape[1:])
        chosen = replace(chosen, data=data_sets(path, lazy, chunks=chunks)[number].data)
    read_whole = declared if declared > LARGE_WHOLE and not lazy else None
    return replace(chosen, lazy=lazy, read_whole=read_whole)


def data_sets(path: Path, lazy: bool, chunks: tuple[int, ...] | None = None) -> list[DataSet]:
    """All data sets of a file.

    Args:
        path: The file.
        lazy: Whether values are Dask arrays, which are read when they are indexed.
        chunks: Shape of their chunks, where the reader lets choose it (`CHUNKED`).
    """
    suffix = path.suffix.lower()
    options: dict[str, object] = {} if chunks is None else {"chunks": chunks}
    if suffix == ".png":
        _refuse_transparency(path)
    if suffix == ".emd":
        options["select_type"] = "images"  # the reader of spectrum images needs another library
    reader: Callable[..., list[Mapping[str, Any]]] = import_module(READERS[suffix]).file_reader
    return [_data_set(described) for described in reader(str(path), lazy=lazy, **options)]


def _data_set(described: Mapping[str, Any]) -> DataSet:
    """The record of a data set as RosettaSciIO describes it."""
    return DataSet(
        data=described["data"],
        axes=tuple(map(Axis.of, described["axes"])),
        tags=_tags(described.get("original_metadata")),
        metadata=_tags(described.get("metadata")),
    )


def _tags(metadata: object) -> Tags:
    return metadata if isinstance(metadata, Mapping) else {}


def _measured(path: Path, found: Sequence[DataSet]) -> tuple[int, DataSet]:
    """The data set that was measured and its number; one that is refused later if none is real."""
    flat = [n for n, one in enumerate(found) if _is_flat(one)]
    if not flat:
        raise InputError(f"{path}: this file holds no image.")
    usable = [n for n in flat if found[n].real or found[n].coloured]
    if not usable:
        return flat[0], found[flat[0]]
    candidates = [_candidate(found[n]) for n in usable]
    best = measurements(candidates)[0]
    number = usable[best]
    chosen = found[number]
    if len(usable) > 1:
        note = _titled(chosen, choice_note(candidates, best))
        return number, replace(chosen, notes=(note,))
    remark = _titled(chosen, f"{len(found)} data sets; the only image is used")
    return number, replace(chosen, remarks=(remark,) if len(found) > 1 else ())


def _is_flat(one: DataSet) -> bool:
    """Whether a data set has rows and columns, and no spectra."""
    return len(one.data.shape) >= 2 and not any(map(_is_energy, one.axes))


def _is_energy(axis: Axis) -> bool:
    """Whether an axis is that of a spectrum."""
    return axis.name.startswith(("energy", "wavelength")) or axis.unit.strip() in ENERGY_UNITS


def _titled(one: DataSet, sentence: str) -> str:
    """A sentence about the choice of a data set, with its title."""
    title = text_at(one.metadata, "General", "title")
    return f"{sentence} ({title})" if title else sentence


def _candidate(one: DataSet) -> Candidate:
    *outer, rows, cols = one.shape
    kind = one.data.dtype
    bits = 8 * (kind.itemsize // (len(kind.names) if kind.names else 1))
    return Candidate(rows, cols, bits, one.coloured, count=math.prod(outer))


def _refuse_transparency(path: Path) -> None:
    """Refuses grey PNG files with an alpha channel, on which RosettaSciIO's reader fails."""
    with path.open("rb") as file:
        header = file.read(26)
    if header[:4] == b"\x89PNG" and header[25:] == b"\x04":  # colour type 4 of RFC 2083
        raise InputError(
            f"{path}: this grey picture has an alpha channel (transparency); save it without."
        )
