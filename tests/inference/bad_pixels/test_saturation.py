import numpy as np

from temnet.inference.bad_pixels.saturation import saturated_fraction


def test_saturation_is_distinguished_from_the_largest_count():
    counts = np.random.default_rng(0).poisson(1000, (100, 100)).astype(float)
    assert saturated_fraction(counts) == 0
    clipped = np.minimum(counts, 1040)
    assert saturated_fraction(clipped) == np.mean(counts >= 1040) > 0.05
    assert saturated_fraction(np.random.default_rng(0).poisson(0.3, (100, 100))) == 0
    assert saturated_fraction(np.ones((10, 10))) == 0
