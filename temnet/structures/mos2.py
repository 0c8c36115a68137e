"""MoS2: one or two layers with defects, edges and holes, bare or on a support."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from scipy.spatial import cKDTree

from temnet.config.distributions import draw
from temnet.config.structures.mos2 import CHALCOGENS, METALS, MoS2, Vacancies
from temnet.config.structures.supports import AmorphousCarbon, Graphene
from temnet.records import Structure
from temnet.structures.amorphous import amorphous_carbon
from temnet.structures.columns import formula, ignore_smeared, make_structure, moved, project
from temnet.structures.deformation import draw_deformation
from temnet.structures.geometry import Field, lattice_patch, smooth_outline, tilt_matrix
from temnet.structures.graphene import sheet

SPECIES = ("Mo", "S", "S", "S")
"""Atoms of a cell: molybdenum, sulphur below and above it along the beam, and a site for the second
atom of a sulphur pair on the position of molybdenum."""

GROWTH = 2.0
"""The flake is cut this much larger than the field, so that tilt leaves no gap [Å]."""

LAYER_DISTANCE = 6.15
"""Distance between the Mo planes of two layers [Å]: c / 2 of 2H MoS2, c = 12.30 Å."""

GRAPHENE_DISTANCE = 3.35
"""Distance between sheets of graphene [Å]."""


@dataclass(frozen=True)
class Layer:
    """Atoms of a layer, cell by cell.

    Attributes:
        places: (N, 4, 3) positions [Å], in the order of ``SPECIES``.
        symbols: (N, 4) chemical symbols.
        keep: (N, 4) bool, atoms that are there.
    """

    places: np.ndarray
    symbols: np.ndarray
    keep: np.ndarray


def build_mos2(
    settings: MoS2, field: Field, classes: Sequence[str], rng: np.random.Generator
) -> Structure:
    """A flake of MoS2 seen along [001].

    Columns are named by their composition: `Mo`, `S2` and `S` in a plain monolayer.

    Args:
        settings: Settings of the specimen.
        field: Area to fill.
        classes: The experiment's classes.
        rng: Draws the flake.
    """
    lattice_constant = draw(settings.lattice_constant, rng)
    rotation = np.deg2rad(draw(settings.rotation_deg, rng))
    tilt = np.deg2rad(draw(settings.tilt_deg, rng))
    direction = rng.uniform(0, 2 * np.pi)
    half = draw(settings.sulphur_distance, rng) / 2
    grown = Field(field.height, field.width, field.margin + GROWTH)
    parameters: dict[str, object] = {
        "structure": "mos2",
        "lattice_constant": lattice_constant,
        "rotation_deg": float(np.rad2deg(rotation)),
        "tilt_deg": float(np.rad2deg(tilt)),
        "tilt_direction_deg": float(np.rad2deg(direction)),
    }
    layers, stacking = _layers(settings, lattice_constant, rotation, half, grown, field, rng)
    positions = np.concatenate([layer.places[layer.keep] for layer in layers])
    symbols = np.concatenate([layer.symbols[layer.keep] for layer in layers])
    parameters |= stacking
    on_column = np.ones(len(positions), bool)
    if settings.support is not None and rng.random() < settings.support.probability:
        carbon, drawn = _support(settings.support, grown, positions[:, 2], rng)
        positions = np.concatenate([positions, carbon])
        symbols = np.concatenate([symbols, np.full(len(carbon), "C")])
        on_column = np.concatenate([on_column, np.zeros(len(carbon), bool)])
        parameters |= drawn
    kinds, which = np.unique(symbols, return_inverse=True)
    numbers = np.array([atomic_numbers[kind] for kind in kinds], int)[which]
    atoms = Atoms(numbers=numbers, positions=positions)
    atom_column = project(atoms, on_column)
    structure = make_structure(atoms, atom_column, formula, classes, parameters)
    deformation = draw_deformation(
        field.centre,
        draw(settings.strain, rng),
        draw(settings.local_strain, rng),
        draw(settings.ripple, rng),
        draw(settings.ripple_wavelength, rng),
        rng,
    )
    pivot = np.array([*field.centre, 0.0])
    deformed = deformation(positions)
    return ignore_smeared(
        moved(structure, (deformed - pivot) @ tilt_matrix(tilt, direction).T + pivot)
    )


def _layers(
    settings: MoS2,
    lattice_constant: float,
    rotation: float,
    half: float,
    grown: Field,
    field: Field,
    rng: np.random.Generator,
) -> tuple[list[Layer], dict[str, object]]:
    """One layer, or two in a random one of the two natural stackings."""
    offset = rng.uniform(0, 1, 2)
    first = _layer(settings, lattice_constant, rotation, half, offset, grown, field, rng)
    if round(draw(settings.layers, rng)) < 2:
        return [first], {}
    stacking = "2H" if rng.random() < 0.5 else "3R"
    # 2H: the second layer is turned by 180 degrees and lies with Mo over S and S over Mo.
    # 3R: it is not turned, and lies with Mo over S and S over the centres of the hexagons.
    turn = np.pi if stacking == "2H" else 0.0
    shift = ((offset if stacking == "3R" else -offset - 2 / 3) + 1 / 3) % 1.0
    second = _layer(settings, lattice_constant, rotation + turn, half, shift, grown, field, rng)
    second.places[..., 2] += LAYER_DISTANCE
    return [first, second], {"stacking": stacking}


def _layer(
    settings: MoS2,
    lattice_constant: float,
    rotation: float,
    half: float,
    offset: np.ndarray,
    grown: Field,
    field: Field,
    rng: np.random.Generator,
) -> Layer:
    """A layer with its defects, about z = 0."""
    cells = _cells(lattice_constant, rotation, offset, grown)
    keep = _inside_flake(cells, settings, field, rotation, rng)
    keep &= _occupied(settings.vacancies, len(cells), rng)
    keep &= _bonded(cells, keep, lattice_constant)
    keep[:, 3] = False
    height = np.broadcast_to([0.0, half, -half, -half], keep.shape).copy()
    symbols = np.broadcast_to(np.array(SPECIES, dtype="<U2"), keep.shape).copy()
    _exchange(keep, height, symbols, half, draw(settings.antisites, rng), rng)
    for element, fraction in sorted(settings.substitutes.items()):
        _substitute(symbols, element, draw(fraction, rng), settings, rng)
    return Layer(np.concatenate([cells, height[..., None]], axis=2), symbols, keep)


def _cells(
    lattice_constant: float, rotation: float, offset: np.ndarray, field: Field
) -> np.ndarray:
    """(N, 4, 2) x, y of the atoms of each cell [Å], in the order of ``SPECIES``."""
    angles = rotation + np.array([0, np.pi / 3])
    cell = lattice_constant * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    sulphur = cell.sum(axis=0) / 3
    basis = np.stack([np.zeros(2), sulphur, sulphur, np.zeros(2)])
    cells = lattice_patch(cell, basis, field.radius) + field.centre + offset @ cell
    return cells[field.covers(cells[:, 0])]


def _inside_flake(
    cells: np.ndarray,
    settings: MoS2,
    field: Field,
    rotation: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """(N, 4) bool: atoms inside the edges of the flake and outside holes."""
    points = cells.reshape(-1, 2)
    inside = np.ones(len(points), bool)
    ends = rng.random() < settings.edge_probability
    for _ in range(round(draw(settings.edges, rng)) if ends else 0):
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
    """(count, 4) bool: atoms that are not missing."""
    single, double = draw(vacancies.S, rng), draw(vacancies.S2, rng)
    occupied = np.ones((count, len(SPECIES)), bool)
    occupied[:, 0] = rng.random(count) >= draw(vacancies.Mo, rng)
    chance = rng.random(count)
    occupied[chance < double, 1:] = False
    lost_one = np.flatnonzero((chance >= double) & (chance < double + single))
    occupied[lost_one, 1 + rng.integers(2, size=len(lost_one))] = False
    return occupied


def _bonded(cells: np.ndarray, keep: np.ndarray, lattice_constant: float) -> np.ndarray:
    """(N, 4) bool: atoms with at least two neighbouring columns of the other element.

    Counted in projection, where neighbours are a / sqrt(3) apart: an S atom with a single Mo
    neighbour, or a Mo atom with a single S column, would not stay at a real edge.
    """
    cutoff = 1.2 * lattice_constant / np.sqrt(3)
    bonded = keep.copy()
    for _ in range(3):
        metal = cells[bonded[:, 0], 0]
        sulphur = cells[bonded[:, 1:3].any(axis=1), 1]
        if not len(metal) or not len(sulphur):
            return np.zeros_like(keep)
        near_metal = cKDTree(metal).query_ball_point(cells[:, 1], cutoff, return_length=True)
        near_sulphur = cKDTree(sulphur).query_ball_point(cells[:, 0], cutoff, return_length=True)
        bonded[:, 1:3] &= (near_metal >= 2)[:, None]
        bonded[:, 0] &= near_sulphur >= 2
    return bonded


def _exchange(
    keep: np.ndarray,
    height: np.ndarray,
    symbols: np.ndarray,
    half: float,
    fraction: float,
    rng: np.random.Generator,
) -> None:
    """Antisites, in place: a pair of S where Mo was, Mo where a pair of S was."""
    chosen = rng.random((len(keep), 2)) < fraction
    metal = chosen[:, 0] & keep[:, 0]
    symbols[metal, 0], height[metal, 0], keep[metal, 3] = "S", half, True
    pair = chosen[:, 1] & keep[:, 1] & keep[:, 2]
    symbols[pair, 1], height[pair, 1], keep[pair, 2] = "Mo", 0.0, False


def _substitute(
    symbols: np.ndarray,
    element: str,
    fraction: float,
    settings: MoS2,
    rng: np.random.Generator,
) -> None:
    """Another element for some atoms, in place; fractions count of all atoms there were."""
    own, family = ("Mo", METALS) if element in METALS else ("S", CHALCOGENS)
    already = np.isin(symbols, family)
    candidates = (symbols == own) | already
    left = candidates & ~already
    if left.any():
        chance = min(fraction * candidates.sum() / left.sum(), 1.0)
        symbols[left & (rng.random(symbols.shape) < chance)] = element


def _support(
    support: Graphene | AmorphousCarbon,
    field: Field,
    heights: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, dict[str, object]]:
    """(N, 3) carbon atoms on a random side of the flake, whose atoms' z are ``heights`` [Å]."""
    side = 1 if rng.random() < 0.5 else -1
    face = (heights.max() if side > 0 else heights.min()) if len(heights) else 0.0
    gap = draw(support.gap, rng)
    if isinstance(support, AmorphousCarbon):
        film, drawn = amorphous_carbon(support, field, rng)
        points = film.positions.copy()
        points[:, 2] = face + side * (gap + points[:, 2])
        return points, {"support": "amorphous carbon", **drawn}
    sheets, rotations = [], []
    for number in range(round(draw(support.layers, rng))):
        rotations.append(rng.uniform(0, np.pi / 3))
        points = sheet(field, rotations[-1], rng.uniform(-2, 2, 2))
        points = points[rng.random(len(points)) >= draw(support.vacancies, rng)]
        z = face + side * (gap + number * GRAPHENE_DISTANCE)
        sheets.append(np.column_stack([points, np.full(len(points), z)]))
    drawn = {
        "support": "graphene",
        "graphene_gap": gap,
        "graphene_rotation_deg": float(np.rad2deg(rotations[0])),
        "graphene_layers": len(sheets),
        "graphene_side": side,
    }
    return np.concatenate(sheets), drawn
