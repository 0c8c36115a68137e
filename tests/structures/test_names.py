import ase.io
import pytest
from ase import Atoms

from temnet.config.structures.from_file import FromFile
from temnet.config.structures.mos2 import MoS2
from temnet.errors import InputError
from temnet.structures.names import check_names


@pytest.fixture
def perovskite(tmp_path):
    scaled = [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
    path = tmp_path / "sto.cif"
    ase.io.write(path, Atoms("SrTiO3", scaled_positions=scaled, cell=[3.905] * 3, pbc=True))
    return str(path)


@pytest.mark.parametrize(
    ("changes", "classes"),
    [
        ({}, ("Sr", "OTi", "O")),
        ({}, ("Sr:1-3", "Sr:4-")),
        ({"classes": {"OTi": "bright"}, "vacancies": {"O": 0.1}}, ("bright", "O")),
        ({"naming": "formula"}, ("O2", "SrTi")),
    ],
)
def test_names_that_columns_can_have(perovskite, changes, classes):
    check_names(FromFile(path=perovskite, **changes), classes)


@pytest.mark.parametrize(
    ("changes", "classes", "message"),
    [
        ({}, ("Sr", "TiO"), "labels.classes: TiO must be written OTi"),
        ({}, ("Mg",), "labels.classes: unknown class Mg; .*: O, Sr, Ti"),
        ({}, ("strontium",), "labels.classes: unknown class strontium"),
        ({}, ("O2",), "labels.classes: O2 must be written O"),
        ({"naming": "formula"}, ("OO",), "labels.classes: OO must be written O2"),
        ({"classes": {"TiO": "Ti"}}, ("Ti",), "structure.classes: TiO"),
        ({"vacancies": {"Oxygen": 0.1}}, ("O",), "structure.vacancies names Oxygen"),
    ],
)
def test_names_that_none_can_have_are_refused(perovskite, changes, classes, message):
    with pytest.raises(InputError, match=message):
        check_names(FromFile(path=perovskite, **changes), classes)


def test_substitutes_make_names_of_their_own():
    settings = MoS2(substitutes={"Se": 0.1})
    check_names(settings, ("Mo", "S2", "SSe", "Se2"))
    with pytest.raises(InputError, match="must be written SSe"):
        check_names(settings, ("Mo", "SeS"))
    with pytest.raises(InputError, match="unknown class W"):
        check_names(settings, ("W",))
