"""Reading and writing settings, with the files that they are laid over."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from temnet.config.distributions import DISTRIBUTIONS
from temnet.config.experiment import Experiment
from temnet.config.messages import Layer, Place, describe
from temnet.config.names import check_name, shortened
from temnet.config.old_keys import with_new_keys
from temnet.config.paths import relative_to, resolved
from temnet.config.settings import Settings, shown
from temnet.config.structures.vibration_table import VibrationTable
from temnet.config.yaml_text import (
    LONGEST_NAME,
    MOST_DEPTH,
    YAMLError,
    dump_yaml,
    parse_yaml,
    problem_in,
    read_values,
)
from temnet.errors import InputError

OVERRIDES = "the overrides (--set)"
"""Origin of settings from the command line or from Python, in messages."""

MOST_FILES = 100
"""Files that one experiment is put together from; with `base:` in each section it has ten."""

MOST_PARENTS = 20
"""Files that name each other as `base`, one after the other."""


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file, with what its `base:` entries bring along.

    `base:` at the top or in any section names one parent file, relative to the file it stands
    in; what stands beside it goes before what the parent says.

    Raises:
        InputError: The file is missing, is no YAML, holds no mapping, or its bases form a ring.
    """
    return _read(path, (), (), _Files())[0]


class _Files:
    """Counts the files that an experiment is put together from."""

    def __init__(self) -> None:
        self._count = 0

    def another(self, path: Path, parents: tuple[Path, ...]) -> None:
        """Counts one more.

        Raises:
            InputError: They are more than any experiment has.
        """
        self._count += 1
        if self._count > MOST_FILES or len(parents) > MOST_PARENTS:
            most = MOST_FILES if self._count > MOST_FILES else MOST_PARENTS
            way = "in all" if self._count > MOST_FILES else "one after the other"
            raise InputError(
                f"{path}: `base` brings along more than {most} files {way}; put the settings into "
                "fewer."
            )


def _read(
    path: Path, parents: tuple[Path, ...], place: Place, files: _Files
) -> tuple[dict[str, Any], list[Layer]]:
    """The values of a file that is laid at ``place``, and the files that they come from."""
    files.another(path, parents)
    check_name(str(path), "base" if parents else "the settings' file")
    if os.path.realpath(path) in map(os.path.realpath, parents):
        ring = " -> ".join(parent.name for parent in (*parents, path))
        raise InputError(f"{path}: `base` leads back to itself ({ring}); remove one of them.")
    if not path.is_file():
        origin = f" (named as `base` in {parents[-1]})" if parents else ""
        raise InputError(f"{path}: there is no such file{origin}; check the path.")
    values = read_values(path)
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected sections as `name: value`; got {shown(values)}.")
    values = with_new_keys(values, place, str(path))
    earlier = ((*parents, path)[0].parent, Path())
    values = resolved(values, path.parent, place, earlier)
    return _with_bases(values, path, (*parents, path), place, files)


def _with_bases(
    values: dict[Any, Any], path: Path, parents: tuple[Path, ...], place: Place, files: _Files
) -> tuple[dict[str, Any], list[Layer]]:
    """``values`` over what its own and its sections' `base:` entries bring along."""
    if place[-1:] == ("choice",):  # values with their weights, not settings
        return dict(values), [Layer(str(path), place, values)]
    own: dict[str, Any] = {}
    inherited: list[Layer] = []
    for key, value in values.items():
        if not isinstance(key, str):
            where = f" in {'.'.join(map(str, place))}" if place else ""
            raise InputError(f"{path}: names are texts; got {shown(key)}{where}; quote it.")
        if key == "base":
            continue
        own[key], layers = _section(value, path, parents, (*place, key), files)
        inherited += layers
    layers = [Layer(str(path), place, values), *inherited]
    if "base" not in values:
        return own, layers
    if not isinstance(values["base"], str):
        raise InputError(f"{path}: `base` must name one file; got {shown(values['base'])}.")
    base, base_layers = _read(path.parent / values["base"], parents, place, files)
    return merge(base, own), layers + base_layers


def _section(
    value: Any, path: Path, parents: tuple[Path, ...], place: Place, files: _Files
) -> tuple[Any, list[Layer]]:
    """A value with the bases of the sections in it, and what these bring along."""
    if isinstance(value, dict):
        values, layers = _with_bases(value, path, parents, place, files)
        return values, layers[1:]
    if not isinstance(value, list):
        return value, []
    entries = [
        _section(entry, path, parents, (*place, number), files)
        for number, entry in enumerate(value)
    ]
    return [entry for entry, _ in entries], [layer for _, layers in entries for layer in layers]


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes`` laid over it, section by section.

    Where the `kind` of a structure, support, vibration or model changes, the whole section is
    replaced, since other kinds have other keys; so is a distribution, whose name is its key.

    >>> merge({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}})
    {'a': {'b': 1, 'c': 3}}
    """
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping) and _same(key, old, value):
            merged[key] = merge(old, value)
        else:
            merged[key] = value
    return merged


_SECTIONS_OF_A_KIND = frozenset({"structure", "support", "vibrations", "model"})
"""Sections whose `kind` says which keys they have."""


def _same(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a section is changed key by key, not replaced as a whole."""
    if DISTRIBUTIONS.keys() & old.keys() or DISTRIBUTIONS.keys() & new.keys():
        return False
    if key not in _SECTIONS_OF_A_KIND or "kind" not in old or "kind" not in new:
        return True
    return new["kind"] == old["kind"]


def parse_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """The settings that `--set key.path=value` texts stand for; values are YAML.

    >>> parse_assignments(["model.depth=50", "camera.dose={uniform: [10, 20]}"])
    {'model': {'depth': 50}, 'camera': {'dose': {'uniform': [10, 20]}}}

    Raises:
        InputError: A text is not of that form.
    """
    settings: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        told = f"--set {shortened(assignment)}"
        keys = path.strip().split(".")
        if not equals or not all(keys):
            raise InputError(f"{told}: expected key.path=value, without spaces.")
        if len(path) > LONGEST_NAME or len(keys) > MOST_DEPTH:
            raise InputError(f"{told}: there is no setting of so long a name.")
        try:
            value = parse_yaml(text)
        except YAMLError as error:
            raise InputError(
                f"{told}: the value is not valid YAML: {problem_in(error)}."
            ) from error
        for key in reversed(keys):
            value = {key: value}
        settings = merge(settings, value)
    return settings


def load_experiment(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Experiment:
    """The validated settings of a YAML file.

    Paths in a YAML file count from its folder, those in ``overrides`` from the working folder; in
    the settings all of them count from the working folder.  The files that they name are not read.

    Args:
        path: The YAML file.
        overrides: Sections that override those of the file, such as ``{"model": {"depth": 50}}``.

    Raises:
        InputError: If the file or a setting is invalid; the message names file and key.
    """
    return validate(*read_layers(Path(path), overrides or {}))


def read_layers(
    path: Path, overrides: Mapping[str, Any]
) -> tuple[dict[str, Any], str, list[Layer]]:
    """A YAML file with ``overrides``, as `validate` takes it.

    Returns:
        The plain values, the name of the file in messages, and the layers that the values come
        from.

    Raises:
        InputError: If the file or a base of it cannot be read.
    """
    values, layers = _read(path, (), (), _Files())
    overrides = with_new_keys(overrides, (), OVERRIDES)
    overrides = resolved(overrides, Path(), (), (path.parent,))
    layers = [Layer(OVERRIDES, (), overrides), *layers]
    return merge(values, overrides), str(path), layers


def validate(values: Mapping[str, Any], origin: str, layers: Sequence[Layer] = ()) -> Experiment:
    """The settings that plain ``values`` describe.

    Args:
        values: Sections of an experiment.
        origin: What messages call the place that the values come from.
        layers: The files and overrides that the values were put together from, the one that
            goes first being first; messages name the one that holds the key at fault.

    Raises:
        InputError: Something is wrong; the message names origin and key of every fault.
    """
    try:
        return Experiment.model_validate(dict(values))
    except ValidationError as error:
        raise InputError("\n".join(describe(error, origin, layers))) from None


def load_vibration_table(path: Path) -> VibrationTable:
    """A table of vibration from its YAML file.

    Raises:
        InputError: The file is missing, is no YAML, or is no such table.
    """
    try:
        return VibrationTable.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(
            f"{path}: this is no table of vibration: {place}: {first['msg']}; make it again."
        ) from None


def dump_settings(settings: Settings, folder: Path | None = None) -> str:
    """Any settings as YAML, without those that were not given.

    Args:
        settings: The settings.
        folder: Folder of the YAML file, from which its paths count; the working folder by default.
    """
    values = settings.model_dump(mode="json", exclude_none=True, by_alias=False)
    return dump_yaml(values if folder is None else relative_to(values, folder))


def write_experiment(experiment: Experiment, path: Path) -> None:
    """Writes every setting, defaults included, as YAML that reads back to the same settings."""
    path.write_text(dump_settings(experiment, path.parent), encoding="utf-8")
