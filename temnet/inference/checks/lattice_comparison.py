"""Which known crystals explain the spots of an image, and at which pixel size.

A crystal is a known lattice turned in the image.  It explains a spot as far as one of its
reflections is near, in length and direction: the density of spots around its reflections, over
that of spots anywhere, is the likelihood ratio of the spot.  Each crystal has its price, the number
of lattices and of directions among which it is chosen, so that a match by chance gains nothing:
one spot alone fits some lattice at many pixel sizes, two and more with their angle do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from temnet.config.card import KnownLattice

SCALES = (0.77, 1.3)
"""Pixel sizes that are tried, as a fraction of the given one."""

SCALE_SPREAD = 0.2
"""Standard deviation of the logarithm of a wrong pixel size over the true one, before anything is
known."""

STEP = 0.004
"""Relative difference of neighbouring pixel sizes."""

RANGE = (0.9, 6.0)
"""Spots of these spacings are compared [Å]: others are shapes or beyond most microscopes."""

FAINTEST = 0.02
"""Spots below this fraction of the strongest one are left out: weak ones are often side maxima."""

MOST = 10
"""Spots that are compared, the strongest ones."""

WEIGHT_POWER = 0.25
"""The evidence of a spot counts with this power of its relative strength."""

NOISE, SHAPE, FLOOR = 1.5, 0.15, 0.004
"""Standard deviation of a spot's frequency: its noise times the first, its width times the second
(the edges of crystals and of the image shift it), and at least this fraction of the frequency."""

TAIL, TAIL_SHARE = 3.5, 0.2
"""A fraction of spots lies farther away, with a standard deviation larger by the first."""

LATTICE_SHARE = 0.9
"""Fraction of spots that belong to a known lattice in images of known specimens."""

SAME = 0.02
"""Pixel sizes that differ by less than this fraction are one proposal."""

MOST_CRYSTALS = 4
"""Crystals in an image."""


@dataclass(frozen=True)
class LatticeSpots:
    """Spots of an image.

    Attributes:
        vectors: (N, 2) float64, (row, col) frequencies at the given pixel size [1/Å], strongest
            first.
        errors: (N,) float64, their standard deviations [1/Å].
        strengths: (N,) float64, relative to the strongest.
    """

    vectors: np.ndarray
    errors: np.ndarray
    strengths: np.ndarray

    def __len__(self) -> int:
        return len(self.strengths)

    @property
    def spacings(self) -> np.ndarray:
        """(N,) distances between the planes [Å]."""
        return 1 / np.linalg.norm(self.vectors, axis=1)


@dataclass(frozen=True)
class Explanation:
    """How crystals explain the spots at one pixel size.

    Attributes:
        scale: The pixel size, as a fraction of the given one.
        gain: Logarithm of the likelihood ratio to spots anywhere, less the price of the crystals.
        materials: Names of the crystals.
        explained: (N,) bool, spots that one of them explains.
        fitted: The pixel size that fits these best, as a fraction of the given one.
        mean_gain: The gain of a spot, on average.
        unexplained: Fraction of the evidence that is not explained.
        uncertainty: Relative standard error of ``fitted``.
        spot_materials: The crystal that explains each spot; empty for the others.
    """

    scale: float
    gain: float
    materials: tuple[str, ...]
    explained: np.ndarray
    fitted: float
    mean_gain: float = 0.0
    unexplained: float = 1.0
    uncertainty: float = np.inf
    spot_materials: tuple[str, ...] = ()


class LatticeTable:
    """Known lattices as arrays, padded to the same number of planes."""

    def __init__(self, lattices: Sequence[KnownLattice]) -> None:
        """Collects the lattices; one that is not its own mirror image counts in both forms."""
        both = [(one, sign) for one in lattices for sign in ((1, -1) if _is_chiral(one) else (1,))]
        shape = len(both), max((len(one.spacings) for one, _ in both), default=0)
        self.names = [one.name for one, _ in both]
        self.log_spacings, self.angles = np.zeros(shape), np.zeros(shape)
        self.weights = np.zeros(shape)
        self.spreads = np.array([one.spread for one, _ in both])
        for number, (one, sign) in enumerate(both):
            planes = slice(len(one.spacings))
            self.log_spacings[number, planes] = np.log(one.spacings)
            self.angles[number, planes] = sign * np.radians(one.angles)
            self.weights[number, planes] = one.strengths


def _is_chiral(one: KnownLattice) -> bool:
    """Whether the mirror image of the planes is not the planes turned."""
    angles, spacings = np.array(one.angles), np.array(one.spacings)

    def turned(sign: int, start: float) -> set[tuple[float, int]]:
        along = np.round((sign * angles - start) % 180).astype(int) % 180
        return set(zip(spacings.round(3).tolist(), along.tolist(), strict=True))

    own = turned(1, 0)
    # By a degree, rounding may differ: the nearest of three decides.
    return not any(
        all(any((d, (a + off) % 180) in own for off in (-1, 0, 1)) for d, a in turned(-1, -start))
        for start in angles
    )


def explanations(
    spots: LatticeSpots, table: LatticeTable, scales: np.ndarray | None = None
) -> list[Explanation]:
    """The best explanation of the spots at each pixel size.

    Args:
        spots: The spots.
        table: The known lattices.
        scales: Pixel sizes of equal chances, as fractions of the given one; by default those of
            `SCALES`, of which those near the given one are likelier.
    """
    if scales is not None:
        return [_explained(spots, table, float(scale), 0.0) for scale in scales]
    low, high = np.log(SCALES)
    usual = STEP * np.arange(-int(-low / STEP), int(high / STEP) + 1)
    chances = -0.5 * (usual / SCALE_SPREAD) ** 2
    return [
        _explained(spots, table, float(np.exp(one)), float(chance))
        for one, chance in zip(usual, chances, strict=True)
    ]


def _explained(
    spots: LatticeSpots, table: LatticeTable, scale: float, chance: float
) -> Explanation:
    lengths = np.linalg.norm(spots.vectors, axis=1)
    phi = np.arctan2(spots.vectors[:, 0], spots.vectors[:, 1])
    error = np.hypot(spots.errors / lengths, FLOOR)
    sigma = np.hypot(error, table.spreads[:, None])  # (lattice, spot)
    residual = np.log(lengths / scale) + table.log_spacings[..., None]  # (lattice, plane, spot)
    near = (np.abs(residual) < 2.5 * sigma[:, None]) & (table.weights > 0)[..., None]
    lattice, plane, anchor = np.nonzero(near)
    weight = spots.strengths**WEIGHT_POWER
    unexplained = np.log(1 - LATTICE_SHARE)
    gains = np.full(len(spots), unexplained)
    if not len(lattice):
        return Explanation(scale, float(weight @ gains), (), gains > 0, scale)
    theta = phi[anchor] - table.angles[lattice, plane]
    away = phi - theta[:, None, None] - table.angles[lattice][..., None]
    away = (away + np.pi / 2) % np.pi - np.pi / 2
    own = sigma[lattice][:, None]
    distance = (residual[lattice] / own) ** 2 + (away / error) ** 2
    density = (1 - TAIL_SHARE) * np.exp(-distance / 2)
    density += TAIL_SHARE / TAIL**2 * np.exp(-distance / (2 * TAIL**2))
    density = np.sum(table.weights[lattice][..., None] * density, axis=1)
    density /= 2 * np.pi * own[:, 0] * error
    anywhere = 1 / (np.pi * np.log(RANGE[1] / RANGE[0]))
    ratio = np.log(1 - LATTICE_SHARE + LATTICE_SHARE * density / anywhere)
    price = np.log(len(table.names)) + np.log(np.pi / (np.sqrt(2 * np.pi) * error[anchor]))
    chosen: list[int] = []
    by = np.full(len(spots), -1)
    cost = 0.0
    for _ in range(MOST_CRYSTALS):
        totals = np.maximum(ratio, gains) @ weight - price
        best = int(np.argmax(totals))
        if totals[best] <= gains @ weight:
            break
        better = ratio[best] > gains
        gains = np.where(better, ratio[best], gains)
        by = np.where(better, len(chosen), by)
        chosen.append(best)
        cost += price[best]
    explained = gains > 0
    fitted, uncertainty = scale, np.inf
    if explained.any():
        use = np.array(chosen)[by[explained]]
        spot = np.flatnonzero(explained)
        nearest = np.argmin(distance[use, :, spot], axis=1)
        shift = residual[lattice[use], nearest, spot]
        inverse = 1 / sigma[lattice[use], spot] ** 2
        fitted = scale * float(np.exp(shift @ inverse / inverse.sum()))
        uncertainty = float(inverse.sum() ** -0.5)
    names = tuple(dict.fromkeys(table.names[lattice[one]] for one in chosen))
    total = float(gains @ weight - cost + chance)
    left = float(weight @ ~explained / weight.sum())
    mean = total / float(weight.sum())
    own = tuple(
        table.names[lattice[chosen[one]]] if known else ""
        for one, known in zip(by.tolist(), explained.tolist(), strict=True)
    )
    return Explanation(scale, total, names, explained, fitted, mean, left, uncertainty, own)


def proposals(every: Sequence[Explanation], within: float) -> list[Explanation]:
    """Explanations that are nearly as good as the best one, the best first.

    Args:
        every: One for each pixel size, in order.
        within: Largest difference of their gain from the best.

    Returns:
        Local maxima of the gain that explain something.
    """
    gain = np.array([one.gain for one in every])
    before, after = np.append(-np.inf, gain[:-1]), np.append(gain[1:], -np.inf)
    top = (gain >= before) & (gain > after) & (gain >= gain.max() - within)
    found: list[Explanation] = []
    for number in np.argsort(-gain):
        one = every[number]
        if top[number] and one.explained.any():
            if all(abs(np.log(one.fitted / other.fitted)) > SAME for other in found):
                found.append(one)
    return found
