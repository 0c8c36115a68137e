"""Reading and writing of settings, with the base files that they override."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from temnet.config.distributions import DISTRIBUTIONS
from temnet.config.experiment import Experiment
from temnet.config.messages import Layer, describe
from temnet.config.names import check_name, shortened
from temnet.config.old_keys import Place, with_new_keys
from temnet.config.paths import relative_to, resolved
from temnet.config.settings import Settings, shown
from temnet.config.structures.vibration_table import VibrationTable
from temnet.config.yaml_text import (
    LONGEST_NAME,
    MOST_DEPTH,
    Values,
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
"""Most files of one experiment; with a `base:` in each section it has ten."""

MOST_PARENTS = 20
"""Longest chain of files that name each other as `base`."""


def read_yaml(path: Path) -> Values:
    """The mapping in a YAML file, on top of its `base:` files.

    `base:` at the top or in any section names one parent file, relative to the file with the
    entry; values beside the entry override those of the parent.

    Raises:
        InputError: If the file does not exist, is not valid YAML or not a mapping, or its bases
            form a circle.
    """
    return _read(path, (), (), _Files())[0]


class _Files:
    """Counter of the files of one experiment."""

    def __init__(self) -> None:
        self._count = 0

    def another(self, path: Path, parents: tuple[Path, ...]) -> None:
        """Counts one more file.

        Raises:
            InputError: If they are more than `MOST_FILES` or `MOST_PARENTS`.
        """
        self._count += 1
        if self._count > MOST_FILES or len(parents) > MOST_PARENTS:
            most = MOST_FILES if self._count > MOST_FILES else MOST_PARENTS
            way = "in all" if self._count > MOST_FILES else "one after the other"
            raise InputError(
                f"{path}: `base` leads to more than {most} files {way}; put the settings into "
                "fewer."
            )


def _read(
    path: Path, parents: tuple[Path, ...], place: Place, files: _Files
) -> tuple[Values, list[Layer]]:
    """Values of a file for the section at ``place``, and the layers that they come from."""
    files.another(path, parents)
    check_name(str(path), "base" if parents else "the settings' file")
    if os.path.realpath(path) in map(os.path.realpath, parents):
        ring = " -> ".join(parent.name for parent in (*parents, path))
        raise InputError(f"{path}: `base` leads back to itself ({ring}); remove one of them.")
    if not path.is_file():
        origin = f" (named as `base` in {parents[-1]})" if parents else ""
        raise InputError(f"{path}: the file does not exist{origin}; check the path.")
    values = read_values(path)
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected sections as `name: value`; got {shown(values)}.")
    values = with_new_keys(values, place, str(path))
    earlier = ((*parents, path)[0].parent, Path())
    values = resolved(values, path.parent, place, earlier)
    return _with_bases(values, path, (*parents, path), place, files)


def _with_bases(
    values: dict[Any, Any], path: Path, parents: tuple[Path, ...], place: Place, files: _Files
) -> tuple[Values, list[Layer]]:
    """``values`` on top of the base files of the mapping and of its sections."""
    if place[-1:] == ("choice",):  # values with their weights, not settings
        return dict(values), [Layer(str(path), place, values)]
    own: Values = {}
    inherited: list[Layer] = []
    for key, value in values.items():
        if not isinstance(key, str):
            where = f" in {'.'.join(map(str, place))}" if place else ""
            raise InputError(f"{path}: keys are texts; got {shown(key)}{where}; quote it.")
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
    """A value on top of the base files in it, and the layers of these."""
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


def merge(base: Mapping[str, object], changes: Mapping[str, object]) -> Values:
    """``base`` overridden by ``changes``, section by section.

    If the `kind` of a structure, support, vibration or model changes, the whole section is
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
"""Sections whose keys depend on their `kind`."""


def _same(key: str, old: Mapping[str, object], new: Mapping[str, object]) -> bool:
    """Whether a section is merged key by key and not replaced as a whole."""
    if DISTRIBUTIONS.keys() & old.keys() or DISTRIBUTIONS.keys() & new.keys():
        return False
    if key not in _SECTIONS_OF_A_KIND or "kind" not in old or "kind" not in new:
        return True
    return new["kind"] == old["kind"]


def parse_assignments(assignments: Sequence[str]) -> Values:
    """Nested settings of `--set key.path=value` texts; values are YAML.

    >>> parse_assignments(["model.depth=50", "camera.dose={uniform: [10, 20]}"])
    {'model': {'depth': 50}, 'camera': {'dose': {'uniform': [10, 20]}}}

    Raises:
        InputError: If a text has another form.
    """
    settings: Values = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        option = f"--set {shortened(assignment)}"
        keys = path.strip().split(".")
        if not equals or not all(keys):
            raise InputError(f"{option}: expected key.path=value, without spaces.")
        if len(path) > LONGEST_NAME or len(keys) > MOST_DEPTH:
            raise InputError(f"{option}: no setting has such a long name.")
        try:
            value = parse_yaml(text)
        except YAMLError as error:
            raise InputError(
                f"{option}: the value is not valid YAML: {problem_in(error)}."
            ) from error
        for key in reversed(keys):
            value = {key: value}
        settings = merge(settings, value)
    return settings


def load_experiment(path: str | Path, overrides: Mapping[str, object] | None = None) -> Experiment:
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


def read_layers(path: Path, overrides: Mapping[str, object]) -> tuple[Values, str, list[Layer]]:
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


def validate(values: Mapping[str, object], origin: str, layers: Sequence[Layer] = ()) -> Experiment:
    """Validated settings from plain ``values``.

    Args:
        values: Sections of an experiment.
        origin: Name of their source in messages.
        layers: Files and overrides that the values come from, highest priority first; messages
            name the one with the invalid key.

    Raises:
        InputError: If a setting is invalid; the message names origin and key of every fault.
    """
    try:
        return Experiment.model_validate(dict(values))
    except ValidationError as error:
        raise InputError("\n".join(describe(error, origin, layers))) from None


def load_vibration_table(path: Path) -> VibrationTable:
    """Table of thermal vibration from a YAML file.

    Raises:
        InputError: If the file does not exist or is not such a table.
    """
    try:
        return VibrationTable.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(
            f"{path}: this is not a table of thermal vibration ({place}: {first['msg']}); write it "
            "again by the stage `vibrations`."
        ) from None


def dump_settings(settings: Settings, folder: Path | None = None) -> str:
    """Any settings as YAML, without those that were not given.

    Args:
        settings: The settings.
        folder: Folder of the YAML file, from which its paths count; the working folder by default.
    """
    values = settings.model_dump(mode="json", exclude_none=True, by_alias=False)
    values |= {name: getattr(settings, name) for name in settings.plain}  # JSON keys are texts
    return dump_yaml(values if folder is None else relative_to(values, folder))


def write_experiment(experiment: Experiment, path: Path) -> None:
    """Writes every setting, defaults included, as YAML that reads back to the same settings."""
    path.write_text(dump_settings(experiment, path.parent), encoding="utf-8")
