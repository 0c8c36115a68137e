import numpy as np
import pytest
from ase import Atoms

from temnet.config.vibrations import EinsteinVibrations, NoVibrations
from temnet.errors import InputError
from temnet.structures.columns import make_structure
from temnet.structures.vibrations import displace


@pytest.fixture
def rods():
    """2000 columns of two atoms each, gold and carbon."""
    x, y = np.mgrid[:50, :40].reshape(2, -1) * 3.0
    positions = np.concatenate([np.column_stack([x, y, np.full(2000, z)]) for z in (0.0, 2.0)])
    atoms = Atoms(["Au"] * 2000 + ["C"] * 2000, positions)
    column = np.tile(np.arange(2000), 2)
    return make_structure(atoms, column, lambda c: "rod", ("rod",), {})


def test_sigma_is_per_axis_and_element(rods):
    settings = EinsteinVibrations(sigma={"Au": 0.09, "default": 0.05}, scale=2.0)
    moved = displace(rods, settings, np.random.default_rng(0))
    shift = moved.atoms.positions - rods.atoms.positions
    np.testing.assert_allclose(shift[:2000].std(axis=0), 0.18, rtol=0.06)
    np.testing.assert_allclose(shift[2000:].std(axis=0), 0.10, rtol=0.06)


def test_columns_follow_the_mean_of_their_atoms(rods):
    settings = EinsteinVibrations(sigma={"default": 0.1})
    moved = displace(rods, settings, np.random.default_rng(0))
    pairs = moved.atoms.positions.reshape(2, 2000, 3).mean(axis=0)
    np.testing.assert_allclose(moved.columns.positions, pairs[:, [1, 0]], atol=1e-9)
    assert np.abs(moved.columns.positions - rods.columns.positions).max() > 0.1


def test_none_leaves_atoms_at_rest(rods):
    assert displace(rods, NoVibrations(), np.random.default_rng(0)) is rods


def test_an_element_without_a_value_is_an_error(rods):
    with pytest.raises(InputError, match="C"):
        displace(rods, EinsteinVibrations(sigma={"Au": 0.1}), np.random.default_rng(0))
