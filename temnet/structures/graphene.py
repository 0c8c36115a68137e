"""Graphene: perfect sheets as supports, and sheets with defects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from scipy.spatial import Voronoi, cKDTree

from temnet.config.distributions import draw, draw_text
from temnet.config.structures.graphene import DefectedGraphene
from temnet.config.structures.supports import AmorphousCarbon
from temnet.records import Structure
from temnet.structures.amorphous import amorphous_carbon
from temnet.structures.columns import formula, make_structure
from temnet.structures.geometry import Field, apart, lattice_patch, smooth_outline

BOND_LENGTH = 1.42
"""Distance of neighbouring carbon atoms [Å]: a / sqrt(3), a = 2.46 Å."""

MIN_DISTANCE = 1.15
"""Vertices of the Voronoi diagram closer than this are one atom [Å]."""

POISSON_RADIUS = 1.9
"""No two random points are closer than this [Å], for a lattice constant of 2.46 Å."""

BRIDGE_HEIGHT, HOLLOW_HEIGHT = 1.87, 2.1
"""Height of a carbon atom over a bond: Lehtinen et al., Phys. Rev. Lett. 91, 017202 (2003); and of
metal atoms over a hexagon, about [Å]."""

LOOP_RADIUS = (5.0, 15.0)
"""Mean radius of a grain inside a closed boundary [Å]."""

CONTAMINATION_GAP = (1.5, 3.3)
"""Distance of amorphous carbon from the sheet [Å]: from bonded to loosely adsorbed."""

PACKING_SLACK = 1.1
"""Random points do not pack as densely as a sheet: they are drawn on a patch larger by this factor,
which is then scaled down."""


def sheet(field: Field, rotation: float, offset: np.ndarray) -> np.ndarray:
    """Atoms of a perfect sheet that fills a field with its margin.

    Args:
        field: Area to fill.
        rotation: Angle of a lattice vector from x [rad].
        offset: (2,) x, y of one hexagon's centre from the field's centre [Å].

    Returns:
        (N, 2) x, y [Å].
    """
    cell = _triangular_cell(BOND_LENGTH * np.sqrt(3), rotation)
    basis = np.stack([cell.sum(axis=0) / 3, cell.sum(axis=0) * 2 / 3])
    points = lattice_patch(cell, basis, field.radius).reshape(-1, 2) + field.centre + offset
    return points[field.covers(points)]


def build_graphene(
    settings: DefectedGraphene, field: Field, classes: Sequence[str], rng: np.random.Generator
) -> Structure:
    """A sheet with grain boundaries, pentagons, heptagons and holes.

    Points with a minimum distance, or one or two lattices, are relaxed by Lloyd's algorithm;
    the vertices of their Voronoi diagram are the atoms, whose bonds are then evened out.
    After Madsen et al., Adv. Theory Simul. 1, 1800037 (2018).

    Args:
        settings: Settings of the specimen.
        field: Area to fill.
        classes: The experiment's classes; atoms are `C`.
        rng: Draws the sheet.
    """
    bond = draw(settings.bond_length, rng)
    perfect = rng.random() < settings.perfect_probability
    if perfect:
        points, drawn = _perfect(settings, field, bond, rng)
    else:
        points, drawn = _voronoi(settings, field, bond, rng)
    points = points[field.covers(points)]
    points = points[rng.random(len(points)) >= draw(settings.vacancies, rng)]
    holes = round(draw(settings.holes, rng))
    for _ in range(holes):
        middle = rng.uniform([0, 0], [field.width, field.height])
        points = points[~smooth_outline(points, middle, draw(settings.hole_radius, rng), rng)]
    points = drop_dangling(points, 1.25 * bond)
    atoms = Atoms(f"C{len(points)}", np.column_stack([points, np.zeros(len(points))]))
    atoms += _adatoms(settings, points, bond, rng)
    adatoms = len(atoms) - len(points)
    patches = round(draw(settings.contamination, rng))
    for _ in range(patches):
        atoms += _contamination(settings, field, rng)
    atom_column = np.arange(len(atoms))
    atom_column[len(points) + adatoms :] = -1
    parameters = {
        "structure": "graphene",
        "bond_length": bond,
        "perfect": perfect,
        **drawn,
        "holes": holes,
        "adatoms": adatoms,
        "contamination": patches,
    }
    return make_structure(atoms, atom_column, formula, classes, parameters)


def _voronoi(
    settings: DefectedGraphene, field: Field, bond: float, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, object]]:
    """(N, 2) vertices of a relaxed Voronoi diagram as atoms [Å]."""
    spacing = bond * np.sqrt(3)
    steps = round(draw(settings.relaxation_steps, rng))
    grown = Field(field.height, field.width, field.margin + 3 * spacing)
    crystal = rng.random() < settings.crystal_probability
    if crystal:
        centres = _lattices(grown, spacing, settings.grain_loops, rng)
        steps = min(steps, 10)
    else:
        centres = _poisson_points(grown, spacing, rng)
    points = _even_bonds(*_vertices(_relax(centres, steps)), bond)
    return points, {"relaxation_steps": steps, "crystal": crystal}


def _perfect(
    settings: DefectedGraphene, field: Field, bond: float, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, object]]:
    """(N, 2) a lattice at a random angle, with Stone-Wales defects [Å]."""
    grown = Field(field.height, field.width, field.margin + 3 * bond)
    scale = bond / BOND_LENGTH
    shrunk = Field(grown.height / scale, grown.width / scale, grown.margin / scale)
    points = scale * sheet(shrunk, rng.uniform(0, np.pi / 3), rng.uniform(-2, 2, 2))
    bonds = cKDTree(points).query_pairs(1.25 * bond, output_type="ndarray")
    bonds = bonds[np.lexsort((bonds[:, 1], bonds[:, 0]))]
    count = round(draw(settings.stone_wales, rng) * len(bonds))
    turned = 0
    touched = np.zeros(len(points), bool)
    for number in rng.permutation(len(bonds)):
        if turned == count:
            break
        pair = bonds[number]
        around = np.unique(bonds[np.any(np.isin(bonds, pair), axis=1)])
        if len(around) == 6 and not touched[around].any():
            points, bonds = _stone_wales(points, bonds, pair)
            touched[around] = True
            turned += 1
    if turned:
        points = _even_bonds(points, bonds, bond)
    return points, {"stone_wales": turned}


def _stone_wales(
    points: np.ndarray, bonds: np.ndarray, pair: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A bond turned by 90 degrees: four hexagons become two pentagons and two heptagons.

    Stone and Wales, Chem. Phys. Lett. 128, 501 (1986).
    """
    points, bonds = points.copy(), bonds.copy()
    middle = points[pair].mean(axis=0)
    half = points[pair[0]] - middle
    points[pair[0]], points[pair[1]] = middle + [-half[1], half[0]], middle + [half[1], -half[0]]
    own = np.flatnonzero(
        np.any(np.isin(bonds, pair), axis=1) & ~np.all(np.isin(bonds, pair), axis=1)
    )
    for number in own:
        neighbour = bonds[number][~np.isin(bonds[number], pair)][0]
        nearer = np.argmin(np.linalg.norm(points[pair] - points[neighbour], axis=1))
        bonds[number] = neighbour, pair[nearer]
    return points, bonds


def _adatoms(
    settings: DefectedGraphene, points: np.ndarray, bond: float, rng: np.random.Generator
) -> Atoms:
    """Adatoms on either side of the sheet, none within a hexagon of another."""
    count = round(draw(settings.adatoms, rng) * len(points))
    if not count or len(points) < 3:
        return Atoms()
    element = draw_text(settings.adatom, rng)
    if element == "C":
        pairs = cKDTree(points).query_pairs(1.25 * bond, output_type="ndarray")
        places, height = points[pairs].mean(axis=1), BRIDGE_HEIGHT
    else:
        vertices = Voronoi(points).vertices
        distance = cKDTree(points).query(vertices)[0]
        places, height = vertices[np.abs(distance / bond - 1) < 0.15], HOLLOW_HEIGHT
    places = places[rng.permutation(len(places))]
    places = apart(places, 3 * bond)[:count]
    side = np.where(rng.random(len(places)) < 0.5, 1.0, -1.0)
    return Atoms([element] * len(places), np.column_stack([places, height * side]))


def _contamination(settings: DefectedGraphene, field: Field, rng: np.random.Generator) -> Atoms:
    """A patch of amorphous carbon on one side of the sheet, or a strand along its outline."""
    thickness = draw(settings.contamination_thickness, rng)
    radius = draw(settings.contamination_radius, rng)
    width = draw(settings.contamination_width, rng)
    middle = rng.uniform([0, 0], [field.width, field.height])
    film, _ = amorphous_carbon(AmorphousCarbon(thickness=thickness), field, rng)
    points, shape = film.positions[:, :2], int(rng.integers(2**32))
    covered = smooth_outline(points, middle, radius, np.random.default_rng(shape))
    if width < radius:
        # The same outline, smaller: within it the sheet is bare.
        inner = np.random.default_rng(shape)
        covered &= ~smooth_outline(points, middle, radius - width, inner)
    film = film[covered]
    film.positions[:, 2] += rng.uniform(*CONTAMINATION_GAP)
    film.positions[:, 2] *= rng.choice([-1, 1])
    return film


def drop_dangling(points: np.ndarray, cutoff: float) -> np.ndarray:
    """Points with at least two neighbours, after those with fewer are removed in turn.

    Args:
        points: (N, 2) [Å].
        cutoff: Largest distance of neighbours [Å].
    """
    while len(points):
        tree = cKDTree(points)
        neighbours = tree.query_ball_point(points, cutoff, return_length=True) - 1
        if np.all(neighbours >= 2):
            return points
        points = points[neighbours >= 2]
    return points


def _triangular_cell(spacing: float, rotation: float) -> np.ndarray:
    angles = np.array([rotation, rotation + np.pi / 3])
    return spacing * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _lattices(field: Field, spacing: float, loops: float, rng: np.random.Generator) -> np.ndarray:
    """Centres of the hexagons of one lattice, or of two with a straight or closed boundary."""
    grains = []
    normal = rng.uniform(0, 2 * np.pi)
    offset = rng.uniform(-0.3, 0.3) * min(field.height, field.width)
    two = rng.random() < 0.7
    loop = loops > 0 and rng.random() < loops
    if loop:
        middle = rng.uniform([0, 0], [field.width, field.height]) - field.centre
        radius, shape = rng.uniform(*LOOP_RADIUS), int(rng.integers(2**32))
    for side in (1, -1) if two else (0,):
        cell = _triangular_cell(spacing, rng.uniform(0, np.pi / 3))
        points = lattice_patch(cell, np.zeros((1, 2)), field.radius).reshape(-1, 2)
        points += rng.uniform(-spacing, spacing, 2)
        if loop:
            inside = smooth_outline(points, middle, radius, np.random.default_rng(shape))
            distance = np.where(inside, 1.0, -1.0)
        else:
            distance = points @ [np.cos(normal), np.sin(normal)] - offset
        grains.append(points[side * distance >= 0] + field.centre)
    points = np.concatenate(grains)
    points = points[field.covers(points)]
    return apart(points, 0.72 * spacing)


def _poisson_points(field: Field, spacing: float, rng: np.random.Generator) -> np.ndarray:
    """Random points with a minimum distance, scaled to the density of a perfect sheet."""
    half = PACKING_SLACK * (np.array([field.width, field.height]) / 2 + field.margin)
    radius = POISSON_RADIUS * spacing / 2.46
    attempts = int(20 * np.prod(2 * half) / spacing**2)
    points = apart(rng.uniform(-half, half, (attempts, 2)), radius)
    perfect = 2 / (np.sqrt(3) * spacing**2)
    points *= np.sqrt(len(points) / np.prod(2 * half) / perfect)
    points += field.centre
    return points[field.covers(points)]


def _relax(points: np.ndarray, steps: int) -> np.ndarray:
    """Lloyd's algorithm: each inner point moves to the centroid of its Voronoi cell."""
    for _ in range(steps):
        diagram = Voronoi(points)
        open_cells = _open_cells(diagram)
        area, moment = np.zeros(len(points)), np.zeros_like(points)
        ridges = np.array(diagram.ridge_vertices)
        closed = np.all(ridges >= 0, axis=1)
        first, second = diagram.vertices[ridges[closed]].transpose(1, 0, 2)
        for owner in diagram.ridge_points[closed].T:
            a, b = first - points[owner], second - points[owner]
            triangle = 0.5 * np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
            centroid = (points[owner] + first + second) / 3
            np.add.at(area, owner, triangle)
            np.add.at(moment, owner, triangle[:, None] * centroid)
        inner = ~open_cells & (area > 0)
        points = points.copy()
        points[inner] = moment[inner] / area[inner, None]
    return points


def _open_cells(diagram: Voronoi) -> np.ndarray:
    """(N,) bool: points whose cells extend beyond the patch; they do not move."""
    low, high = diagram.points.min(axis=0), diagram.points.max(axis=0)
    outside = np.any((diagram.vertices < low) | (diagram.vertices > high), axis=1)
    outside = np.append(outside, True)  # vertex -1: at infinity
    ridges = np.array(diagram.ridge_vertices)
    is_open = np.zeros(len(diagram.points), bool)
    is_open[diagram.ridge_points[np.any(outside[ridges], axis=1)].ravel()] = True
    return is_open


def _vertices(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of the Voronoi diagram (V, 2) and the pairs of neighbours (B, 2), merged."""
    diagram = Voronoi(points)
    ridges = np.array(diagram.ridge_vertices)
    ridges = ridges[np.all(ridges >= 0, axis=1)]
    low, high = points.min(axis=0), points.max(axis=0)
    inside = np.all((diagram.vertices >= low) & (diagram.vertices <= high), axis=1)
    ridges = ridges[np.all(inside[ridges], axis=1)]
    used, flat = np.unique(ridges, return_inverse=True)
    return diagram.vertices[used], flat.reshape(-1, 2)


def _even_bonds(points: np.ndarray, bonds: np.ndarray, length: float) -> np.ndarray:
    """Vertices moved by springs until bonds have about equal lengths; the closest merge."""
    degree = np.bincount(bonds.ravel(), minlength=len(points))[:, None]
    degree = np.maximum(degree, 1)  # a corner of the patch may lie alone
    for _ in range(60):
        vector = points[bonds[:, 1]] - points[bonds[:, 0]]
        distance = np.linalg.norm(vector, axis=1, keepdims=True)
        pull = 0.5 * vector * (1 - length / np.maximum(distance, 1e-3))
        force = np.zeros_like(points)
        np.add.at(force, bonds[:, 0], pull)
        np.add.at(force, bonds[:, 1], -pull)
        points = points + 0.6 * force / degree
    return apart(points, MIN_DISTANCE)
