import pytest

from temnet.config.instrument.microscope import Microscope


def test_a_variant_has_no_grid_of_its_own():
    """All examples share one grid: a finer one of a variant would be left out without a word."""
    fine = {"energy": 300e3, "grid_sampling": 0.03, "aperture_mrad": 100}
    with pytest.raises(ValueError, match=r"variants\.1 holds grid_sampling.*microscope\.grid_sam"):
        Microscope(energy=80e3, grid_sampling=0.12, variants=({"energy": 60e3}, fine))
    thick = {"energy": 300e3, "slice_thickness": 2.0}  # is that of each wave
    every = Microscope(energy=80e3, grid_sampling=0.12, variants=({}, thick)).every_variant
    assert [one.slice_thickness for one in every] == [1.0, 2.0]
    assert [one.grid_sampling for one in every] == [0.12, 0.12]


def test_a_weight_is_so_many_variants():
    """To the last bit: the drawn one is found by its position in the list."""
    old = ({}, {}, {"energy": 200e3}, {"energy": 80e3, "aperture_mrad": 45})
    new = ({"weight": 2}, {"energy": 200e3, "weight": 1}, old[3])
    by_list, by_weights = (
        Microscope(energy=300e3, grid_sampling=0.06, variants=v) for v in (old, new)
    )
    assert by_weights == by_list and by_weights.model_dump() == by_list.model_dump()
    assert len(by_weights.every_variant) == 4
