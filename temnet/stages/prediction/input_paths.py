"""The files that an experiment names, with those of patterns and folders one by one."""

from __future__ import annotations

from pathlib import Path

from temnet.config.experiment import Experiment
from temnet.config.external_files import find_file, with_tables
from temnet.config.paths import from_here
from temnet.config.structures.from_file import FromFile
from temnet.config.structures.vibrations import SnapshotVibrations
from temnet.errors import InputError
from temnet.inference.reading.image_folders import files_of

ONE_FILE = (("structure", FromFile, "path"), ("vibrations", SnapshotVibrations, "file"))
"""Sections that name one file: the section, its kind, and the key."""


def with_found_files(experiment: Experiment) -> Experiment:
    """The experiment with every image file by its path, and with the content of measured tables.

    Raises:
        InputError: If a file does not exist, a pattern matches none, or a table is invalid.
    """
    changes: dict[str, object] = {}
    for section, kind, key in ONE_FILE:
        settings = getattr(experiment, section)
        if isinstance(settings, kind):
            path = find_file(f"{section}.{key}", getattr(settings, key))
            changes[section] = settings.model_copy(update={key: from_here(path)})
    if experiment.camera is not None:
        changes["camera"] = with_tables(experiment.camera)
    if experiment.images is not None:
        found = [path for entry in experiment.images.files for path in _find(entry)]
        files = tuple(dict.fromkeys(map(from_here, found)))
        changes["images"] = experiment.images.model_copy(update={"files": files})
    return experiment.model_copy(update=changes)


def _find(entry: str) -> list[Path]:
    """The files that a path, a folder or a pattern stands for, in the order of their names."""
    files = files_of(entry)
    if not files:
        raise InputError(
            f"images.files: the file {entry!r} does not exist; check the path, which counts from "
            "the folder of the YAML file that names it."
        )
    return files
