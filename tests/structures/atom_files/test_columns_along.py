"""Columns along a zone axis, against crystallography by hand."""

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, mx2

from temnet.config.structures.from_file import FromFile
from temnet.errors import InputError
from temnet.structures.atom_files.columns_along import columns_along


def along(tmp_path, atoms, axis=(0, 0, 1), **more):
    path = tmp_path / "cell.cif" if np.any(atoms.pbc) else tmp_path / "molecule.xyz"
    ase.io.write(path, atoms)
    return columns_along(FromFile(path=str(path), zone_axis=axis, **more))


ROCK_SALT = bulk("NaCl", "rocksalt", a=5.64, cubic=True)


@pytest.mark.parametrize(
    ("axis", "names", "nearest"),
    [
        # Along an edge of the cube sodium and chlorine share columns, in squares.
        ((0, 0, 1), ("ClNa",), 5.64 / 2),
        # Along the diagonal of a face each column is of one element, the heavier first.
        ((1, 1, 0), ("Cl", "Na"), 5.64 / np.sqrt(8)),
        # Along the diagonal of the cube both share columns again, in triangles.
        ((1, 1, 1), ("ClNa",), 5.64 / np.sqrt(6)),
    ],
)
def test_rock_salt(tmp_path, axis, names, nearest):
    found = along(tmp_path, ROCK_SALT, axis, tilt_deg=3.0, vacancies={"Na": 0.5})
    assert found.names == names and found.closest == pytest.approx(nearest, abs=0.01)
    np.testing.assert_allclose(found.nearest, nearest, atol=0.01)


def test_each_kind_has_its_own_distance(tmp_path):
    # Two atoms of gold 3 Å apart, and one of iron 5 Å from them.
    molecule = Atoms("Au2Fe", [[0, 0, 0], [3, 0, 0], [0, 5, 0]])
    found = along(tmp_path, molecule)
    assert found.names == ("Au", "Fe") and found.nearest == pytest.approx((3, 5))
    assert found.closest == pytest.approx(3)
    alone = along(tmp_path, Atoms("Au", [[0, 0, 0]]))
    assert alone.names == ("Au",) and alone.nearest == (np.inf,)


def test_columns_are_named_as_asked_for(tmp_path):
    sheet = mx2("MoS2", a=3.16, thickness=3.17, vacuum=8)
    sheet.pbc = True
    by_formula = along(tmp_path, sheet, naming="formula")
    assert by_formula.names == ("Mo", "S2")
    assert by_formula.nearest == pytest.approx([3.16 / np.sqrt(3)] * 2, abs=0.01)
    assert along(tmp_path, sheet).names == ("Mo", "S")
    renamed = along(tmp_path, sheet, naming="formula", classes={"S2": "sulphur"})
    assert renamed.names == ("Mo", "sulphur")
    merged = along(tmp_path, sheet, classes={"S": "any", "Mo": "any"})
    assert merged.names == ("any",)


def test_a_file_that_is_no_structure_is_refused(tmp_path):
    path = tmp_path / "a.cif"
    path.write_text("nothing")
    with pytest.raises(InputError, match="a.cif"):
        columns_along(FromFile(path=str(path)))
