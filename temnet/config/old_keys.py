"""Keys of settings that were renamed: old ones are read for one version, and kept in hashes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from temnet.errors import InputError

LOGGER = logging.getLogger(__name__)

Place = tuple[int | str, ...]
"""Keys from the top of an experiment down to one of its settings."""

RENAMED: dict[Place, str] = {
    ("structure", "empty"): "negatives",  # old key
    ("evaluation", "series"): "sweep",  # old key
    ("sweep", "heights"): "atom_counts",  # old key
}
"""From the name of a section and the old key to the new one."""

_OLD = {(section, new): old for (section, old), new in RENAMED.items()}


def with_new_keys(values: Any, place: Place = (), origin: str = "") -> Any:
    """Plain settings under their new keys; each old one is warned of once.

    Args:
        values: The plain values of a file, or one of them.
        place: Keys from the top of an experiment down to ``values``.
        origin: The file, for messages.

    Raises:
        InputError: If a setting stands under both of its keys.
    """
    if isinstance(values, list):
        return [with_new_keys(value, (*place, n), origin) for n, value in enumerate(values)]
    if not isinstance(values, Mapping):
        return values
    changed: dict[Any, Any] = {}
    for key, value in values.items():
        known = (*place[-1:], key)
        new = RENAMED[known] if known in RENAMED else key
        if new != key:
            if new in values:
                raise InputError(
                    f"{origin}: {'.'.join(map(str, place))} has both `{new}` and `{key}`, its "
                    f"earlier name; remove `{key}`."
                )
            _warn_of(".".join(map(str, place)), key, new, origin)
        changed[new] = with_new_keys(value, (*place, new), origin)
    return changed


def with_old_keys(values: Any, place: Place = ()) -> Any:
    """Plain settings under the keys that hashes and finished runs have: the inverse."""
    if isinstance(values, list):
        return [with_old_keys(value, (*place, n)) for n, value in enumerate(values)]
    if not isinstance(values, Mapping):
        return values
    return {
        _OLD.get((*place[-1:], key), key): with_old_keys(value, (*place, key))
        for key, value in values.items()
    }


_warned: set[str] = set()


def _warn_of(section: str, old: str, new: str, origin: str) -> None:
    """Warns once in a process of each old key."""
    if old not in _warned:
        _warned.add(old)
        LOGGER.warning(
            "%s: %s.%s is now %s.%s; the old key works in this version alone.",
            origin, section, old, section, new,
        )  # fmt: skip
