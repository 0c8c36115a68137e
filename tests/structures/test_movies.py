import numpy as np
import pytest
from ase import Atoms

from temnet.records import Columns, Structure
from temnet.structures.coordination import neighbour_count
from temnet.structures.movies import edge_columns, frame_structure, markov_presence, random_drift


def square(size):
    """A square lattice of columns of two gold atoms each, and a carbon atom on none."""
    places = np.stack(np.mgrid[:size, :size], axis=-1).reshape(-1, 2) * 2.0
    xyz = [[col, row, z] for row, col in places for z in (0.0, 3.0)]
    atoms = Atoms([*["Au"] * len(xyz), "C"], [*xyz, [1.0, 1.0, 9.0]])
    column = np.append(np.repeat(np.arange(len(places)), 2), -1)
    count = len(places)
    columns = Columns(places, np.zeros(count, np.int64), np.full(count, 2))
    return Structure(atoms, columns, column, {})


def test_neighbours_of_fcc_along_110_and_of_a_square_lattice():
    rows, cols, basis = np.mgrid[:9, :9, :2].reshape(3, -1)
    places = np.stack([(rows + basis / 2) / np.sqrt(2), cols + basis / 2], axis=1)
    count = neighbour_count(places)
    middle = np.linalg.norm(places - places.mean(axis=0), axis=1) < 2
    assert np.all(count[middle] == 6) and count.min() < 4
    assert neighbour_count(places[:1]).tolist() == [0]


def test_edge_columns_are_those_of_the_class_with_few_neighbours():
    columns = square(4).columns
    row, col = np.divmod(np.arange(16), 4)
    corner = (row % 3 == 0) & (col % 3 == 0)
    np.testing.assert_array_equal(edge_columns(columns, 0, 2), corner)
    np.testing.assert_array_equal(edge_columns(columns, 0, 4), np.ones(16, bool))
    assert not edge_columns(columns, 1, 4).any()


def test_presence_has_the_rates_that_were_asked_for():
    changing = np.arange(3000) < 2000
    presence = markov_presence(changing, 50, 0.2, 0.1, np.random.default_rng(0))
    assert presence[~changing].all()
    state = presence[changing]
    before, after = state[:, :-1], state[:, 1:]
    assert np.mean(~after[before]) == pytest.approx(0.1, abs=0.004)
    assert np.mean(after[~before]) == pytest.approx(0.2, abs=0.006)
    # In equilibrium from the first frame on.
    assert state[:, 0].mean() == pytest.approx(2 / 3, abs=0.03)


def test_nothing_changes_without_rates():
    assert markov_presence(np.ones(5, bool), 9, 0.0, 0.0, np.random.default_rng(0)).all()


def test_a_frame_lacks_whole_columns_and_is_drifted():
    whole = square(3)
    present = np.ones(9, bool)
    present[[0, 4]] = False
    part = frame_structure(whole, present, np.array([0.5, -0.2]))
    assert len(part.atoms) == 15 and part.atoms.symbols[-1] == "C"
    np.testing.assert_allclose(
        part.columns.positions, whole.columns.positions[present] + [0.5, -0.2]
    )
    # Each atom stands on its column: y along the rows, x along the columns.
    on = part.atom_column >= 0
    np.testing.assert_allclose(
        part.atoms.positions[on][:, [1, 0]], part.columns.positions[part.atom_column[on]]
    )
    assert np.bincount(part.atom_column[on]).tolist() == [2] * 7
    assert len(whole.atoms) == 19  # the original is as it was


def test_drift_is_a_random_walk_from_the_origin():
    drift = random_drift(20_000, 0.1, np.random.default_rng(0))
    assert drift[0].tolist() == [0, 0]
    assert np.diff(drift, axis=0).std(axis=0) == pytest.approx([0.1, 0.1], rel=0.03)
    assert not random_drift(5, 0.0, np.random.default_rng(0)).any()
