from dataclasses import replace

import numpy as np
import pytest

from temnet.config.instrument.microscope import Microscope
from temnet.electrons import wavelength
from temnet.records import Columns
from temnet.simulation.optics import draw_optics
from temnet.simulation.resolution import ignore_unresolved, information_limit, transfer

ENERGY = 300e3


def optics(**changes):
    settings = Microscope(energy=ENERGY, **{"aperture_mrad": 40, **changes})
    return draw_optics(settings, ENERGY, np.random.default_rng(0))


def test_focal_spread_limits_as_in_the_textbook():
    """Williams & Carter: q = (2 / (pi lambda spread)) ** 0.5, where the envelope is exp(-2)."""
    limit = information_limit(optics(focal_spread=30), 0.05)
    expected = (2 / (np.pi * wavelength(ENERGY) * 30)) ** 0.5
    assert limit == pytest.approx(expected, abs=0.01)
    assert information_limit(optics(focal_spread=60), 0.05) == pytest.approx(
        expected / 2**0.5, abs=0.01
    )


def test_aperture_and_pixels_limit_too():
    assert information_limit(optics(aperture_mrad=15), 0.05) == pytest.approx(
        15e-3 / wavelength(ENERGY), rel=0.01
    )
    assert information_limit(optics(), 0.5) == pytest.approx(1.0, rel=0.01)


def test_vibration_is_the_fourier_transform_of_its_gaussian():
    q = np.array([0.0, 0.5, 1.0])
    blurred = transfer(optics(image_spread=0.4), q) / transfer(optics(), q)
    np.testing.assert_allclose(blurred, np.exp(-2 * (np.pi * q * 0.4) ** 2))


def test_convergence_blurs_by_the_slope_of_the_phase():
    """No blur where the ray goes straight, lambda^2 Cs q^2 = defocus: at the plateau."""
    settings = {"angular_spread_mrad": 0.5, "Cs_um": 1000.0, "aperture_mrad": 20}
    q = 0.5
    plateau = 1000e4 * wavelength(ENERGY) ** 2 * q**2
    at_plateau = optics(**settings, defocus={"start": plateau, "steps": (0,)})
    assert transfer(at_plateau, np.array([q]))[0] == pytest.approx(1)
    beside = replace(at_plateau, defocus=(plateau + 1000.0,))
    assert transfer(beside, np.array([q]))[0] == pytest.approx(
        np.exp(-0.5 * (2 * np.pi * q * 1000 * 0.5e-3) ** 2)
    )
    # The image of a series that keeps most decides.
    both = replace(at_plateau, defocus=(plateau + 1000.0, plateau))
    assert transfer(both, np.array([q]))[0] == pytest.approx(1)


def test_columns_too_close_are_ignored_and_lone_ones_are_not():
    columns = Columns(
        np.array([[0.0, 0.0], [0.0, 1.2], [10.0, 0.0]]),
        np.array([0, 1, 1]),
        np.ones(3, np.int64),
    )
    assert ignore_unresolved(columns, 1.3).class_index.tolist() == [-1, -1, 1]
    assert ignore_unresolved(columns, 1.1).class_index.tolist() == [0, 1, 1]
    assert len(ignore_unresolved(Columns.empty(), 1.0)) == 0


def test_a_microscope_that_transfers_nothing_has_a_finite_limit():
    # The angular spread at a large defocus damps even the first frequency.
    blind = replace(optics(aperture_mrad=60, angular_spread_mrad=5), defocus=(15000.0,))
    assert transfer(blind, np.array([0.0076])) < 0.02
    assert 0 < information_limit(blind, 0.1) < 0.05
