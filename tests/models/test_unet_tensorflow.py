"""TensorFlow's fused operations against NumPy."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from temnet.models.unet_tensorflow import doubled, normalized_batch  # noqa: E402


def test_batches_are_normalised_by_their_own_statistics():
    maps = np.random.default_rng(0).normal(1.0, 2.0, size=(2, 3, 5, 4)).astype(np.float32)
    scale, offset = np.float32([1, 2, 3, 4]), np.float32([0, 1, 0, -1])
    found, mean, variance = normalized_batch(maps, scale, offset, 1e-3)
    expected = maps.mean(axis=(0, 1, 2)), maps.var(axis=(0, 1, 2))
    np.testing.assert_allclose(mean, expected[0], rtol=1e-5)
    np.testing.assert_allclose(variance, expected[1], rtol=1e-5)
    wanted = scale * (maps - expected[0]) / np.sqrt(expected[1] + 1e-3) + offset
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_doubling_puts_values_at_quarters():
    line = np.float32([0.0, 4.0]).reshape(1, 1, 2, 1)
    np.testing.assert_allclose(np.ravel(doubled(line))[:4], [0, 1, 3, 4])
