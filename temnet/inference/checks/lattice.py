"""The lattice of every image, compared with the crystals that a network was trained on.

The spots of the power spectrum are compared with the known lattices at the given pixel size and at
others; see `temnet.inference.checks.lattice_comparison`.  Of 225 validation images (32 Å) of four
networks in which a lattice stands out, none gained more than 1.4 by another pixel size and none was
warned of.  With pixel sizes 10 % off, one of the proposed sizes is right to 1.5 % in nine of ten
images that are warned of.

An image of gold whose pixel size is 4 % too small shows the lattice of platinum: where a network
knows both, such an error cannot be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from temnet.errors import InputError
from temnet.inference.checks.finding import Finding, Severity
from temnet.inference.checks.lattice_comparison import (
    FAINTEST,
    MOST,
    NOISE,
    RANGE,
    SHAPE,
    Explanation,
    LatticeSpots,
    LatticeTable,
    explanations,
    proposals,
)
from temnet.inference.checks.measured_lattice import MeasuredLattice, ProposedSize
from temnet.inference.lattice_spots import MOST_FRAMES, Spots, find_spots
from temnet.records import ImageSeries

if TYPE_CHECKING:
    from temnet.inference.column_finder import FoundFrame
    from temnet.models.network import Network

AT_ONCE = 2**27
"""Most bytes of frames on which a lattice is measured together."""

MEASURED = 24
"""Maxima of the power spectrum that are measured, the clearest first."""

EVIDENCE = 2.5
"""Gain by another pixel size from which it is proposed."""

USUAL = 0.022
"""Pixel sizes closer to the given one than this fraction agree with it."""

SMALL = 0.015
"""Differences from this fraction on are noted where the lattice shows them clearly."""

CLEAR = 4.0
"""Gain by a small difference from which it is noted."""

LARGE = 0.045
"""Pixel sizes farther from the given one than this fraction put an image out of distribution."""

ALTERNATIVES, MOST_PROPOSED = 3.0, 3
"""Proposals may gain less than the best one by so much; so many are named."""

FITS, UNEXPLAINED, MANY = 1.8, 0.2, 5
"""Known crystals at another pixel size explain the lattice where the mean gain of a spot is at
least the first, and the fraction of the evidence that they leave at most the second; fewer spots
than the third show too little to exclude it."""

FOREIGN, FEWEST_FOREIGN = 0.35, 3
"""The lattice is another one where the known crystals leave more than this fraction of the evidence
of at least so many spots."""


class LatticeCheck:
    """The comparison of a series' lattice, made before its frames are processed.

    Attributes:
        lattice: What was measured.
    """

    def __init__(self, network: Network, series: ImageSeries) -> None:
        """Measures the lattice.

        Args:
            network: The network, whose materials are compared.
            series: The images as the network gets them.
        """
        self._spots = series_spots(series)
        self._table = LatticeTable(network.materials or ())
        self._sampling = series.sampling
        self.lattice, self._findings = self._compare()

    def add(self, frame: FoundFrame) -> None:
        """Takes a frame, of which nothing more is needed."""

    def findings(self) -> tuple[Finding, ...]:
        """A wrong pixel size or another material."""
        return self._findings

    def _compare(self) -> tuple[MeasuredLattice, tuple[Finding, ...]]:
        spots = self._spots
        angles = np.degrees(np.arctan2(-spots.vectors[:, 0], spots.vectors[:, 1]))
        found = MeasuredLattice(
            spacings=tuple(np.round(spots.spacings, 3).tolist()),
            angles=tuple(np.round((angles - angles[:1]) % 180, 1).tolist()),
        )
        if not len(spots) or not self._table.names:
            return found, ()
        return _judged(found, explanations(spots, self._table), spots, self._sampling)


def series_spots(series: ImageSeries, limited: bool = True) -> LatticeSpots:
    """The spots of a series' lattices, averaged over its frames and foci.

    Args:
        series: Images from a microscope.
        limited: Whether spots are limited to spacings in `RANGE`, which needs a pixel size.
    """
    rows, cols, foci = series.images.shape[1:]
    most = int(np.clip(AT_ONCE // (4 * rows * cols * foci), 1, max(MOST_FRAMES // foci, 1)))
    chosen = np.unique(np.linspace(0, len(series.images) - 1, most).round().astype(int))
    frames = [np.moveaxis(np.asarray(series.images[int(one)]), -1, 0) for one in chosen]
    try:
        spots = find_spots(np.concatenate(frames), MEASURED)
    except InputError:  # too few pixels for a lattice to be measured
        return LatticeSpots(np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    return spots_at(spots, series.sampling, limited)


def spots_at(spots: Spots, sampling: float, limited: bool = True) -> LatticeSpots:
    """The strongest spots at a pixel size.

    Args:
        spots: The spots.
        sampling: Pixel size [Å].
        limited: Whether spots are limited to spacings in `RANGE`.
    """
    length = np.linalg.norm(spots.frequencies, axis=1) / sampling
    if limited:
        spots = spots.select((length > 1 / RANGE[1]) & (length < 1 / RANGE[0]))
    order = np.argsort(-spots.strengths)[:MOST]
    spots = spots.select(order[spots.strengths[order] > FAINTEST * spots.strengths.max(initial=0)])
    errors = np.hypot(NOISE * np.sqrt(spots.variances), SHAPE * spots.widths)
    strengths = spots.strengths / spots.strengths.max(initial=1e-30)
    return LatticeSpots(spots.frequencies / sampling, errors / sampling, strengths)


def _judged(
    found: MeasuredLattice, every: Sequence[Explanation], spots: LatticeSpots, sampling: float
) -> tuple[MeasuredLattice, tuple[Finding, ...]]:
    """The lattice with what explains it, and what that means for the given pixel size."""
    best = max(every, key=lambda one: one.gain)
    given = _best_within(every, USUAL)
    found = _with(found, compared=True, materials=given.materials if given.explained.any() else ())
    other = best.gain - given.gain > EVIDENCE and abs(best.fitted - 1) > USUAL
    foreign = len(spots) >= FEWEST_FOREIGN and given.unexplained > FOREIGN
    if not other and not foreign:
        return found, _small_difference(every, spots, sampling)
    fits = best.mean_gain >= FITS and best.unexplained <= UNEXPLAINED
    if not fits and (len(spots) >= MANY or not other):
        found = _with(found, foreign=True, materials=())
        return found, (_other_material(spots),)
    proposed = [one for one in proposals(every, ALTERNATIVES) if abs(one.fitted - 1) > USUAL / 2]
    if not proposed:
        return found, ()
    sizes = tuple(
        ProposedSize(float(f"{sampling * one.fitted:.4g}"), one.materials)
        for one in proposed[:MOST_PROPOSED]
    )
    found = _with(found, proposed=sizes, materials=())
    sentence = _wrong_size(proposed[:MOST_PROPOSED], spots, sampling)
    large = abs(proposed[0].fitted - 1) > LARGE
    severity: Severity = "out of distribution" if large else "warning"
    return found, (Finding("pixel size", severity, sentence),)


def _with(found: MeasuredLattice, **changes: object) -> MeasuredLattice:
    return MeasuredLattice(**{**vars(found), **changes})  # type: ignore[arg-type]


def _best_within(every: Sequence[Explanation], tolerance: float) -> Explanation:
    near = [one for one in every if abs(np.log(one.scale)) <= tolerance]
    return max(near, key=lambda one: one.gain)


def _small_difference(
    every: Sequence[Explanation], spots: LatticeSpots, sampling: float
) -> tuple[Finding, ...]:
    """A note where the lattice clearly shows a small difference of the pixel size."""
    near, same = _best_within(every, USUAL), _best_within(every, SMALL / 2)
    if abs(near.fitted - 1) < SMALL or near.gain - same.gain < CLEAR:
        return ()
    return (Finding("pixel size", "note", _wrong_size([near], spots, sampling)),)


def _wrong_size(proposed: Sequence[Explanation], spots: LatticeSpots, sampling: float) -> str:
    """The lattice, what it should be, and the pixel sizes that would fit."""
    best = proposed[0]
    strongest = int(np.argmax(best.explained))
    spacing = float(spots.spacings[strongest])
    amount = abs(1 - 1 / best.fitted)
    size = "small" if best.fitted > 1 else "large"
    fits = " or ".join(
        f"{sampling * one.fitted:.4g} Å ({' and '.join(one.materials)})" for one in proposed
    )
    return (
        f"the lattice is {spacing:.2f} Å where {best.spot_materials[strongest]} has "
        f"{spacing * best.fitted:.2f} Å: the pixel size of {sampling:.4g} Å seems "
        f"{100 * amount:.0f} % too {size} and would fit as {fits}, or it is another material; "
        "check the pixel size, on which classes and positions depend"
    )


def _other_material(spots: LatticeSpots) -> Finding:
    spacings = ", ".join(f"{one:.2f}" for one in spots.spacings[:4])
    return Finding(
        "material",
        "out of distribution",
        f"a lattice of {spacings} Å, which no material of the network's training has: classes mean "
        "nothing here; choose a network for this material, or check the pixel size",
    )
