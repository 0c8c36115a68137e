"""Columns of every prototype along its third axis, worked out by hand from the Wyckoff positions.

The positions are those that the International Tables list for each site, projected on the plane of
the first two axes; numbers of atoms are those of one cell.
"""

import re
from collections import Counter

import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.structures.columns import project
from temnet.structures.crystals.compounds import COMPOUNDS
from temnet.structures.crystals.prototypes import PROTOTYPES
from temnet.structures.crystals.unit_cells import unit_cell

CORNERS = "0 0, 1/2 1/2, 0 1/2, 1/2 0"
QUARTERS = "1/4 1/4, 3/4 3/4, 1/4 3/4, 3/4 1/4"
EIGHTHS = "1/8 1/8, 5/8 5/8, 1/8 5/8, 5/8 1/8, 7/8 3/8, 3/8 7/8, 7/8 7/8, 3/8 3/8"
SIXTEEN = f"{CORNERS}, {QUARTERS}, 3/4 0, 1/4 1/2, 3/4 1/2, 1/4 0, 0 1/4, 1/2 3/4, 1/2 1/4, 0 3/4"

BY_HAND = {
    "fcc": {CORNERS: "A"},
    "bcc": {"0 0, 1/2 1/2": "A"},
    "hcp": {"1/3 2/3, 2/3 1/3": "A"},
    "diamond": {CORNERS: "A", QUARTERS: "A"},
    "beta tin": {CORNERS: "A"},
    "zincblende": {CORNERS: "A", QUARTERS: "B"},
    "wurtzite": {"1/3 2/3, 2/3 1/3": "A B"},
    "rocksalt": {CORNERS: "A B"},
    "CsCl": {"0 0": "A", "1/2 1/2": "B"},
    "NiAs": {"0 0": "A A", "1/3 2/3, 2/3 1/3": "B"},
    "fluorite": {CORNERS: "A", QUARTERS: "B B"},
    "antifluorite": {CORNERS: "B", QUARTERS: "A A"},
    "cuprite": {QUARTERS: "A", "0 0, 1/2 1/2": "B"},
    "pyrite": {
        CORNERS: "A",
        "u u, 1/2-u -u, -u 1/2+u, 1/2+u 1/2-u, -u -u, 1/2+u u, u 1/2-u, 1/2-u 1/2+u": "B",
    },
    "rutile": {"0 0, 1/2 1/2": "A", "u u, -u -u, 1/2-u 1/2+u, 1/2+u 1/2-u": "B"},
    "anatase": {CORNERS: "A B B"},
    # The 18 oxygen atoms lie close to a close-packed layer's sites, three over each.
    "corundum": {
        "0 0, 1/3 2/3, 2/3 1/3": "A A A A",
        "1/3 0, 0 1/3, 2/3 2/3, 2/3 0, 0 2/3, 1/3 1/3": "B B B",
    },
    "perovskite": {"0 0": "A", "1/2 1/2": "B C", "0 1/2, 1/2 0": "C"},
    "spinel": {EIGHTHS: "A", SIXTEEN: "B C C"},
    "chalcopyrite": {CORNERS: "A B", QUARTERS: "C C"},
    "Heusler": {QUARTERS: "A A", CORNERS: "B C"},
    "Cu3Au": {"0 1/2, 1/2 0, 1/2 1/2": "A", "0 0": "B"},
    "CuAu": {"1/2 1/2": "A", "0 0": "B"},
    "A15": {"1/4 0, 3/4 0, 1/2 1/4, 1/2 3/4": "A", "0 1/2": "A A", "0 0, 1/2 1/2": "B"},
    "2H": {"1/3 2/3, 2/3 1/3": "A B B"},
    "1T": {"0 0": "A", "1/3 2/3, 2/3 1/3": "B"},
    "h-BN": {"1/3 2/3, 2/3 1/3": "A B"},
    "graphite": {"0 0": "A A", "1/3 2/3, 2/3 1/3": "A"},
    "LiCoO2": {"0 0, 1/3 2/3, 2/3 1/3": "A B C C"},
}


def test_every_prototype_is_worked_out():
    assert set(BY_HAND) == set(PROTOTYPES) == {one.prototype for one in COMPOUNDS.values()}


@pytest.mark.parametrize("name", sorted(COMPOUNDS))
def test_columns_are_those_worked_out_by_hand(name):
    compound = COMPOUNDS[name]
    expected = _by_hand(compound)
    found = _columns(unit_cell(compound))
    assert len(found) == len(expected)
    cell = unit_cell(compound).cell.array[:2, :2]
    images = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    for place, elements in expected:
        near = ((np.array(place) + images)[:, None] - np.array([p for p, _ in found])) @ cell
        distance = np.linalg.norm(near, axis=2).min(axis=0)
        nearest = int(np.argmin(distance))
        # Oxygen in corundum, spinel and chalcopyrite lies up to 0.15 Å beside the ideal site.
        assert distance[nearest] < (0.15 if _is_idealised(compound) else 1e-6)
        assert found[nearest][1] == elements


def _is_idealised(compound):
    return compound.prototype in ("corundum", "spinel", "chalcopyrite")


def _by_hand(compound):
    """Place of each column in the cell's lengths, and its elements."""
    u = compound.free[0] if compound.free else 0.0
    columns = []
    for places, species in BY_HAND[compound.prototype].items():
        elements = Counter(compound.element_of[letter] for letter in species.split())
        for place in places.split(","):
            columns.append(([_value(text, u) % 1 for text in place.split()], elements))
    return columns


def _value(text, u):
    total = 0.0
    for sign, term in re.findall(r"([+-]?)([^+-]+)", text):
        top, _, bottom = term.partition("/")
        size = u if term == "u" else float(top) / float(bottom or 1)
        total += -size if sign == "-" else size
    return total


def _columns(cell):
    """Place of each column in the cell's lengths, and its elements, by the package."""
    patch = cell.repeat((3, 3, 1))
    column = project(patch, np.ones(len(patch), bool))
    inverse = np.linalg.inv(cell.cell.array[:2, :2])
    found = []
    for number in range(column.max() + 1):
        own = patch[column == number]
        place = own.positions[:, :2].mean(axis=0) @ inverse
        if np.all((place > 1 - 1e-6) & (place < 2 - 1e-6)):
            found.append((place % 1, Counter(own.get_chemical_symbols())))
    return found


@pytest.mark.parametrize("name", sorted(COMPOUNDS))
def test_atoms_are_a_bond_apart(name):
    from ase.data import covalent_radii

    atoms = unit_cell(COMPOUNDS[name]).repeat(3)
    distance, pair = cKDTree(atoms.positions).query(atoms.positions, k=2)
    bond = covalent_radii[atoms.numbers] + covalent_radii[atoms.numbers[pair[:, 1]]]
    # The shortest distances of A15 and of metals with d electrons are below the sum of radii.
    assert 0.75 < (distance[:, 1] / bond).min() < 1.25


@pytest.mark.parametrize(
    "name", [one.name for one in COMPOUNDS.values() if one.prototype in ("fcc", "bcc", "hcp")]
)
def test_elements_have_the_lattice_constants_that_ase_lists(name):
    from ase.data import atomic_numbers, reference_states

    compound = COMPOUNDS[name]
    state = reference_states[atomic_numbers[compound.elements[0]]]
    assert state["symmetry"] == compound.prototype
    assert compound.lengths[0] == pytest.approx(state["a"], rel=0.012)
    if "c/a" in state:
        assert compound.lengths[1] / compound.lengths[0] == pytest.approx(state["c/a"], rel=0.01)
