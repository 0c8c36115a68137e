"""Which compounds settings draw, and compounds with other elements."""

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.structures.crystals.compounds import COMPOUNDS
from temnet.structures.crystals.unit_cells import (
    chosen_compounds,
    split_zone,
    unit_cell,
    with_other_elements,
)


def test_all_compounds_without_names():
    assert chosen_compounds((), ()) == tuple(COMPOUNDS.values())


def test_prototypes_and_compounds_are_named_alike():
    names = {one.name for one in chosen_compounds(("rutile", "Au", "MgO"), ("TiO2", "Au"))}
    assert {"MgO", "SnO2", "RuO2"} <= names
    assert not names & {"TiO2", "Au"}


@pytest.mark.parametrize(
    ("chosen", "left_out", "message"),
    [
        (("SrTi03",), (), "unknown compound or prototype 'SrTi03'.* such as SrTiO3"),
        ((), ("rutil",), "unknown compound or prototype 'rutil'.* such as rutile"),
        (("?",), (), "such as SrTiO3 or perovskite"),
        (("Au",), ("fcc",), "takes all compounds away"),
    ],
)
def test_wrong_names_get_a_sentence(chosen, left_out, message):
    with pytest.raises(InputError, match=message):
        chosen_compounds(chosen, left_out)


def test_other_elements_change_the_lengths_as_the_radii():
    copper = COMPOUNDS["Cu"]
    rng = np.random.default_rng(0)
    drawn = [with_other_elements(copper, rng) for _ in range(50)]
    assert {one.name for one in drawn} > {"Pb", "Ni"}
    lead = next(one for one in drawn if one.name == "Pb")
    # Covalent radii of Cordero et al. 2008: lead 1.46 Å, copper 1.32 Å.
    assert lead.lengths[0] == pytest.approx(copper.lengths[0] * 1.46 / 1.32)
    assert set(unit_cell(lead).get_chemical_symbols()) == {"Pb"}
    assert copper.lengths == (3.6149,)


def test_zone_axes_are_in_lowest_terms():
    assert split_zone("Au [220]") == ("Au", (1, 1, 0)) == split_zone("Au [110]")
    assert split_zone("SrTiO3 [-300]") == ("SrTiO3", (-1, 0, 0))
    with pytest.raises(InputError, match=r"'Au \[000\]' has no zone axis"):
        chosen_compounds(["Au [000]"], [])
