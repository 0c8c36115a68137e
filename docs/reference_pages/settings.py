"""The settings of an experiment's YAML, from its JSON schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from reference_pages.markdown import cell, table
from temnet.config.schema import json_schema

Schema = Mapping[str, Any]

DISTRIBUTIONS = ("Uniform", "LogUniform", "Normal", "Choice", "TextChoice")
"""Sections that stand for a drawn value."""

PRACTICAL = 1e30
"""Bounds from here on are those of the number's type, and are not shown."""

NUMBERS = ("number", "integer")
"""Kinds of value that have a unit."""

INTRODUCTION = """# Settings (YAML)

An experiment is a YAML file with the sections below. Every setting has a default, except those
marked *required*. Settings of an unknown name are refused, with the nearest known name.

`python -m temnet.run --schema > schema.json` writes the same as a JSON schema. Editors complete the
YAML by it: put `# yaml-language-server: $schema=schema.json` on the first line.

Every section may also have the key `base`, a YAML file whose settings it overrides. A setting that
may be a [distribution](#distributions) is drawn for each specimen or image.
"""


def page() -> str:
    """The page as Markdown."""
    schema = json_schema()
    sections = schema["$defs"]
    parts = [INTRODUCTION, "## Sections", _table(schema)]
    named = [name for name in _order(schema) if name not in DISTRIBUTIONS]
    for name in named:
        parts += _section(name, sections[name])
    parts.append("(distributions)=\n## Distributions")
    for name in DISTRIBUTIONS:
        parts += _section(name, sections[name])
    return "\n\n".join(parts) + "\n"


def _order(schema: Schema) -> list[str]:
    """Names of all sections, each after the section that first holds it."""
    found: list[str] = []
    for name in _references(schema["properties"]):
        found += [name, *_references(schema["$defs"][name])]
    return list(dict.fromkeys([*found, *schema["$defs"]]))


def _references(value: Any) -> Iterator[str]:
    """Names of the sections that a part of the schema holds."""
    if isinstance(value, Mapping):
        if "$ref" in value:
            yield value["$ref"].rpartition("/")[2]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _section(name: str, section: Schema) -> list[str]:
    kind = section.get("properties", {}).get("kind", {}).get("const")
    title = f"{words(name)} (`kind: {kind}`)" if kind else words(name)
    return [
        f"(setting-{name.lower()})=\n### {title}",
        section.get("description", ""),
        _table(section),
    ]


def words(name: str) -> str:
    """The name of a class as words.

    >>> words("AmorphousCarbon"), words("MoS2"), words("MSDNetSettings")
    ('Amorphous carbon', 'MoS2', 'MSD-net')
    """
    name = name.removesuffix("Settings")
    known = {"MoS2": "MoS2", "UNet": "U-Net", "MSDNet": "MSD-net", "CramerRao": "Cramér-Rao bound"}
    if name in known:
        return known[name]
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return text[0] + text[1:].lower()


def _table(section: Schema) -> str:
    required = section.get("required", ())
    rows = []
    for name, setting in section.get("properties", {}).items():
        if name in ("base", "kind"):
            continue
        default = "*required*" if name in required else default_text(setting)
        rows.append(
            (f"`{name}`", kind_text(setting), default, cell(setting.get("description", "")))
        )
    return table(("setting", "value", "default", "meaning"), rows)


def default_text(setting: Schema) -> str:
    """The default as YAML; empty without one."""
    default = setting.get("default")
    if default is None:
        return ""
    text = json.dumps(default, ensure_ascii=False)
    return "" if text in ("[]", "{}", '""') else cell(f"`{text}`") if len(text) < 60 else ""


def kind_text(setting: Schema) -> str:
    """What a value may be, in words.

    >>> kind_text({"type": "number", "unit": "Å", "minimum": 0, "exclusiveMaximum": 5})
    'number [Å], from 0, below 5'
    >>> kind_text({"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]})
    '`a` or `b`'
    """
    kinds = tuple(dict.fromkeys(_kinds(setting)))
    unit = f" [{setting['unit']}]" if "unit" in setting else ""
    numbers = [kind for kind in kinds if kind.startswith(NUMBERS)]
    for kind in numbers:
        word = kind.split(",")[0]
        with_unit = kind.replace(word, word + unit, 1)
        kinds = tuple(with_unit if each == kind else each for each in kinds)
    return " or ".join(kinds) + ("" if numbers else unit)


def _kinds(setting: Schema | bool | None) -> Iterator[str]:
    """The kinds of value that a setting may have."""
    if not isinstance(setting, Mapping):
        return  # anything
    for key in ("anyOf", "oneOf"):
        for each in setting.get(key, ()):
            yield from _kinds(each)
    if "$ref" in setting:
        name = setting["$ref"].rpartition("/")[2]
        drawn = name in DISTRIBUTIONS
        yield (
            "[distribution](#distributions)"
            if drawn
            else f"[{words(name)}](#setting-{name.lower()})"
        )
    elif "const" in setting:
        yield f"`{setting['const']}`"
    elif "enum" in setting:
        yield from (f"`{value}`" for value in setting["enum"])
    elif setting.get("type") == "array":
        inner = " or ".join(dict.fromkeys(_kinds(setting.get("items"))))
        count = len(setting.get("prefixItems", ()))
        yield f"list of {count}" if count else f"list of {inner}" if inner else "list"
    elif setting.get("type") == "object":
        inner = " or ".join(dict.fromkeys(_kinds(setting.get("additionalProperties"))))
        yield f"by name: {inner}" if inner else "by name"
    elif setting.get("type") in ("number", "integer", "string", "boolean"):
        names = {"string": "text", "boolean": "`true` or `false`"}
        yield names.get(setting["type"], setting["type"]) + _bounds(setting)


def _bounds(setting: Schema) -> str:
    words_of = (
        ("minimum", "from"),
        ("exclusiveMinimum", "above"),
        ("maximum", "up to"),
        ("exclusiveMaximum", "below"),
    )
    limits = [(word, setting[key]) for key, word in words_of if key in setting]
    parts = [f"{word} {limit:g}" for word, limit in limits if abs(limit) < PRACTICAL]
    return "".join(f", {part}" for part in parts)
