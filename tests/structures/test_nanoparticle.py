import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist

from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.config.structures.supports import Oxide
from temnet.structures.clusters import roughen
from temnet.structures.geometry import Field
from temnet.structures.nanoparticle import COLUMN_SPACING, build_nanoparticle

CLASSES = ("metal", "oxide")
FIELD = Field(40.0, 32.0, 4.0)
A_GOLD = 4.08


def particle(seed=0, classes=CLASSES, **changes):
    plain = {"element": "Au", "lattice_constant_scale": 1.0, "tilt_deg": 0, "radius": 9.0}
    settings = Nanoparticle(**(plain | changes))
    return build_nanoparticle(settings, FIELD, classes, np.random.default_rng(seed))


def test_one_class_holds_the_columns_of_all_classes():
    support = {"support": Oxide(probability=1.0)}
    both, one = particle(3, **support), particle(3, classes=("column",), **support)
    assert {0, 1} <= set(both.columns.class_index.tolist())
    expected = np.minimum(both.columns.class_index, 0)  # smeared columns stay ignored
    np.testing.assert_array_equal(one.columns.class_index, expected)
    np.testing.assert_array_equal(both.columns.positions, one.columns.positions)


@pytest.mark.parametrize("zone", ["110", "100", "111"])
def test_atoms_are_fcc_and_columns_have_the_zone_axis_spacing(zone):
    structure = particle(zone_axis=zone)
    tree = cKDTree(structure.atoms.positions)
    nearest = tree.query(structure.atoms.positions, k=2)[0][:, 1]
    np.testing.assert_allclose(nearest, A_GOLD / np.sqrt(2), rtol=1e-6)
    coordination = tree.query_ball_point(structure.atoms.positions, 3.2, return_length=True) - 1
    assert coordination.max() == 12
    columns = structure.columns
    spacing = cKDTree(columns.positions).query(columns.positions, k=2)[0][:, 1]
    assert np.median(spacing) == pytest.approx(COLUMN_SPACING[zone] * A_GOLD, rel=1e-6)
    assert columns.atom_count.sum() == len(structure.atoms)


def test_another_zone_axis_has_another_spacing():
    assert len(set(np.round(list(COLUMN_SPACING.values()), 3))) == 4


def test_roughening_adds_atoms_on_lattice_sites():
    sites = np.array([v for v in np.ndindex(7, 7, 7) if sum(v) % 2 == 0])
    rough = roughen(sites, 0.2, np.random.default_rng(0))
    assert len(np.unique(rough, axis=0)) == len(rough) > len(sites)
    assert np.all(rough.sum(axis=1) % 2 == 0)
    np.testing.assert_array_equal(
        roughen(sites, 0.0, np.random.default_rng(0)), sites[np.lexsort(sites.T[::-1])]
    )
    assert len(roughen(sites[:0], 0.5, np.random.default_rng(0))) == 0


def test_oxide_is_fluorite_and_touches_nothing():
    for seed in range(8):
        structure = particle(seed, support=Oxide(probability=1))
        symbols = np.array(structure.atoms.get_chemical_symbols())
        cerium = structure.atoms.positions[symbols == "Ce"]
        oxygen = structure.atoms.positions[symbols == "O"]
        assert len(cerium) and len(oxygen)
        bond = cKDTree(oxygen).query(cerium)[0]
        assert np.median(bond) == pytest.approx(5.411 * np.sqrt(3) / 4, rel=1e-6)
        metal = structure.atoms.positions[symbols == "Au"]
        assert cKDTree(metal).query(cerium)[0].min() > 1.6
        assert cKDTree(metal).query(oxygen)[0].min() > 1.6


def test_epitaxial_oxide_has_111_planes_parallel_to_the_particle():
    support = Oxide(probability=1, epitaxial_probability=1, off_axis_probability=0, tilt_deg=0)
    structure = particle(3, support=support)
    symbols = np.array(structure.atoms.get_chemical_symbols())
    directions = []
    for element in ("Au", "Ce"):
        points = structure.atoms.positions[symbols == element]
        spacing = {"Au": A_GOLD, "Ce": 5.411}[element] / np.sqrt(2)
        pairs = cKDTree(points).query_pairs(spacing * 1.01, output_type="ndarray")
        bonds = points[pairs[:, 0]] - points[pairs[:, 1]]
        directions.append(bonds / np.linalg.norm(bonds, axis=1, keepdims=True))
    cosine = np.abs(directions[0][:200] @ directions[1][:2000].T).max(axis=1)
    np.testing.assert_allclose(cosine, 1.0, atol=1e-6)


def test_an_oxide_off_axis_has_no_columns():
    support = Oxide(probability=1, epitaxial_probability=0, off_axis_probability=1)
    structure = particle(1, support=support)
    assert set(structure.columns.class_index) <= {0, -1}
    assert "Ce" in structure.atoms.get_chemical_symbols()


def test_columns_that_tilt_smears_are_ignored():
    support = Oxide(
        probability=1, tilt_deg=12, thickness=40, epitaxial_probability=1, off_axis_probability=0
    )
    tilted = particle(2, support=support).columns
    assert np.sum(tilted.class_index == 1) < 0.2 * len(tilted)
    straight = particle(2, support=support.model_copy(update={"tilt_deg": 0.0})).columns
    assert np.sum(straight.class_index == 1) > 0.4 * len(straight)


def test_tilt_of_the_particle_keeps_its_columns_apart():
    structure = particle(0, tilt_deg=20.0, radius=12.0)
    assert structure.parameters["tilt_deg"] < 10
    assert np.mean(structure.columns.class_index == 0) > 0.9
    distances = pdist(structure.columns.positions)
    assert distances.min() > 1.0


def test_a_class_that_is_not_asked_for_is_ignored():
    structure = particle(1, classes=("metal",), support=Oxide(probability=1))
    assert set(structure.columns.class_index) == {0, -1}


RUTILE = {"kind": "TiO2", "probability": 1, "off_axis_probability": 0, "tilt_deg": 0}


def test_rutile_has_its_bonds_and_stoichiometry():
    structure = particle(support=Oxide(**RUTILE, epitaxial_probability=0), radius=5)
    symbols = np.array(structure.atoms.get_chemical_symbols())
    titanium, oxygen = (structure.atoms.positions[symbols == name] for name in ("Ti", "O"))
    inner = np.linalg.norm(titanium - titanium.mean(axis=0), axis=1) < 6
    bonds = cKDTree(oxygen).query(titanium[inner], k=6)[0]
    # Six bonds: four of 1.95 Å and two of 1.98 Å.
    assert bonds.min() > 1.93 and np.median(bonds.max(axis=1)) == pytest.approx(1.98, abs=0.02)
    assert len(oxygen) / len(titanium) == pytest.approx(2, rel=0.1)


def test_rutile_lies_with_110_on_the_metals_111():
    """Along [001] of rutile and [110] of the metal; a / sqrt 2 is 3.25 Å."""
    structure = particle(
        seed=3, support=Oxide(**RUTILE, epitaxial_probability=1), zone_axis="110", radius=9,
        adatoms=0, facet_spread=0,
    )  # fmt: skip
    assert structure.parameters["support_relation"] == "epitaxial"
    columns = structure.columns
    titanium = columns.positions[columns.class_index == 1]
    nearest = cKDTree(titanium).query(titanium, k=2)[0][:, 1]
    assert np.median(nearest) == pytest.approx(4.594 / np.sqrt(2), abs=0.02)

    def directions(points, reach):
        pairs = cKDTree(points).query_pairs(reach, output_type="ndarray")
        vector = points[pairs[:, 1]] - points[pairs[:, 0]]
        return np.rad2deg(np.arctan2(vector[:, 0], vector[:, 1])) % 180

    metal = columns.positions[columns.class_index == 0]
    # Rows of {111} layers of the metal lie along its shortest distances, 2.50 Å; normal to them
    # is {111}. One of these is parallel to a [110] row of titanium.
    normals = (directions(metal, 2.6) + 90) % 180
    rows = directions(titanium, 3.4)
    difference = np.abs((normals[:, None] - rows[None, :] + 90) % 180 - 90)
    assert np.min(difference) < 0.5


def test_rutile_knows_no_relation_to_other_axes():
    structure = particle(support=Oxide(**RUTILE, epitaxial_probability=1), zone_axis="100")
    assert structure.parameters["support_relation"] == "random"


@pytest.mark.parametrize("seed", range(30))
def test_the_smallest_particle_with_the_least_regular_facets_has_atoms(seed):
    structure = particle(seed, radius=3, facet_spread=0.8, adatoms=0)
    assert len(structure.atoms) >= 1 and len(structure.columns) >= 1
