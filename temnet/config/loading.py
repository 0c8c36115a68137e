"""Reading and writing settings: the only place that knows YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from temnet.config.distributions import DISTRIBUTIONS, Settings, shown
from temnet.config.experiment import Experiment
from temnet.config.messages import Layer, Place, describe
from temnet.config.vibration_table import VibrationTable
from temnet.errors import InputError

YAML_1_2_FLOAT = re.compile(
    r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|^[-+]?\.(inf|Inf|INF)$"
)
"""Numbers as YAML 1.2 has them: PyYAML itself takes 50e3 and 1.0e2 for text."""


YAML_1_2_INT = re.compile(r"^[-+]?(0|[1-9][0-9_]*)$|^0x[0-9a-fA-F]+$")
YAML_1_2_BOOL = re.compile(r"^(true|True|TRUE|false|False|FALSE)$")

_PLAIN_VALUES = {
    "tag:yaml.org,2002:int": ("-+0123456789", YAML_1_2_INT),
    "tag:yaml.org,2002:float": ("-+.0123456789", YAML_1_2_FLOAT),
    "tag:yaml.org,2002:bool": ("tTfF", YAML_1_2_BOOL),
    "tag:yaml.org,2002:timestamp": ("", None),
}
"""Values that YAML 1.1 reads in ways of its own: `no` is a text here, as are 1:30 and dates."""


def _with_plain_values(resolvers: dict[Any, list[Any]]) -> dict[Any, list[Any]]:
    """``resolvers`` and, tried after them, those of `_PLAIN_VALUES`."""
    extended = {first: list(patterns) for first, patterns in resolvers.items()}
    for tag, (letters, pattern) in _PLAIN_VALUES.items():
        for first in letters:
            extended.setdefault(first, []).append((tag, pattern))
    return extended


_MERGE = "tag:yaml.org,2002:merge"
"""What YAML calls the key `<<`, by which a mapping takes over another's entries."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the values of YAML 1.2, refusing keys that stand twice."""

    yaml_implicit_resolvers = _with_plain_values(
        {
            first: [(tag, pattern) for tag, pattern in patterns if tag not in _PLAIN_VALUES]
            for first, patterns in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }
    )

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: list[Any] = []
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.append(key)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """PyYAML's safe dumper, which also quotes texts that YAML 1.2 takes for numbers."""

    yaml_implicit_resolvers = _with_plain_values(yaml.SafeDumper.yaml_implicit_resolvers)


def parse_yaml(text: str) -> Any:
    """The plain values of a YAML text.

    >>> parse_yaml("energy: 50e3")
    {'energy': 50000.0}
    """
    return yaml.load(text, Loader=_Loader)  # a subclass of SafeLoader


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file, with what its `base:` entries bring along.

    `base:` at the top or in any section names one parent file, relative to the file it stands
    in; what stands beside it goes before what the parent says.

    Raises:
        InputError: The file is missing, is no YAML, holds no mapping, or its bases form a ring.
    """
    return _read(path, (), ())[0]


def _read(
    path: Path, parents: tuple[Path, ...], place: Place
) -> tuple[dict[str, Any], list[Layer]]:
    """The values of a file that is laid at ``place``, and the files that they come from."""
    if path.resolve() in [parent.resolve() for parent in parents]:
        ring = " -> ".join(parent.name for parent in (*parents, path))
        raise InputError(f"{path}: `base` leads back to itself ({ring}); remove one of them.")
    if not path.is_file():
        origin = f" (named as `base` in {parents[-1]})" if parents else ""
        raise InputError(f"{path}: there is no such file{origin}; check the path.")
    try:
        values = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: the file cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where is not None else ""
        problem = getattr(error, "problem", None) or str(error)
        raise InputError(f"{path}{line}: this is not valid YAML: {problem}.") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected sections as `name: value`; got {shown(values)}.")
    return _with_bases(values, path, (*parents, path), place)


def _with_bases(
    values: dict[Any, Any], path: Path, parents: tuple[Path, ...], place: Place
) -> tuple[dict[str, Any], list[Layer]]:
    """``values`` over what its own and its sections' `base:` entries bring along."""
    own: dict[str, Any] = {}
    inherited: list[Layer] = []
    for key, value in values.items():
        if not isinstance(key, str):
            where = f" in {'.'.join(map(str, place))}" if place else ""
            raise InputError(f"{path}: names are texts; got {shown(key)}{where}; quote it.")
        if key == "base":
            continue
        own[key], layers = _section(value, path, parents, (*place, key))
        inherited += layers
    layers = [Layer(str(path), place, values), *inherited]
    if "base" not in values:
        return own, layers
    if not isinstance(values["base"], str):
        raise InputError(f"{path}: `base` must name one file; got {shown(values['base'])}.")
    base, base_layers = _read(path.parent / values["base"], parents, place)
    return merge(base, own), layers + base_layers


def _section(
    value: Any, path: Path, parents: tuple[Path, ...], place: Place
) -> tuple[Any, list[Layer]]:
    """A value with the bases of the sections in it, and what these bring along."""
    if isinstance(value, dict):
        values, layers = _with_bases(value, path, parents, place)
        return values, layers[1:]
    if not isinstance(value, list):
        return value, []
    entries = [
        _section(entry, path, parents, (*place, number)) for number, entry in enumerate(value)
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
        keys = path.strip().split(".")
        if not equals or not all(keys):
            raise InputError(f"--set {assignment}: expected key.path=value, without spaces.")
        try:
            value = parse_yaml(text)
        except yaml.YAMLError as error:
            raise InputError(f"--set {assignment}: the value is not valid YAML.") from error
        for key in reversed(keys):
            value = {key: value}
        settings = merge(settings, value)
    return settings


def load_experiment(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Experiment:
    """The validated settings of a YAML file.

    Args:
        path: The YAML file.
        overrides: Sections laid over the file's, such as ``{"model": {"depth": 50}}``.

    Raises:
        InputError: Something in the file is wrong; the message names file and key.
    """
    return validate(*read_layers(Path(path), overrides or {}))


def read_layers(
    path: Path, overrides: Mapping[str, Any]
) -> tuple[dict[str, Any], str, list[Layer]]:
    """A YAML file with ``overrides`` laid over it, as `validate` takes it.

    Returns:
        The plain values, what messages call the file, and the layers that the values come from.

    Raises:
        InputError: The file or a base of it cannot be read.
    """
    values, layers = _read(path, (), ())
    layers = [Layer("the overrides (--set)", (), overrides), *layers]
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


def dump_settings(settings: Settings) -> str:
    """Any settings as YAML, without what was not given."""
    values = settings.model_dump(mode="json", exclude_none=True)
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def write_experiment(experiment: Experiment, path: Path) -> None:
    """Writes every setting, defaults included, as YAML that reads back to the same settings."""
    path.write_text(dump_experiment(experiment), encoding="utf-8")


def dump_experiment(experiment: Experiment) -> str:
    """Every setting, defaults included, as YAML."""
    return dump_settings(experiment)


def json_schema() -> dict[str, Any]:
    """The JSON schema of an experiment's YAML, for editors that complete it."""
    schema = Experiment.model_json_schema()
    base = {"type": "string", "description": "A YAML file that this one is laid over."}
    for section in (schema, *schema.get("$defs", {}).values()):
        if section.get("type") == "object":
            section["properties"] = {"base": base, **section.get("properties", {})}
    return schema
