"""Lattices of structure files along zone axes, against lengths in the cubic cell."""

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, mx2

import temnet
from temnet.errors import InputError
from temnet.strain.ideal_lattice import lattice_of_structure
from tests.strain.crystals import A, crystal, peaks_at


@pytest.fixture
def gold(tmp_path):
    path = tmp_path / "gold.cif"
    ase.io.write(path, bulk("Au", "fcc", a=A, cubic=True))
    return str(path)


@pytest.mark.parametrize(
    ("zone", "lengths"),
    [
        ((0, 0, 1), (A / 2, A / 2)),
        ((1, 1, 0), (np.sqrt(3 / 8) * A, np.sqrt(3 / 8) * A)),
        ((1, 1, 1), (A / np.sqrt(6), A / np.sqrt(6))),
    ],
)
def test_gold(gold, zone, lengths):
    vectors = lattice_of_structure(gold, zone)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=0), lengths, rtol=1e-6)


def test_a_sheet_with_vacuum(tmp_path):
    path = tmp_path / "mos2.cif"
    ase.io.write(path, mx2("MoS2", a=3.16, vacuum=10))
    vectors = lattice_of_structure(str(path), (0, 0, 1))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=0), [3.16, 3.16], rtol=1e-6)


def test_a_lattice_of_which_every_second_column_was_found():
    """Of a square of 2.0 Å a face-centred half is seen: a square of 2.0 Å times the root of two."""
    rows, cols = (each.ravel() for each in np.mgrid[:20, :20])
    points = np.stack([cols, rows], axis=1)[(rows + cols) % 2 == 0] * 2.02
    strain = temnet.strain_map(peaks_at(points), reference="lattice", lattice=[(2, 0), (0, 2)])
    np.testing.assert_allclose(strain.value("dilatation")[strain.state == 0], 1.01**2 - 1)


def test_strain_against_a_structure_is_absolute(gold):
    points = crystal("fcc [110]", 20.0, 77) @ np.diag([1.02, 0.99])
    lattice = lattice_of_structure(gold, (1, -1, 0)).T
    strain = temnet.strain_map(peaks_at(points), reference="lattice", lattice=lattice)
    fitted = strain.state == 0
    np.testing.assert_allclose(strain.value("e_xx")[fitted], 0.02, atol=1e-6)
    np.testing.assert_allclose(strain.value("e_yy")[fitted], -0.01, atol=1e-6)


def test_a_structure_without_a_lattice_is_refused(tmp_path):
    path = tmp_path / "molecule.xyz"
    ase.io.write(path, Atoms("CO", [[0, 0, 0], [0, 0, 1.1]]))
    with pytest.raises(InputError, match="no lattice of columns"):
        lattice_of_structure(str(path), (0, 0, 1))
