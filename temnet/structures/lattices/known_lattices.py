"""Lattices that the specimens of an experiment show: their planes along each zone axis.

Lattice constants are those that the specimens are built with: ASE's of the metals, those of
`temnet.structures.lattices.oxide_lattices`, and the settings' own of the sheets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers

from temnet.config.card import KnownLattice
from temnet.config.distributions import Number, draw, support, texts
from temnet.config.structures.crystal import Crystal
from temnet.config.structures.from_file import FromFile, FromFunction
from temnet.config.structures.graphene import DefectedGraphene
from temnet.config.structures.mos2 import MoS2
from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.config.structures.structure import StructureSettings
from temnet.config.structures.supports import Graphene, Oxide
from temnet.structures import graphitic
from temnet.structures.atom_files.from_file import beam_axes, read_structure
from temnet.structures.clusters import fcc_constant
from temnet.structures.geometry import zone_axis_matrix
from temnet.structures.graphene import BOND_LENGTH
from temnet.structures.lattices.oxide_lattices import LATTICES, OxideLattice
from temnet.structures.nanoparticle import ZONES
from temnet.structures.negatives import off_axis_particle
from temnet.structures.supports import RANDOM_ZONES, RUTILE_RELATION, SAME_AXES

FINEST = 0.8
"""Planes closer than this are left out [Å]: few images resolve them."""

WEAK = 0.01
"""Reflections below this fraction of the strongest intensity are left out."""

DAMPING = 2.0
"""Reflections of a spacing d count with the factor exp(-(DAMPING / d)²) [Å], for the falling
scattering of atoms and the resolution of microscopes."""

DRAWS = 1000
"""Draws by which the mean and the spread of a setting are found."""

LARGEST_CELL = 40.0
"""Longest vector of a cell that counts as that of a crystal [Å]."""

ORDERS = (0.9, 0.1)
"""Relative intensities of the first two orders of graphitic carbon's layers."""

ACROSS = 1e-5
"""Components along the beam below this are rounding [1/Å]."""

FACES = np.array([(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)])
"""Atoms of a face-centred cubic cell, in its lengths."""


def known_lattices(settings: StructureSettings) -> tuple[KnownLattice, ...] | None:
    """The crystals that specimens can show, each along one zone axis.

    Args:
        settings: Settings of the specimens.

    Returns:
        One entry for each material and zone axis, and one for each set of planes of a crystal
        off axis; empty if there is no crystal; None where it is not known, as of a user's function.

    Raises:
        InputError: If a structure file cannot be read.
    """
    found = BY_KIND[settings.kind](settings)
    if found is None:
        return None
    negatives, own = settings.negatives, list(found)
    if negatives.off_axis:
        other = off_axis_particle(settings)
        for element in dict.fromkeys(texts(other.element)):
            mean, spread = _mean_and_spread(other.lattice_constant_scale)
            cell = np.eye(3) * fcc_constant(element) * mean
            own += _off_axis(element, cell, FACES, [element] * 4, spread)
    if negatives.graphitic:
        low, high = graphitic.SPACING
        mean = (low + high) / 2
        spread = (high - low) / np.sqrt(12) / mean
        orders = np.array([(0, 1 / mean), (0, 2 / mean)])
        own.append(_lattice("graphitic carbon", orders, np.array(ORDERS), spread))
    return tuple(own)


def _nanoparticle(settings: Nanoparticle) -> Iterator[KnownLattice]:
    mean, spread = _mean_and_spread(settings.lattice_constant_scale)
    zones = list(dict.fromkeys(texts(settings.zone_axis)))
    for element in dict.fromkeys(texts(settings.element)):
        cell = np.eye(3) * fcc_constant(element) * mean
        for zone in zones:
            axes = zone_axis_matrix(*ZONES[zone])
            yield _crystal(f"{element} [{zone}]", cell, FACES, [element] * 4, axes, spread)
    if isinstance(settings.support, Oxide) and settings.support.probability > 0:
        yield from _oxide(settings.support, zones)


def _oxide(settings: Oxide, particle_zones: Iterable[str]) -> Iterator[KnownLattice]:
    for kind in settings.kinds:
        yield from _oxide_of(kind, settings, particle_zones)


def _oxide_of(kind: str, settings: Oxide, particle_zones: Iterable[str]) -> Iterator[KnownLattice]:
    lattice, zones = LATTICES[kind], []
    if settings.epitaxial_probability > 0:
        for zone in particle_zones:
            if kind in SAME_AXES:
                zones.append(zone)
            elif zone in RUTILE_RELATION:
                zones.append(RUTILE_RELATION[zone][0])
    cell, sites, elements = _atoms(lattice)
    for zone in dict.fromkeys([*zones, *RANDOM_ZONES[lattice.cation]]):
        axes = lattice.orientation(zone)
        yield _crystal(f"{kind} [{zone}]", cell, sites, elements, axes, 0.0)
    if settings.off_axis_probability > 0:
        yield from _off_axis(kind, cell, sites, elements, 0.0)


def _atoms(lattice: OxideLattice) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Cell [Å], sites in its lengths and elements of an oxide."""
    sites = np.array([*lattice.cations, *lattice.anions])
    elements = [lattice.cation] * len(lattice.cations) + ["O"] * len(lattice.anions)
    return np.diag(lattice.lengths), sites, elements


def _mos2(settings: MoS2) -> Iterator[KnownLattice]:
    constant, spread = _mean_and_spread(settings.lattice_constant)
    strain, _ = _mean_and_spread(settings.strain)
    sites = np.array([(1 / 3, 2 / 3, 0), (2 / 3, 1 / 3, 0), (2 / 3, 1 / 3, 0)])
    cell, elements = _hexagonal(constant), ["Mo", "S", "S"]
    both = float(np.hypot(spread, strain))
    yield _crystal("MoS2 [001]", cell, sites, elements, np.eye(3), both)
    if isinstance(settings.support, Graphene) and settings.support.probability > 0:
        yield _sheet(BOND_LENGTH, 0.0)


def _graphene(settings: DefectedGraphene) -> Iterator[KnownLattice]:
    yield _sheet(*_mean_and_spread(settings.bond_length))


def _sheet(bond: float, spread: float) -> KnownLattice:
    sites = np.array([(1 / 3, 2 / 3, 0), (2 / 3, 1 / 3, 0)])
    cell = _hexagonal(bond * np.sqrt(3))
    return _crystal("graphene", cell, sites, ["C", "C"], np.eye(3), spread)


def _hexagonal(constant: float) -> np.ndarray:
    """Cell of a sheet [Å]; its height has no effect on what is seen along it."""
    return np.array([(1, 0, 0), (-0.5, np.sqrt(0.75), 0), (0, 0, 1)]) * constant


def _file(settings: FromFile) -> Iterator[KnownLattice]:
    atoms = read_structure(settings.path)
    if atoms.pbc.sum() < 2:  # a molecule or a wire has no lattice
        return
    mean, spread = _mean_and_spread(settings.scale)
    cell = atoms.cell.complete().array
    if np.linalg.norm(cell, axis=1).max() > LARGEST_CELL:
        return
    name = f"{Path(settings.path).stem} [{''.join(map(str, settings.zone_axis))}]"
    sites, axes = atoms.positions @ np.linalg.inv(cell), beam_axes(atoms, settings)
    yield _crystal(name, cell * mean, sites, atoms.get_chemical_symbols(), axes, spread)


def _not_known(settings: Crystal | FromFunction) -> None:
    """Nothing, for too many materials to recognise one, and for a user's function."""


BY_KIND: dict[str, Callable[..., Iterable[KnownLattice] | None]] = {
    "mos2": _mos2,
    "nanoparticle": _nanoparticle,
    "graphene": _graphene,
    "file": _file,
    "crystal": _not_known,
    "python": _not_known,
}
"""The lattices of each kind of structure and its support."""


def _crystal(
    name: str,
    cell: np.ndarray,
    sites: np.ndarray,
    elements: list[str],
    axes: np.ndarray,
    spread: float,
) -> KnownLattice:
    """What is seen of a crystal along the beam.

    Args:
        name: Its name.
        cell: (3, 3) cell vectors as rows [Å].
        sites: (N, 3) sites, in the cell's vectors.
        elements: Their elements.
        axes: (3, 3) matrix from the cell's axes to those of the image.
        spread: Relative standard deviation of its lengths.
    """
    vectors, strengths = _reflections(cell, sites, elements, axes[2])
    strong = strengths > WEAK * strengths.max()
    return _lattice(name, vectors[strong] @ axes[:2].T, strengths[strong], spread)


def _off_axis(
    name: str, cell: np.ndarray, sites: np.ndarray, elements: list[str], spread: float
) -> Iterator[KnownLattice]:
    """The single sets of planes of a crystal off axis."""
    vectors, strengths = _reflections(cell, sites, elements)
    lengths, first = np.unique(np.linalg.norm(vectors, axis=1).round(6), return_index=True)
    for length, strength in zip(lengths, strengths[first], strict=True):
        if strength > WEAK * strengths.max():
            yield _lattice(f"{name} off axis", np.array([[0, length]]), np.ones(1), spread)


def _reflections(
    cell: np.ndarray, sites: np.ndarray, elements: list[str], along: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3) half of the reciprocal lattice [1/Å] and (N,) kinematic intensities.

    Structure factors of atoms with their atomic numbers as weights; see `DAMPING`.

    Args:
        cell: (3, 3) cell vectors as rows [Å].
        sites: (N, 3) sites, in the cell's vectors.
        elements: Their elements.
        along: (3,) direction of the beam, across which reflections are wanted; None for all.
    """
    reach = np.ceil(np.linalg.norm(cell, axis=1) / FINEST).astype(int)
    every = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij"), axis=-1)
    every = every.reshape(-1, 3)
    every = every[len(every) // 2 + 1 :]  # one of each opposite pair
    vectors = every @ np.linalg.inv(cell).T
    lengths = np.linalg.norm(vectors, axis=1)
    kept = lengths <= 1 / FINEST
    if along is not None:
        kept &= np.abs(vectors @ along) < ACROSS
    every, vectors, lengths = every[kept], vectors[kept], lengths[kept]
    weights = np.array([atomic_numbers[element] for element in elements])
    factors = np.exp(-2j * np.pi * every @ sites.T) @ weights
    return vectors, np.abs(factors) ** 2 * np.exp(-((DAMPING * lengths) ** 2))


def _lattice(name: str, vectors: np.ndarray, strengths: np.ndarray, spread: float) -> KnownLattice:
    """A lattice by its (N, 2) reflections x, y [1/Å] and their intensities."""
    lengths = np.linalg.norm(vectors, axis=1)
    angles = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0]))
    order = np.lexsort((angles.round(3), lengths.round(6)))
    turned = (angles[order] - angles[order[0]]) % 180
    return KnownLattice(
        name=name,
        spacings=tuple(np.round(1 / lengths[order], 4).tolist()),
        angles=tuple(np.round(turned, 2).tolist()),
        strengths=tuple(np.round(strengths[order] / strengths.sum(), 5).tolist()),
        spread=round(float(spread), 5),
    )


def _mean_and_spread(number: Number) -> tuple[float, float]:
    """Mean of a setting, and its standard deviation as a fraction of that."""
    if support(number)[0] == support(number)[1]:
        return support(number)[0], 0.0
    rng = np.random.default_rng(0)
    drawn = np.array([draw(number, rng) for _ in range(DRAWS)])
    return float(drawn.mean()), float(drawn.std() / drawn.mean())
