"""Particles of fcc metals: truncated, roughened, alone or on an oxide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, reference_states
from scipy.spatial import cKDTree

from temnet.config.distributions import draw, draw_text
from temnet.config.nanoparticle import FCC_METALS, Nanoparticle
from temnet.records import Structure
from temnet.structures.columns import MAX_SMEAR, ignore_smeared, make_structure, project
from temnet.structures.geometry import Field, tilt_matrix, zone_axis_matrix
from temnet.structures.supports import CATIONS, OxideCrystal, build_oxide

ZONES = {
    "110": (np.array([1.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0])),
    "100": (np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])),
    "111": (np.array([1.0, 1.0, 1.0]), np.array([1.0, -1.0, 0.0])),
}
"""Direction along the beam and one across it, of each zone axis."""

COLUMN_SPACING = {"110": np.sqrt(3 / 8), "100": 0.5, "111": 1 / np.sqrt(6)}
"""Distance of neighbouring projected columns, in lattice constants."""

FACETS = np.array(
    [v for v in product((-1, 0, 1), repeat=3) if np.abs(v).sum() in (1, 3)], dtype=float
)
"""Normals of the 6 {100} and the 8 {111} planes."""

NEIGHBOURS = np.array([v for v in product((-1, 0, 1), repeat=3) if np.abs(v).sum() == 2])
"""The 12 nearest neighbours of an fcc site, in half lattice constants."""


@dataclass(frozen=True)
class Particle:
    """A particle in its crystal's axes.

    Attributes:
        sites: (N, 3) int64, fcc sites in half lattice constants.
        lattice_constant: a [Å].
    """

    sites: np.ndarray
    lattice_constant: float


def build_nanoparticle(
    settings: Nanoparticle, field: Field, classes: Sequence[str], rng: np.random.Generator
) -> Structure:
    """A particle seen along a zone axis, in vacuum or on the edge of an oxide crystal.

    Classes are `metal` and `oxide` (a column of the oxide's cations).

    Args:
        settings: What is drawn.
        field: What is filled; the oxide reaches over it by the margin.
        classes: The experiment's classes.
        rng: Draws the specimen.
    """
    element = draw_text(settings.element, rng)
    zone = draw_text(settings.zone_axis, rng)
    particle = grow_particle(settings, element, rng)
    rotation = rng.uniform(0, 2 * np.pi)
    orientation = _in_plane(rotation) @ zone_axis_matrix(*ZONES[zone])
    positions = particle.sites * particle.lattice_constant / 2 @ orientation.T
    parameters: dict[str, object] = {
        "structure": "nanoparticle",
        "element": element,
        "zone_axis": zone,
        "rotation_deg": float(np.rad2deg(rotation)),
        "lattice_constant": particle.lattice_constant,
    }
    with_oxide = settings.support is not None and rng.random() < settings.support.probability
    oxide = None
    if with_oxide and settings.support is not None:
        oxide, drawn = build_oxide(settings.support, field, zone, orientation, rng)
        positions = _set_on(positions, oxide, particle.lattice_constant)
        parameters |= drawn
    positions = _place(positions, field, oxide, rng)
    centre = positions.mean(axis=0)
    tilt = _tilt(settings, positions, zone, particle.lattice_constant, rng)
    direction = rng.uniform(0, 2 * np.pi)
    parameters |= {
        "tilt_deg": float(np.rad2deg(tilt)),
        "tilt_direction_deg": float(np.rad2deg(direction)),
        "particle_atoms": len(positions),
    }
    metal = Atoms([element] * len(positions), positions)
    metal_column = project(metal, np.ones(len(metal), bool))
    metal.positions = (positions - centre) @ tilt_matrix(tilt, direction).T + centre
    atoms, atom_column = _join(metal, metal_column, oxide)
    structure = make_structure(atoms, atom_column, _class_of, classes, parameters)
    return ignore_smeared(structure)


def _class_of(composition: Mapping[str, int]) -> str | None:
    elements = set(composition)
    if elements <= set(FCC_METALS):
        return "metal"
    return "oxide" if elements <= set(CATIONS.values()) else None


def _in_plane(angle: float) -> np.ndarray:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def grow_particle(settings: Nanoparticle, element: str, rng: np.random.Generator) -> Particle:
    """A truncated and roughened particle.

    Fcc sites within 14 planes at random distances from a random centre, then atoms added one at
    a time to surface sites with a probability ~ exp(CN / T), as in Madsen et al. 2018.
    """
    scale = draw(settings.lattice_constant_scale, rng)
    lattice_constant = reference_states[atomic_numbers[element]]["a"] * scale
    radius = draw(settings.radius, rng)
    distances = radius * (1 + settings.facet_spread * rng.uniform(-1, 1, len(FACETS)))
    distances[np.abs(FACETS).sum(axis=1) == 1] *= 2 / np.sqrt(3)  # {100} of a regular shape
    normals = FACETS / np.linalg.norm(FACETS, axis=1, keepdims=True)
    reach = int(np.ceil(2 * 1.8 * distances.max() / lattice_constant)) + 1
    axis = np.arange(-reach, reach + 1)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    grid = grid[grid.sum(axis=1) % 2 == 0]
    points = grid * lattice_constant / 2 + rng.uniform(-1, 1, 3)
    sites = grid[np.all(points @ normals.T <= distances, axis=1)]
    adatoms = draw(settings.adatoms, rng)
    return Particle(roughen(sites, adatoms, rng), lattice_constant)


def roughen(sites: np.ndarray, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Sites with more of them around, each chosen with a probability ~ exp(CN / T).

    Args:
        sites: (N, 3) int, fcc sites in half lattice constants.
        fraction: Atoms to add, as a fraction of the atoms with fewer than 12 neighbours.
        rng: Draws the temperature T, between 0.5 and 2 in neighbours, and the sites.
    """
    if not len(sites):
        return sites
    taken = {tuple(site) for site in sites.tolist()}
    steps = [tuple(step) for step in NEIGHBOURS.tolist()]

    def around(site: tuple[int, ...]) -> list[tuple[int, ...]]:
        x, y, z = site
        return [(x + a, y + b, z + c) for a, b, c in steps]

    coordination: dict[tuple[int, ...], int] = {}
    surface = 0
    for site in sorted(taken):
        empty = [other for other in around(site) if other not in taken]
        surface += bool(empty)
        for other in empty:
            coordination[other] = coordination.get(other, 0) + 1
    temperature = rng.uniform(0.5, 2.0)
    for _ in range(round(fraction * surface)):
        # An adatom that touches fewer than three atoms would roll away.
        candidates = [site for site, count in coordination.items() if count >= 3]
        counts = np.array([coordination[site] for site in candidates], float)
        weights = np.exp((counts - counts.max()) / temperature)
        site = candidates[int(rng.choice(len(candidates), p=weights / weights.sum()))]
        taken.add(site)
        del coordination[site]
        for other in around(site):
            if other not in taken:
                coordination[other] = coordination.get(other, 0) + 1
    return np.array(sorted(taken))


def _set_on(positions: np.ndarray, oxide: OxideCrystal, lattice_constant: float) -> np.ndarray:
    """The particle cut flat towards the oxide and moved onto its surface [Å]."""
    height = positions[:, :2] @ oxide.normal
    low, high = np.quantile(height, [0, 1])
    positions = positions[height >= low + oxide.cut * (high - low)]
    height = positions[:, :2] @ oxide.normal
    along = positions[:, :2] @ oxide.tangent
    shift_up = oxide.surface_height + oxide.gap - height.min()
    shift_along = oxide.landing - along.mean()
    shift = shift_up * oxide.normal + shift_along * oxide.tangent
    centred = positions[:, 2].min() / 2 + positions[:, 2].max() / 2
    return positions + np.array([*shift, oxide.depth_offset - centred])


def _place(
    positions: np.ndarray,
    field: Field,
    oxide: OxideCrystal | None,
    rng: np.random.Generator,
) -> np.ndarray:
    """The particle moved to its place in the field [Å]; on an oxide it is there already."""
    if oxide is not None:
        return positions
    middle = (positions.min(axis=0) + positions.max(axis=0)) / 2
    offset = rng.uniform(-0.3, 0.3, 2) * [field.width, field.height]
    return positions - middle + np.array([*(field.centre + offset), 0.0])


def _tilt(
    settings: Nanoparticle,
    positions: np.ndarray,
    zone: str,
    lattice_constant: float,
    rng: np.random.Generator,
) -> float:
    """The tilt of the zone axis [rad], cut to what keeps neighbouring columns apart."""
    thickness = max(float(np.ptp(positions[:, 2])), 1.0)
    spacing = COLUMN_SPACING[zone] * lattice_constant
    limit = np.arcsin(min(1.0, MAX_SMEAR * spacing / thickness))
    return min(float(np.deg2rad(draw(settings.tilt_deg, rng))), float(limit))


def _join(
    metal: Atoms, metal_column: np.ndarray, oxide: OxideCrystal | None
) -> tuple[Atoms, np.ndarray]:
    """Particle and oxide as one; oxide atoms that the particle would touch are left out."""
    if oxide is None:
        return metal, metal_column
    distance = cKDTree(metal.positions).query(oxide.atoms.positions)[0]
    free = distance > oxide.gap - 0.2
    oxide_column = oxide.atom_column[free]
    # Renumbered, since columns may have lost all of their atoms.
    used = np.unique(oxide_column[oxide_column >= 0])
    renumbered = np.searchsorted(used, oxide_column) + metal_column.max() + 1
    oxide_column = np.where(oxide_column >= 0, renumbered, -1)
    return metal + oxide.atoms[free], np.concatenate([metal_column, oxide_column])
