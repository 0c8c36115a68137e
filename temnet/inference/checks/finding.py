"""What a check noticed about an image, a movie or a focal series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, get_args

if TYPE_CHECKING:
    from temnet.inference.column_finder import FoundFrame

Kind = Literal[
    "technique",
    "contrast",
    "pixel size",
    "material",
    "background",
    "power spectrum",
    "noise",
    "lattice",
    "fringes",
    "structure",
    "few columns",
    "grey values",
]
"""What a finding is about, by falling weight: what makes all columns wrong stands first."""

Severity = Literal["out of distribution", "warning", "note"]
"""How much a finding matters; the last is a mere remark."""


@dataclass(frozen=True)
class Finding:
    """What a check noticed.

    Attributes:
        kind: What it is about.
        severity: How much it matters.
        sentence: The finding in words, without a capital letter and a full stop; it ends with what
            to do next where something can be done.
        detail: The numbers behind it, for the log and the page; may be empty.
    """

    kind: Kind
    severity: Severity
    sentence: str
    detail: str = ""

    @property
    def text(self) -> str:
        """The sentence with its numbers in brackets."""
        return f"{self.sentence} ({self.detail})" if self.detail else self.sentence


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by severity, then by weight.

    >>> note, noise = Finding("technique", "note", "a"), Finding("noise", "warning", "b")
    >>> [finding.sentence for finding in ordered([note, noise])]
    ['b', 'a']
    """
    kinds, severities = get_args(Kind), get_args(Severity)
    return tuple(
        sorted(findings, key=lambda one: (severities.index(one.severity), kinds.index(one.kind)))
    )


def without_repeats(findings: Iterable[Finding]) -> list[Finding]:
    """Findings without a strange lattice whose reason is among them, the pixel size or material.

    >>> size = Finding("pixel size", "warning", "a")
    >>> without_repeats([Finding("lattice", "out of distribution", "b"), size]) == [size]
    True
    """
    every = list(findings)
    known = any(one.kind in ("pixel size", "material") and one.severity != "note" for one in every)
    return [one for one in every if not (known and one.kind == "lattice")]


class Check(Protocol):
    """Takes the frames of a series as they are processed, and reports at the end."""

    def add(self, frame: FoundFrame) -> None:
        """Takes a frame with its columns; frames come in order."""

    def findings(self) -> Iterable[Finding]:
        """What was noticed in the frames so far."""
