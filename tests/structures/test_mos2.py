import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.config.structures.mos2 import MoS2, Vacancies
from temnet.config.structures.supports import AmorphousCarbon, Graphene
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


def test_edges_of_either_kind_and_several_of_them():
    areas = [
        np.mean([len(flake(seed, edge_probability=1, edges=edges).columns) for seed in range(12)])
        for edges in (1, 3)
    ]
    assert areas[1] < 0.8 * areas[0]


def test_antisites_are_named_by_what_stands_there():
    """A pair of S in the place of Mo is an S2 column on the Mo lattice, and the reverse."""
    perfect = flake(rotation_deg=0)
    mixed = flake(rotation_deg=0, antisites=0.2)
    assert len(mixed.columns) == len(perfect.columns)
    distance, index = cKDTree(mixed.columns.positions).query(perfect.columns.positions)
    assert distance.max() < 1e-9
    changed = mixed.columns.class_index[index] != perfect.columns.class_index
    assert 0.15 < changed.mean() < 0.25
    assert set(mixed.columns.class_index) == {0, 1}
    counts = mixed.columns.atom_count
    assert set(counts[mixed.columns.class_index == 1]) == {2}
    assert set(counts[mixed.columns.class_index == 0]) == {1}


def test_substitutes_have_their_fraction_and_their_names():
    classes = ("Mo", "W", "S2", "SSe", "Se2")
    settings = {"tilt_deg": 0, "edge_probability": 0, "holes": 0}
    build = MoS2(**settings, substitutes={"W": 0.3, "Se": 0.5})
    assert build.column_classes is None
    structure = build_mos2(build, Field(60.0, 60.0, 2.0), classes, np.random.default_rng(0))
    share = np.bincount(structure.columns.class_index, minlength=5) / len(structure.columns)
    np.testing.assert_allclose(share, [0.35, 0.15, 0.125, 0.25, 0.125], atol=0.04)
    with pytest.raises(ValueError, match="got 'Fe'"):
        MoS2(substitutes={"Fe": 0.1})


@pytest.mark.parametrize("stacking", ["2H", "3R"])
def test_two_layers_lie_as_in_the_crystal(stacking):
    """2H: every column is Mo over S2. 3R: Mo over S2, Mo alone and S2 alone."""
    classes = ("MoS2", "Mo", "S2")
    settings = MoS2(layers=2, tilt_deg=0, edge_probability=0, holes=0)
    for seed in range(20):
        structure = build_mos2(settings, FIELD, classes, np.random.default_rng(seed))
        if structure.parameters["stacking"] == stacking:
            break
    inner = structure.columns.inside(FIELD.height, FIELD.width)
    found = np.bincount(structure.columns.class_index[inner], minlength=3) / inner.sum()
    np.testing.assert_allclose(found, [1, 0, 0] if stacking == "2H" else [1 / 3] * 3, atol=0.05)
    z = structure.atoms.positions[structure.atoms.numbers == 42, 2]
    np.testing.assert_allclose(sorted({float(v) for v in z.round(3)}), [0, 6.15])


def test_graphene_of_several_layers():
    structure = flake(support=Graphene(layers=3, gap=3.4))
    z = structure.atoms.positions[structure.atoms.numbers == 6, 2]
    levels = np.unique(np.abs(z).round(3))
    np.testing.assert_allclose(levels, 3.13 / 2 + 3.4 + 3.35 * np.arange(3), atol=1e-3)
    assert structure.parameters["graphene_layers"] == 3


def test_amorphous_carbon_lies_beside_the_flake_at_its_density():
    support = AmorphousCarbon(thickness=20, density=2.0, gap=2.0)
    structure = flake(support=support)
    carbon = structure.atoms.positions[structure.atoms.numbers == 6]
    assert np.abs(carbon[:, 2]).min() >= 3.13 / 2 + 2.0 - 1e-9
    assert np.ptp(carbon[:, 2]) == pytest.approx(20, abs=0.2)
    # 2 g/cm^3 is 0.1003 atoms per cubic Å; the flake is cut 2 Å larger than field and margin.
    volume = (FIELD.height + 14) * (FIELD.width + 14) * 20
    assert len(carbon) / volume == pytest.approx(0.1003, rel=0.01)
    assert cKDTree(carbon).query(carbon, k=2)[0][:, 1].min() >= 1.3
    assert not np.any(structure.atom_column[structure.atoms.numbers == 6] >= 0)


def test_a_support_may_be_there_sometimes():
    support = Graphene(probability=0.5)
    with_it = [6 in flake(seed, support=support).atoms.numbers for seed in range(30)]
    assert 5 < sum(with_it) < 25


def test_where_the_flake_has_ended_its_support_is_left():
    sizes = set()
    for seed in range(40):
        structure = flake(seed, edge_probability=1, edges=3, support=Graphene())
        sizes.add(len(structure.columns) == 0)
        assert np.sum(structure.atoms.numbers == 6) > 300
    assert sizes == {True, False}
