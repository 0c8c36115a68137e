"""Oxide crystals that carry a particle on their edge, seen from the side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from temnet.config.distributions import draw
from temnet.config.supports import Oxide
from temnet.structures.columns import project
from temnet.structures.geometry import Field, tilt_matrix, zone_axis_matrix
from temnet.structures.off_axis import fcc_reflections, off_axis_rotation

LATTICE_CONSTANTS = {"CeO2": 5.411}
"""Cubic lattice constants [Å]; CeO2: Fm-3m, 5.411 Å at room temperature."""

CATIONS = {"CeO2": "Ce"}
"""The element whose columns are labelled."""

FLUORITE_CATIONS = np.array([[0, 0, 0], [0, 2, 2], [2, 0, 2], [2, 2, 0]]) / 4
FLUORITE_ANIONS = np.array([[i, j, k] for i in (1, 3) for j in (1, 3) for k in (1, 3)]) / 4
"""Sites of the fluorite cell, in lattice constants."""

SURFACES = {
    "110": np.array([[1, 1, 1], [1, 1, -1], [-1, -1, 1], [0, 0, 1], [1, 1, 0]], float),
    "100": np.array([[0, 1, 0], [0, 0, 1], [0, 1, 1], [0, -1, 1]], float),
    "111": np.array([[1, -1, 0], [1, 0, -1], [1, 1, -2], [2, -1, -1]], float),
    "211": np.array([[1, -1, -1], [0, 1, -1]], float),
}
"""Normals of surfaces that a crystal shows from the side, for each zone axis along the beam."""

ZONE = {
    "110": np.array([1.0, -1.0, 0.0]),
    "100": np.array([1.0, 0.0, 0.0]),
    "111": np.array([1.0, 1.0, 1.0]),
    "211": np.array([2.0, 1.0, 1.0]),
}
"""Direction along the beam."""


OFF_AXIS_THICKNESS = 15.0
"""Least thickness of a crystal in an orientation that shows no columns [Å]."""


@dataclass(frozen=True)
class OxideCrystal:
    """An oxide crystal and where its surface lies.

    Attributes:
        atoms: The atoms in the image's frame [Å].
        atom_column: (n_atoms,) int64, the cation column of each atom, -1 for none.
        normal: (2,) unit vector x, y out of the surface.
        tangent: (2,) unit vector x, y along the surface.
        surface_height: Height of the terrace under the particle, along ``normal`` [Å].
        landing: Where the particle's middle comes to lie, along ``tangent`` [Å].
        gap: Distance between the outermost oxide atoms and the particle's first layer [Å].
        cut: Fraction of the particle's height that is cut off towards the oxide.
        depth_offset: Where the particle's middle comes to lie, along z [Å].
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
        settings: What is drawn.
        field: What is filled.
        zone: The particle's zone axis.
        particle_orientation: (3, 3) matrix from the particle's crystal axes to the image's.
        rng: Draws the crystal.

    Returns:
        The crystal and what was drawn.
    """
    thickness = draw(settings.thickness, rng)
    relation = _relation(settings, rng)
    if relation == "off axis":  # no thinner crystal can be turned so that it shows fringes alone
        thickness = max(thickness, OFF_AXIS_THICKNESS)
    oxide_zone, orientation = _orientation(
        settings, relation, zone, particle_orientation, thickness, rng
    )
    normal, tangent, step = _surface(settings, oxide_zone, orientation, rng)
    level = float(field.centre @ normal + rng.uniform(-0.35, 0.15) * min(field.height, field.width))
    landing = float(
        field.centre @ tangent + rng.uniform(-0.2, 0.2) * min(field.height, field.width)
    )
    steps = _steps(landing, step, field, rng)
    atoms = _fluorite(settings.kind, orientation, field, thickness, rng)
    along, height = atoms.positions[:, :2] @ tangent, atoms.positions[:, :2] @ normal
    atoms = atoms[height <= level + _terrace(along, steps)]
    on_column = np.array(atoms.get_chemical_symbols()) == CATIONS[settings.kind]
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
        "support": settings.kind,
        "support_relation": relation,
        "support_zone_axis": oxide_zone,
        "support_thickness": thickness,
        "support_tilt_deg": float(np.rad2deg(tilt)),
    }
    return crystal, drawn


def _relation(settings: Oxide, rng: np.random.Generator) -> str:
    """How the oxide's orientation relates to the particle's."""
    chance = rng.random()
    if chance < settings.off_axis_probability:
        return "off axis"
    if chance < settings.off_axis_probability + settings.epitaxial_probability:
        return "epitaxial"
    return "random"


def _orientation(
    settings: Oxide,
    relation: str,
    zone: str,
    particle_orientation: np.ndarray,
    thickness: float,
    rng: np.random.Generator,
) -> tuple[str, np.ndarray]:
    """The oxide's zone axis, and the (3, 3) matrix from its crystal axes to the image's."""
    if relation == "off axis":
        reflections = fcc_reflections(LATTICE_CONSTANTS[settings.kind])
        return "none", off_axis_rotation(reflections, thickness, rng)
    if relation == "epitaxial":
        # The same axes as the particle's, so {111} is parallel to {111}.
        return zone, particle_orientation
    other = str(rng.choice(["110", "110", "100", "111"]))
    angle = rng.uniform(0, 2 * np.pi)
    upwards = SURFACES[other][0]
    if other == "110":
        upwards = np.array([0.0, 0.0, 1.0])
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    return other, turn @ zone_axis_matrix(ZONE[other], upwards)


def _surface(
    settings: Oxide, zone: str, orientation: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """Normal and tangent of the surface in the image, and the height of an atomic step [Å]."""
    a = LATTICE_CONSTANTS[settings.kind]
    if zone == "none":
        angle = rng.uniform(0, 2 * np.pi)
        normal, step = np.array([np.cos(angle), np.sin(angle)]), a / np.sqrt(3)
    else:
        candidates = SURFACES[zone]
        # Two thirds of the surfaces are the stable {111} where the zone axis shows them.
        stable = np.abs(candidates).sum(axis=1) == 3
        weights = np.where(stable, 2 / 3 / max(stable.sum(), 1), 1 / 3 / max((~stable).sum(), 1))
        chosen = candidates[rng.choice(len(candidates), p=weights / weights.sum())]
        normal = (orientation @ chosen)[:2]
        normal /= np.linalg.norm(normal)
        if rng.random() < 0.5:
            normal = -normal
        step = a / np.linalg.norm(chosen)
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
    """Height of the surface above the particle's terrace at places along it [Å]."""
    height = np.zeros_like(along)
    for position, side, change in steps:
        height += change * (side * (along - position) > 0)
    return height


def _fluorite(
    kind: str,
    orientation: np.ndarray,
    field: Field,
    thickness: float,
    rng: np.random.Generator,
) -> Atoms:
    """A crystal that fills field, margin and thickness, with a random origin [Å]."""
    a = LATTICE_CONSTANTS[kind]
    radius = np.hypot(field.radius, thickness / 2)
    reach = int(np.ceil(radius / a)) + 1
    cells = np.mgrid[[slice(-reach, reach + 1)] * 3].reshape(3, -1).T
    near = np.linalg.norm((cells + 0.5) @ orientation.T * a, axis=1) < radius + a
    cells = cells[near]
    origin = rng.uniform(0, 1, 3)
    parts = []
    for element, basis in ((CATIONS[kind], FLUORITE_CATIONS), ("O", FLUORITE_ANIONS)):
        crystal = (cells[:, None] + basis[None] + origin).reshape(-1, 3) * a
        positions = crystal @ orientation.T + np.array([*field.centre, 0.0])
        keep = field.covers(positions[:, :2]) & (np.abs(positions[:, 2]) <= thickness / 2)
        parts.append(Atoms([element] * int(keep.sum()), positions[keep]))
    return parts[0] + parts[1]
