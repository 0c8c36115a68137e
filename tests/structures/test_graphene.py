import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.config.graphene import DefectedGraphene
from temnet.evaluation.rings import find_rings
from temnet.structures.geometry import Field
from temnet.structures.graphene import build_graphene, drop_dangling, sheet

FIELD = Field(35.0, 25.0, 5.0)


def test_a_perfect_sheet_has_two_atoms_per_cell():
    points = sheet(FIELD, 0.3, np.zeros(2))
    area = (FIELD.height + 10) * (FIELD.width + 10)
    assert len(points) / area == pytest.approx(2 / (2.46**2 * np.sqrt(3) / 2), rel=0.03)
    nearest = cKDTree(points).query(points, k=2)[0][:, 1]
    assert np.median(nearest) == pytest.approx(1.42, abs=1e-6)


@pytest.mark.parametrize("crystal", [0.0, 1.0])
def test_defected_sheet_is_threefold_with_carbon_bonds(crystal):
    settings = DefectedGraphene(crystal_probability=crystal, holes=0, relaxation_steps=80)
    structure = build_graphene(settings, FIELD, ("C",), np.random.default_rng(1))
    points = structure.atoms.positions[:, :2]
    inner = structure.columns.inside(FIELD.height, FIELD.width)
    tree = cKDTree(points)
    nearest = tree.query(points[inner], k=4)[0][:, 1:]
    assert np.median(nearest) == pytest.approx(1.42, abs=0.05)
    assert nearest[:, 0].min() > 1.1
    neighbours = tree.query_ball_point(points[inner], 1.8, return_length=True) - 1
    assert np.mean(neighbours == 3) > 0.9


def test_little_relaxation_leaves_more_defects():
    def regular(steps):
        settings = DefectedGraphene(crystal_probability=0, holes=0, relaxation_steps=steps)
        points = build_graphene(settings, FIELD, ("C",), np.random.default_rng(2)).atoms.positions[
            :, :2
        ]
        second = cKDTree(points).query(points, k=5)[0][:, 4]
        return np.std(second)

    assert regular(200) < regular(2)


def test_holes_are_empty():
    settings = DefectedGraphene(holes=2, hole_radius=6.0)
    full = DefectedGraphene(holes=0)
    rng = np.random.default_rng
    holed = build_graphene(settings, FIELD, ("C",), rng(3))
    assert len(holed.atoms) < len(build_graphene(full, FIELD, ("C",), rng(3)).atoms) - 40


def test_dangling_points_go_in_turn():
    ring = np.stack([np.cos(np.arange(6) * np.pi / 3), np.sin(np.arange(6) * np.pi / 3)], axis=1)
    tail = np.array([[2.0, 0.0], [3.0, 0.0]])
    assert len(drop_dangling(np.concatenate([ring, tail]), 1.1)) == 6
    assert len(drop_dangling(tail, 1.1)) == 0


def test_a_turned_bond_makes_two_pentagons_and_two_heptagons():
    plain = {"perfect_probability": 1, "holes": 0, "bond_length": 1.42}
    for settings, extra in (({}, 0), ({"stone_wales": 0.01}, None)):
        structure = build_graphene(
            DefectedGraphene(**plain, **settings), Field(30, 30, 3), ("C",),
            np.random.default_rng(1),
        )  # fmt: skip
        turned = structure.parameters["stone_wales"]
        points = structure.atoms.positions[:, :2]
        sizes = find_rings(points, (1.1, 1.85)).atoms.tolist()
        if extra == 0:
            assert turned == 0 and set(sizes) == {6}
            continue
        assert turned >= 5
        # Those at the border of the patch are cut.
        assert 0.5 * turned * 2 <= sizes.count(5) <= 2 * turned
        assert 0.4 * turned * 2 <= sizes.count(7) <= 2 * turned
        assert sizes.count(6) > sizes.count(5)
        nearest = cKDTree(points).query(points, k=2)[0][:, 1]
        assert nearest.min() > 1.2 and np.median(nearest) == pytest.approx(1.42, abs=0.03)


def test_vacancies_and_adatoms():
    plain = {"perfect_probability": 1, "holes": 0}
    whole, fewer = (
        len(build_graphene(DefectedGraphene(**plain, vacancies=v), Field(40, 40, 3), ("C",),
                           np.random.default_rng(0)).atoms)
        for v in (0.0, 0.05)
    )  # fmt: skip
    assert 0.85 < fewer / whole < 0.96
    for element, height, distance in (("C", 1.87, 0.71), ("Au", 2.1, 1.42)):
        structure = build_graphene(
            DefectedGraphene(**plain, adatoms=0.02, adatom=element), Field(40, 40, 3),
            ("C", element) if element != "C" else ("C",), np.random.default_rng(0),
        )  # fmt: skip
        z = structure.atoms.positions[:, 2]
        above = np.abs(z) > 0.1
        assert above.sum() == structure.parameters["adatoms"] > 10
        np.testing.assert_allclose(np.abs(z[above]), height)
        points = structure.atoms.positions[:, :2]
        near = cKDTree(points[~above]).query(points[above])[0]
        assert np.median(near) == pytest.approx(distance, abs=0.05)
        if element == "Au":
            assert set(structure.columns.class_index[above]) == {1}
