import numpy as np
import pytest
from ase import Atoms
from ase.data import atomic_masses, atomic_numbers

from temnet.structures.lattices.oxide_lattices import LATTICES


def crystal(name):
    lattice = LATTICES[name]
    sites = np.array([*lattice.cations, *lattice.anions])
    symbols = [lattice.cation] * len(lattice.cations) + ["O"] * len(lattice.anions)
    return Atoms(symbols, scaled_positions=sites % 1, cell=lattice.lengths, pbc=True)


@pytest.mark.parametrize(
    # Bond lengths: CeO2 a sqrt(3) / 4; rutile Abrahams & Bernstein, J. Chem. Phys. 55, 3206 (1971).
    ("name", "bonds", "density"),
    [
        ("CeO2", [2.343] * 8, 7.22),
        ("TiO2", [1.949] * 4 + [1.980] * 2, 4.25),
        ("MgO", [2.106] * 6, 3.58),
    ],
)
def test_cations_have_the_bonds_of_the_mineral_and_the_cell_its_density(name, bonds, density):
    atoms = crystal(name)
    oxygen_per_cation = 1 if name == "MgO" else 2
    assert np.sum(atoms.numbers == 8) == oxygen_per_cation * np.sum(atoms.numbers != 8)
    supercell = atoms.repeat((3, 3, 3))
    centre = np.linalg.norm(supercell.positions - supercell.cell.sum(axis=0) / 2, axis=1)
    cations = np.flatnonzero(supercell.numbers == atomic_numbers[LATTICES[name].cation])
    cation = int(cations[np.argmin(centre[cations])])
    oxygen = np.flatnonzero(supercell.numbers == 8)
    found = np.sort(supercell.get_distances(cation, oxygen, mic=True))[: len(bonds)]
    np.testing.assert_allclose(found, bonds, atol=0.004)
    grams = sum(atomic_masses[atoms.numbers]) / 6.02214076e23
    assert grams / (atoms.get_volume() * 1e-24) == pytest.approx(density, rel=0.005)


@pytest.mark.parametrize("name", LATTICES)
def test_surfaces_of_a_zone_axis_are_edge_on(name):
    for along, surfaces in LATTICES[name].zones.values():
        for surface in surfaces:
            assert np.dot(along, surface.normal) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", LATTICES)
def test_an_orientation_brings_the_zone_along_z_and_the_normal_along_y(name):
    lattice = LATTICES[name]
    for zone, (along, surfaces) in lattice.zones.items():
        matrix = lattice.orientation(zone, np.array(surfaces[-1].normal))
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(matrix) == pytest.approx(1)
        for vector, axis in ((along, [0, 0, 1]), (surfaces[-1].normal, [0, 1, 0])):
            np.testing.assert_allclose(matrix @ vector / np.linalg.norm(vector), axis, atol=1e-12)


@pytest.mark.parametrize(
    # Strong lines of the powder patterns, and forbidden ones of the F lattice and of P4_2/mnm.
    ("name", "seen", "missing"),
    [
        ("CeO2", [3.124, 2.706, 1.913, 1.632], [5.411, 3.826]),
        ("TiO2", [3.249, 2.487, 1.687], [4.594, 2.959]),
        ("MgO", [2.106, 1.489, 1.216], [4.212, 2.978]),
    ],
)
def test_reflections_are_those_of_the_powder_pattern(name, seen, missing):
    reflections = LATTICES[name].reflections()
    spacings = 1 / np.linalg.norm(reflections, axis=1)
    assert spacings.min() >= 1.2
    for spacing in seen:
        assert np.abs(spacings - spacing).min() < 0.003
    for spacing in missing:
        assert np.abs(spacings - spacing).min() > 0.05
    # One of each pair of opposite reflections.
    together = np.linalg.norm(reflections[:, None] + reflections[None], axis=2)
    assert together.min() > 1e-6
