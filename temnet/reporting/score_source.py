"""What the sections on the scores of networks are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from temnet.evaluation.scores import SPECIES
from temnet.evaluation.tally import MACRO
from temnet.reporting.source import Source, counted, known
from temnet.reporting.tables import Row, read_table

FOLDER = "evaluate"
"""Name of the stage's folder."""


@dataclass(frozen=True)
class Scores:
    """What the stage `evaluate` has left.

    Attributes:
        source: The run.
        split: Which images were scored.
        networks: For each network its part of summary.json.
        paired: Pairs of networks.
        rows: Of scores.csv.
    """

    source: Source
    split: str
    networks: Mapping[str, Mapping[str, Any]]
    paired: Sequence[Mapping[str, Any]]
    rows: Sequence[Row]

    @property
    def first(self) -> Mapping[str, Any]:
        """The summary of the first network."""
        return next(iter(self.networks.values()))

    @property
    def how(self) -> str:
        """How a column is counted, for captions."""
        radius = self.source.experiment.evaluation.radius
        thresholds = " and ".join(f"{one['threshold']:g}" for one in self.networks.values())
        return f"columns within {radius:g} Å of a peak that scores {thresholds} or more"

    @property
    def rule(self) -> str:
        """How many images there are, and how a column is counted, for captions."""
        return f"{counted(self.first['images'], 'image')}, {self.how}"

    @property
    def skill(self) -> str:
        """What is reached without skill, for captions."""
        found = self.first["baselines"]
        name = next(iter(self.networks))
        chance = known(found["chance"][MACRO], ".2f")
        text = f"The peaks of {name} at random places reach {chance}"
        if "never_rarest" in found:
            never = found["never_rarest"]
            text += (
                f", and {known(never[MACRO], '.2f')} if it never said {never['rarest']} (those "
                "taken as the next most probable class)"
            )
        return f"{text} (mean F1 over the classes)."

    def table(self, name: str) -> list[Row]:
        """Rows of a table of the stage."""
        return read_table(self.source.root / FOLDER / f"{name}.csv")

    def image_f1(self, network: str) -> np.ndarray:
        """(N,) species-aware F1 of each image."""
        wanted = (network, SPECIES)
        found = [row["f1"] for row in self.rows if (row["network"], row["class"]) == wanted]
        return np.array(found, np.float64)
