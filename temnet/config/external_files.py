"""Files and functions that settings name: their paths, hashes and content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import ValidationError

from temnet.config.function_source import source_hash
from temnet.config.instrument.camera import Camera, TransferFunction
from temnet.config.names import user_path
from temnet.config.structures.from_file import FromFile, FromFunction
from temnet.config.structures.structure import StructureSettings
from temnet.config.structures.vibrations import (
    CoordinationVibrations,
    SnapshotVibrations,
    VibrationSettings,
)
from temnet.errors import InputError

TABLES = Path(__file__).parents[1] / "structures" / "vibrations" / "tables"
"""Folder of the shipped tables of thermal vibration."""

Content = TypeVar("Content")


def read_if_changed(read: Callable[[Path], Content]) -> Callable[[Path], Content]:
    """``read`` with a cache: a file is read again only after its content has changed."""

    @cache
    def once(file: Path, content: str) -> Content:
        return read(file)

    @wraps(read)
    def current(file: Path) -> Content:
        return once(file, _file_hash(file))

    return current


def find_file(key: str, name: str) -> Path:
    """The file that a setting names.

    Args:
        key: The setting, for the message.
        name: Its value, a path from the working folder.

    Raises:
        InputError: If it does not exist.
    """
    file = user_path(name, key)
    if not file.is_file():
        raise InputError(
            f"{key}: the file {name!r} does not exist; check the path, which counts from the "
            "folder of the YAML file that names it (with --set and in Python from the working "
            "folder)."
        )
    return file


def with_tables(camera: Camera) -> Camera:
    """The camera with the content of the files that its transfer functions name.

    Raises:
        InputError: If a file does not exist or is not such a table.
    """
    changes = {
        name: _with_table(function, f"camera.{name}")
        for name in ("counting_mtf", "scintillator_mtf")
        if isinstance((function := getattr(camera, name)).table, str)
    }
    return camera.model_copy(update=changes) if changes else camera


def _with_table(function: TransferFunction, key: str) -> TransferFunction:
    """A transfer function with the content of the file that it names."""
    file = find_file(f"{key}.table", str(function.table))
    try:
        columns = np.loadtxt(file, ndmin=2)
        return TransferFunction.model_validate({**dict(function), "table": columns.tolist()})
    except (OSError, ValueError) as error:  # pydantic's own is a ValueError
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise InputError(
            f"{key}.table: {file} cannot be read as two columns of numbers, q and MTF(q) "
            f"({str(reason).removeprefix('Value error, ')}); check the file."
        ) from None


def find_table_file(name: str) -> Path:
    """File of a shipped table of thermal vibration by its name, or of another one by its path.

    Raises:
        InputError: If it does not exist.
    """
    shipped = TABLES / f"{name}.yaml"
    file = shipped if shipped.is_file() else user_path(name, "vibrations.table")
    if not file.is_file():
        names = ", ".join(sorted(file.stem for file in TABLES.glob("*.yaml")))
        raise InputError(
            f"vibrations.table: the table {name!r} does not exist; choose from {names}, or give "
            "the path of a YAML file."
        )
    return file


def source_hashes(
    structure: StructureSettings | None, vibrations: VibrationSettings
) -> dict[str, str]:
    """Hashes of the files and of the function's source that specimens depend on.

    Shipped tables are left out: they are part of the program.

    Returns:
        Hashes by ``content of KEY``; empty for specimens that depend on settings alone.

    Raises:
        InputError: If a file or a function does not exist.
    """
    if isinstance(vibrations, CoordinationVibrations):
        tables = {f"vibrations.table {name}": find_table_file(name) for name in vibrations.table}
        files = {key: file for key, file in tables.items() if file.parent != TABLES}
    elif isinstance(vibrations, SnapshotVibrations):
        files = {"vibrations.file": find_file("vibrations.file", vibrations.file)}
    else:
        files = {}
    if isinstance(structure, FromFile):
        files["structure.path"] = find_file("structure.path", structure.path)
    hashes = {key: _file_hash(file) for key, file in files.items()}
    if isinstance(structure, FromFunction):
        hashes["structure.function"] = source_hash(structure.function)
    return {f"content of {key}": value for key, value in hashes.items()}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _file_hash(file: Path) -> str:
    try:
        return _hash(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file}: the file cannot be read: {error.strerror}.") from error
