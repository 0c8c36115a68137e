import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.config.mos2 import MoS2, Vacancies
from temnet.config.supports import Graphene
from temnet.structures.geometry import Field
from temnet.structures.mos2 import build_mos2

CLASSES = ("Mo", "S2", "S")
FIELD = Field(30.0, 20.0, 5.0)


def flake(seed=0, **changes):
    plain = {"lattice_constant": 3.16, "tilt_deg": 0, "edge_probability": 0, "holes": 0}
    settings = MoS2(**(plain | changes))
    return build_mos2(settings, FIELD, CLASSES, np.random.default_rng(seed))


def counts(structure):
    return np.bincount(structure.columns.class_index, minlength=3)


def test_columns_stand_on_a_honeycomb_of_the_right_size():
    structure = flake()
    columns = structure.columns
    metal, sulphur = (columns.positions[columns.class_index == k] for k in (0, 1))
    inner = columns.inside(FIELD.height, FIELD.width)[columns.class_index == 0]
    np.testing.assert_allclose(
        cKDTree(sulphur).query(metal[inner], k=3)[0], 3.16 / np.sqrt(3), atol=1e-6
    )
    np.testing.assert_allclose(cKDTree(metal).query(metal[inner], k=2)[0][:, 1], 3.16, atol=1e-6)


def test_density_is_one_formula_unit_per_cell():
    structure = flake()
    inside = structure.columns.inside(FIELD.height, FIELD.width)
    expected = FIELD.height * FIELD.width / (3.16**2 * np.sqrt(3) / 2)
    found = np.bincount(structure.columns.class_index[inside], minlength=3)
    assert found[:2] == pytest.approx([expected, expected], rel=0.12)
    assert found[2] == 0
    assert set(structure.columns.atom_count[structure.columns.class_index == 1]) == {2}


def test_flake_fills_the_margin():
    x, y, _ = flake().atoms.positions.T
    assert x.min() < -3.5 and x.max() > FIELD.width + 3.5
    assert y.min() < -3.5 and y.max() > FIELD.height + 3.5


def test_vacancies_have_the_asked_fractions():
    total, single = 0, 0
    for seed in range(20):
        found = counts(flake(seed, vacancies=Vacancies(S=0.2)))
        total, single = total + found[1] + found[2], single + found[2]
    sigma = np.sqrt(0.2 * 0.8 / total)
    assert abs(single / total - 0.2) < 4 * sigma
    assert counts(flake(vacancies=Vacancies(Mo=0.5)))[0] < 0.8 * counts(flake())[0]


def test_graphene_lies_at_its_distance_and_bears_no_columns():
    structure = flake(support=Graphene(gap=3.3), tilt_deg=0)
    symbols = np.array(structure.atoms.get_chemical_symbols())
    z = structure.atoms.positions[:, 2]
    carbon = z[symbols == "C"]
    assert np.ptp(carbon) < 1e-9
    assert np.abs(z[symbols != "C"][:, None] - carbon[0]).min() == pytest.approx(3.3)
    assert np.all(structure.atom_column[symbols == "C"] == -1)


def test_tilt_keeps_sulphur_pairs_on_one_column_at_their_mean():
    structure = flake(tilt_deg=5.0)
    pair = np.flatnonzero(structure.columns.class_index == 1)[0]
    members = structure.atoms.positions[structure.atom_column == pair]
    assert len(members) == 2
    distance = np.linalg.norm(np.diff(members[:, :2], axis=0))
    assert distance == pytest.approx(3.13 * np.sin(np.deg2rad(5.0)), abs=1e-6)
    np.testing.assert_allclose(
        structure.columns.positions[pair], members[:, [1, 0]].mean(axis=0), atol=1e-9
    )


def test_edges_and_holes_take_atoms_away_and_leave_none_dangling():
    for seed in range(6):
        structure = flake(seed, edge_probability=1, holes=2)
        assert len(structure.atoms) < len(flake(seed).atoms)
        columns = structure.columns
        metal = columns.positions[columns.class_index == 0]
        sulphur = columns.positions[columns.class_index > 0]
        if len(metal):
            assert len(cKDTree(sulphur).query_ball_point(metal[0], 2.2)) >= 2


def test_a_class_that_the_experiment_does_not_have_is_ignored():
    settings = MoS2(vacancies=Vacancies(S=0.3), edge_probability=0)
    structure = build_mos2(settings, FIELD, ("Mo", "S2"), np.random.default_rng(0))
    lonely = structure.columns.atom_count == 1
    assert set(structure.columns.class_index[lonely]) == {0, -1}
