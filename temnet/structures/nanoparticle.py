"""Particles of fcc metals: truncated, roughened, alone or on an oxide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms
from scipy.spatial import cKDTree

from temnet.config.distributions import draw, draw_text
from temnet.config.structures.nanoparticle import FCC_METALS, Nanoparticle
from temnet.config.structures.supports import AmorphousCarbon, Oxide
from temnet.records import Structure
from temnet.structures.amorphous import with_film
from temnet.structures.clusters import Particle, grow_particle
from temnet.structures.columns import MAX_SMEAR, ignore_smeared, make_structure, project
from temnet.structures.geometry import Field, tilt_matrix, zone_axis_matrix
from temnet.structures.lattices.oxide_lattices import CATIONS
from temnet.structures.planar_faults import fault_normals, stacking_fault, twin
from temnet.structures.supports import OxideCrystal, build_oxide

ZONES = {
    "110": (np.array([1.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0])),
    "100": (np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])),
    "111": (np.array([1.0, 1.0, 1.0]), np.array([1.0, -1.0, 0.0])),
    "211": (np.array([2.0, 1.0, 1.0]), np.array([0.0, 1.0, -1.0])),
}
"""Direction along the beam and one across it, of each zone axis."""

COLUMN_SPACING = {"110": np.sqrt(3 / 8), "100": 0.5, "111": 1 / np.sqrt(6), "211": np.sqrt(1 / 8)}
"""Distance of neighbouring projected columns, in lattice constants."""


def build_nanoparticle(
    settings: Nanoparticle, field: Field, classes: Sequence[str], rng: np.random.Generator
) -> Structure:
    """A particle seen along a zone axis, in vacuum or on the edge of an oxide crystal.

    Classes are `metal` and `oxide` (a column of the oxide's cations).

    Args:
        settings: Settings of the specimen.
        field: Area to fill; the oxide fills its margin as well.
        classes: The experiment's classes.
        rng: Draws the specimen.
    """
    element = draw_text(settings.element, rng)
    zone = draw_text(settings.zone_axis, rng)
    particle = grow_particle(settings, element, rng)
    rotation = rng.uniform(0, 2 * np.pi)
    orientation = _in_plane(rotation) @ zone_axis_matrix(*ZONES[zone])
    crystal, faults = _faulted(particle, settings, ZONES[zone][0], rng)
    positions = crystal @ orientation.T
    parameters: dict[str, object] = {
        "structure": "nanoparticle",
        "element": element,
        "zone_axis": zone,
        "rotation_deg": float(np.rad2deg(rotation)),
        "lattice_constant": particle.lattice_constant,
        **faults,
    }
    support = settings.support
    if support is not None and rng.random() >= support.probability:
        support = None
    oxide = None
    if isinstance(support, Oxide):
        oxide, drawn = build_oxide(support, field, zone, orientation, rng)
        positions = _set_on(positions, oxide)
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
    if isinstance(support, AmorphousCarbon):
        atoms, atom_column, drawn = with_film(atoms, atom_column, support, field, rng)
        parameters |= drawn
    structure = make_structure(atoms, atom_column, _class_of, classes, parameters)
    return ignore_smeared(structure)


def _faulted(
    particle: Particle, settings: Nanoparticle, zone: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, object]]:
    """(N, 3) positions in crystal axes [Å], with or without a twin or a stacking fault."""
    positions = particle.sites * particle.lattice_constant / 2
    chance, normals = rng.random(), fault_normals(zone)
    together = settings.twin_probability + settings.fault_probability
    if chance >= together or not len(normals):
        return positions, {}
    normal = normals[rng.integers(len(normals))]
    unit = normal / np.linalg.norm(normal)
    layers = np.unique((positions @ unit).round(3))
    # Not at the outermost layers, beyond which there are no atoms.
    layer = int(rng.integers(len(layers) // 4, max(3 * len(layers) // 4, len(layers) // 4 + 1)))
    if chance < settings.twin_probability:
        return twin(positions, normal, layers[layer]), {"fault": "twin"}
    between = layers[layer : layer + 2].mean()
    return stacking_fault(positions, normal, between), {"fault": "stacking fault"}


def _class_of(composition: Mapping[str, int]) -> str | None:
    elements = set(composition)
    if elements <= set(FCC_METALS):
        return "metal"
    return "oxide" if elements <= CATIONS else None


def _in_plane(angle: float) -> np.ndarray:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def _set_on(positions: np.ndarray, oxide: OxideCrystal) -> np.ndarray:
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
    """The particle at its position in the field [Å]; on an oxide it is already there."""
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
    """The tilt of the zone axis [rad], limited so that neighbouring columns stay separate."""
    thickness = max(float(np.ptp(positions[:, 2])), 1.0)
    spacing = COLUMN_SPACING[zone] * lattice_constant
    limit = np.arcsin(min(1.0, MAX_SMEAR * spacing / thickness))
    return min(float(np.deg2rad(draw(settings.tilt_deg, rng))), float(limit))


def _join(
    metal: Atoms, metal_column: np.ndarray, oxide: OxideCrystal | None
) -> tuple[Atoms, np.ndarray]:
    """Particle and oxide together, without oxide atoms that the particle would touch."""
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
