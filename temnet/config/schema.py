"""JSON schema of an experiment's YAML, for editors that complete it and for its documentation."""

from __future__ import annotations

import re

from pydantic.json_schema import JsonSchemaValue

from temnet.config.experiment import Experiment

UNITS = frozenset({
    "Å", "Å²", "1/Å", "eV", "deg", "mrad", "µm", "mm", "K", "fs", "ps", "1/ps", "s", "e/Å²",
    "electrons", "g/cm³", "pixels", "Nyquist", "%",
})  # fmt: skip
"""Units of settings, which stand in brackets in the descriptions."""

WITHOUT_UNIT = re.compile(
    r"^(Number|Fraction|Factor|Probability|Seed|Version|Exponent|Weight|Indices|Lowest score|Norm|"
    r"Learning rate|Value of the MTF)|a fraction of|logarithm|as weights|"
    r"in the unit of the (setting|condition)"
)
"""Words by which a description declares a number without unit."""


def unit_of(description: str) -> str | None:
    """Unit that a description declares.

    Returns:
        The unit; empty for a number without unit, None if neither is declared.

    >>> unit_of("Pixel size [Å]."), unit_of("Number of epochs."), unit_of("Mean height.")
    ('Å', '', None)
    """
    for found in re.findall(r"\[([^\[\]]+)\]", description):
        if found in UNITS:
            return str(found)
    return "" if WITHOUT_UNIT.search(description) else None


def is_numeric(schema: JsonSchemaValue) -> bool:
    """Whether a setting is a number, or may hold numbers in a list, by name or as a distribution.

    Args:
        schema: JSON schema of the setting.
    """
    if "const" in schema or "enum" in schema:
        return False
    inner = [*schema.get("anyOf", ()), *schema.get("prefixItems", ())]
    inner += [schema[key] for key in ("items", "additionalProperties") if key in schema]
    parts = [one for one in inner if isinstance(one, dict)]
    if any(str(part.get("$ref", "")).endswith("/Uniform") for part in parts):
        return True
    return schema.get("type") in ("number", "integer") or any(map(is_numeric, parts))


def json_schema() -> JsonSchemaValue:
    """The JSON schema of an experiment's YAML; `unit` is the unit of a number."""
    schema = Experiment.model_json_schema()
    base = {"type": "string", "description": "A YAML file whose settings this section overrides."}
    for section in (schema, *schema.get("$defs", {}).values()):
        if section.get("type") != "object":
            continue
        for setting in section.get("properties", {}).values():
            unit = unit_of(setting.get("description", "")) if is_numeric(setting) else None
            if unit:
                setting["unit"] = unit
        section["properties"] = {"base": base, **section.get("properties", {})}
    return schema
