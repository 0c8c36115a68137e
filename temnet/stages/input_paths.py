"""Paths of an experiment's files: images, structures and snapshots of their vibration."""

from __future__ import annotations

import os
from pathlib import Path

from temnet.config.experiment import Experiment
from temnet.config.names import user_path
from temnet.config.structures.from_file import FromFile
from temnet.config.structures.vibrations import SnapshotVibrations
from temnet.errors import InputError
from temnet.inference.reading.image_folders import files_of

ONE_FILE = (("structure", FromFile, "path"), ("vibrations", SnapshotVibrations, "file"))
"""Sections that name one file: section, kind and key."""


def with_found_files(experiment: Experiment, folder: Path) -> Experiment:
    """The experiment with each file's path relative to the working folder.

    Args:
        experiment: Settings as read; uses `images`, `structure` and `vibrations`.
        folder: The YAML's folder; relative paths start there, or else in the working folder.

    Raises:
        InputError: If a file does not exist, or a pattern matches no file.
    """
    for section, kind, key in ONE_FILE:
        settings = getattr(experiment, section)
        if isinstance(settings, kind):
            path = _find_one(f"{section}.{key}", getattr(settings, key), folder)
            changed = settings.model_copy(update={key: _from_here(path)})
            experiment = experiment.model_copy(update={section: changed})
    if experiment.images is None:
        return experiment
    found = [path for entry in experiment.images.files for path in _find(entry, folder)]
    files = tuple(_from_here(path) for path in dict.fromkeys(found))
    images = experiment.images.model_copy(update={"files": files})
    return experiment.model_copy(update={"images": images})


def _find_one(key: str, name: str, folder: Path) -> Path:
    for start in (folder, Path()):
        path = start / user_path(name, key)
        if path.is_file():
            return path
    raise InputError(
        f"{key}: there is no file {name!r} in {folder.resolve()}; check the path, which is "
        "relative to the YAML's folder or the working folder."
    )


def _find(entry: str, folder: Path) -> list[Path]:
    """Files of a path, a folder or a pattern, ordered by name."""
    for start in (folder, Path()):
        files = files_of(entry, start)
        if files:
            return files
    places = " nor in ".join(dict.fromkeys(str(start.resolve()) for start in (folder, Path())))
    raise InputError(
        f"images.files: there is no file {entry!r} in {places}; check the path, which is relative "
        "to the YAML's folder or the working folder."
    )


def _from_here(path: Path) -> str:
    """The path relative to the working folder if it is inside, else the absolute path."""
    absolute = Path(os.path.normpath(path.absolute()))
    here = Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)
