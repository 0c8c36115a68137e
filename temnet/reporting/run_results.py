"""What the sections of a run's page are made of."""

from __future__ import annotations

import json
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
"""Bytes of pictures that become a part of the page, which is 9.3 MB as text; more are linked."""


@dataclass
class Room:
    """What is left for pictures in a page [bytes]."""

    left: int = PAGE_BYTES

    def take(self, size: int) -> bool:
        """Takes some of it, if there is as much."""
        fits = size <= self.left
        self.left -= size if fits else 0
        return fits


@dataclass(frozen=True)
class RunResults:
    """What the sections are made of.

    Attributes:
        root: The run folder.
        figures: Where PNG and SVG files go while they are made.
        experiment: The settings.
        room: For pictures in the page.
    """

    root: Path
    figures: Path
    experiment: Experiment
    room: Room = field(default_factory=Room)

    def has(self, *names: str) -> bool:
        """Whether all of these files of the run folder are there."""
        return all((self.root / name).is_file() for name in names)

    def picture(self, figure: Figure, name: str, caption: str) -> Html:
        """The figure in the page, and PNG and SVG beside it."""
        png = few_colours(save_figure(figure, self.figures, name))
        shown = png if self.room.take(len(png)) else f"report/{name}.png"
        return picture(shown, caption, f"report/{name}.svg")

    def links(self, *names: str) -> Html:
        """Links to those of these files that are there."""
        return joined(link(name) for name in names if self.has(name))


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "site"), counted(2, "site")
    ('1 site', '2 sites')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def known(value: float | None, digits: str = ".3f") -> str:
    """A number as text, or a dash for None."""
    return UNKNOWN if value is None else format(value, digits)


def bracketed(value: float | None, ends: Sequence[float | None] | None, digits: str = ".3f") -> str:
    """A number with its interval.

    >>> bracketed(0.5, [0.4, 0.6], ".1f"), bracketed(None, None)
    ('0.5 [0.4, 0.6]', '–')
    """
    text = known(value, digits)
    if value is None or ends is None or ends[0] is None or ends[1] is None:
        return text
    return f"{text} [{ends[0]:{digits}}, {ends[1]:{digits}}]"


def read_json(path: Path) -> Any:
    """Plain values of a JSON file.

    Raises:
        InputError: The file is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: this file cannot be read ({error}); run the stage that writes it again."
        ) from error
