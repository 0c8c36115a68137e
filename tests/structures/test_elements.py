"""Elements that specimens can hold, against those of many that were drawn."""

import ase.io
import numpy as np
import pytest
from ase import Atoms
from pydantic import TypeAdapter

from temnet.config.structures.nanoparticle import FCC_METALS
from temnet.config.structures.structure import StructureSettings
from temnet.config.structures.vibrations import (
    CoordinationVibrations,
    EinsteinVibrations,
    NoVibrations,
    SnapshotVibrations,
)
from temnet.errors import InputError
from temnet.structures.elements import possible_elements
from temnet.structures.factory import build_structure
from temnet.structures.geometry import Field
from temnet.structures.vibrations.displacements import check_elements

FIELD = Field(20.0, 20.0, 2.0)
WHOLE = {"negatives": {"probability": 0}}
FILM = {"kind": "amorphous_carbon", "thickness": 5}
METALS = set(FCC_METALS)


def parsed(**settings):
    return TypeAdapter(StructureSettings).validate_python(settings)


CASES = [
    ({"kind": "mos2"}, {"Mo", "S"}),
    ({"kind": "mos2", "antisites": 0.1, **WHOLE}, {"Mo", "S"}),
    ({"kind": "mos2", "support": {"kind": "graphene"}}, {"Mo", "S", "C"}),
    ({"kind": "mos2", "support": {**FILM, "probability": 0}}, {"Mo", "S"}),
    (
        {"kind": "mos2", "substitutes": {"W": {"uniform": [0, 0.3]}, "Se": 0.3, "V": 0}, **WHOLE},
        {"Mo", "S", "W", "Se"},
    ),
    ({"kind": "mos2", "substitutes": {"W": 1, "Se": 1}, "antisites": 0.1, **WHOLE}, {"W", "Se"}),
    ({"kind": "mos2", "negatives": {"amorphous": 0.5}}, {"Mo", "S", "C"}),
    ({"kind": "mos2", "negatives": {"graphitic": 0.5}}, {"Mo", "S", "C"}),
    ({"kind": "mos2", "negatives": {"off_axis": 0.6}}, {"Mo", "S"} | METALS),
    ({"kind": "mos2", "negatives": {"probability": 0.5, "amorphous": 0.5}}, {"C"}),
    (
        {"kind": "nanoparticle", "element": {"choice": ["Pt", "Au"]}, "radius": 6},
        {"Pt", "Au"},
    ),
    (
        {"kind": "nanoparticle", "radius": 6, "negatives": {"off_axis": 1, "probability": 0}},
        {"Au"},
    ),
    (
        {"kind": "nanoparticle", "radius": 6, "support": {"kind": "CeO2", "probability": 0.7}},
        {"Au", "Ce", "O"},
    ),
    (
        {"kind": "nanoparticle", "radius": 6, "support": {"kind": "TiO2", "probability": 1}},
        {"Au", "Ti", "O"},
    ),
    ({"kind": "nanoparticle", "radius": 6, "support": FILM}, {"Au", "C"}),
    ({"kind": "graphene", "adatom": {"choice": ["Si", "Fe"]}}, {"C"}),
    (
        {"kind": "graphene", "adatom": {"choice": ["Si", "Fe"]}, "adatoms": 0.1, "holes": 0},
        {"C", "Si", "Fe"},
    ),
]


@pytest.mark.parametrize(("settings", "expected"), CASES)
def test_they_are_those_that_are_drawn(settings, expected):
    structure = parsed(**settings)
    drawn = set()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        drawn |= set(build_structure(structure, FIELD, ("X",), rng).atoms.get_chemical_symbols())
        if drawn == expected:
            break
    assert drawn == expected == possible_elements(structure)


def test_a_file_holds_its_own_elements(tmp_path):
    salt = Atoms("NaCl", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]], cell=[3.5] * 3, pbc=True)
    path = str(tmp_path / "salt.cif")
    ase.io.write(path, salt)
    assert possible_elements(parsed(kind="file", path=path)) == {"Na", "Cl"}
    lost = {"Cl": 1, "Na": {"uniform": [0, 1]}}
    assert possible_elements(parsed(kind="file", path=path, vacancies=lost)) == {"Na"}
    mixed = parsed(kind="file", path=path, empty={"off_axis": 0.1})
    assert possible_elements(mixed) == {"Na", "Cl"} | METALS
    with pytest.raises(InputError, match="structure.path: the file 'gone.cif' does not"):
        possible_elements(parsed(kind="file", path="gone.cif"))


def test_a_function_reports_only_the_elements_of_its_negatives():
    assert possible_elements(parsed(kind="python", function="a:b")) == set()
    film = parsed(kind="python", function="a:b", empty={"amorphous": 0.1})
    assert possible_elements(film) == {"C"}


def test_every_element_without_vibration_is_named():
    message = "vibrations.sigma has no value for Ag, Al, which specimens can hold; add"
    gold = CoordinationVibrations(table="gold_300K", sigma={"Cu": 0.1})
    with pytest.raises(InputError, match=message):
        check_elements({"Al", "Au", "Cu", "Ag"}, gold)
    given = EinsteinVibrations(
        sigma={"Au": 0.1}, b_factor={"C": 0.5}, debye_temperature={"Cu": 300}
    )
    with pytest.raises(InputError, match=message):
        check_elements({"Al", "Au", "Cu", "Ag", "C"}, given)


@pytest.mark.parametrize(
    "vibrations",
    [
        NoVibrations(),
        SnapshotVibrations(file="a.npz"),
        EinsteinVibrations(sigma={"default": 0.1}),
        EinsteinVibrations(sigma={"Au": 0.1}, b_factor={"default": 0.5}),
        CoordinationVibrations(table="gold_300K", sigma={"default": 0.1}),
    ],
    ids=lambda vibrations: vibrations.kind,
)
def test_what_vibrates_in_any_case_is_let_pass(vibrations):
    check_elements({"Ag", "Au"}, vibrations)
