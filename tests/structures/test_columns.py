import numpy as np
import pytest
from ase import Atoms
from hypothesis import given
from hypothesis import strategies as st

from temnet.structures.columns import (
    column_elements,
    column_positions,
    make_structure,
    named_structure,
    project,
)


def test_atoms_on_one_line_are_one_column_and_rows_come_from_y():
    atoms = Atoms("Au3", [[1, 7, 0], [1.1, 7, 3], [4, 7, 0]])
    column = project(atoms, np.ones(3, bool))
    assert column[0] == column[1] != column[2]
    np.testing.assert_allclose(column_positions(atoms.positions, column)[column[0]], [7, 1.05])


def test_what_is_not_chosen_stands_on_no_column():
    atoms = Atoms("AuC", [[0, 0, 0], [0, 0, 3]])
    assert project(atoms, np.array([True, False])).tolist() == [0, -1]
    assert project(Atoms(), np.zeros(0, bool)).tolist() == []


@given(st.permutations(range(12)))
def test_the_order_of_the_atoms_does_not_matter(order):
    positions = np.array([[3.0 * (k % 4), 2.0 * (k % 3), k] for k in range(12)])
    atoms = Atoms("Au12", positions[list(order)])
    structure = make_structure(atoms, project(atoms, np.ones(12, bool)), lambda c: "x", ("x",), {})
    found = structure.columns.positions
    expected = np.unique(positions[:, [1, 0]], axis=0)
    np.testing.assert_allclose(found[np.lexsort(found.T[::-1])], expected)
    assert structure.columns.atom_count.sum() == 12


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (("column",), [0, 0, 0, -1]),
        (("b", "column"), [1, 0, 1, -1]),
        (("column", "b"), [0, 1, 0, -1]),
        (("column:2-", "a"), [1, -1, 1, -1]),
        (("column:2-",), [-1, -1, 0, -1]),
        (("c",), [-1, -1, -1, -1]),
    ],
)
def test_column_is_the_class_of_what_no_other_class_names(classes, expected):
    atoms = Atoms("C5", [[0, 0, 0], [2, 0, 0], [4, 0, 0], [4, 0, 1], [6, 0, 0]])
    names = np.array(["a", "b", "a", ""], dtype=object)
    structure = named_structure(atoms, np.array([0, 1, 2, 2, 3]), names, classes, {})
    assert structure.columns.class_index.tolist() == expected


def test_columns_are_classed_by_their_composition():
    atoms = Atoms("MoSSS", [[0, 0, 0], [2, 0, 1], [2, 0, -1], [4, 0, 1]])
    classes = {(("Mo", 1),): "Mo", (("S", 2),): "S2"}
    structure = make_structure(
        atoms,
        project(atoms, np.ones(4, bool)),
        lambda c: classes.get(tuple(c.items())),
        ("S2", "Mo"),
        {},
    )
    assert structure.columns.class_index.tolist() == [1, 0, -1]
    assert structure.columns.atom_count.tolist() == [1, 2, 1]


def test_classes_may_go_by_the_number_of_atoms():
    heights = [1, 3, 4, 9]
    positions = np.concatenate(
        [[[5.0 * i, 0, 2.0 * k] for k in range(n)] for i, n in enumerate(heights)]
    )
    atoms = Atoms(["Au"] * sum(heights), positions)
    column = np.repeat(np.arange(4), heights)

    def index(*classes):
        return make_structure(atoms, column, lambda c: "metal", classes, {}).columns.class_index

    assert index("metal:1-3", "metal:4-").tolist() == [0, 0, 1, 1]
    assert index("metal:2-4").tolist() == [-1, 0, 0, -1]
    assert index("metal").tolist() == [0, 0, 0, 0]
    assert index("oxide").tolist() == [-1] * 4
    with pytest.raises(ValueError, match="expected a range of atoms"):
        index("metal:3-1")


def test_columns_of_the_same_elements_are_of_one_kind_for_any_number_of_atoms():
    places = [[0, 0], [2, 0], [2, 0], [4, 0], [4, 0], [6, 0], [6, 0], [8, 0]]
    atoms = Atoms(
        ["S", "S", "S", "Sr", "O", "O", "Sr", "C"], [[*place, z] for z, place in enumerate(places)]
    )
    column = project(atoms, atoms.numbers != 6)  # the carbon is no column
    structure = make_structure(atoms, column, lambda c: "x", ("x",), {})
    kind = column_elements(structure)
    by_place = dict(zip(structure.columns.positions[:, 1], kind, strict=True))
    assert by_place[0] == by_place[2]  # S and S2
    assert by_place[4] == by_place[6] != by_place[0]  # Sr and O, in any order
    none = make_structure(Atoms(), np.zeros(0, int), lambda c: "x", ("x",), {})
    assert len(column_elements(none)) == 0
