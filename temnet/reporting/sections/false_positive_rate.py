"""Rates of false positives on images without any column, in words."""

from __future__ import annotations

from temnet.reporting.wording import rounded
from temnet.score_records import FalsePositiveRates

WHERE = {
    "empty": "in vacuum",
    "amorphous": "on amorphous films",
    "off axis": "on crystals off their axes",
    "graphitic": "on graphitic carbon",
}
"""Where an image was taken, by the kind of its specimen."""

ELSEWHERE = "where the specimen has no columns that count"
"""Where a specimen of the network's own kind lies beyond the image or its resolution."""


def rates_text(found: FalsePositiveRates) -> str:
    """Columns per 100 nm², over all images and by the kind of specimen.

    Args:
        found: Of at least one image.

    >>> from temnet.score_records import FalsePositiveRate
    >>> rate = FalsePositiveRate(2, 1.0, 3, 3.0, 0.5, 120.0)
    >>> rates_text(FalsePositiveRates(**vars(rate), kinds={"empty": rate}))
    '3 [0.5, 120]'
    >>> rates_text(FalsePositiveRates(**vars(rate), kinds={"empty": rate, "amorphous": rate}))
    '3 [0.5, 120] (in vacuum 3, on amorphous films 3)'
    """
    text, low, high = (rounded(value) for value in (found.per_100_nm2, found.low, found.high))
    text = f"{text} [{low}, {high}]"
    parts = [
        f"{WHERE.get(kind, ELSEWHERE)} {rounded(part.per_100_nm2)}"
        for kind, part in found.kinds.items()
    ]
    return f"{text} ({', '.join(parts)})" if len(parts) > 1 else text
