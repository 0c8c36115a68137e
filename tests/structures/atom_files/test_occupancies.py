"""Sites of CIF files that are occupied in part, or by several elements."""

import re

import ase.io
import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.config.structures.from_file import FromFile
from temnet.errors import InputError
from temnet.structures.atom_files.from_file import read_structure
from temnet.structures.atom_files.occupancies import site_counts
from temnet.structures.elements import possible_elements
from temnet.structures.factory import build_structure
from temnet.structures.geometry import Field

FIELD = Field(40.0, 36.0, 5.0)
PLAIN = {"tilt_deg": 0, "edge_probability": 0, "negatives": {"probability": 0}}

HEADER = """data_alloy
_cell_length_a 5.8
_cell_length_b 5.8
_cell_length_c 5.8
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'F -4 3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
"""
MIXED = ("Ga1 Ga 0 0 0 0.7", "In1 In 0 0 0 0.3", "As1 As .25 .25 .25 0.5")
FULL = ("Ga1 Ga 0 0 0 1", "As1 As .25 .25 .25 1")


@pytest.fixture
def alloy(tmp_path):
    """From lines of a CIF's table of atoms to the settings of the specimen."""

    def written(*lines, **changes):
        path = tmp_path / "alloy.cif"
        path.write_text(HEADER + "\n".join(lines) + "\n")
        return FromFile(path=str(path), **PLAIN, **changes)

    return written


def build(settings, seed=0):
    return build_structure(settings, FIELD, ("X",), np.random.default_rng(seed)).atoms


def number(atoms, symbol):
    return atoms.get_chemical_symbols().count(symbol)


def test_every_site_is_drawn_by_itself(alloy):
    full, found = build(alloy(*FULL)), build(alloy(*MIXED))
    metals = number(full, "Ga")
    assert number(found, "Ga") + number(found, "In") == metals
    # Four standard errors of a share of independent sites.
    error = 4 * np.sqrt(0.25 / metals)
    assert error < 0.06
    assert number(found, "In") / metals == pytest.approx(0.3, abs=error)
    assert number(found, "As") / number(full, "As") == pytest.approx(0.5, abs=error)
    # Copies of a cell that was drawn once have a share of 0.25 or 0.5, and other neighbours.
    alloyed = found[found.numbers != 33]
    first, second = cKDTree(alloyed.positions).query_pairs(4.2, output_type="ndarray").T
    both = (alloyed.numbers[first] == 49) & (alloyed.numbers[second] == 49)
    assert both.mean() == pytest.approx(0.3**2, abs=0.02)
    assert number(build(alloy(*MIXED), seed=1), "In") != number(found, "In")


def test_the_atoms_are_on_the_sites_of_the_file(alloy):
    full, found = build(alloy(*FULL)).positions, build(alloy(*MIXED)).positions
    assert cKDTree(full).query(found)[0].max() < 1e-9


@pytest.mark.parametrize(
    "lines", [FULL, ("Ga1 Ga 0 0 0 1.0", "As1 As .25 .25 .25 ?"), (*FULL, "In1 In 0 0 0 0")]
)
def test_whole_occupancies_draw_nothing(alloy, lines):
    """The specimen is the one that a file without occupancies gives."""
    with_occupancy = build(alloy(*lines))
    settings = alloy(*FULL)
    plain = HEADER.replace("_atom_site_occupancy\n", "")
    bare = "\n".join(line.rpartition(" ")[0] for line in FULL)
    with open(settings.path, "w") as file:
        file.write(f"{plain}{bare}\n")
    expected = build(settings)
    np.testing.assert_array_equal(with_occupancy.positions, expected.positions)
    np.testing.assert_array_equal(with_occupancy.numbers, expected.numbers)


def test_a_vacancy_may_be_certain_and_shares_may_be_rounded(alloy):
    none = build(alloy("Ga1 Ga 0 0 0 1", "As1 As .25 .25 .25 0"))
    assert set(none.get_chemical_symbols()) == {"Ga"}
    rounded = ("Ga1 Ga 0 0 0 0.34", "In1 In 0 0 0 0.34", "Al1 Al 0 0 0 0.34")
    found = build(alloy(*rounded))
    assert len(found) == len(build(alloy("Ga1 Ga 0 0 0 1")))
    assert number(found, "Al") / len(found) == pytest.approx(1 / 3, abs=0.06)


def test_mean_contents_of_the_cell_follow_the_occupancies(alloy):
    counts, whole = site_counts(read_structure(alloy(*MIXED).path))
    assert counts == pytest.approx({"Ga": 4 * 0.7, "In": 4 * 0.3, "As": 4 * 0.5})
    assert not whole.any()
    counts, whole = site_counts(read_structure(alloy(*FULL[:1], MIXED[2]).path))
    assert counts == pytest.approx({"Ga": 4, "As": 2}) and whole.sum() == 4


def test_elements_of_mixed_sites_can_all_be_there(alloy):
    assert possible_elements(alloy(*MIXED)) == {"Ga", "In", "As"}
    assert possible_elements(alloy(*FULL[:1], "As1 As .25 .25 .25 0")) == {"Ga"}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("Ga1 Ga 0 0 0 0.7", "In1 In 0 0 0 0.4"), "are Ga 0.7, In 0.4; expected fractions"),
        (("Ga1 Ga 0 0 0 1.2",), "are Ga 1.2; expected fractions"),
        (("Ga1 Ga 0 0 0 -0.2",), "are Ga -0.2; expected fractions"),
        (("Fe1 Fe2+ 0 0 0 0.5", "Fe2 Fe3+ 0 0 0 0.5"), "an element is listed twice on one site"),
        (("Ga1 Ga 0 0 0 0.5", "In1 In .5 .5 0 0.5"), "or a site at two equivalent positions"),
    ],
)
def test_unclear_occupancies_are_refused(alloy, lines, message):
    with pytest.raises(InputError, match=rf"alloy\.cif: .*{re.escape(message)}"):
        build(alloy(*lines))


def test_a_configuration_that_was_written_elsewhere_is_kept(alloy, tmp_path):
    """ASE hands the CIF's notes on to other files, whose atoms are meant as they are."""
    cell = read_structure(alloy(*MIXED).path)
    assert sorted(set(cell.get_chemical_symbols())) == ["As", "Ga"]
    path = tmp_path / "chosen.extxyz"
    ase.io.write(path, cell)
    assert "occupancy" in ase.io.read(path).info
    found, full = build(FromFile(path=str(path), **PLAIN)), build(alloy(*FULL))
    np.testing.assert_array_equal(found.numbers, full.numbers)


def test_a_file_that_changes_is_read_again(alloy):
    first = build(alloy(*FULL))
    assert set(build(alloy("Ga1 Ga 0 0 0 1")).get_chemical_symbols()) == {"Ga"}
    np.testing.assert_array_equal(build(alloy(*FULL)).numbers, first.numbers)
