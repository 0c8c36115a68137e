"""The run folder: its lock, and one folder per stage, created in one step or resumed."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from temnet.config.differences import settings_hash
from temnet.config.experiment import Experiment
from temnet.config.loading import dump_settings
from temnet.config.names import check_name
from temnet.errors import InputError
from temnet.system.files import clean_leftovers, replace_file, replace_folder
from temnet.workflow.contents import Contents, contents, damage

RUNS = Path("runs")
"""Folder of all runs and of the stored sets, in the working folder."""

SETTINGS_FILE, ENVIRONMENT_FILE, LOG_FILE = "experiment.yaml", "environment.json", "log.txt"
RECORDING_FILE = "recording.yaml"
"""The experiment in the folder of a recording of the live tool."""

STAGE_FILE = "stage.json"
LOCK_FILE = ".lock"

DONE, RUNNING = "done", "running"

OF_EXAMPLES, FIRST_RECORDED = ("simulate", "train", "evaluate"), 3
"""Stages that record the simulation's version, and the version of older records without one."""

PACKAGES = (
    "temnet", "tensorflow", "keras", "openvino", "onnxruntime", "abtem", "ase", "numpy", "scipy",
    "numba", "spglib", "rosettasciio", "tifffile", "h5py", "zarr", "dask", "pydantic", "matplotlib",
)  # fmt: skip
"""Packages whose version a result may depend on."""


@dataclass(frozen=True)
class Record:
    """The record of a stage in its folder, `stage.json`.

    Attributes:
        status: ``done`` or ``running``.
        settings: Plain values that the result depends on.
        written: Files that the stage has written, see `contents`; None if unknown, as in folders
            of earlier versions.
    """

    status: str
    settings: Mapping[str, Any]
    written: Contents | None = field(default=None, compare=False)


def default_folder(yaml_file: Path) -> Path:
    """Default run folder of a YAML file: ``runs/`` and the file's name.

    The experiment.yaml in a run folder belongs to that folder.  That of a recording has the name of
    the recording.
    """
    if yaml_file.name == SETTINGS_FILE and (yaml_file.parent / ENVIRONMENT_FILE).is_file():
        return yaml_file.parent
    if yaml_file.name == RECORDING_FILE:
        return RUNS / yaml_file.absolute().parent.name
    return RUNS / (yaml_file.stem.rstrip(". ") or "run")  # `...yaml` would lead elsewhere


@contextmanager
def alone_in(root: Path) -> Iterator[None]:
    """Locks a run folder for this process inside the block.

    A killed process leaves no lock behind.

    Raises:
        InputError: If another process has locked the folder.
    """
    lock = FileLock(root / LOCK_FILE)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise InputError(
            f"{root}: another run is using this folder; wait until it has finished, or give "
            "another --output."
        ) from error
    try:
        for place in (root, *root.glob("*/")):
            clean_leftovers(place)
        yield
    finally:
        lock.release()


def plain(settings: Mapping[str, object]) -> dict[str, object]:
    """Settings as they read back from JSON, for comparison with stored ones."""
    return json.loads(json.dumps(settings))


def read_record(root: Path, stage: str) -> Record | None:
    """Reads the record of a stage; None if the stage was not started.

    Raises:
        InputError: If the stage's folder has no valid record.
    """
    folder = root / stage
    if not folder.exists():
        return None
    try:
        values = json.loads((folder / STAGE_FILE).read_text(encoding="utf-8"))
        settings = values["settings"]
        if stage in OF_EXAMPLES:
            settings = {"simulation": FIRST_RECORDED, **settings}
        return Record(values["status"], settings, values.get("files"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder}: this folder exists but was not created by the stage `{stage}`, since its "
            f"{STAGE_FILE} is missing or damaged; move it away or give another --output."
        ) from error


def damage_of(root: Path, stage: str, record: Record) -> str | None:
    """Damage to a finished stage's result; None if it is complete or not finished."""
    return damage(root / stage, record.written) if record.status == DONE else None


def write_record(folder: Path, stage: str, record: Record) -> None:
    """Writes the record of a stage, with the folder's contents if the stage is done."""
    values: dict[str, object] = {
        "stage": stage,
        "status": record.status,
        "hash": settings_hash(record.settings),
        "settings": record.settings,
    }
    if record.status == DONE:
        values["files"] = contents(folder)
    text = json.dumps(values, indent=1, ensure_ascii=False) + "\n"
    # Bytes of file names that are not valid UTF-8 become JSON's escapes.
    replace_file(folder / STAGE_FILE, text.encode(errors="backslashreplace"))


@contextmanager
def stage_folder(
    root: Path, stage: str, settings: Mapping[str, object], resumable: bool
) -> Iterator[Path]:
    """The folder to write a stage's results into.

    Unless the stage is resumable, the folder has a temporary name until the work is done and is
    removed if it fails; an earlier result stays until it is replaced.

    Args:
        root: The run folder.
        stage: The stage's name.
        settings: Plain values that the result depends on.
        resumable: Whether the results of a stopped run are kept.
    """
    final, work, old = root / stage, root / f".{stage}.partial", _old(root, stage)
    for rest in (work, old):
        shutil.rmtree(rest, ignore_errors=True)
    work.mkdir(parents=True)
    if resumable:
        try:
            write_record(work, stage, Record(RUNNING, settings))
            if not final.exists():  # the folder never exists without its record
                work.rename(final)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        yield final
        write_record(final, stage, Record(DONE, settings))
        return
    try:
        yield work
        write_record(work, stage, Record(DONE, settings))
        replace_folder(work, final, old)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def remove_stage(root: Path, stage: str) -> None:
    """Removes a stage's result, if there is one.

    Raises:
        InputError: If the folder was not created by the stage.
    """
    if read_record(root, stage) is not None:
        old = _old(root, stage)
        shutil.rmtree(old, ignore_errors=True)
        (root / stage).rename(old)  # a kill in between leaves no partial result
        shutil.rmtree(old)


def _old(root: Path, stage: str) -> Path:
    """Temporary name of a stage's earlier result before it is removed."""
    return root / f".{stage}.old"


def check_root(root: Path) -> None:
    """Checks that a run can be written into ``root``.

    Raises:
        InputError: If it is a file, is not writable, or has an invalid name.
    """
    check_name(str(root), "--output")
    nearest = next(path for path in (root, *root.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InputError(
            f"{root}: {nearest} is a file, but a run needs a folder; give another --output."
        )
    if not os.access(nearest, os.W_OK):
        raise InputError(
            f"{root}: {nearest} is not writable; change its permissions or give another --output."
        )


def prepare_root(root: Path, experiment: Experiment) -> None:
    """Creates the run folder with the resolved settings and the environment."""
    root.mkdir(parents=True, exist_ok=True)
    replace_file(root / SETTINGS_FILE, dump_settings(experiment, root).encode())
    text = json.dumps(environment(), indent=1) + "\n"
    replace_file(root / ENVIRONMENT_FILE, text.encode())


def environment() -> dict[str, object]:
    """Versions and type of the machine, without names of hosts, users or folders."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
