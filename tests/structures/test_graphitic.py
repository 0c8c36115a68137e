import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.config.structures.mos2 import MoS2
from temnet.config.structures.negatives import Negatives
from temnet.structures import graphitic
from temnet.structures.factory import build_structure
from temnet.structures.geometry import Field
from temnet.structures.graphene import BOND_LENGTH
from temnet.structures.graphitic import _stack, graphitic_carbon

FIELD = Field(30.0, 40.0, 5.0)


@pytest.mark.parametrize("seed", range(5))
def test_a_stack_is_made_of_bonded_layers(seed):
    """Each atom has its neighbours at the bond length, the next layer is farther away."""
    positions, area = _stack(np.random.default_rng(seed))
    distance, _ = cKDTree(positions).query(positions, k=3)
    inner = distance[:, 2] < 1.7  # atoms at the rim have but one neighbour
    assert inner.mean() > 0.8
    assert np.median(distance[inner, 1]) == pytest.approx(BOND_LENGTH, rel=0.02)
    assert distance[:, 1].min() > 1.2
    # 0.38 atoms on each Å² of a layer
    depth = np.ptp(positions[:, 2])
    layers = len(positions) / (0.38 * depth * area)
    assert 1 / 4.0 < layers < 1 / 3.0


def test_layers_lie_as_far_apart_as_they_should(monkeypatch):
    """The projection of a flat stack has its strongest frequency at one over the spacing."""
    for name, value in {
        "LAYERS": (6, 6), "LENGTH": (60, 60), "DEPTH": (40, 40), "WAVES": (0, 0),
        "CURVATURE_RADIUS": (1e5, 1e5), "SPACING": (3.44, 3.44), "TILT_DEG": 0.0,
    }.items():  # fmt: skip
        monkeypatch.setattr(graphitic, name, value)
    positions, area = _stack(np.random.default_rng(0))
    assert area == pytest.approx(6 * 60 * 3.44)
    spread = positions[:, :2] - positions[:, :2].mean(axis=0)
    across = np.linalg.svd(spread, full_matrices=False)[2][1]
    wave = 2 * np.pi * np.outer(np.linspace(0.2, 0.5, 601), spread @ across)
    power = np.abs(np.exp(1j * wave).mean(axis=1))
    assert 0.2 + 0.3 * np.argmax(power) / 600 == pytest.approx(1 / 3.44, rel=0.01)


def test_the_field_is_filled_and_not_left():
    rng = np.random.default_rng(1)
    kinds = [graphitic_carbon(FIELD, rng) for _ in range(12)]
    for atoms, drawn in kinds:
        assert set(atoms.get_chemical_symbols()) == {"C"} and len(atoms) > 500
        assert FIELD.covers(atoms.positions[:, :2]).all()
        assert drawn["stacks"] >= 1
    assert 0 < sum("carbon_thickness" in drawn for _, drawn in kinds) < 12


def test_it_is_drawn_as_often_as_is_asked_for():
    settings = MoS2(negatives=Negatives(probability=0.2, graphitic=0.4))
    rng = np.random.default_rng(2)
    found = [build_structure(settings, FIELD, ("Mo", "S2", "S"), rng) for _ in range(40)]
    shown = [one for one in found if one.parameters["structure"] == "graphitic"]
    assert 8 < len(shown) < 26
    assert all(len(one.columns) == 0 for one in shown)


def test_without_it_settings_are_as_before():
    """Sets and runs from before this kind of negative keep their identity."""
    assert set(Negatives().model_dump()) == {"probability", "amorphous", "off_axis"}
    assert Negatives(graphitic=0.1).model_dump()["graphitic"] == 0.1
    assert "graphitic" in Negatives.model_json_schema()["properties"]


def test_shares_that_are_more_than_all_are_refused():
    with pytest.raises(ValueError, match="graphitic add up to 1.1"):
        Negatives(probability=0.5, graphitic=0.6)
