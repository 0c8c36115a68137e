"""Oxide crystals that support a particle on their edge, seen from the side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from temnet.config.distributions import draw
from temnet.config.structures.supports import Oxide
from temnet.structures.columns import project
from temnet.structures.geometry import Field, rotation_about, tilt_matrix
from temnet.structures.lattices.oxide_lattices import LATTICES, OxideLattice
from temnet.structures.off_axis import off_axis_rotation

RANDOM_ZONES = {
    "Ce": ("110", "110", "100", "111"),
    "Ti": ("001", "001", "100", "110"),
    "Mg": ("100", "100", "110", "111"),
}
"""Zone axes of oxides without an epitaxial relation to the particle, by their cation."""

RUTILE_RELATION = {"110": ("001", np.array([1.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.0]))}
"""For each zone axis of the particle that of rutile, and the parallel directions of metal and
rutile: {111} on (110) with <1-10> along [001], after Cosandey & Madey, Surf. Rev. Lett. 8, 73
(2001)."""

SAME_AXES = ("CeO2", "MgO")
"""Cubic oxides, whose usual orientation has the axes of the particle."""

PLAIN_STEP = 3.1
"""Height of a step on the surface of a crystal off axis [Å]."""

OFF_AXIS_THICKNESS = 20.0
"""Least thickness of a crystal in an orientation that shows no columns [Å]."""


@dataclass(frozen=True)
class OxideCrystal:
    """An oxide crystal and the position of its surface.

    Attributes:
        atoms: The atoms in the image's frame [Å].
        atom_column: (n_atoms,) int64, the cation column of each atom, -1 for none.
        normal: (2,) unit vector x, y out of the surface.
        tangent: (2,) unit vector x, y along the surface.
        surface_height: Height of the terrace under the particle, along ``normal`` [Å].
        landing: Position of the middle of the particle along ``tangent`` [Å].
        gap: Distance between the outermost oxide atoms and the particle's first layer [Å].
        cut: Fraction of the height of the particle that is cut off on the side of the oxide.
        depth_offset: Position of the middle of the particle along z [Å].
    """

    atoms: Atoms
    atom_column: np.ndarray
    normal: np.ndarray
    tangent: np.ndarray
    surface_height: float
    landing: float
    gap: float
    cut: float
    depth_offset: float


def build_oxide(
    settings: Oxide,
    field: Field,
    zone: str,
    particle_orientation: np.ndarray,
    rng: np.random.Generator,
) -> tuple[OxideCrystal, dict[str, object]]:
    """An oxide that fills one side of the field, with terraces and steps.

    Args:
        settings: Settings of the specimen.
        field: Area to fill.
        zone: The particle's zone axis.
        particle_orientation: (3, 3) matrix from the particle's crystal axes to the image's.
        rng: Draws the crystal.

    Returns:
        The crystal and the drawn parameters.
    """
    thickness = draw(settings.thickness, rng)
    kind = _draw_kind(settings, rng)
    lattice = LATTICES[kind]
    relation = _relation(settings, kind, zone, rng)
    if relation == "off axis":  # thinner crystals show columns in any orientation
        thickness = max(thickness, OFF_AXIS_THICKNESS)
    oxide_zone, orientation = _orientation(
        lattice, relation, zone, particle_orientation, thickness, rng
    )
    normal, tangent, step = _surface(lattice, oxide_zone, orientation, rng)
    level = float(field.centre @ normal + rng.uniform(-0.35, 0.15) * min(field.height, field.width))
    landing = float(
        field.centre @ tangent + rng.uniform(-0.2, 0.2) * min(field.height, field.width)
    )
    steps = _steps(landing, step, field, rng)
    atoms = _crystal(lattice, orientation, field, thickness, rng)
    along, height = atoms.positions[:, :2] @ tangent, atoms.positions[:, :2] @ normal
    atoms = atoms[height <= level + _terrace(along, steps)]
    on_column = np.array(atoms.get_chemical_symbols()) == lattice.cation
    if relation == "off axis":
        on_column[:] = False
    atom_column = project(atoms, on_column)
    tilt = 0.0 if relation == "off axis" else np.deg2rad(draw(settings.tilt_deg, rng))
    matrix = tilt_matrix(tilt, rng.uniform(0, 2 * np.pi))
    pivot = np.array([*field.centre, 0.0])
    atoms.positions = (atoms.positions - pivot) @ matrix.T + pivot
    crystal = OxideCrystal(
        atoms=atoms,
        atom_column=atom_column,
        normal=normal,
        tangent=tangent,
        surface_height=level,
        landing=landing,
        gap=float(rng.uniform(1.9, 2.5)),
        cut=float(rng.uniform(0.15, 0.6)),
        depth_offset=float(rng.uniform(-0.25, 0.25) * thickness),
    )
    drawn: dict[str, object] = {
        "support": kind,
        "support_relation": relation,
        "support_zone_axis": oxide_zone,
        "support_thickness": thickness,
        "support_tilt_deg": float(np.rad2deg(tilt)),
    }
    return crystal, drawn


def _draw_kind(settings: Oxide, rng: np.random.Generator) -> str:
    """The oxide's name; nothing is drawn where there is one alone."""
    chance = rng.random() if settings.others else 1.0
    for name, share in settings.others.items():
        chance -= share
        if chance < 0:
            return name
    return settings.kind


def _relation(settings: Oxide, kind: str, zone: str, rng: np.random.Generator) -> str:
    """Relation between the orientations of oxide and particle."""
    chance = rng.random()
    if chance < settings.off_axis_probability:
        return "off axis"
    known = kind in SAME_AXES or zone in RUTILE_RELATION
    if known and chance < settings.off_axis_probability + settings.epitaxial_probability:
        return "epitaxial"
    return "random"


def _orientation(
    lattice: OxideLattice,
    relation: str,
    zone: str,
    particle_orientation: np.ndarray,
    thickness: float,
    rng: np.random.Generator,
) -> tuple[str, np.ndarray]:
    """The oxide's zone axis, and the (3, 3) matrix from its crystal axes to the image's."""
    if relation == "off axis":
        return "none", off_axis_rotation(lattice.reflections(), thickness, rng)
    if relation == "epitaxial":
        if lattice is not LATTICES["TiO2"]:  # the same axes, so {111} is parallel to {111}
            return zone, particle_orientation
        oxide_zone, metal, oxide = RUTILE_RELATION[zone]
        up = particle_orientation @ metal
        angle = np.arctan2(up[1], up[0]) - np.pi / 2
        return oxide_zone, _in_plane(angle) @ lattice.orientation(oxide_zone, oxide)
    other = str(rng.choice(RANDOM_ZONES[lattice.cation]))
    return other, _in_plane(rng.uniform(0, 2 * np.pi)) @ lattice.orientation(other)


def _in_plane(angle: float) -> np.ndarray:
    return rotation_about(np.array([0.0, 0.0, 1.0]), angle)


def _surface(
    lattice: OxideLattice, zone: str, orientation: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """Normal and tangent of the surface in the image, and the height of an atomic step [Å]."""
    if zone == "none":
        angle = rng.uniform(0, 2 * np.pi)
        normal, step = np.array([np.cos(angle), np.sin(angle)]), PLAIN_STEP
    else:
        candidates = lattice.zones[zone][1]
        # Two thirds of the surfaces are the stable ones where the zone axis shows them.
        stable = np.array([surface.stable for surface in candidates])
        weights = np.where(stable, 2 / 3 / max(stable.sum(), 1), 1 / 3 / max((~stable).sum(), 1))
        chosen = candidates[rng.choice(len(candidates), p=weights / weights.sum())]
        normal = (orientation @ np.array(chosen.normal))[:2]
        normal /= np.linalg.norm(normal)
        if rng.random() < 0.5:
            normal = -normal
        step = chosen.step
    return normal, np.array([-normal[1], normal[0]]), float(step)


def _steps(
    landing: float, step: float, field: Field, rng: np.random.Generator
) -> list[tuple[float, int, float]]:
    """Steps beside the particle: where along the surface, to which side, and by how much."""
    steps = []
    for side in (-1, 1):
        position = landing
        for _ in range(int(rng.choice([0, 0, 1, 1, 2, 3]))):
            position += side * rng.uniform(0.15, 0.4) * min(field.height, field.width)
            height = step * float(rng.choice([-2, -1, -1, 1, 1, 2]))
            steps.append((position, side, height))
    return steps


def _terrace(along: np.ndarray, steps: list[tuple[float, int, float]]) -> np.ndarray:
    """Height of the surface above the terrace of the particle at positions along it [Å]."""
    height = np.zeros_like(along)
    for position, side, change in steps:
        height += change * (side * (along - position) > 0)
    return height


def _crystal(
    lattice: OxideLattice,
    orientation: np.ndarray,
    field: Field,
    thickness: float,
    rng: np.random.Generator,
) -> Atoms:
    """A crystal with a random origin that fills field, margin and thickness [Å]."""
    lengths = np.array(lattice.lengths)
    radius = np.hypot(field.radius, thickness / 2)
    reach = np.ceil(radius / lengths).astype(int) + 1
    cells = np.mgrid[tuple(slice(-n, n + 1) for n in reach)].reshape(3, -1).T
    near = np.linalg.norm((cells + 0.5) * lengths, axis=1) < radius + lengths.max()
    cells = cells[near]
    origin = rng.uniform(0, 1, 3)
    parts = []
    for element, basis in ((lattice.cation, lattice.cations), ("O", lattice.anions)):
        crystal = (cells[:, None] + np.array(basis)[None] + origin).reshape(-1, 3) * lengths
        positions = crystal @ orientation.T + np.array([*field.centre, 0.0])
        keep = field.covers(positions[:, :2]) & (np.abs(positions[:, 2]) <= thickness / 2)
        parts.append(Atoms([element] * int(keep.sum()), positions[keep]))
    return parts[0] + parts[1]
