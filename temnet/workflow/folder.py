"""The run folder: one folder per stage, each made in one step or resumed."""

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

from temnet.config.experiment import Experiment, settings_hash
from temnet.config.loading import dump_experiment
from temnet.config.names import check_name
from temnet.errors import InputError
from temnet.system.files import clean_leftovers, replace_file, replace_folder
from temnet.workflow.contents import Contents, contents, damage

RUNS = Path("runs")
"""Folder of all runs and of the stored sets, in the working folder."""

SETTINGS_FILE, ENVIRONMENT_FILE, LOG_FILE = "experiment.yaml", "environment.json", "log.txt"
STAGE_FILE = "stage.json"
LOCK_FILE = ".lock"

DONE, RUNNING = "done", "running"

OF_EXAMPLES, FIRST_RECORDED = ("simulate", "train", "evaluate"), 3
"""Stages whose records tell of the simulation, and its version where they do not yet."""

PACKAGES = (
    "temnet", "tensorflow", "keras", "abtem", "ase", "numpy", "scipy", "scikit-learn",
    "rosettasciio", "zarr", "dask", "pydantic", "matplotlib",
)  # fmt: skip
"""Packages whose version a result may depend on."""


@dataclass(frozen=True)
class Record:
    """What a stage's folder says of itself.

    Attributes:
        status: ``done`` or ``running``.
        settings: The plain values that the result depends on.
        written: What the stage has written, see `contents`; None where it is not known, as in
            folders of earlier versions.
    """

    status: str
    settings: Mapping[str, Any]
    written: Contents | None = field(default=None, compare=False)


def default_folder(yaml_file: Path) -> Path:
    """Where the results of a YAML file go: ``runs/`` and its name.

    A run folder's own experiment.yaml goes on in that folder.
    """
    if yaml_file.name == SETTINGS_FILE and (yaml_file.parent / ENVIRONMENT_FILE).is_file():
        return yaml_file.parent
    return RUNS / (yaml_file.stem.rstrip(". ") or "run")  # `...yaml` would lead elsewhere


@contextmanager
def alone_in(root: Path) -> Iterator[None]:
    """Inside of it no other process works in a run folder; a killed one does not stay in the way.

    Raises:
        InputError: Another one does.
    """
    lock = FileLock(root / LOCK_FILE)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise InputError(
            f"{root}: another run is at work in this folder; wait until it has ended, or give "
            "another --output."
        ) from error
    try:
        for place in (root, *root.glob("*/")):
            clean_leftovers(place)
        yield
    finally:
        lock.release()


def plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they read back from JSON, so that they compare with stored ones."""
    return json.loads(json.dumps(settings))


def read_record(root: Path, stage: str) -> Record | None:
    """What the folder of a stage says; None where the stage was not begun.

    Raises:
        InputError: A folder of that name is there but no stage made it, or it is damaged.
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
            f"{folder}: this is in the way and not the result of the stage `{stage}`, since its "
            f"{STAGE_FILE} is missing or damaged; move it away or give another --output."
        ) from error


def damage_of(root: Path, stage: str, record: Record) -> str | None:
    """What is wrong with a stage's result that is done; None where it is whole."""
    return damage(root / stage, record.written) if record.status == DONE else None


def write_record(folder: Path, stage: str, record: Record) -> None:
    """Writes what a stage's folder says of itself, with what lies in it where it is done."""
    values = {
        "stage": stage,
        "status": record.status,
        "hash": settings_hash(record.settings),
        "settings": record.settings,
    }
    if record.status == DONE:
        values["files"] = contents(folder)
    text = json.dumps(values, indent=1, ensure_ascii=False) + "\n"
    # Bytes of names that are no UTF-8 become the escapes that JSON has for them.
    replace_file(folder / STAGE_FILE, text.encode(errors="backslashreplace"))


@contextmanager
def stage_folder(
    root: Path, stage: str, settings: Mapping[str, Any], resumable: bool
) -> Iterator[Path]:
    """The folder to write a stage's results into.

    One that is not resumable has another name until the work is done, and is removed if it
    fails; an earlier result stays until it is replaced.

    Args:
        root: The run folder.
        stage: The stage's name.
        settings: Plain values that the result depends on.
        resumable: Whether what a stopped run has made is kept.
    """
    final, work, old = root / stage, root / f".{stage}.partial", _old(root, stage)
    for rest in (work, old):
        shutil.rmtree(rest, ignore_errors=True)
    work.mkdir(parents=True)
    if resumable:
        try:
            write_record(work, stage, Record(RUNNING, settings))
            if not final.exists():  # never without its record, which says that it can go on
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
    """Removes a stage's result; what is none is left.

    Raises:
        InputError: The folder was not made by the stage.
    """
    if read_record(root, stage) is not None:
        old = _old(root, stage)
        shutil.rmtree(old, ignore_errors=True)
        (root / stage).rename(old)  # what is killed in between leaves no half of a result
        shutil.rmtree(old)


def _old(root: Path, stage: str) -> Path:
    """Where a stage's earlier result goes before it is removed."""
    return root / f".{stage}.old"


def check_root(root: Path) -> None:
    """Whether a run can be written into ``root``.

    Raises:
        InputError: It is a file, may not be written to, or no folder can be called that.
    """
    check_name(str(root), "--output")
    nearest = next(path for path in (root, *root.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InputError(
            f"{root}: {nearest} is a file, a run needs a folder; give another --output."
        )
    if not os.access(nearest, os.W_OK):
        raise InputError(
            f"{root}: {nearest} may not be written to; change its rights or give another --output."
        )


def prepare_root(root: Path, experiment: Experiment) -> None:
    """Makes the run folder with the resolved settings and the environment."""
    root.mkdir(parents=True, exist_ok=True)
    replace_file(root / SETTINGS_FILE, dump_experiment(experiment).encode())
    text = json.dumps(environment(), indent=1) + "\n"
    replace_file(root / ENVIRONMENT_FILE, text.encode())


def environment() -> dict[str, Any]:
    """Versions and the kind of machine, without names of hosts, users or folders."""
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
