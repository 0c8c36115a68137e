"""The content of summary.json: the scores of the networks as a few numbers.

The stage `evaluate` writes it; pages, cards and studies read it.  A card's block ``validation``
holds the part of its network with the same keys.  A number that is not known is NaN here and null
in a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from temnet.errors import InputError
from temnet.score_records import Difference, NetworkSummary
from temnet.tables.json_records import Number, read_record

SUMMARY_FILE = "summary.json"


@dataclass(frozen=True)
class NetworkPair(Difference):
    """The difference between two networks on the same images.

    Attributes:
        first: Name of the first network.
        second: Name of the second network.
    """

    first: str
    second: str

    def swapped(self) -> NetworkPair:
        """The pair the other way round, so that the difference changes its sign."""
        return replace(
            self,
            first=self.second,
            second=self.first,
            mean=-self.mean,
            low=-self.high,
            high=-self.low,
            better=self.worse,
            worse=self.better,
        )


@dataclass(frozen=True)
class IdealF1:
    """F1 of the ideal observer.

    Attributes:
        f1: F1 at the doses of the images.
        f1_low: Lower end of its 95 % bootstrap interval.
        f1_high: Upper end of its 95 % bootstrap interval.
    """

    f1: Number
    f1_low: Number
    f1_high: Number


@dataclass(frozen=True)
class IdealSummary:
    """The ideal observer: number of its decisions, and its F1 at the doses of the images.

    Attributes:
        images: Number of images.
        columns: Number of columns.
        as_drawn: For each rule F1 by class and of the mean over the classes.
    """

    images: int
    columns: int
    as_drawn: dict[str, dict[str, IdealF1]]


@dataclass(frozen=True)
class Summary:
    """The content of summary.json.

    Attributes:
        split: Which images were scored.
        networks: Scores by network, the first one first.
        paired: The first network against each of the others.
        sha256: SHA-256 of the weights by network.
        ideal_observer: The ideal observer's scores, where it was asked.
    """

    split: str
    networks: dict[str, NetworkSummary]
    paired: list[NetworkPair]
    sha256: dict[str, str] = field(default_factory=dict)
    ideal_observer: IdealSummary | None = None


def read_summary(path: Path) -> Summary:
    """Reads summary.json.

    Raises:
        InputError: If the file is missing or damaged, or an earlier version wrote it.
    """
    try:
        return read_record(path, Summary)
    except InputError as error:
        raise InputError(
            f"{error} If an earlier version wrote it, run the stage `evaluate` again with "
            "--overwrite."
        ) from error
