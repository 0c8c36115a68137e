"""Are the columns of an image plausible?  Findings by how many of them have flags."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from temnet.inference.checks.finding import Finding, Kind, Severity
from temnet.inference.checks.image_statistics import frame_appearance
from temnet.inference.column_finder import FoundFrame
from temnet.models.network import Network
from temnet.records import ColumnFlag

FEWEST_COLUMNS = 10
"""Fewest columns of a series of which fractions count."""

WITHOUT_LATTICE = 0.5
"""Fraction of columns without support from which an image is out of distribution."""

IN_FRINGES = 0.1
"""Fraction of columns in fringes from which there is a warning."""

LOWEST_DOSE = 30.0
"""Dose below which a missing lattice is a mere note [e/Å²]: noise may hide it."""

UNEVEN, FEWEST_UNEVEN = 0.005, 8
"""Fraction and number of columns among reflections that should be equal and are not, from which
there is a warning: the band in which a reflection vanishes is narrow."""

IMPOSSIBLE = 0.35
"""Fraction of columns with impossible neighbours (rings of four, too close), which is a warning."""

UNSUPPORTED = ColumnFlag.NO_LATTICE | ColumnFlag.FRINGES
NEIGHBOURS = ColumnFlag.RINGS | ColumnFlag.TOO_CLOSE


class Plausibility:
    """Counts the flagged columns of a series."""

    def __init__(self, network: Network, sampling: float) -> None:
        """Begins to count.

        Args:
            network: The network that finds the columns.
            sampling: Pixel size of the frames [Å].
        """
        self._sampling, self._pixel = sampling, network.sampling
        self._width = network.labels.normalisation_width
        self._dose = np.nan
        self._total = 0
        self._counts: dict[ColumnFlag, int] = dict.fromkeys(
            (UNSUPPORTED, ColumnFlag.FRINGES, ColumnFlag.REFLECTIONS, NEIGHBOURS), 0
        )

    def add(self, frame: FoundFrame) -> None:
        """Takes a frame whose columns have their flags."""
        if self._total == 0 and len(frame.peaks):
            self._dose = frame_appearance(
                frame.image, self._sampling, self._pixel, self._width
            ).noise_dose
        self._total += len(frame.peaks)
        for flags in self._counts:
            self._counts[flags] += int(np.count_nonzero(frame.peaks.flags & int(flags)))

    def findings(self) -> Iterable[Finding]:
        """The findings on the series, by the shares of flagged columns."""
        if self._total < FEWEST_COLUMNS:
            return
        without = self._share(UNSUPPORTED) >= WITHOUT_LATTICE
        if self._share(ColumnFlag.FRINGES) >= IN_FRINGES:
            yield self._finding(
                "fringes",
                self._severity("out of distribution" if without else "warning"),
                ColumnFlag.FRINGES,
                "columns stand in fringes of one set of lattice planes, where the network's "
                "specimens show two: a crystal off its zone axis; turn it onto an axis",
            )
        elif without:
            yield self._finding(
                "lattice",
                self._severity("out of distribution"),
                UNSUPPORTED,
                "columns stand where the image shows no lattice, as in amorphous material or "
                "noise: they are false positives, or noise hides the lattice",
            )
        uneven = self._counts[ColumnFlag.REFLECTIONS]
        if uneven >= FEWEST_UNEVEN and self._share(ColumnFlag.REFLECTIONS) >= UNEVEN:
            yield self._finding(
                "structure",
                "warning",
                ColumnFlag.REFLECTIONS,
                "columns stand where reflections differ that are equal in the network's specimens: "
                "astigmatism, tilt or bending; the columns there are not those of the specimen",
            )
        if self._share(NEIGHBOURS) >= IMPOSSIBLE:
            yield self._finding(
                "structure",
                "warning",
                NEIGHBOURS,
                "columns have neighbours that the network's specimens do not have: too close, or "
                "in rings of four",
            )

    def _severity(self, severity: Severity) -> Severity:
        """A severity, or that of a note where noise may hide the lattice."""
        return "note" if self._dose < LOWEST_DOSE else severity

    def _share(self, flags: ColumnFlag) -> float:
        return self._counts[flags] / self._total

    def _finding(self, kind: Kind, severity: Severity, flags: ColumnFlag, words: str) -> Finding:
        """A finding about the columns with any of some flags, with their number."""
        number = self._counts[flags]
        share = f"{100 * number / self._total:.0f} %"
        return Finding(kind, severity, f"{share} of the {words}", f"{number:,} of {self._total:,}")
