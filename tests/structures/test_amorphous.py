import numpy as np
import pytest
from scipy.spatial.distance import pdist

from temnet.config.structures.supports import AmorphousCarbon
from temnet.structures.amorphous import amorphous_carbon
from temnet.structures.geometry import Field

FIELD = Field(16.0, 24.0, 3.0)


@pytest.fixture
def film():
    settings = AmorphousCarbon(thickness=12.0, density=2.0)
    return amorphous_carbon(settings, FIELD, np.random.default_rng(0))


def test_the_film_has_its_density(film):
    atoms, drawn = film
    volume = (16 + 2 * 3) * (24 + 2 * 3) * 12.0  # Å^3
    grams = len(atoms) * 12.011 / 6.02214076e23
    assert grams / (volume * 1e-24) == pytest.approx(2.0, rel=1e-3)
    assert drawn == {"carbon_thickness": 12.0, "carbon_density": 2.0}


def test_the_film_fills_the_field_and_its_margin(film):
    low, high = film[0].positions.min(axis=0), film[0].positions.max(axis=0)
    np.testing.assert_allclose(low, [-3, -3, 0], atol=0.5)
    np.testing.assert_allclose(high, [27, 19, 12], atol=0.5)
    assert np.all(low >= [-3, -3, 0]) and np.all(high <= [27, 19, 12])


def test_no_two_atoms_are_closer_than_a_bond(film):
    assert pdist(film[0].positions).min() >= 1.3
    points = np.random.default_rng(1).uniform([-3, -3, 0], [27, 19, 12], (len(film[0]), 3))
    assert pdist(points).min() < 0.5  # which points without any rule are
