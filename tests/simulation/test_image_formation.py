import numpy as np
import pytest
from ase import Atoms

from temnet.config.instrument.microscope import Microscope
from temnet.electrons import wavelength
from temnet.simulation.exit_wave import ExitWave, Grid, exit_wave, plan_grid
from temnet.simulation.image_formation import focal_series
from temnet.simulation.optics import draw_optics, focal_ensemble, margin

ENERGY = 300e3
GRID = plan_grid(20.0, 20.0, 4.0, 0.1)


def optics(**changes):
    plain = {"energy": ENERGY, "aperture_mrad": 25}
    settings = Microscope(**(plain | changes))
    return draw_optics(settings, ENERGY, np.random.default_rng(0))


def atom_wave(z=0.0, element="H"):  # the lightest atom is the weakest phase object
    middle = GRID.extent[0] / 2 - GRID.origin[0]
    return exit_wave(Atoms(element, [[middle, middle, z]]), GRID, ENERGY, 0.5, midplane=z)


def contrast(wave, **changes):
    """Radial profile of the intensity's Fourier transform: frequencies [1/Å] and values."""
    image = focal_series(wave, optics(**changes))[0].astype(float)
    spectrum = np.fft.fft2(np.fft.ifftshift(image - image.mean())).real
    frequency = np.fft.fftfreq(image.shape[0], GRID.extent[0] / image.shape[0])
    radius = np.hypot(frequency[:, None], frequency[None, :])
    rings = np.arange(0.1, 1.1, 0.05)
    index = np.digitize(radius.ravel(), rings)
    sums = np.bincount(index, spectrum.ravel(), minlength=len(rings) + 1)
    count = np.bincount(index, minlength=len(rings) + 1)
    means = np.bincount(index, (radius**2).ravel(), minlength=len(rings) + 1)
    keep = slice(1, -1)
    return np.sqrt(means / count)[keep], (sums / count / image.size)[keep]


def defocus(value):
    return {"defocus": {"start": value, "steps": (0.0,)}}


def test_transfer_of_a_weak_phase_object_is_the_sine_of_the_aberration_phase():
    """I = 1 + 2 sigma V sin chi, with chi = pi lambda q^2 C10 and C10 = -defocus."""
    wave = atom_wave()
    q, first = contrast(wave, **defocus(-40.0))
    _, second = contrast(wave, **defocus(-80.0))
    chi = np.pi * wavelength(ENERGY) * q**2
    use = (np.abs(np.sin(40 * chi)) > 0.3) & (q < 0.9)
    assert use.sum() > 5
    np.testing.assert_allclose(
        (second / first)[use], (np.sin(80 * chi) / np.sin(40 * chi))[use], atol=0.08
    )


def test_negative_defocus_makes_atoms_bright_and_positive_dark():
    wave = atom_wave()
    for value, sign in ((-60.0, 1), (60.0, -1)):
        image = focal_series(wave, optics(**defocus(value)))[0]
        centre = image.shape[0] // 2
        deviation = image[centre, centre] - np.median(image)
        assert np.sign(deviation) == sign


def test_defocus_counts_from_the_midplane():
    image = focal_series(atom_wave(0.0), optics(**defocus(-50.0)))[0]
    middle = GRID.extent[0] / 2 - GRID.origin[0]
    below = Atoms("H", [[middle, middle, 0.0]])
    # The same atom in a specimen whose mid-plane lies 20 Å further along the beam.
    shifted = exit_wave(below, GRID, ENERGY, 0.5, midplane=20.0)
    same = focal_series(shifted, optics(**defocus(-30.0)))[0]
    other = focal_series(shifted, optics(**defocus(-50.0)))[0]
    assert np.abs(same - image).max() < 0.02 * np.ptp(image)
    assert np.abs(other - image).max() > 0.1 * np.ptp(image)


def test_astigmatism_and_coma_have_a_direction():
    def spectrum(**changes):
        image = focal_series(atom_wave(), optics(**changes))[0]
        return np.abs(np.fft.fft2(image - image.mean()))

    along = spectrum(astigmatism=60.0, astigmatism_angle_deg=0)
    n = along.shape[0]
    k = int(0.7 * GRID.extent[0])
    # C12 at 0 degrees acts along the columns' axis as C10 + C12, along the rows' as C10 - C12.
    q = k / GRID.extent[0]
    expected = np.sin(np.pi * wavelength(ENERGY) * q**2 * 60.0)
    assert along[0, k] == pytest.approx(along[k, 0], rel=0.05)
    assert along[0, k] / along[k, k].clip(1e-9) > 3
    assert expected > 0.3
    mixed = spectrum(astigmatism=60.0, astigmatism_angle_deg=0, **defocus(-60.0))
    assert mixed[0, k] > 3 * mixed[k, 0]
    turned = spectrum(astigmatism=60.0, astigmatism_angle_deg=90, **defocus(-60.0))
    np.testing.assert_allclose(turned, mixed.T, atol=0.02 * mixed.max())
    assert n == along.shape[1]


def test_spreads_are_standard_deviations_in_envelope_and_ensemble_alike():
    """Contrast of a weak phase object falls by exp(-(pi lambda sigma q^2)^2 / 2)."""
    wave = atom_wave()
    settings = defocus(-60.0)
    q, sharp = contrast(wave, **settings)
    expected = np.exp(-((np.pi * wavelength(ENERGY) * 25.0 * q**2) ** 2) / 2)
    use = (np.abs(sharp) > 0.3 * np.abs(sharp).max()) & (q < 0.9)
    for model in ("envelope", "ensemble"):
        _, damped = contrast(wave, focal_spread=25.0, focal_spread_model=model, **settings)
        np.testing.assert_allclose((damped / sharp)[use], expected[use], atol=0.04)
    assert expected[use].min() < 0.85


def test_ensemble_has_the_moments_of_a_normal_distribution():
    drawn = optics(focal_spread=20.0, focal_spread_model="ensemble")
    nodes, weights = focal_ensemble(drawn)
    assert len(nodes) == 9
    assert weights.sum() == pytest.approx(1)
    assert weights @ nodes**2 == pytest.approx(400)
    assert weights @ nodes**4 == pytest.approx(3 * 20.0**4)


@pytest.mark.parametrize("spread", [29.0, 55.0, 150.0])
def test_a_wide_ensemble_damps_every_angle_that_passes_the_aperture(spread):
    drawn = optics(focal_spread=spread, focal_spread_model="ensemble", aperture_mrad=50.0)
    nodes, weights = focal_ensemble(drawn)
    q2 = np.linspace(0, (0.050 / wavelength(ENERGY)) ** 2, 1000)
    phase = np.pi * wavelength(ENERGY) * q2
    expected = np.exp(-((phase * spread) ** 2) / 2)
    np.testing.assert_allclose(weights @ np.cos(np.outer(nodes, phase)), expected, atol=0.02)
    # Nine Gauss-Hermite foci would bring the contrast of large angles back.
    nine, share = np.polynomial.hermite_e.hermegauss(9)
    wrong = share / share.sum() @ np.cos(np.outer(nine * spread, phase))
    assert np.abs(wrong - expected).max() > 0.1


@pytest.mark.parametrize("spread", [4.0, 14.0, 20.0, 28.0])
def test_what_passes_a_wide_aperture_is_damped(spread):
    drawn = optics(focal_spread=spread, focal_spread_model="ensemble", aperture_mrad=60.0)
    nodes, weights = focal_ensemble(drawn)
    phase = np.pi * wavelength(ENERGY) * np.linspace(0, (0.060 / wavelength(ENERGY)) ** 2, 1000)
    expected = np.exp(-((phase * spread) ** 2) / 2)
    np.testing.assert_allclose(weights @ np.cos(np.outer(nodes, phase)), expected, atol=0.02)


def test_a_series_has_an_image_per_step_and_the_illumination_is_one():
    changes = {"defocus": {"start": -30.0, "steps": (0.0, 50.0, 100.0)}}
    series = focal_series(atom_wave(), optics(**changes))
    assert series.shape[0] == 3 and series.dtype == np.float32
    np.testing.assert_allclose(series.mean(axis=(1, 2)), 1, atol=5e-3)
    assert np.abs(series[0] - series[2]).max() > 0.01


def test_margin_follows_the_worst_microscope():
    def of(start, spherical):
        return margin(
            Microscope(energy=50e3, defocus={"start": start, "steps": (0.0,)}, Cs_um=spherical)
        )

    assert of(0, 0) == 4.0
    assert of(100, 0) == pytest.approx(wavelength(50e3) * 0.8 * 100, rel=1e-6)
    assert of({"uniform": (-200, 10)}, 0) > of(100, 0)
    assert of(1000, 15) == 13.0


def test_margin_follows_the_drift():
    still = Microscope(energy=50e3, defocus={"steps": (0.0, 50.0, 100.0)})
    drifting = still.model_copy(update={"drift": 5.0, "exposure_drift": 1.0})
    assert margin(drifting) == pytest.approx(margin(still) + 2 * 5 + 0.5)


def test_defocus_and_astigmatism_together_repeat_a_crystals_image_half_a_lattice_vector_away():
    """Fourier images: Cowley & Moodie, Proc. Phys. Soc. B 70, 486 (1957).

    C10 and C12 of a^2 / (2 lambda) each turn the beam (h, k) of a square lattice by -pi h^2, as a
    shift by half of a does: images of a perfect crystal do not distinguish the two.
    """
    cell, repeats = 4.0, 4
    grid = Grid((128, 128), cell * repeats / 128, (0.0, 0.0))
    place = np.arange(128) * grid.sampling / cell
    rng = np.random.default_rng(0)
    phase = np.zeros((128, 128))
    for h in range(-2, 3):
        for k in range(-2, 3):
            wave = 2 * np.pi * (h * place[None, :] + k * place[:, None])
            phase += 0.1 * rng.standard_normal() * np.cos(wave + rng.uniform(0, 2 * np.pi))
    crystal = ExitWave(np.exp(1j * phase).astype(np.complex64), grid, ENERGY, 0.0)
    half = cell**2 / wavelength(ENERGY) / 2
    plain = focal_series(crystal, optics(**defocus(-40.0)))[0]
    changed = {"astigmatism": half, "astigmatism_angle_deg": 0.0}
    repeated = focal_series(crystal, optics(**defocus(-40.0 - half), **changed))[0]
    step = repeated.shape[1] // (2 * repeats)
    assert repeated.shape[1] == 2 * repeats * step
    np.testing.assert_allclose(repeated, np.roll(plain, step, axis=1), atol=1e-4)
    assert np.abs(repeated - plain).max() > 0.1
