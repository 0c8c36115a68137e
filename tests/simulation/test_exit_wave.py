import numpy as np
import pytest
from abtem.core.energy import energy2sigma, energy2wavelength
from ase import Atoms

from temnet.electrons import wavelength
from temnet.simulation.exit_wave import atomic_planes, exit_wave, plan_grid
from temnet.simulation.image_formation import crop_band


@pytest.mark.parametrize("energy", [50e3, 80e3, 300e3])
def test_wavelength_is_the_closed_form(energy):
    h, m, e, c = 6.62607015e-34, 9.1093837015e-31, 1.602176634e-19, 2.99792458e8
    momentum = np.sqrt(2 * m * e * energy * (1 + e * energy / (2 * m * c**2)))
    assert wavelength(energy) == pytest.approx(1e10 * h / momentum, rel=1e-5)
    assert wavelength(energy) == pytest.approx(energy2wavelength(energy), rel=1e-5)


def test_grid_has_a_margin_on_each_side():
    grid = plan_grid(20.0, 30.0, 5.0, 0.1)
    assert min(grid.origin) >= 5.0
    assert grid.extent[0] == pytest.approx(20 + 2 * grid.origin[0])
    assert grid.extent[1] == pytest.approx(30 + 2 * grid.origin[1])
    assert grid.extent[1] > grid.extent[0]


def test_a_light_atom_is_a_phase_object_of_the_projected_potential():
    energy = 300e3
    grid = plan_grid(8.0, 8.0, 3.0, 0.1)
    wave = exit_wave(Atoms("C", [[4.0, 4.0, 0.0]]), grid, energy, 1.0)
    phase = np.angle(wave.array)
    # The integral of the projected potential is 2 pi e a0 times the scattering factor at zero
    # angle: 47.878 V Å^2 per Å of f_e(0), which is 2.5 Å for carbon (Doyle & Turner 1968).
    integral = phase.sum() * grid.sampling**2 / energy2sigma(energy)
    assert integral == pytest.approx(47.878 * 2.5, rel=0.05)


def test_norm_is_kept_for_a_thin_specimen_and_vacuum_is_a_plane_wave():
    grid = plan_grid(8.0, 8.0, 3.0, 0.1)
    thin = exit_wave(Atoms("Mo", [[4.0, 4.0, 0.0]]), grid, 50e3, 1.0)
    assert np.mean(np.abs(thin.array) ** 2) == pytest.approx(1, abs=2e-3)
    empty = exit_wave(Atoms(), grid, 50e3, 1.0)
    np.testing.assert_allclose(np.abs(empty.array), 1, atol=1e-6)


def test_atoms_over_the_border_of_the_box_do_not_wrap_around():
    grid = plan_grid(8.0, 8.0, 3.0, 0.1)
    outside = Atoms("Mo", [[-grid.origin[1] - 0.5, 4.0, 0.0]])
    wave = exit_wave(outside, grid, 50e3, 1.0)
    np.testing.assert_allclose(np.abs(wave.array), 1, atol=1e-6)


def test_depth_counts_from_the_middle_of_the_specimen():
    grid = plan_grid(8.0, 8.0, 3.0, 0.1)
    atoms = Atoms("C2", [[4, 4, -3.0], [4, 4, 5.0]])
    wave = exit_wave(atoms, grid, 300e3, 1.0)
    assert wave.depth == pytest.approx(5.0, abs=1.0 + 1e-6)
    lifted = Atoms("C2", [[4, 4, 97.0], [4, 4, 105.0]])
    assert exit_wave(lifted, grid, 300e3, 1.0).depth == pytest.approx(wave.depth)


def test_slices_may_be_given():
    grid = plan_grid(8.0, 8.0, 3.0, 0.1)
    rng = np.random.default_rng(0)
    z = np.repeat([-2.0, 0.0, 2.0], 4) + rng.normal(0, 0.05, 12)
    atoms = Atoms("MoS" * 6, np.column_stack([rng.uniform(0, 8, (12, 2)), z]))
    planes = atomic_planes(atoms, grid, 1.0)
    np.testing.assert_allclose(planes, [-2, 0, 2], atol=0.1)
    own = exit_wave(atoms, grid, 50e3, 1.0)
    given = exit_wave(atoms, grid, 50e3, 1.0, planes=planes)
    np.testing.assert_array_equal(given.array, own.array)
    assert given.depth == own.depth
    # All in one plane is something else.
    flat = exit_wave(atoms, grid, 50e3, 1.0, planes=np.zeros(1))
    assert np.abs(flat.array - own.array).max() > 0.01
    # An atom outside of the box makes no slice.
    beyond = Atoms("Mo", [[-grid.origin[1] - 0.5, 4.0, 9.0]])
    np.testing.assert_array_equal(atomic_planes(atoms + beyond, grid, 1.0), planes)
    assert atomic_planes(beyond, grid, 1.0).shape == (0,)


def test_cropping_the_band_keeps_low_frequencies_exactly():
    n, m = 64, 48
    x, y = np.mgrid[:n, :m]
    wave = np.exp(2j * np.pi * (3 * x / n - 5 * y / m)) + 2
    cropped = np.fft.ifft2(crop_band(np.fft.fft2(wave), (32, 24)))
    u, v = np.mgrid[:32, :24]
    np.testing.assert_allclose(cropped, np.exp(2j * np.pi * (3 * u / 32 - 5 * v / 24)) + 2)
