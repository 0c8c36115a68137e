import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, mx2
from ase.cluster import Octahedron
from ase.neighborlist import neighbor_list

from temnet.structures.coordination import SQUARE_HALF, coordination


def test_agrees_with_ase_on_a_particle():
    particle = Octahedron("Au", 6, cutoff=1)
    cutoff = SQUARE_HALF * 4.08
    expected = np.bincount(neighbor_list("i", particle, cutoff), minlength=len(particle))
    np.testing.assert_array_equal(coordination(particle, {"Au-Au": cutoff}), expected)
    assert expected.max() == 12 and expected.min() < 8


@pytest.mark.parametrize("cells", [2, 3])
def test_periodic_metal_has_twelve_neighbours(cells):
    metal = bulk("Pt", cubic=True) * ((cells,) * 3)
    assert set(coordination(metal, {"Pt-Pt": SQUARE_HALF * 3.92})) == {12}


def test_each_element_counts_the_other():
    sheet = mx2("MoS2", size=(6, 6, 1), vacuum=5)
    sheet.pbc = [True, True, False]
    count = coordination(sheet, {"Mo-S": 2.9})
    assert set(count[sheet.numbers == 42]) == {6} and set(count[sheet.numbers == 16]) == {3}
    free = Atoms(numbers=sheet.numbers, positions=sheet.positions)
    edge = coordination(free, {"Mo-S": 2.9})
    assert edge.min() < 3 and edge.sum() == 2 * np.sum(edge[free.numbers == 42])


def test_elements_in_no_pair_have_none():
    pair = Atoms("AuC", [[0, 0, 0], [1, 0, 0]])
    assert coordination(pair, {"Au-Au": 3.0}).tolist() == [0, 0]
    assert coordination(Atoms(), {"Au-Au": 3.0}).tolist() == []
