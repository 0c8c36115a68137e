"""What was invented on images without any column, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from temnet.reporting.wording import rounded

WHERE = {
    "empty": "in vacuum",
    "amorphous": "on amorphous films",
    "off axis": "on crystals off their axes",
    "graphitic": "on graphitic carbon",
}
"""Where an image was, by the kind of its specimen."""

ELSEWHERE = "where the specimen shows none that counts"
"""Where a specimen of the network's own kind lies beyond the image or its resolution."""


def invented_rates(found: Mapping[str, Any]) -> str:
    """Columns per 100 nm², over all images and by the kind of specimen.

    Args:
        found: What `invented_per_area` found; at least one image.

    >>> rate = {"images": 2, "per_100_nm2": 3.0, "low": 0.5, "high": 120.0}
    >>> invented_rates({**rate, "kinds": {"empty": rate}})
    '3 [0.5, 120]'
    >>> half = {**rate, "images": 1}
    >>> invented_rates({**rate, "kinds": {"empty": half, "amorphous": half}})
    '3 [0.5, 120] (in vacuum 3, on amorphous films 3)'
    """
    text, low, high = (rounded(found[key]) for key in ("per_100_nm2", "low", "high"))
    text = f"{text} [{low}, {high}]"
    parts = [
        f"{WHERE.get(kind, ELSEWHERE)} {rounded(part['per_100_nm2'])}"
        for kind, part in found.get("kinds", {}).items()
    ]
    return f"{text} ({', '.join(parts)})" if len(parts) > 1 else text
