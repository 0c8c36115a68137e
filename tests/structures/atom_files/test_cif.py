"""CIFs that name their space group and list no operations, and what else programs leave out."""

import logging

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.spacegroup import Spacegroup

from temnet.errors import InputError
from temnet.structures.atom_files.cif import shortest_bond
from temnet.structures.atom_files.cif_symmetry import possible_settings, settings_of_number
from temnet.structures.atom_files.from_file import extent, read_structure

TWO_ORIGINS = (
    48, 50, 59, 68, 70, 85, 86, 88, 125, 126, 129, 130, 133, 134, 137, 138, 141, 142, 201, 203,
    222, 224, 227, 228,
)  # fmt: skip
RHOMBOHEDRAL = (146, 148, 155, 160, 161, 166, 167)

SPINEL = "Mg 0.125 0.125 0.125\nAl 0.5 0.5 0.5\nO 0.2624 0.2624 0.2624\n"
SPINEL_FIRST = "Mg 0 0 0\nAl 0.625 0.625 0.625\nO 0.3874 0.3874 0.3874\n"
ANATASE = "Ti 0 0.25 0.375\nO 0 0.25 0.1668\n"
ANATASE_FIRST = "Ti 0 0 0\nO 0 0 0.2082\n"
PYROCHLORE = "Gd 0.5 0.5 0.5\nZr 0 0 0\nO 0.345 0.125 0.125\nO 0.375 0.375 0.375\n"


def cif(path, cell, symmetry, sites, extra=""):
    """A CIF without operations; ``cell`` is a, b, c [Å] and alpha, beta, gamma [deg]."""
    lengths = [cell] * 3 if isinstance(cell, float) else list(cell[:3])
    angles = [90.0] * 3 if isinstance(cell, float) else list(cell[3:]) or [90.0] * 3
    lines = ["data_x"]
    lines += [f"_cell_length_{name} {value}" for name, value in zip("abc", lengths, strict=True)]
    names = ("alpha", "beta", "gamma")
    lines += [f"_cell_angle_{name} {value}" for name, value in zip(names, angles, strict=True)]
    if isinstance(symmetry, str):
        lines.append(f"_symmetry_space_group_name_H-M '{symmetry}'")
    else:
        lines.append(f"_symmetry_Int_Tables_number {symmetry}")
    lines += [extra, "loop_", "_atom_site_type_symbol"]
    lines += [f"_atom_site_fract_{axis}" for axis in "xyz"]
    path.write_text("\n".join(line for line in lines if line) + "\n" + sites, encoding="utf-8")
    return str(path)


def contents(tmp_path, *arguments, **options):
    return read_structure(cif(tmp_path / "x.cif", *arguments, **options)).get_chemical_formula()


SECOND_ORIGIN = {
    "silicon": (5.431, "F d -3 m :2", "Si 0.125 0.125 0.125\n", "Si8"),
    "silicon without spaces": (5.431, "Fd-3m:2", "Si 0.125 0.125 0.125\n", "Si8"),
    "silicon before the bar": (5.431, "F d 3 m Z", "Si 0.125 0.125 0.125\n", "Si8"),
    "silicon in full": (5.431, "F 41/d -3 2/m :2", "Si 0.125 0.125 0.125\n", "Si8"),
    "spinel": (8.08, "F d -3 m Z", SPINEL, "Al16Mg8O32"),
    "pyrochlore": (10.54, "F d -3 m :2", PYROCHLORE, "Gd16O56Zr16"),
    "cuprite": (4.27, "P n -3 m :2", "Cu 0 0 0\nO 0.25 0.25 0.25\n", "Cu4O2"),
    "anatase": ((3.785, 3.785, 9.51), "I 41/a m d :2", ANATASE, "O8Ti4"),
    "zircon": (
        (6.604, 6.604, 5.979),
        "I 41/a m d :2",
        "Zr 0 0.75 0.125\nSi 0 0.25 0.375\nO 0 0.0661 0.1953\n",
        "O16Si4Zr4",
    ),
    "iron selenide": (
        (3.77, 3.77, 5.52),
        "P 4/n m m :2",
        "Fe 0.75 0.25 0\nSe 0.25 0.25 0.267\n",
        "Fe2Se2",
    ),
    "LiFeAs": (
        (3.775, 3.775, 6.358),
        "P 4/n m m :2",
        "Li 0.25 0.25 0.3459\nFe 0.75 0.25 0\nAs 0.25 0.25 0.7635\n",
        "As2Fe2Li2",
    ),
    "scheelite": (
        (5.243, 5.243, 11.376),
        "I 41/a Z",
        "Ca 0 0.25 0.625\nW 0 0.25 0.125\nO 0.1507 0.0086 0.2106\n",
        "Ca4O16W4",
    ),
}


@pytest.mark.parametrize("name", SECOND_ORIGIN)
def test_the_second_origin_gives_the_cell_its_known_contents(tmp_path, name):
    cell, symbol, sites, expected = SECOND_ORIGIN[name]
    assert contents(tmp_path, cell, symbol, sites) == expected


FIRST_ORIGIN = {
    "silicon": (5.431, "F d -3 m", "Si 0 0 0\n", "Si8"),
    "silicon :1": (5.431, "F d -3 m :1", "Si 0 0 0\n", "Si8"),
    "silicon S": (5.431, "F d -3 m S", "Si 0 0 0\n", "Si8"),
    "spinel": (8.08, "F d -3 m :1", SPINEL_FIRST, "Al16Mg8O32"),
    "cuprite": (4.27, "P n -3 m :1", "Cu 0.25 0.25 0.25\nO 0 0 0\n", "Cu4O2"),
    "anatase": ((3.785, 3.785, 9.51), "I 41/a m d S", ANATASE_FIRST, "O8Ti4"),
}


@pytest.mark.parametrize("name", FIRST_ORIGIN)
def test_the_first_origin_still_gives_the_cell_its_known_contents(tmp_path, name):
    cell, symbol, sites, expected = FIRST_ORIGIN[name]
    assert contents(tmp_path, cell, symbol, sites) == expected


ONE_ORIGIN = {
    "copper": (3.615, "F m -3 m", "Cu 0 0 0\n", "Cu4"),
    "copper by number": (3.615, 225, "Cu 0 0 0\n", "Cu4"),
    "iron": (2.87, "Im3m", "Fe 0 0 0\n", "Fe2"),
    "fluorite": (5.463, "F m -3 m", "Ca 0 0 0\nF 0.25 0.25 0.25\n", "Ca4F8"),
    "pyrite": (5.417, "P a 3", "Fe 0 0 0\nS 0.385 0.385 0.385\n", "Fe4S8"),
    "rutile": ((4.594, 4.594, 2.959), "P 42/m n m", "Ti 0 0 0\nO 0.305 0.305 0\n", "O4Ti2"),
    "MoS2": (
        (3.16, 3.16, 12.3, 90, 90, 120),
        "P 63/m m c",
        "Mo 0.3333333 0.6666667 0.25\nS 0.3333333 0.6666667 0.621\n",
        "Mo2S4",
    ),
    "CaTiO3, usual axes": (
        (5.442, 7.640, 5.380),
        "P n m a",
        "Ca 0.036 0.25 0.993\nTi 0 0 0.5\nO 0.484 0.25 0.071\nO 0.289 0.037 0.711\n",
        "Ca4O12Ti4",
    ),
    "CaTiO3, other axes": (
        (5.380, 5.442, 7.640),
        "P b n m",
        "Ca 0.993 0.036 0.25\nTi 0.5 0 0\nO 0.071 0.484 0.25\nO 0.711 0.289 0.037\n",
        "Ca4O12Ti4",
    ),
    "black phosphorus, old symbol": (
        (3.314, 10.478, 4.376),
        "C m c a",
        "P 0 0.1017 0.0806\n",
        "P8",
    ),
    "zirconia": (
        (5.15, 5.21, 5.32, 90, 99.2, 90),
        "P 21/c",
        "Zr 0.2754 0.0395 0.2083\nO 0.07 0.3317 0.3447\nO 0.4496 0.7569 0.4792\n",
        "O8Zr4",
    ),
    "zirconia, c unique": (
        (5.32, 5.15, 5.21, 90, 90, 99.2),
        "P 21/a",
        "Zr 0.2083 0.2754 0.0395\nO 0.3447 0.07 0.3317\nO 0.4792 0.4496 0.7569\n",
        "O8Zr4",
    ),
}


@pytest.mark.parametrize("name", ONE_ORIGIN)
def test_groups_with_one_origin_and_other_axes(tmp_path, name):
    cell, symbol, sites, expected = ONE_ORIGIN[name]
    assert contents(tmp_path, cell, symbol, sites) == expected


CALCITE = {
    "R": ((6.36, 6.36, 6.36, 46.1, 46.1, 46.1), "Ca 0 0 0\nC .25 .25 .25\nO .507 -.007 .25\n"),
    "H": ((4.99, 4.99, 17.06, 90, 90, 120), "Ca 0 0 0\nC 0 0 .25\nO .257 0 .25\n"),
}


@pytest.mark.parametrize(
    ("axes", "symbol", "expected"),
    [
        ("R", "R -3 c RS", "C2Ca2O6"),
        ("R", "R -3 c :R", "C2Ca2O6"),
        ("R", "R -3 c", "C2Ca2O6"),
        ("R", 167, "C2Ca2O6"),
        ("H", "R -3 c H", "C6Ca6O18"),
        ("H", "R -3 c :H", "C6Ca6O18"),
        ("H", "R-3c", "C6Ca6O18"),
        ("H", 167, "C6Ca6O18"),
    ],
)
def test_the_cell_distinguishes_hexagonal_from_rhombohedral_axes(tmp_path, axes, symbol, expected):
    assert contents(tmp_path, CALCITE[axes][0], symbol, CALCITE[axes][1]) == expected


def test_the_kind_of_cell_that_is_named_does_not_turn_hexagonal_axes(tmp_path):
    found = contents(tmp_path, *[CALCITE["H"][0], "R -3 c", CALCITE["H"][1]],
                     extra="_symmetry_cell_setting trigonal")  # fmt: skip
    assert found == "C6Ca6O18"


@pytest.mark.parametrize(
    "extra",
    [
        "_space_group_IT_coordinate_system_code 2",
        "_symmetry_space_group_setting 2",
        "_chemical_formula_sum 'Al2 Mg O4'",
        "_symmetry_space_group_name_Hall '-F 4vw 2vw 3'",
    ],
)
@pytest.mark.parametrize("symbol", ["F d -3 m", 227])
def test_the_origin_is_read_from_other_tags(tmp_path, symbol, extra):
    assert contents(tmp_path, 8.08, symbol, SPINEL, extra=extra) == "Al16Mg8O32"


def test_the_formula_alone_selects_either_origin(tmp_path, caplog):
    extra = "_chemical_formula_sum 'Mg Al2 O4'\n_cell_formula_units_Z 8"
    with caplog.at_level(logging.WARNING):
        for sites in (SPINEL, SPINEL_FIRST):
            assert contents(tmp_path, 8.08, "F d -3 m", sites, extra=extra) == "Al16Mg8O32"
    assert not caplog.text


def test_without_any_information_distances_select_the_origin_with_a_warning(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        found = contents(tmp_path, 5.431, "F d -3 m", "Si 0.125 0.125 0.125\n")
    assert found == "Si8"
    assert "does not give the origin" in caplog.text and "Si16 with the other" in caplog.text


@pytest.mark.parametrize("number", TWO_ORIGINS)
def test_all_groups_with_two_origins_as_the_tables_of_another_library_have_them(number):
    place = [0.1234, 0.2951, 0.0717]
    for choice in ("1", "2"):
        own = next(s for s in settings_of_number(number) if s.choice == choice)
        atoms = _orbit(own, place)
        expected = Spacegroup(number, int(choice)).equivalent_sites([place])[0]
        np.testing.assert_allclose(_sorted(atoms), _sorted(expected), atol=1e-6)
    first, second = (_orbit(s, place) for s in settings_of_number(number)[:2])
    assert len(first) != len(second) or not np.allclose(_sorted(first), _sorted(second))


@pytest.mark.parametrize("number", RHOMBOHEDRAL)
def test_rhombohedral_groups_as_the_tables_of_another_library_have_them(number):
    place = [0.1234, 0.2951, 0.0717]
    for choice, setting in (("H", 1), ("R", 2)):
        own = next(s for s in settings_of_number(number) if s.choice == choice)
        expected = Spacegroup(number, setting).equivalent_sites([place])[0]
        np.testing.assert_allclose(_sorted(_orbit(own, place)), _sorted(expected), atol=1e-6)


def _orbit(setting, place):
    from ase.spacegroup.spacegroup import parse_sitesym

    rotations, shifts = parse_sitesym(setting.operations())
    return (rotations @ place + shifts) % 1


def _sorted(places):
    return np.array(sorted(np.round(np.asarray(places) % 1, 7).tolist()))


def test_a_cell_without_the_symmetry_of_its_group_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"lack the symmetry of its space group .*no\. 225"):
        contents(tmp_path, (3.6, 3.6, 4.4), "F m -3 m", "Cu 0 0 0\n")


@pytest.mark.parametrize(
    ("symmetry", "extra", "message"),
    [
        ("F d -3 q", "", "unknown space group 'F d -3 q'"),
        (231, "", "unknown space group 231"),
        ("F d -3 m", "_space_group_IT_number 225", "to space group 227, but the file gives"),
    ],
)
def test_unknown_groups_are_refused(tmp_path, symmetry, extra, message):
    with pytest.raises(InputError, match=message):
        contents(tmp_path, 5.431, symmetry, "Si 0 0 0\n", extra=extra)


def test_a_cell_that_contradicts_the_formula_is_refused(tmp_path):
    cuprite = 4.27, "P n -3 m :1", "Cu 0 0 0\nO 0.25 0.25 0.25\n"
    with pytest.raises(InputError, match="holds Cu2O4, but the formula is Cu2O"):
        contents(tmp_path, *cuprite, extra="_chemical_formula_sum 'Cu2 O'")
    formula = "_chemical_formula_sum 'Mg Al2 O4'"
    with pytest.raises(InputError, match="gives 4 formula units"):
        contents(tmp_path, 8.08, "F d -3 m :2", SPINEL, extra=f"{formula}\n_cell_formula_units_Z 4")


def test_hydrogen_that_was_not_located_is_not_missed(tmp_path):
    extra = "_chemical_formula_sum 'Cu H2'\n_cell_formula_units_Z 4"
    assert contents(tmp_path, 3.615, "F m -3 m", "Cu 0 0 0\n", extra=extra) == "Cu4"


def test_atoms_on_the_same_place_are_refused(tmp_path):
    sites = "Mo 0.333 0.667 0.25\nS 0.333 0.667 0.621\n"
    with pytest.raises(InputError, match=r"Mo and Mo are 0\.0\d Å apart.* rounded too much"):
        contents(tmp_path, (3.16, 3.16, 12.3, 90, 90, 120), "P 63/m m c", sites)


def test_operations_in_the_file_count_more_than_its_names(tmp_path):
    ase.io.write(tmp_path / "s.cif", bulk("Si", cubic=True))
    text = (tmp_path / "s.cif").read_text()
    assert "x, y, z" in text
    named = text.replace("P 1", "F d -3 m")
    assert named != text
    (tmp_path / "s.cif").write_text(named)
    assert read_structure(str(tmp_path / "s.cif")).get_chemical_formula() == "Si8"


def test_a_symbol_for_several_settings_is_settled_by_the_cell(tmp_path):
    tags = {"_symmetry_space_group_name_h-m": "P 2/m"}
    for axis, choice in enumerate("abc"):
        angles = [90.0, 90.0, 90.0]
        angles[axis] = 100.0
        cell = np.asarray(Atoms(cell=[3, 4, 5, *angles]).cell)
        (found,) = possible_settings(tags, cell, tmp_path)
        assert found.choice == choice


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_cif_in_other_encodings_is_read(tmp_path, encoding, newline):
    path = tmp_path / "x.cif"
    cif(path, 3.615, "F m -3 m", "Cu 0 0 0\n", extra="_publ_author_name 'Ångström é'")
    path.write_bytes(path.read_text("utf-8").replace("\n", newline).encode(encoding))
    assert read_structure(str(path)).get_chemical_formula() == "Cu4"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_formats_with_a_byte_order_mark_are_read(tmp_path, encoding):
    path = tmp_path / "x.xyz"
    path.write_bytes("2\nCO\nC 0 0 0\nO 0 0 1.13\n".encode(encoding))
    assert read_structure(str(path)).get_chemical_formula() == "CO"
    assert extent(str(path)).startswith("a molecule")


def test_shortest_bonds_are_those_of_textbooks():
    # Diamond: sqrt(3) / 4 a = 1.545 Å, twice the covalent radius of carbon 0.76 Å.
    assert shortest_bond(bulk("C", a=3.567, cubic=True)) == pytest.approx(1.545 / 1.52, abs=0.01)
    assert shortest_bond(bulk("C", a=3.567)) == pytest.approx(1.545 / 1.52, abs=0.01)
