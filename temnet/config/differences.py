"""Comparison of settings: a hash that is equal for equal ones, and the differences in words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from temnet.config.settings import shown

MOST = 4
"""Most settings that are named; the others are counted."""


def settings_hash(settings: object) -> str:
    """A short hash of plain values (what JSON can write), the same on every machine."""
    text = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def differences(old: Mapping[str, object], new: Mapping[str, object]) -> str:
    """The first few settings that differ, with old and new value.

    If the `kind` of a section differs, settings that only one of the kinds has are left out.

    Args:
        old: Plain values, nested.
        new: The same.

    Returns:
        The differences in words; empty if there are none.

    >>> differences({"camera": {"dose": 100, "gain": 1}}, {"camera": {"dose": 200, "gain": 1}})
    'camera.dose was 100, is 200'
    """
    before, after = _flat(old), _flat(new)
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    of_other_kind = tuple(key.removesuffix("kind") for key in keys if key.endswith(".kind"))
    keys = [
        key for key in keys if (key in before and key in after) or not key.startswith(of_other_kind)
    ]
    texts = [
        f"{key} was {shown(before.get(key))}, is {shown(after.get(key))}" for key in keys[:MOST]
    ]
    rest = len(keys) - len(texts)
    return "; ".join(texts) + (f"; and {rest} more" if rest else "")


def _flat(settings: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested settings by their key path."""
    flat: dict[str, object] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
