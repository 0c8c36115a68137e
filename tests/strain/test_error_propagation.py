"""Standard errors of strain, against what many draws of position errors make of known crystals."""

import numpy as np
import pytest

import temnet
from temnet.strain.deformation import QUANTITIES
from tests.strain.crystals import CELLS, A, crystal, peaks_at

SIGMA = (0.05, 0.09)
"""Position errors along x and y [Å]."""

DRAWS = 80

REFERENCES = {
    "core": {},
    "region": {"reference": "region", "region": (-30, 30, -30, -2)},
    "spacing": {"reference": "spacing", "spacing": 2.31},
    "lattice": {"reference": "lattice", "lattice": 0.99 * CELLS["fcc [110]"][0].T},
}


def strained(radius=18.0):
    """A particle whose real strain changes by 3 % from one side of its core to the other."""
    points = crystal("fcc [110]", radius, 17)
    x, y = points.T
    along, across = 4e-4 * x**2 + 2e-4 * x * y, 3e-4 * (y**2 - x**2) + 2e-4 * x * y
    return points + np.stack([along, across], axis=1)


def drawn(settings, draws=DRAWS):
    """The strain without errors, and that of many draws."""
    points, rng = strained(), np.random.default_rng(5)
    noisy = [points + rng.normal(0, SIGMA, points.shape) for _ in range(draws)]
    truth = temnet.strain_map(peaks_at(points), **settings)
    return truth, [temnet.strain_map(peaks_at(each), **settings) for each in noisy]


@pytest.mark.slow
@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("neighbours", [8, 18])
def test_intervals_hold_95_percent_of_the_true_values(name, neighbours):
    """Of each quantity, of all columns, of those in the reference alone, and of layers' means."""
    truth, found = drawn({"neighbours": neighbours, **REFERENCES[name]})
    pulls = np.array([(each.values - truth.values) / each.errors for each in found])
    reference = truth.lattices[0].reference.measured_on
    assert 20 < reference.sum() < len(truth) / 1.5
    layers = {each.layer: each.mean for each in truth.layer_means}
    means = [
        (mean.mean - layers[mean.layer]) / mean.error
        for each in found
        for mean in each.layer_means
        if mean.layer < 4
    ]
    for some in (pulls.reshape(-1, 7), pulls[:, reference].reshape(-1, 7)):
        held = np.mean(np.abs(some[np.isfinite(some[:, 0])]) < 1.96, axis=0)
        assert np.all((held > 0.93) & (held < 0.97)), dict(zip(QUANTITIES, held, strict=True))
    assert 0.93 < np.mean(np.abs(means) < 1.96) < 0.97


@pytest.mark.slow
def test_the_error_of_the_core_is_that_of_drawn_lattices_without_its_real_strain():
    truth, found = drawn({})
    lattices = np.array([each.lattices[0].reference.vectors for each in found])
    true = truth.lattices[0].reference.vectors
    back = true @ np.linalg.inv(lattices)
    spread = np.std([back[:, 0, 0], back[:, 1, 1]], axis=1)
    errors = np.mean([each.lattices[0].common_error[:2] for each in found], axis=0)
    np.testing.assert_allclose(errors, spread, rtol=0.2)
    inside = truth.lattices[0].reference.measured_on
    independent = inside.sum() / (1 + truth.neighbours[inside].mean())
    as_if_noise = np.std(truth.value("e_xx")[inside]) / np.sqrt(independent)
    assert as_if_noise > 2 * errors[0]


def test_without_position_errors_real_strain_makes_small_errors_only():
    """Residuals are what a curved lattice leaves beside a fit."""
    truth, _ = drawn({}, draws=0)
    assert np.ptp(truth.value("e_xx")) > 0.02
    assert np.nanmax(truth.error("e_xx")) < 8e-4
    assert truth.lattices[0].common_error[0] < 1e-4


def test_columns_of_the_reference_have_smaller_errors_than_a_sum_of_squares():
    """A column of the core has a part in the reference that it is compared with."""
    truth, (one,) = drawn({}, draws=1)
    _, (fixed,) = drawn({"reference": "lattice", "lattice": CELLS["fcc [110]"][0].T}, draws=1)
    inside = truth.lattices[0].reference.measured_on & (one.state == 0)
    both = np.hypot(fixed.error("e_xx"), one.lattices[0].common_error[0])
    assert np.mean(one.error("e_xx")[inside] < both[inside]) > 0.9
    assert np.median(one.error("e_xx")[inside] / both[inside]) < 0.99


def test_neighbouring_fits_have_errors_in_common():
    """The mean of a layer is less exact than that of as many independent values."""
    _, (one,) = drawn({}, draws=1)
    errors = one.errors[(one.layer == 1) & (one.state == 0)]
    independent = np.sqrt(np.sum(errors**2, axis=0)) / len(errors)
    assert np.all(one.layer_means[0].error > 1.2 * independent)


def test_the_rotation_of_a_lattice_that_was_turned_to_the_core_has_the_core_s_error():
    _, (one,) = drawn({"reference": "lattice", "lattice": CELLS["fcc [110]"][0].T}, draws=1)
    common = dict(zip(QUANTITIES, one.lattices[0].common_error, strict=True))
    assert common["rotation"] > 0.01
    assert abs(common["e_xx"]) < 1e-9


def test_spacing_fixes_the_size_and_leaves_the_shape():
    _, (core,) = drawn({}, draws=1)
    _, (spacing,) = drawn({"reference": "spacing", "spacing": A / np.sqrt(3)}, draws=1)
    first, second = (
        dict(zip(QUANTITIES, each.lattices[0].common_error, strict=True))
        for each in (core, spacing)
    )
    assert second["dilatation"] < 0.6 * first["dilatation"]
    assert second["rotation"] == pytest.approx(first["rotation"], rel=0.05)
