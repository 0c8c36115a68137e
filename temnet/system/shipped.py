"""Files that come with temnet: networks, example experiments, clients of the live analysis."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def shipped(name: str) -> Path:
    """A folder that comes with temnet: in the installed package, or beside it in a checkout.

    Args:
        name: ``pretrained``, ``experiments`` or ``clients``.
    """
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name
