"""Monolayer MoS2 with missing atoms, edges and holes, bare or on graphene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms
from scipy.spatial import cKDTree

from temnet.config.distributions import draw
from temnet.config.mos2 import MoS2, Vacancies
from temnet.records import Structure
from temnet.structures.columns import ignore_smeared, make_structure, moved, project
from temnet.structures.geometry import Field, lattice_patch, smooth_outline, tilt_matrix
from temnet.structures.graphene import sheet

SPECIES = ("Mo", "S", "S")
"""Atoms of a cell: molybdenum, sulphur above it, sulphur below it along the beam."""

GROWTH = 2.0
"""The flake is cut this much larger than the field, so that tilt leaves no gap [Å]."""


def build_mos2(
    settings: MoS2, field: Field, classes: Sequence[str], rng: np.random.Generator
) -> Structure:
    """A flake of MoS2 seen along [001].

    Classes are `Mo` (one molybdenum), `S2` (two sulphur atoms) and `S` (one).

    Args:
        settings: What is drawn.
        field: What is filled.
        classes: The experiment's classes.
        rng: Draws the flake.
    """
    lattice_constant = draw(settings.lattice_constant, rng)
    rotation = np.deg2rad(draw(settings.rotation_deg, rng))
    tilt = np.deg2rad(draw(settings.tilt_deg, rng))
    direction = rng.uniform(0, 2 * np.pi)
    grown = Field(field.height, field.width, field.margin + GROWTH)
    cells = _cells(lattice_constant, rotation, grown, rng)
    keep = _inside_flake(cells, settings, field, rotation, rng)
    keep &= _occupied(settings.vacancies, len(cells), rng)
    keep &= _bonded(cells, keep, lattice_constant)
    half = draw(settings.sulphur_distance, rng) / 2
    height = np.broadcast_to([0.0, half, -half], keep.shape)
    positions = np.concatenate([cells, height[..., None]], axis=2)[keep]
    symbols = np.broadcast_to(SPECIES, keep.shape)[keep]
    parameters: dict[str, object] = {
        "structure": "mos2",
        "lattice_constant": lattice_constant,
        "rotation_deg": float(np.rad2deg(rotation)),
        "tilt_deg": float(np.rad2deg(tilt)),
        "tilt_direction_deg": float(np.rad2deg(direction)),
    }
    if settings.support is not None:
        carbon, drawn = _graphene(settings, grown, half, rng)
        positions = np.concatenate([positions, carbon])
        symbols = np.concatenate([symbols, np.full(len(carbon), "C")])
        parameters |= drawn
    atoms = Atoms(list(symbols), positions)
    atom_column = project(atoms, symbols != "C")
    structure = make_structure(atoms, atom_column, _class_of, classes, parameters)
    pivot = np.array([*field.centre, 0.0])
    return ignore_smeared(
        moved(structure, (positions - pivot) @ tilt_matrix(tilt, direction).T + pivot)
    )


def _class_of(composition: Mapping[str, int]) -> str | None:
    return {(("Mo", 1),): "Mo", (("S", 2),): "S2", (("S", 1),): "S"}.get(tuple(composition.items()))


def _cells(
    lattice_constant: float, rotation: float, field: Field, rng: np.random.Generator
) -> np.ndarray:
    """(N, 3, 2) x, y of the atoms of each cell [Å], in the order of ``SPECIES``."""
    angles = rotation + np.array([0, np.pi / 3])
    cell = lattice_constant * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    sulphur = cell.sum(axis=0) / 3
    basis = np.stack([np.zeros(2), sulphur, sulphur])
    offset = rng.uniform(0, 1, 2) @ cell
    cells = lattice_patch(cell, basis, field.radius) + field.centre + offset
    return cells[field.covers(cells[:, 0])]


def _inside_flake(
    cells: np.ndarray,
    settings: MoS2,
    field: Field,
    rotation: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """(N, 3) bool: atoms left by the flake's edge and by holes."""
    points = cells.reshape(-1, 2)
    inside = np.ones(len(points), bool)
    if rng.random() < settings.edge_probability:
        # Multiples of 60 degrees from a lattice vector's normal are zigzag edges, of either
        # termination; the angles half-way between are armchair edges.
        normal = rotation + np.pi / 6 * rng.integers(12)
        reach = 0.5 * min(field.height, field.width)
        offset = rng.uniform(-0.6 * reach, 0.9 * reach)
        inside &= (points - field.centre) @ [np.cos(normal), np.sin(normal)] <= offset
    for _ in range(round(draw(settings.holes, rng))):
        middle = rng.uniform([0, 0], [field.width, field.height])
        inside &= ~smooth_outline(points, middle, draw(settings.hole_radius, rng), rng)
    return inside.reshape(cells.shape[:2])


def _occupied(vacancies: Vacancies, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, 3) bool: atoms that are not missing."""
    single, double = draw(vacancies.S, rng), draw(vacancies.S2, rng)
    occupied = np.ones((count, 3), bool)
    occupied[:, 0] = rng.random(count) >= draw(vacancies.Mo, rng)
    chance = rng.random(count)
    occupied[chance < double, 1:] = False
    lost_one = np.flatnonzero((chance >= double) & (chance < double + single))
    occupied[lost_one, 1 + rng.integers(2, size=len(lost_one))] = False
    return occupied


def _bonded(cells: np.ndarray, keep: np.ndarray, lattice_constant: float) -> np.ndarray:
    """(N, 3) bool: atoms with at least two neighbouring columns of the other element.

    Counted in projection, where neighbours are a / sqrt(3) apart: an S atom with a single Mo
    neighbour, or a Mo atom with a single S column, would not stay at a real edge.
    """
    cutoff = 1.2 * lattice_constant / np.sqrt(3)
    bonded = keep.copy()
    for _ in range(3):
        metal = cells[bonded[:, 0], 0]
        sulphur = cells[bonded[:, 1:].any(axis=1), 1]
        if not len(metal) or not len(sulphur):
            return np.zeros_like(keep)
        near_metal = cKDTree(metal).query_ball_point(cells[:, 1], cutoff, return_length=True)
        near_sulphur = cKDTree(sulphur).query_ball_point(cells[:, 0], cutoff, return_length=True)
        bonded[:, 1:] &= (near_metal >= 2)[:, None]
        bonded[:, 0] &= near_sulphur >= 2
    return bonded


def _graphene(
    settings: MoS2, field: Field, half: float, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, object]]:
    """(N, 3) positions of the carbon sheet, on a random side of the flake [Å]."""
    support = settings.support
    if support is None:
        raise ValueError("there is no support to build")
    gap = draw(support.gap, rng)
    rotation = rng.uniform(0, np.pi / 3)
    side = 1 if rng.random() < 0.5 else -1
    points = sheet(field, rotation, rng.uniform(-2, 2, 2))
    points = points[rng.random(len(points)) >= draw(support.vacancies, rng)]
    z = side * (half + gap)
    drawn = {
        "support": "graphene",
        "graphene_gap": gap,
        "graphene_rotation_deg": float(np.rad2deg(rotation)),
        "graphene_side": side,
    }
    return np.column_stack([points, np.full(len(points), z)]), drawn
