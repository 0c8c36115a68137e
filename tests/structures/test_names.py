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
        ({}, ("Sr", "TiO"), "labels.classes names TiO; such columns are called OTi"),
        ({}, ("Mg",), "labels.classes names Mg, .* which are O, Sr, Ti"),
        ({}, ("strontium",), "labels.classes names strontium, which no column is called"),
        ({}, ("O2",), "labels.classes names O2; such columns are called O"),
        ({"naming": "formula"}, ("OO",), "labels.classes names OO; such columns are called O2"),
        ({"classes": {"TiO": "Ti"}}, ("Ti",), "structure.classes names TiO"),
        ({"vacancies": {"Oxygen": 0.1}}, ("O",), "structure.vacancies names Oxygen"),
    ],
)
def test_names_that_none_can_have_are_refused(perovskite, changes, classes, message):
    with pytest.raises(InputError, match=message):
        check_names(FromFile(path=perovskite, **changes), classes)


def test_substitutes_make_names_of_their_own():
    settings = MoS2(substitutes={"Se": 0.1})
    check_names(settings, ("Mo", "S2", "SSe", "Se2"))
    with pytest.raises(InputError, match="such columns are called SSe"):
        check_names(settings, ("Mo", "SeS"))
    with pytest.raises(InputError, match="labels.classes names W"):
        check_names(settings, ("W",))
