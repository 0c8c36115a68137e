import numpy as np
import pytest
from ase import Atoms

from temnet.errors import InputError
from temnet.structures.atom_files.check import check_structure
from temnet.structures.columns import formula, make_structure


def structure(atoms):
    return make_structure(atoms, np.arange(len(atoms)), formula, ("H",), {})


def test_the_shortest_of_all_bonds_is_accepted():
    hydrogen = structure(Atoms("H2", [[0, 0, 0], [0, 0, 0.74]]))
    assert check_structure(hydrogen, "a.cif") is hydrogen
    alone = structure(Atoms("H", [[0, 0, 0]]))
    assert check_structure(alone, "a.cif") is alone


@pytest.mark.parametrize(
    ("atoms", "message"),
    [
        (Atoms(), "a.cif: the structure has no atoms"),
        (Atoms("Au2", [[0, 0, 0], [0.3, 0.4, 0]]), "two atoms are 0.50 Å apart"),
        (Atoms(numbers=[104], positions=[[0, 0, 0]]), "atomic number 104; expected 1 to 103"),
        (Atoms(numbers=[0], positions=[[0, 0, 0]]), "atomic number 0"),
        (Atoms("Au", [[0, np.nan, 0]]), "not finite"),
    ],
)
def test_structures_that_cannot_be_simulated_are_refused(atoms, message):
    with pytest.raises(InputError, match=message):
        check_structure(structure(atoms), "a.cif")
