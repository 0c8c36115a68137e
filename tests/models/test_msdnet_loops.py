"""Compiled loops of the MSD-net against NumPy."""

import numpy as np
import pytest

pytest.importorskip("numba")

from temnet.models.msdnet_kernels.loops import ends, enter, fold  # noqa: E402
from temnet.models.msdnet_kernels.plan import DensePlan  # noqa: E402
from temnet.models.msdnet_kernels.products import flat, group_weights  # noqa: E402

PAD, ROWS, COLS = 3, 6, 8


def padded(image, reflect):
    plane = np.full((ROWS + 2 * PAD, COLS + 2 * PAD), np.nan, np.float32)
    enter(image[..., None], plane, 0, 0, ROWS, PAD, reflect)
    ends(plane, PAD, reflect)
    return plane


@pytest.mark.parametrize("reflect", [True, False])
def test_borders_are_those_of_numpy(reflect):
    image = np.random.default_rng(0).normal(size=(ROWS, COLS)).astype(np.float32)
    expected = np.pad(image, PAD, mode="reflect" if reflect else "constant")
    np.testing.assert_array_equal(padded(image, reflect), expected)


@pytest.mark.parametrize("reflect", [True, False])
def test_folding_is_the_transpose_of_padding(reflect):
    """The sum over pad(x) y is that over x fold(y), for any x and y."""
    rng = np.random.default_rng(1)
    image = rng.normal(size=(ROWS, COLS)).astype(np.float32)
    slope = rng.normal(size=(ROWS + 2 * PAD, COLS + 2 * PAD)).astype(np.float32)
    expected = np.sum(padded(image, reflect) * slope)
    fold(slope, PAD, reflect)
    inner = slope[PAD : PAD + ROWS, PAD : PAD + COLS]
    assert np.sum(image * inner) == pytest.approx(expected, rel=1e-4)


def test_weights_of_a_group_leave_out_its_own_maps():
    plan = DensePlan(inputs=2, outputs=1, depth=2, width=1, max_dilation=1, reflect=True)
    kernels = np.arange(plan.kernel_size, dtype=np.float32)
    weights = group_weights(plan, kernels, range(2))
    # Two layers of nine taps, two images before the group; the second layer has three maps before.
    assert weights.shape == (18, 2)
    np.testing.assert_array_equal(weights[:9].ravel(), np.arange(18))
    np.testing.assert_array_equal(weights[9], [18, 19])
    np.testing.assert_array_equal(weights[10], [21, 22])
    assert flat(np.zeros((3, 4, 5))).shape == (3, 20)
