"""Elements of classes, where chemistry knows them."""

import pytest
from ase.data import chemical_symbols

from temnet.config.structures.mos2 import MoS2
from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.config.structures.supports import Oxide
from temnet.structures.lattices.class_elements import (
    UNKNOWN_ELEMENT,
    class_elements,
    class_titles,
    element_symbol,
)


def test_every_element_is_its_own_symbol_with_and_without_numbers():
    for symbol in chemical_symbols[1:]:
        assert element_symbol(symbol) == element_symbol(f"{symbol}2") == symbol
        assert element_symbol(f"{symbol}:1-3") == symbol


@pytest.mark.parametrize("name", ["metal", "oxide", "OSr", "SrO2", "Xx", "mo", "", "2S", "S2S"])
def test_other_names_are_no_element(name):
    assert element_symbol(name) == UNKNOWN_ELEMENT == chemical_symbols[0]


@pytest.mark.parametrize(
    ("element", "oxide", "expected"),
    [
        ("Au", "CeO2", ("Au", "Ce")),
        ("Pt", "TiO2", ("Pt", "Ti")),
        ({"choice": ["Pt", "Au"]}, "CeO2", ("X", "Ce")),
        ({"choice": ["Pt", "Pt"]}, "CeO2", ("Pt", "Ce")),
    ],
)
def test_particles_name_their_metal_and_the_cation_of_their_oxide(element, oxide, expected):
    particle = Nanoparticle(element=element, support=Oxide(kind=oxide))
    assert class_elements(["metal", "oxide"], particle) == expected


def test_titles_give_all_elements_where_the_name_gives_none():
    particle = Nanoparticle(element={"choice": ["Pt", "Au", "Pt"]})
    assert class_titles(["metal", "metal:1-3", "Mo"], particle) == (
        "metal (Pt or Au)", "metal:1-3 (Pt or Au)", "Mo"
    )  # fmt: skip
    for structure in (None, MoS2()):
        assert class_titles(["Mo", "metal"], structure) == ("Mo", "metal")
        assert class_elements(["Mo", "S2", "metal"], structure) == ("Mo", "S", "X")
