"""The shipped tables of vibration."""

import numpy as np
import pytest

from temnet.config.external_files import TABLES
from temnet.structures.vibrations.displacements import find_table

NAMES = sorted(path.stem for path in TABLES.glob("*.yaml"))


def sigma(name, element):
    """Coordination numbers of an element with their standard deviations in the plane."""
    rows = [row for row in find_table(name).rows if row.element == element]
    return np.array([[row.coordination, row.in_plane] for row in rows]).T


@pytest.mark.parametrize("name", NAMES)
def test_vibration_grows_as_neighbours_are_lost(name):
    """Whole bonds hold an atom most tightly, and the rest is in order but for its scatter."""
    for element in {row.element for row in find_table(name).rows}:
        count, value = sigma(name, element)
        if len(count) > 1:
            ranks = [np.argsort(np.argsort(values)) for values in (count, value)]
            assert np.corrcoef(*ranks)[0, 1] < -0.5
            assert value[np.argmax(count)] == value.min() < 0.8 * value.max()


@pytest.mark.parametrize("name", NAMES)
def test_a_table_states_its_origin(name):
    table = find_table(name)
    assert table.provenance["engine"] and table.provenance["length"] >= 10
    assert abs(table.provenance["temperature_reached"] / table.temperature - 1) < 0.05
    assert f"{table.temperature:g}K" in name and len(table.sizes) > 1
    assert all(row.in_plane_error is not None for row in table.rows if row.atoms > 100)


def test_bulk_gold_at_room_temperature():
    """0.09 Å per axis within 15 %: Debye temperature 165 to 170 K."""
    (bulk,) = [row for row in find_table("gold_300K").sizes if row.size == "bulk"]
    assert bulk.coordination == 12 and bulk.in_plane == pytest.approx(0.09, rel=0.15)


def test_mos2_lies_in_the_range_of_the_literature():
    """0.06 to 0.09 Å for whole bonds, more at edges."""
    for element, whole in (("Mo", 6), ("S", 3)):
        count, value = sigma("mos2_300K", element)
        assert 0.055 < value[count == whole][0] < 0.09
        assert value[count < whole].max() > 1.3 * value[count == whole][0]


def test_graphene_is_stiff_in_its_plane_and_soft_across_it():
    """Debye temperatures of 1500 and 2000 K give 0.050 and 0.042 Å at 300 K."""
    (whole,) = [row for row in find_table("graphene_300K").rows if row.coordination == 3]
    assert whole.in_plane * whole.in_plane_quantum == pytest.approx(0.05, rel=0.25)
    assert whole.along_beam > 3 * whole.in_plane
    assert whole.in_plane_quantum > 1.1  # light atoms, stiff bonds


def test_zero_point_motion_is_small_for_heavy_atoms():
    """Ratios at 300 K of harmonic atoms: 1.004 for gold and 1.03 for sulphur."""
    gold = [row.in_plane_quantum for row in find_table("gold_300K").rows]
    assert 1.001 < np.mean(gold) < 1.01
    sulphur = [row.in_plane_quantum for row in find_table("mos2_300K").rows if row.element == "S"]
    assert 1.015 < np.mean(sulphur) < 1.05
