import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule, mx2
from ase.lattice.hexagonal import Graphite
from scipy.spatial import cKDTree

from temnet.config.structures.from_file import FromFile, FromFunction
from temnet.errors import InputError
from temnet.records import Structure
from temnet.structures.atom_files.from_file import extent, read_structure
from temnet.structures.columns import make_structure
from temnet.structures.factory import build_structure
from temnet.structures.geometry import Field

FIELD = Field(30.0, 24.0, 5.0)
PLAIN = {"tilt_deg": 0, "edge_probability": 0, "negatives": {"probability": 0}}


def build(path, classes=("X",), seed=0, **changes):
    settings = FromFile(path=str(path), **(PLAIN | changes))
    return build_structure(settings, FIELD, classes, np.random.default_rng(seed))


@pytest.fixture
def perovskite(tmp_path):
    """SrTiO3, a = 3.905 Å, as CIF."""
    scaled = [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
    crystal = Atoms("SrTiO3", scaled_positions=scaled, cell=[3.905] * 3, pbc=True)
    path = tmp_path / "sto.cif"
    ase.io.write(path, crystal)
    return path


def test_a_crystal_fills_the_field_and_has_columns_by_element(perovskite):
    structure = build(perovskite, ("Sr", "OTi", "O"), thickness=3.905 * 5.999)
    x, y, z = structure.atoms.positions.T
    assert x.min() < -3 and x.max() > FIELD.width + 3 and y.max() > FIELD.height + 3
    assert np.ptp(z) <= 3.905 * 6
    inside = structure.columns.inside(FIELD.height, FIELD.width)
    number = np.bincount(structure.columns.class_index[inside], minlength=3)
    # Along [001]: one Sr, one Ti-O and two O columns in each cell.
    cells = FIELD.height * FIELD.width / 3.905**2
    assert number == pytest.approx([cells, cells, 2 * cells], rel=0.12)
    assert structure.columns.class_index.min() == 0
    own = structure.columns.positions[structure.columns.class_index == 0]
    nearest = cKDTree(own).query(own, k=2)[0][:, 1]
    np.testing.assert_allclose(nearest, 3.905, atol=1e-6)


def test_the_zone_axis_is_along_the_beam(perovskite):
    """Along [110] the Sr columns form rectangles of a by a / sqrt 2."""
    structure = build(perovskite, ("OSrTi", "OSr", "Sr", "O", "Ti"), zone_axis=(1, 1, 0))
    own = structure.columns.positions
    nearest = np.median(cKDTree(own).query(own, k=2)[0][:, 1])
    assert nearest == pytest.approx(3.905 / np.sqrt(2) / 2, abs=0.02)


def test_names_can_be_changed_and_others_are_ignored(perovskite):
    settings = FromFile(path=str(perovskite), classes={"Sr": "A"}, **PLAIN)
    structure = build_structure(settings, FIELD, ("A",), np.random.default_rng(0))
    assert set(structure.columns.class_index) == {-1, 0}


def test_a_sheet_is_kept_whole_and_named_by_formula(tmp_path):
    sheet = graphene(vacuum=10)
    sheet.pbc = [True, True, False]
    ase.io.write(tmp_path / "g.extxyz", sheet)
    structure = build(tmp_path / "g.extxyz", ("C",), naming="formula", thickness=2)
    density = 2 / (2.46**2 * np.sqrt(3) / 2)
    area = (FIELD.height + 10) * (FIELD.width + 10)
    assert len(structure.atoms) == pytest.approx(density * area, rel=0.05)
    assert set(structure.columns.class_index) == {0}


@pytest.mark.parametrize("shift", [0.0, 0.5, 0.93])
def test_a_sheet_whose_cell_holds_vacuum_is_one_sheet_kept_whole(tmp_path, shift):
    """Like CIFs of sheets, which cannot state that a direction is not periodic."""
    sheet = mx2("WSe2", a=3.28, thickness=3.34, vacuum=10)
    sheet.pbc = True
    sheet.positions[:, 2] += shift * sheet.cell[2, 2]
    sheet.wrap()
    ase.io.write(tmp_path / "w.cif", sheet)
    for seed in range(4):
        made = build(tmp_path / "w.cif", ("W", "Se2"), seed, naming="formula", thickness=6)
        assert np.ptp(made.atoms.positions[:, 2]) == pytest.approx(3.34, abs=0.01)
        inside = made.columns.inside(FIELD.height, FIELD.width)
        number = np.bincount(made.columns.class_index[inside] + 1, minlength=3)
        cells = FIELD.height * FIELD.width / (3.28**2 * np.sqrt(3) / 2)
        assert number == pytest.approx([0, cells, cells], rel=0.15)
    assert extent(str(tmp_path / "w.cif")).startswith("a sheet")


def test_layered_crystals_are_periodic_and_their_extent_is_reported(tmp_path, perovskite):
    ase.io.write(tmp_path / "g.cif", Graphite("C", latticeconstant={"a": 2.46, "c": 6.71}))
    assert np.ptp(build(tmp_path / "g.cif", thickness=40).atoms.positions[:, 2]) > 30
    assert extent(str(tmp_path / "g.cif")) == extent(str(perovskite))
    assert extent(str(perovskite)).startswith("a crystal")
    boxed = molecule("C60", vacuum=10)
    boxed.pbc = True
    ase.io.write(tmp_path / "c60.cif", boxed)
    assert extent(str(tmp_path / "c60.cif")).startswith("a molecule")
    assert len(build(tmp_path / "c60.cif").atoms) == 60


def test_a_molecule_lies_somewhere_in_the_field(tmp_path):
    ase.io.write(tmp_path / "c60.xyz", molecule("C60"))
    places = [build(tmp_path / "c60.xyz", seed=seed).atoms for seed in range(5)]
    middles = np.array([atoms.positions.mean(axis=0) for atoms in places])
    assert all(len(atoms) == 60 for atoms in places) and middles.std(axis=0)[:2].min() > 1
    np.testing.assert_allclose(np.median(
        [np.linalg.norm(atoms.positions - atoms.positions.mean(axis=0), axis=1) for atoms in places]
    ), 3.54, atol=0.05)  # fmt: skip


def test_vacancies_scale_and_edges(perovskite):
    whole = build(perovskite)
    fewer = build(perovskite, vacancies={"O": 0.5})
    oxygen = [np.sum(one.atoms.numbers == 8) for one in (whole, fewer)]
    assert oxygen[1] / oxygen[0] == pytest.approx(0.5, abs=0.05)
    assert np.sum(fewer.atoms.numbers == 38) == np.sum(whole.atoms.numbers == 38)
    assert len(build(perovskite, scale=1.1).atoms) == pytest.approx(
        len(whole.atoms) / 1.21, rel=0.15
    )
    ended = [len(build(perovskite, seed=i, edge_probability=1).atoms) for i in range(6)]
    assert np.mean(ended) < 0.8 * len(whole.atoms)


def test_what_cannot_be_simulated_is_named(tmp_path):
    ase.io.write(tmp_path / "two.xyz", [molecule("H2O"), molecule("CO")])
    with pytest.raises(InputError, match="holds 2 structures"):
        build(tmp_path / "two.xyz")
    with pytest.raises(InputError, match="does not exist"):
        build(tmp_path / "none.cif")
    (tmp_path / "text.cif").write_text("no structure")
    with pytest.raises(InputError, match=r"text.cif: (ASE cannot read|the file holds no atoms)"):
        read_structure(str(tmp_path / "text.cif"))
    ase.io.write(tmp_path / "close.xyz", Atoms("Au2", [[0, 0, 0], [0, 0, 0.3]]))
    with pytest.raises(InputError, match="0.30 Å apart and overlap"):
        build(tmp_path / "close.xyz")
    with pytest.raises(ValueError, match="expected a direction"):
        FromFile(path="x", zone_axis=(0, 0, 0))


def chain(field, classes, rng, spacing=3.0, wrong=False):
    """A user's function: a row of gold atoms."""
    if wrong:
        return "nothing"
    count = int(field.width / spacing)
    positions = np.column_stack([spacing * np.arange(count), np.full(count, 5.0), np.zeros(count)])
    atoms = Atoms(f"Au{count}", positions)
    return make_structure(atoms, np.arange(count), lambda c: "row", classes, {"structure": "row"})


def nothing(field, classes, rng):
    """A user's function that makes no atoms."""
    return Structure(Atoms(), make_structure(bulk("Au"), np.zeros(1, int), str, (), {}).columns,
                     np.zeros(0, int), {})  # fmt: skip


def call(function, monkeypatch, **options):
    import sys
    import types

    module = types.ModuleType("my_specimens")
    module.chain, module.nothing, module.number = chain, nothing, 3
    monkeypatch.setitem(sys.modules, "my_specimens", module)
    settings = FromFunction(
        function=f"my_specimens:{function}", options=options, empty={"probability": 0}
    )
    return build_structure(settings, FIELD, ("row",), np.random.default_rng(0))


def test_a_users_function_makes_the_specimen(monkeypatch):
    structure = call("chain", monkeypatch, spacing=4.0)
    assert len(structure.columns) == 6 and set(structure.columns.class_index) == {0}


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        ("missing", {}, "cannot be found"),
        ("number", {}, "is not a function"),
        ("chain", {"wrong": True}, "returned str"),
        ("chain", {"spacing": 0.3}, "overlap"),
        ("nothing", {}, "no atoms"),
    ],
)
def test_a_wrong_function_is_named(monkeypatch, function, options, message):
    with pytest.raises(InputError, match=message):
        call(function, monkeypatch, **options)


def test_the_name_of_a_function_has_a_colon():
    with pytest.raises(ValueError, match="expected `module:function`"):
        FromFunction(function="os.system")


def test_a_molecule_may_lose_all_its_atoms(tmp_path):
    ase.io.write(tmp_path / "n2.xyz", molecule("N2"))
    left = [len(build(tmp_path / "n2.xyz", seed=k, vacancies={"N": 0.5}).atoms) for k in range(40)]
    assert set(left) == {0, 1, 2}
