import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.config.structures.supports import Oxide
from temnet.structures.geometry import Field, zone_axis_matrix
from temnet.structures.supports import build_oxide

FIELD = Field(40.0, 40.0, 4.0)
UPRIGHT = zone_axis_matrix(np.array([1.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0]))


def oxide(seed=0, **changes):
    plain = {"thickness": 20.0, "tilt_deg": 0.0, "off_axis_probability": 0}
    settings = Oxide(**(plain | changes))
    return build_oxide(settings, FIELD, "110", UPRIGHT, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(4))
def test_the_crystal_fills_one_side_of_the_field_and_its_thickness(seed):
    crystal, drawn = oxide(seed)
    points = crystal.atoms.positions[:, :2]
    assert np.all(FIELD.covers(points))
    assert np.ptp(crystal.atoms.positions[:, 2]) == pytest.approx(20, abs=3.0)
    assert drawn["support"] == "CeO2" and drawn["support_thickness"] == 20
    # Points of the field well below the surface are near to atoms, those well above are not.
    grid = np.stack(np.meshgrid(*[np.arange(0, 40.5, 2.0)] * 2), axis=-1).reshape(-1, 2)
    height = grid @ crystal.normal - crystal.surface_height
    distance = cKDTree(points).query(grid)[0]
    assert distance[height < -15].max(initial=0) < 2.5
    assert distance[height > 15].min(initial=np.inf) > 2.5


def test_normal_and_tangent_are_a_right_angle_of_unit_vectors():
    for seed in range(4):
        crystal, _ = oxide(seed)
        both = np.stack([crystal.normal, crystal.tangent])
        np.testing.assert_allclose(both @ both.T, np.eye(2), atol=1e-12)


def test_cerium_columns_along_110_have_the_distance_of_the_lattice():
    crystal, drawn = oxide(epitaxial_probability=1)
    assert drawn["support_relation"] == "epitaxial" and drawn["support_zone_axis"] == "110"
    on_column = crystal.atom_column >= 0
    assert set(np.array(crystal.atoms.get_chemical_symbols())[on_column]) == {"Ce"}
    first = np.unique(crystal.atom_column[on_column], return_index=True)[1]
    points = crystal.atoms.positions[on_column][first, :2]
    nearest = cKDTree(points).query(points, k=2)[0][:, 1]
    assert np.median(nearest) == pytest.approx(5.411 * np.sqrt(3 / 8), rel=1e-6)


def test_a_crystal_off_axis_has_no_columns_and_is_thick_enough():
    crystal, drawn = oxide(off_axis_probability=1, epitaxial_probability=0, thickness=6.0)
    assert np.all(crystal.atom_column == -1)
    assert drawn["support_relation"] == "off axis" and drawn["support_thickness"] == 20


def test_other_oxides_are_drawn_as_often_as_given():
    drawn = [oxide(seed, others={"TiO2": 0.3, "MgO": 0.2})[1]["support"] for seed in range(60)]
    assert 10 < drawn.count("TiO2") < 27
    assert 4 < drawn.count("MgO") < 21
    assert drawn.count("CeO2") > 18
    assert {oxide(seed, others={"MgO": 1.0})[1]["support"] for seed in range(4)} == {"MgO"}


def test_magnesium_columns_along_110_have_the_distance_of_the_lattice():
    crystal, drawn = oxide(kind="MgO", epitaxial_probability=1)
    assert drawn["support_relation"] == "epitaxial"
    on_column = crystal.atom_column >= 0
    first = np.unique(crystal.atom_column[on_column], return_index=True)[1]
    points = crystal.atoms.positions[on_column][first, :2]
    nearest = cKDTree(points).query(points, k=2)[0][:, 1]
    assert np.median(nearest) == pytest.approx(4.212 * np.sqrt(3 / 8), rel=1e-6)


def test_shares_of_other_oxides_add_up_to_one_at_most():
    with pytest.raises(ValueError, match="others add up to 1.2"):
        Oxide(others={"TiO2": 0.7, "MgO": 0.5})
    assert Oxide(others={"TiO2": 0.7, "MgO": 0.3}).kinds == ("TiO2", "MgO")
    assert "others" not in Oxide().model_dump()
