"""Results of a run as its page reads them, and numbers as the page shows them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from temnet.config.experiment import Experiment
from temnet.errors import InputError
from temnet.reporting.figures.drawing import few_colours, save_figure
from temnet.reporting.page import UNKNOWN, Html, joined, link, picture

PAGE_BYTES = 7_000_000
"""Bytes of pictures that are embedded in the page, 9.3 MB as text; further pictures are linked."""


@dataclass
class Room:
    """Space left for embedded pictures in a page [bytes]."""

    left: int = PAGE_BYTES

    def take(self, size: int) -> bool:
        """Reserve space; returns whether there was enough."""
        fits = size <= self.left
        self.left -= size if fits else 0
        return fits


@dataclass(frozen=True)
class RunResults:
    """Results of a run and the figures made of them.

    Attributes:
        root: The run folder.
        figures: Folder for PNG and SVG files; it becomes ``report/``.
        experiment: Settings of the run.
        room: Space for embedded pictures.
    """

    root: Path
    figures: Path
    experiment: Experiment
    room: Room = field(default_factory=Room)

    def has(self, *names: str) -> bool:
        """Whether all of these files exist in the run folder."""
        return all((self.root / name).is_file() for name in names)

    def picture(self, figure: Figure, name: str, caption: str) -> Html:
        """Save a figure as PNG and SVG, and return its picture for the page."""
        png = few_colours(save_figure(figure, self.figures, name))
        shown = png if self.room.take(len(png)) else f"report/{name}.png"
        return picture(shown, caption, f"report/{name}.svg")

    def links(self, *names: str) -> Html:
        """Links to those of these files that exist."""
        return joined(link(name) for name in names if self.has(name))


def counted(number: int, noun: str) -> str:
    """Format a count with its noun.

    >>> counted(1, "site"), counted(2, "site")
    ('1 site', '2 sites')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def known(value: float | None, digits: str = ".3f") -> str:
    """Format a number, or a dash for None and NaN."""
    return UNKNOWN if value is None or math.isnan(value) else format(value, digits)


def bracketed(value: float | None, ends: Sequence[float | None] | None, digits: str = ".3f") -> str:
    """Format a number with its interval.

    >>> bracketed(0.5, [0.4, 0.6], ".1f"), bracketed(None, None)
    ('0.5 [0.4, 0.6]', '–')
    """
    text = known(value, digits)
    low, high = (UNKNOWN, UNKNOWN) if ends is None else (known(end, digits) for end in ends)
    return text if UNKNOWN in (text, low, high) else f"{text} [{low}, {high}]"


def read_json(path: Path) -> Any:
    """Read a JSON file as plain values.

    Raises:
        InputError: If the file is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: this file cannot be read ({error}); run the stage that writes it again."
        ) from error
