import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.config.structures.graphene import DefectedGraphene
from temnet.inference.rings import find_bonds, find_rings
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


def test_an_atom_alone_in_a_corner_of_the_patch_stays_where_it_is():
    """These patches have such a corner; springs have nothing to pull there."""
    settings = DefectedGraphene(perfect_probability=1, holes=0, stone_wales=0.01)
    for seed in (95, 96, 150):
        rng = np.random.default_rng(seed)
        structure = build_graphene(settings, Field(20, 12, 1), ("C",), rng)
        assert structure.parameters["stone_wales"] > 0
        assert np.isfinite(structure.atoms.positions).all()


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


def test_contamination_lies_on_the_sheet_and_shows_no_columns():
    def build(**settings):
        settings = DefectedGraphene(perfect_probability=1, holes=0, bond_length=1.42, **settings)
        return build_graphene(settings, Field(40, 40, 3), ("C",), np.random.default_rng(5))

    patch = {"contamination": 1, "contamination_radius": 8.0, "contamination_thickness": 4.0}
    bare, covered, strand = build(), build(**patch), build(**patch, contamination_width=2.0)
    count = len(bare.atoms)
    for structure in (covered, strand):
        np.testing.assert_array_equal(structure.atoms.positions[:count], bare.atoms.positions)
        np.testing.assert_array_equal(structure.columns.positions, bare.columns.positions)
        assert set(structure.atom_column[count:]) == {-1}
        height = structure.atoms.positions[count:, 2]
        assert np.ptp(np.sign(height)) == 0
        assert 1.5 <= np.abs(height).min() and np.abs(height).max() <= 3.3 + 4.0
    # 2 g/cm3 is 0.1 atoms per cubic Å; the outline's area is at least that of its mean radius.
    expected = 0.1 * 4.0 * np.pi * 8.0**2
    assert 0.8 * expected < len(covered.atoms) - count < 1.7 * expected
    whole = {tuple(row) for row in covered.atoms.positions[count:]}
    band = {tuple(row) for row in strand.atoms.positions[count:]}
    assert band < whole and 0.2 * len(whole) < len(band) < 0.7 * len(whole)


def test_a_closed_boundary_leaves_one_orientation_around_it():
    def shares(loops):
        """Share of the bonds in the commonest orientation, for sheets with a boundary or none."""
        settings = DefectedGraphene(
            crystal_probability=1, holes=0, grain_loops=loops, bond_length=1.42
        )
        found = []
        for seed in range(1, 7):
            rng = np.random.default_rng(seed)
            structure = build_graphene(settings, Field(60, 60, 3), ("C",), rng)
            points = structure.atoms.positions[:, :2]
            along = np.diff(points[find_bonds(points, (1.1, 1.8))], axis=1)[:, 0]
            angle = np.rad2deg(np.arctan2(along[:, 1], along[:, 0])) % 60
            counts = np.histogram(angle, np.arange(0, 61, 2))[0]
            found.append(np.max(counts + np.roll(counts, 1)) / len(along))
        return np.array(found)

    closed, straight = shares(1.0), shares(0.0)
    # A grain of 15 Å mean radius, the largest, is about a fifth of the field.
    assert closed.min() > 0.75 and np.median(closed) < 0.97
    assert straight.min() < 0.7
