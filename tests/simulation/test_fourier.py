from itertools import pairwise

import pytest

from temnet.simulation.exit_wave import plan_grid
from temnet.simulation.fourier import GRID_SIZES, good_size


def largest_factor(count):
    """By trial division."""
    factor = 2
    while count > 1:
        while count % factor == 0:
            count, largest = count // factor, factor
        factor += 1
    return largest


def test_the_listed_sizes_stay_what_they_are():
    """Images depend on them."""
    assert [good_size(size) for size in GRID_SIZES] == list(GRID_SIZES)
    assert [good_size(size + 0.5) for size in GRID_SIZES[:-1]] == list(GRID_SIZES[1:])
    assert good_size(1) == 64 and good_size(1536 + 1e-7) == 1536


@pytest.mark.parametrize("count", [1536.5, 1537, 1925, 2048, 4097, 20000])
def test_larger_fields_have_even_sizes_of_small_factors_too(count):
    size = good_size(count)
    assert count <= size < 1.06 * count and size % 2 == 0
    assert largest_factor(size) <= 5


def test_sizes_never_fall():
    sizes = [good_size(count) for count in range(1500, 4000)]
    assert all(low <= high for low, high in pairwise(sizes))
    assert good_size(1944) == 1944 and good_size(1945) > 1944


def test_a_grid_of_a_large_field_has_its_margin():
    grid = plan_grid(102.2, 51.0, 13.0, 0.0666)
    assert grid.shape == (1944, 1200) and min(grid.origin) >= 13
