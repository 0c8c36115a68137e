"""Random crystals of many materials: shapes, grains, defects, supports and films."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from scipy.spatial import cKDTree

from temnet.config.distributions import draw, draw_text
from temnet.config.structures.crystal import STRONG, WEAK, Crystal, CrystalSupport
from temnet.records import Structure
from temnet.structures.amorphous import with_film
from temnet.structures.columns import (
    MAX_SMEAR,
    column_positions,
    ignore_smeared,
    moved,
    named_structure,
    project,
)
from temnet.structures.crystals.compounds import COMPOUNDS, Compound
from temnet.structures.crystals.grains import (
    Grain,
    grow,
    grow_off_axis,
    joined,
    mirrored,
    shortest_bond,
    together,
    turned,
)
from temnet.structures.crystals.prototypes import PROTOTYPES
from temnet.structures.crystals.shapes import below_steps, in_polyhedron, in_sheets, in_wedge
from temnet.structures.crystals.unit_cells import (
    chosen_compounds,
    split_zone,
    unit_cell,
    with_other_elements,
)
from temnet.structures.crystals.zone_axes import ZoneAxis, zone_axes, zone_axis
from temnet.structures.deformation import draw_deformation
from temnet.structures.geometry import Field, beyond_edges, tilt_matrix
from temnet.structures.off_axis import fcc_reflections, off_axis_rotation

FACE_CENTRED = ("fcc", "diamond", "zincblende", "rocksalt", "fluorite")
"""Prototypes of supports off axis: their reflections are at most those of a face-centred cell."""

WAVELENGTH = 60.0
"""Length of the wave of local strain [Å]."""

GAP = 2.0
"""Atoms of a particle and of its support are at least this far apart [Å]."""

CLOSE = 0.1
"""Fraction of columns that may be closer to a neighbour than the distance that limits the tilt."""

SMALLEST_TURN = 0.05
"""Grains are rotated against each other by at least this [rad]."""


def build_crystal(
    settings: Crystal, field: Field, classes: Sequence[str], rng: np.random.Generator
) -> Structure:
    """A crystal of a random compound along a random zone axis.

    Args:
        settings: Settings of the specimen.
        field: Area to fill.
        classes: The experiment's classes: `strong` and `weak`, or `column`.
        rng: Draws the specimen.

    Raises:
        InputError: If a compound is unknown.
    """
    compound, axis = _draw_compound(settings, rng)
    shape, layers = draw_text(settings.shape, rng), 0
    layered = PROTOTYPES[compound.prototype].layered and _may_be_sheet(settings, axis)
    if layered and rng.random() < settings.sheet_probability:
        axis, layers = _down_the_layers(compound), int(rng.integers(1, 4))
        shape = "edges" if shape in ("wedge", "particle") else shape
    scale, thickness = draw(settings.scale, rng), draw(settings.thickness, rng)
    radius = draw(settings.radius, rng)
    if layers:
        thickness = (layers + 2) * compound.lengths[-1]
    if shape == "particle":
        thickness = 4 * radius
    grain = grow(compound, axis, scale, field, thickness, rng)
    bond = scale * shortest_bond(unit_cell(compound).repeat(2).positions)
    if layers:
        grain = grain.select(in_sheets(grain.positions[:, 2], layers))
    arrangement = draw_text(settings.grains, rng)
    grain, arrangement = _with_second_grain(grain, arrangement, bond, field, rng)
    parameters: dict[str, object] = {
        "structure": compound.name,
        "prototype": compound.prototype,
        "zone_axis": "".join(map(str, axis.indices)),
        "spacing": axis.spacing * scale,
        "shape": f"{layers} layers" if layers else shape,
        "grains": arrangement,
    }
    grain, drawn = _shaped(grain, shape, thickness, radius, settings, field, rng)
    parameters |= drawn
    return _finished(grain, settings, field, classes, parameters, rng)


def _draw_compound(settings: Crystal, rng: np.random.Generator) -> tuple[Compound, ZoneAxis]:
    every = chosen_compounds(settings.compounds, settings.leave_out)
    # Prototypes count alike, however many compounds of them are listed.
    prototypes = sorted({one.prototype for one in every})
    prototype = prototypes[int(rng.integers(len(prototypes)))]
    own = [one for one in every if one.prototype == prototype]
    compound = own[int(rng.integers(len(own)))]
    zones = _zones(settings, compound)
    if rng.random() < settings.other_elements:
        other = with_other_elements(compound, rng)
        compound = compound if _is_left_out(settings, other) else other
    least = draw(settings.spacing, rng)
    if zones:
        return compound, zone_axis(compound, zones[int(rng.integers(len(zones)))])
    return compound, _draw_axis(compound, least, rng)


def _is_left_out(settings: Crystal, drawn: Compound) -> bool:
    """Whether a compound with exchanged elements is one that the settings leave out."""
    return any(
        (one.prototype, one.elements) == (drawn.prototype, drawn.elements)
        for one in COMPOUNDS.values()
        if one.name in settings.leave_out
    )


def _may_be_sheet(settings: Crystal, axis: ZoneAxis) -> bool:
    """Whether a layered crystal may be seen down its layers: not if another axis was asked for."""
    named = any(split_zone(name)[1] for name in settings.compounds)
    return not named or axis.indices == (0, 0, 1)


def _zones(settings: Crystal, compound: Compound) -> list[tuple[int, int, int]]:
    """The zone axes that the settings name for a compound."""
    split = [split_zone(name) for name in settings.compounds]
    return [zone for name, zone in split if zone and name in (compound.name, compound.prototype)]


def _draw_axis(compound: Compound, least: float, rng: np.random.Generator) -> ZoneAxis:
    """A zone axis whose columns are far enough apart; the best one if there is none."""
    axes = zone_axes(compound)
    apart = [axis for axis in axes if axis.spacing >= least]
    if not apart:
        return max(axes, key=lambda axis: axis.spacing)
    return apart[int(rng.integers(len(apart)))]


def _down_the_layers(compound: Compound) -> ZoneAxis:
    return zone_axis(compound, (0, 0, 1))


def _with_second_grain(
    grain: Grain, arrangement: str, bond: float, field: Field, rng: np.random.Generator
) -> tuple[Grain, str]:
    """The grain with a twin or a rotated neighbour on the other side of a plane."""
    if arrangement == "one" or not len(grain):
        return grain, "one"
    near = np.linalg.norm(grain.positions[:, :2] - field.centre, axis=1)
    point = grain.positions[np.argmin(near + rng.uniform(0, 0.4 * field.width)), :2]
    if arrangement == "boundary":
        along = rng.uniform(0, 2 * np.pi)
        angle = rng.uniform(SMALLEST_TURN, np.pi - SMALLEST_TURN)
        return joined(grain, turned(grain, field, angle), point, along, bond), arrangement
    row = _row(grain.vectors, rng)
    along = float(np.arctan2(row[1], row[0]))
    return joined(grain, mirrored(grain, point, along), point, along, bond), arrangement


def _row(vectors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(2,) one of the shorter rows of the lattice in the image [Å]."""
    steps = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    rows = (steps @ vectors)[:, :2]
    lengths = np.linalg.norm(rows, axis=1)
    shorter = rows[np.argsort(lengths, kind="stable")]
    shorter = shorter[np.linalg.norm(shorter, axis=1) > 0.5]
    return shorter[int(rng.integers(min(8, len(shorter))))]


def _shaped(
    grain: Grain,
    shape: str,
    thickness: float,
    radius: float,
    settings: Crystal,
    field: Field,
    rng: np.random.Generator,
) -> tuple[Grain, dict[str, object]]:
    """The grain cut to its shape, particles with their support."""
    if shape == "particle":
        offset = rng.uniform(-0.3, 0.3, 2) * [field.width, field.height]
        centre = np.array([*(field.centre + offset), 0.0])
        inside = in_polyhedron(grain.positions - centre, grain.vectors, radius, rng)
        return _on_support(grain.select(inside), settings, field, rng)
    if shape == "wedge":
        grain = grain.select(in_wedge(grain.positions, field, thickness, rng))
    if shape == "edges":
        count = int(rng.integers(1, 4))
        grain = grain.select(~beyond_edges(grain.positions[:, :2], field, count, rng))
    steps = round(draw(settings.steps, rng))
    return grain.select(below_steps(grain.positions, field, steps, rng)), {}


def _on_support(
    particle: Grain, settings: Crystal, field: Field, rng: np.random.Generator
) -> tuple[Grain, dict[str, object]]:
    """A particle at the edge of another crystal, with the probability that the settings give."""
    support = settings.support
    if support is None or not len(particle) or rng.random() >= support.probability:
        return particle, {}
    crystal, name = _support(support, settings, field, rng)
    angle = rng.uniform(0, 2 * np.pi)
    upwards = np.array([np.cos(angle), np.sin(angle)])
    surface = rng.uniform(-0.25, 0.25) * min(field.width, field.height)
    height = (crystal.positions[:, :2] - field.centre) @ upwards
    crystal = crystal.select(height <= surface)
    lowest = ((particle.positions[:, :2] - field.centre) @ upwards).min()
    shift = np.array([*(upwards * (surface + GAP - lowest)), 0.0])
    particle = particle.at(particle.positions + shift)
    if len(crystal):
        free = cKDTree(particle.positions).query(crystal.positions)[0] >= GAP
        crystal = crystal.select(free)
    return together(particle, crystal), {"support": name}


def _support(
    support: CrystalSupport, settings: Crystal, field: Field, rng: np.random.Generator
) -> tuple[Grain, str]:
    thickness = draw(support.thickness, rng)
    if rng.random() < support.off_axis_probability:
        every = chosen_compounds(settings.compounds, settings.leave_out)
        cubic = [one for one in every if one.prototype in FACE_CENTRED] or [COMPOUNDS["Au"]]
        compound = cubic[int(rng.integers(len(cubic)))]
        reflections = fcc_reflections(compound.lengths[0])
        rotation = off_axis_rotation(reflections, max(thickness, 15.0), rng)
        grain = grow_off_axis(compound, rotation, field, thickness, rng)
        return grain, f"{compound.name} off axis"
    compound, axis = _draw_compound(settings, rng)
    grain = grow(compound, axis, draw(settings.scale, rng), field, thickness, rng)
    return grain, f"{compound.name} [{''.join(map(str, axis.indices))}]"


def _finished(
    grain: Grain,
    settings: Crystal,
    field: Field,
    classes: Sequence[str],
    parameters: dict[str, object],
    rng: np.random.Generator,
) -> Structure:
    """The specimen with strain, defects, classes, tilt and film."""
    local = draw(settings.local_strain, rng)
    deformation = draw_deformation(field.centre, settings.strain, local, 0.0, WAVELENGTH, rng)
    grain = grain.at(deformation(grain.positions))
    atom_column = project(Atoms(grain.numbers, grain.positions), grain.strength > 0)
    lost = rng.random(len(grain)) < draw(settings.missing_atoms, rng)
    lost |= _on_lost_columns(atom_column, draw(settings.missing_columns, rng), rng)
    grain = grain.select(~lost)
    atoms = Atoms(grain.numbers, grain.positions)
    atom_column = project(atoms, grain.strength > 0)
    names = _names(grain.strength, atom_column, settings.weak_below)
    thickness = float(np.ptp(grain.positions[:, 2])) if len(grain) else 0.0
    spacing = _spacing(column_positions(grain.positions, atom_column))
    tilt, direction = _tilt(settings, spacing, thickness, rng), rng.uniform(0, 2 * np.pi)
    parameters |= {
        "thickness": thickness,
        "tilt_deg": float(np.rad2deg(tilt)),
        "tilt_direction_deg": float(np.rad2deg(direction)),
    }
    pivot = np.array([*field.centre, 0.0])
    tilted = (grain.positions - pivot) @ tilt_matrix(tilt, direction).T + pivot
    film = settings.film
    covered = film is not None and len(atoms) > 0 and rng.random() < film.probability
    if film is not None and covered:
        atoms, atom_column, drawn = with_film(atoms, atom_column, film, field, rng)
        parameters |= {key: value for key, value in drawn.items() if key != "support"}
        tilted = np.concatenate([tilted, atoms.positions[len(tilted) :]])
    structure = named_structure(atoms, atom_column, names, classes, parameters)
    return ignore_smeared(moved(structure, tilted))


def _on_lost_columns(
    atom_column: np.ndarray, fraction: float, rng: np.random.Generator
) -> np.ndarray:
    """(n_atoms,) bool: atoms on columns that are missing."""
    lost = rng.random(int(atom_column.max(initial=-1)) + 1) < fraction
    return np.append(lost, False)[atom_column]


def _names(strength: np.ndarray, atom_column: np.ndarray, weak_below: float) -> np.ndarray:
    """(N,) name of each column."""
    of_column = np.zeros(int(atom_column.max(initial=-1)) + 1)
    on_column = atom_column >= 0
    np.maximum.at(of_column, atom_column[on_column], strength[on_column])
    weak = of_column < weak_below * of_column.max(initial=0)
    return np.where(weak, WEAK, STRONG).astype(object)


def _spacing(places: np.ndarray) -> float:
    """The distance that few of some columns, at (N, 2) places, are closer than to a neighbour."""
    if len(places) < 2:
        return float("inf")
    return float(np.quantile(cKDTree(places).query(places, k=2)[0][:, 1], CLOSE))


def _tilt(settings: Crystal, spacing: float, thickness: float, rng: np.random.Generator) -> float:
    """The tilt of the zone axis [rad], limited so that neighbouring columns stay separate."""
    limit = float(np.arcsin(min(1.0, MAX_SMEAR * spacing / max(thickness, 1.0))))
    return min(float(np.deg2rad(draw(settings.tilt_deg, rng))), limit)
