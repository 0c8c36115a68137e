"""Reading and writing settings: the only place that knows YAML."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from temnet.config.experiment import Experiment
from temnet.errors import InputError

YAML_1_2_FLOAT = re.compile(
    r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|^[-+]?\.(inf|Inf|INF)$"
)
"""Numbers as YAML 1.2 has them: PyYAML itself takes 50e3 and 1.0e2 for text."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the numbers of YAML 1.2, refusing keys that stand twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = copy.deepcopy(yaml.SafeLoader.yaml_implicit_resolvers)
for _first in "-+.0123456789":
    _Loader.yaml_implicit_resolvers[_first] = [
        (tag, pattern)
        for tag, pattern in _Loader.yaml_implicit_resolvers.get(_first, [])
        if tag != "tag:yaml.org,2002:float"
    ] + [("tag:yaml.org,2002:float", YAML_1_2_FLOAT)]


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
    return _read(path, ())


def _read(path: Path, parents: tuple[Path, ...]) -> dict[str, Any]:
    path = path.resolve()
    if path in parents:
        ring = " -> ".join(parent.name for parent in (*parents, path))
        raise InputError(f"{path}: `base` leads back to itself ({ring}); remove one of them.")
    if not path.is_file():
        origin = f" (named as `base` in {parents[-1]})" if parents else ""
        raise InputError(f"{path}: there is no such file{origin}; check the path.")
    try:
        values = parse_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where is not None else ""
        problem = getattr(error, "problem", None) or str(error)
        raise InputError(f"{path}{line}: this is not valid YAML: {problem}.") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected sections as `name: value`; got {_kind(values)}.")
    return _with_bases(values, path, (*parents, path))


def _with_bases(values: dict[str, Any], path: Path, parents: tuple[Path, ...]) -> dict[str, Any]:
    own = {
        key: _with_bases(value, path, parents) if isinstance(value, dict) else value
        for key, value in values.items()
        if key != "base"
    }
    if "base" not in values:
        return own
    base = values["base"]
    if not isinstance(base, str):
        raise InputError(f"{path}: `base` must name one file; got {_kind(base)}.")
    return merge(_read(path.parent / base, parents), own)


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes`` laid over it, section by section.

    A section whose `kind` changes replaces the whole section, since other kinds have other
    keys; so does a distribution, whose name is its key.

    >>> merge({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}})
    {'a': {'b': 1, 'c': 3}}
    """
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping) and _same_kind(old, value):
            merged[key] = merge(old, value)
        else:
            merged[key] = value
    return merged


_DISTRIBUTIONS = frozenset({"uniform", "log_uniform", "normal", "choice"})


def _same_kind(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if _DISTRIBUTIONS & set(old) or _DISTRIBUTIONS & set(new):
        return False
    return "kind" not in new or new["kind"] == old.get("kind")


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
            raise InputError(f"--set {assignment}: expected key.path=value.")
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
    values = merge(read_yaml(Path(path)), overrides or {})
    return validate(values, str(path))


def validate(values: Mapping[str, Any], origin: str) -> Experiment:
    """The settings that plain ``values`` describe; ``origin`` is named in messages.

    Raises:
        InputError: Something is wrong; the message names ``origin`` and every key at fault.
    """
    try:
        return Experiment.model_validate(dict(values))
    except ValidationError as error:
        raise InputError("\n".join(_describe(error, origin))) from None


def _describe(error: ValidationError, origin: str) -> list[str]:
    """One line per key at fault; of a union's branches only the one that came closest."""
    found: dict[str, list[str]] = {}
    for item in error.errors(include_url=False):
        place = ".".join(str(part) for part in item["loc"] if _is_key(part))
        found.setdefault(place, []).append(_sentence(item))
    lines = []
    for place, sentences in found.items():
        distinct = list(dict.fromkeys(sentences))
        where = f"{origin}: {place}" if place else origin
        lines.append(f"{where}: {' or '.join(distinct)}.")
    return lines


_UNION_TAGS = frozenset(
    {
        "float", "int", "str", "tuple", "bool", "Uniform", "LogUniform", "Normal", "Choice",
        "TextChoice", "literal", "constrained-int", "constrained-float",
    }
)  # fmt: skip


def _is_key(part: int | str) -> bool:
    """Whether a part of pydantic's location is a key of the YAML, not the tag of a union."""
    if isinstance(part, int):
        return True
    return part not in _UNION_TAGS and "[" not in part


def _sentence(item: Mapping[str, Any]) -> str:
    kind, message, value = item["type"], item["msg"], item["input"]
    if kind == "extra_forbidden":
        return "there is no such setting; check the spelling or remove it"
    if kind == "missing":
        return "this setting is missing; add it"
    if kind == "value_error":
        return str(message).removeprefix("Value error, ").rstrip(".")
    text = str(message)[0].lower() + str(message)[1:]
    return f"{text}; got {_kind(value)}"


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def write_experiment(experiment: Experiment, path: Path) -> None:
    """Writes every setting, defaults included, as YAML that reads back to the same settings."""
    path.write_text(dump_experiment(experiment), encoding="utf-8")


def dump_experiment(experiment: Experiment) -> str:
    """Every setting, defaults included, as YAML."""
    values = experiment.model_dump(mode="json", exclude_none=True)
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)


def json_schema() -> dict[str, Any]:
    """The JSON schema of an experiment's YAML, for editors that complete it."""
    schema = Experiment.model_json_schema()
    base = {"type": "string", "description": "A YAML file that this one is laid over."}
    for section in (schema, *schema.get("$defs", {}).values()):
        if section.get("type") == "object":
            section["properties"] = {"base": base, **section.get("properties", {})}
    return schema
