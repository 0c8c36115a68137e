"""Fractions that add up to one are taken whatever their last bit is."""

import pytest

from temnet.config.structures.mos2 import MoS2
from temnet.config.structures.negatives import Negatives
from temnet.config.structures.supports import Oxide


def test_fractions_may_add_up_to_one():
    shares = {"probability": 0.05, "amorphous": 0.55, "off_axis": 0.3, "graphitic": 0.1}
    assert sum(shares.values()) > 1  # by a rounding error
    assert Negatives(**shares).together == pytest.approx(1)
    assert MoS2(substitutes={"W": 0.33, "Nb": 0.56, "V": 0.11}).substitutes["Nb"] == 0.56


def test_more_than_one_is_refused():
    with pytest.raises(ValueError, match="add up to 1.001"):
        Negatives(probability=0.5, amorphous=0.501)


def test_a_kind_without_a_share_left_is_not_drawn():
    others = {"TiO2": 0.9, "MgO": 0.1}
    assert Oxide(kind="CeO2", others=others).kinds == ("TiO2", "MgO")
