"""Files that come with temnet: networks and example experiments."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def shipped(name: str) -> Path:
    """A folder that comes with temnet: in the installed package, or beside it in a checkout.

    Args:
        name: ``pretrained`` or ``experiments``.
    """
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name
