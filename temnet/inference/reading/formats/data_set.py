"""One data set of an image file in any format: values, axes, tags.

Readers hand over these records, so that the untyped metadata of a format ends here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

Tags = Mapping[str, object]
"""Metadata of a file: texts, numbers and nested tags by name."""


class Values(Protocol):
    """(..., row, col) values: an array, or an object that reads them when it is indexed."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of all axes."""

    @property
    def dtype(self) -> Any:
        """Type of a value."""

    def __getitem__(self, index: Any) -> Any: ...


@dataclass(frozen=True)
class Axis:
    """An axis of a data set.

    Attributes:
        name: In lower case, empty if the axis has none.
        unit: As it is written, empty if the axis has none.
        scale: Step between neighbouring values [unit]; 0 if it is unknown.
        size: Number of values; None if the reader does not give it.
        navigate: Whether the program that wrote the file steps through images along this axis.
    """

    name: str = ""
    unit: str = ""
    scale: float = 0.0
    size: int | None = None
    navigate: bool = False

    @staticmethod
    def of(description: Tags) -> Axis:
        """The axis that RosettaSciIO describes by name, units, scale, size and navigate.

        >>> Axis.of({"name": "X", "units": b"nm", "scale": 0.02})
        Axis(name='x', unit='nm', scale=0.02, size=None, navigate=False)
        """
        size = description.get("size")
        return Axis(
            name=_text(description.get("name")).strip().lower(),
            unit=_text(description.get("units")),
            scale=_number(description.get("scale")),
            size=int(size) if isinstance(size, int | np.integer) else None,
            navigate=bool(description.get("navigate")),
        )


@dataclass(frozen=True)
class DataSet:
    """A data set of a file.

    Attributes:
        data: Its values.
        axes: Its axes, in the order of the values; fewer where the file describes fewer.
        tags: The file's own metadata.
        metadata: The part of it that RosettaSciIO translates into HyperSpy's terms.
        notes: Sentences on what is missing or doubtful, for the log and for the report.
        remarks: Sentences for the log alone.
        lazy: Whether the values stay in the file until they are indexed.
        read_whole: Bytes of a large file that can only be read whole; None for any other.
    """

    data: Values
    axes: tuple[Axis, ...] = ()
    tags: Tags = field(default_factory=dict)
    metadata: Tags = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    lazy: bool = False
    read_whole: int | None = None

    @property
    def coloured(self) -> bool:
        """Whether it is a picture in red, green and blue."""
        shape, kind = self.data.shape, self.data.dtype
        return kind.names is not None or (
            len(shape) == 3 and shape[-1] in (3, 4) and kind == np.uint8
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of all axes but that of colours; the last two are rows and columns."""
        shape = tuple(self.data.shape)
        return shape[:-1] if self.coloured and self.data.dtype.names is None else shape

    @property
    def real(self) -> bool:
        """Whether the values are real numbers."""
        return self.data.dtype.kind in "uifb"


def text_at(tags: Tags, *names: str) -> str:
    """The text below nested tags, empty if it is missing.

    >>> text_at({"General": {"title": "film"}}, "General", "title")
    'film'
    >>> text_at({"General": 5}, "General", "title")
    ''
    """
    found: object = tags
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return _text(found)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0.0
