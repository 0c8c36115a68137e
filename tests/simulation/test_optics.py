"""Aberrations, drift and variants of the microscope, by closed forms."""

import abtem
import numpy as np
import pytest
from ase import Atoms
from hypothesis import given, settings
from hypothesis import strategies as st

from temnet.config.instrument.microscope import Microscope
from temnet.electrons import wavelength
from temnet.simulation.exit_wave import ExitWave, exit_wave, plan_grid
from temnet.simulation.fourier import values_at
from temnet.simulation.image_formation import focal_series
from temnet.simulation.optics import draw_optics, draw_variant, margin, tilted

ENERGY = 300e3
NAMES = ("C12", "C21", "C23", "C32", "C34")


def chi(alpha, phi, values):
    """Aberration function without 2 pi / lambda: Krivanek's polar coefficients [Å rad]."""
    v = {"C10": 0.0, "C30": 0.0, "C50": 0.0} | dict.fromkeys(NAMES, 0.0) | {
        f"phi{name[1:]}": 0.0 for name in NAMES
    } | values  # fmt: skip
    return (
        alpha**2 / 2 * (v["C10"] + v["C12"] * np.cos(2 * (phi - v["phi12"])))
        + alpha**3 / 3 * (v["C21"] * np.cos(phi - v["phi21"])
                          + v["C23"] * np.cos(3 * (phi - v["phi23"])))
        + alpha**4 / 4 * (v["C30"] + v["C32"] * np.cos(2 * (phi - v["phi32"]))
                          + v["C34"] * np.cos(4 * (phi - v["phi34"])))
        + alpha**6 / 6 * v["C50"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "values"),
    [
        ({"C32": 2e5, "C32_angle_deg": 20}, {"C32": 2e5, "phi32": np.deg2rad(20)}),
        ({"C34": 2e5, "C34_angle_deg": 10}, {"C34": 2e5, "phi34": np.deg2rad(10)}),
        ({"C50_mm": 5}, {"C50": 5e7}),
        ({"coma": 3e3, "coma_angle_deg": 70}, {"C21": 3e3, "phi21": np.deg2rad(70)}),
        ({"Cs_um": -15}, {"C30": -15e4}),
    ],
)
def test_every_aberration_has_its_place_in_the_phase(changes, values):
    """An image of a weak phase object: -2 sin of the even part of the aberration phase."""
    optics = draw_optics(Microscope(energy=ENERGY, **changes), ENERGY, np.random.default_rng(0))
    alpha = np.linspace(0, 30e-3, 40)[:, None]
    phi = np.linspace(-np.pi, np.pi, 24, endpoint=False)[None, :]
    transfer = abtem.CTF(energy=ENERGY, defocus=0.0, **optics.aberrations)
    found = np.angle(transfer._evaluate_from_angular_grid(alpha + 0 * phi, phi + 0 * alpha))
    expected = -2 * np.pi / wavelength(ENERGY) * chi(alpha, phi, values)
    np.testing.assert_allclose(np.exp(1j * found), np.exp(1j * expected), atol=2e-3)


@settings(deadline=None)
@given(
    st.floats(1e-4, 5e-3), st.floats(-3, 3), st.floats(-3e6, 3e6), st.floats(0, 1e4),
    st.floats(0, 1e4), st.floats(-3, 3),
)  # fmt: skip
def test_a_tilted_beam_sees_the_aberrations_about_its_own_direction(
    t, direction, cs, c21, c23, angle
):
    values = {
        "C30": cs, "C12": 40.0, "phi12": 0.3, "C21": c21, "phi21": angle, "C23": c23,
        "phi23": angle / 2, "C50": 0.0, "C32": 0.0, "phi32": 0.0, "C34": 0.0, "phi34": 0.0,
    }  # fmt: skip
    seen, c10 = tilted(values, t, direction)
    beam = t * np.exp(1j * direction)

    def shifted(ray):
        return chi(abs(ray + beam), np.angle(ray + beam), values)

    rays = 10e-3 * np.exp(1j * np.linspace(0, 2 * np.pi, 12, endpoint=False))
    # Without the constant and the slope, which follow from the ray and its opposite.
    even = (shifted(rays) + shifted(-rays)) / 2 - shifted(0j)
    own = {**seen, "C10": c10}
    model = (chi(abs(rays), np.angle(rays), own) + chi(abs(rays), np.angle(-rays), own)) / 2
    np.testing.assert_allclose(model, even, atol=1e-9 * (1 + abs(cs)))
    # The odd part: the third-order coma, beside a slope that moves the image.
    odd = (shifted(rays) - shifted(-rays)) / 2
    third = (chi(abs(rays), np.angle(rays), own) - chi(abs(rays), np.angle(-rays), own)) / 2
    slope = (odd - third) / abs(rays)
    fit = np.linalg.lstsq(np.stack([rays.real, rays.imag], 1), slope * abs(rays), rcond=None)
    np.testing.assert_allclose(
        np.stack([rays.real, rays.imag], 1) @ fit[0], slope * abs(rays), atol=1e-9 * (1 + abs(cs))
    )


def test_no_tilt_changes_nothing():
    values = {"C30": 1.0, "C12": 2.0}
    assert tilted(values, 0.0, 1.0) == (values, 0.0)


def test_drift_is_steady_and_the_first_image_is_the_reference():
    microscope = Microscope(
        energy=ENERGY, defocus={"start": 0, "steps": (0, 1, 2)}, drift=0.5, exposure_drift=0.2,
        magnification_jitter=0.01,
    )  # fmt: skip
    optics = draw_optics(microscope, ENERGY, np.random.default_rng(3))
    np.testing.assert_allclose(np.linalg.norm(optics.shifts, axis=1), [0, 0.5, 1.0])
    along = optics.shifts[1] / 0.5
    np.testing.assert_allclose(optics.exposure_drift, 0.2 * along)
    assert optics.magnifications[0] == 1 and np.all(optics.magnifications[1:] != 1)


VARIANTS = (
    {"energy": 80e3, "Cs_um": {"uniform": (-15, 15)}, "defocus": {"start": -50}},
    {"energy": 300e3, "Cs_um": 1200, "focal_spread": 40, "aperture_mrad": 20},
)


def test_what_belongs_together_is_drawn_together():
    microscope = Microscope(energy=200e3, aperture_mrad=25, variants=VARIANTS)
    seen = {
        (one.energy, one.Cs_um if isinstance(one.Cs_um, float) else "drawn", one.aperture_mrad)
        for one in (draw_variant(microscope, np.random.default_rng(i)) for i in range(20))
    }
    assert seen == {(80e3, "drawn", 25), (300e3, 1200, 20)}
    assert draw_variant(Microscope(energy=80e3), np.random.default_rng(0)).energy == 80e3
    # The margin is that of the worst of them.
    assert margin(microscope) == margin(Microscope(energy=300e3, Cs_um=1200)) == 13.0


def test_spans_are_those_of_all_variants():
    steps = {"steps": (0, 40)}
    microscope = Microscope(energy=200e3, Cs_um=5000, defocus=steps, variants=VARIANTS)
    assert microscope.span(lambda one: one.energy) == (80e3, 300e3)
    assert microscope.span(lambda one: one.Cs_um) == (-15, 1200)  # never the section's own
    assert microscope.defocus_spans == ((-50, 0), (-10, 40))
    plain = Microscope(energy=200e3, defocus={"start": {"uniform": (-9, 7)}, **steps})
    assert plain.defocus_spans == ((-9, 7), (31, 47))


def test_scherzer_defocus_follows_the_drawn_aberration_and_energy():
    settings = Microscope(
        energy={"choice": [80e3, 300e3]},
        Cs_um={"uniform": [-30, 10]},
        defocus={"start": 5, "scherzer": 1.2, "steps": [0, 40]},
    )
    low, high = settings.start_span
    assert low == pytest.approx(5 - 1.2 * np.sqrt(1.5 * 30e4 * wavelength(80e3)))
    assert high == pytest.approx(5 + 1.2 * np.sqrt(1.5 * 10e4 * wavelength(80e3)))
    assert settings.defocus_spans == ((low, high), (low + 40, high + 40))
    drawn = [
        draw_optics(settings, energy, np.random.default_rng(i))
        for i, energy in enumerate([80e3, 300e3] * 10)
    ]
    for optics in drawn:
        Cs = optics.aberrations["C30"]
        expected = 5 + 1.2 * np.sign(Cs) * np.sqrt(1.5 * abs(Cs) * wavelength(optics.energy))
        np.testing.assert_allclose(optics.defocus, [expected, expected + 40])
    assert len({np.sign(optics.aberrations["C30"]) for optics in drawn}) == 2
    # Where nothing is added, everything is drawn as it was without the setting.
    assert "scherzer" not in Microscope(energy=80e3).model_dump()["defocus"]


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ({"enrgy": 80e3}, r"variants\.0\.enrgy"),
        ({"energy": 1}, r"variants\.0\.energy: expected at least 20000"),
        ({"defocus": {"steps": (0, 1)}}, "has 2 defocus.steps"),
        ({"variants": ({},)}, "holds variants itself"),
    ],
)
def test_a_wrong_variant_is_named(variant, message):
    with pytest.raises(ValueError, match=message):
        Microscope(energy=200e3, variants=(variant,))


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 2**16))
def test_turning_specimen_and_aberrations_together_turns_the_image(seed):
    rng = np.random.default_rng(seed)
    grid = plan_grid(12.8, 12.8, 0.0, 0.1)
    side = grid.extent[0]
    atoms = Atoms("Au4", rng.uniform([2, 2, -3], [side - 2, side - 2, 3], (4, 3)))
    turned = atoms.copy()
    x, y = atoms.positions[:, 0] - side / 2, atoms.positions[:, 1] - side / 2
    # A quarter turn from x towards y; the grid's own centre is pixel count / 2.
    turned.positions[:, 0], turned.positions[:, 1] = -y + side / 2, x + side / 2
    sizes = {"astigmatism": 60, "coma": 2e3, "trefoil": 2e3, "C32": 1e5, "C34": 1e5, "Cs_um": 20}
    angles = dict(zip(
        ("astigmatism_angle_deg", "coma_angle_deg", "trefoil_angle_deg", "C32_angle_deg",
         "C34_angle_deg"),
        rng.uniform(0, 90, 5).tolist(), strict=True,
    ))  # fmt: skip

    def image(specimen, turn):
        shown = Microscope(
            energy=ENERGY, defocus={"start": -60}, aperture_mrad=25, **sizes,
            **{name: angle + turn for name, angle in angles.items()},
        )  # fmt: skip
        wave = exit_wave(specimen, grid, ENERGY, 1.0)
        return focal_series(wave, draw_optics(shown, ENERGY, np.random.default_rng(0)))[0]

    before, after = image(atoms, 0), image(turned, 90)
    # In (row, col) = (y, x), row' = col and col' = -row modulo the box.
    count = len(before)
    row, col = np.mgrid[:count, :count]
    np.testing.assert_allclose(after[col, -row % count], before, atol=2e-3 * before.std() + 2e-4)
    assert np.abs(image(turned, 0)[col, -row % count] - before).max() > 0.1 * before.std()


GRID = plan_grid(25.6, 25.6, 0.0, 0.1)


def weak_object(periods, strength=1e-3):
    """The wave behind a weak phase grating with a whole number of periods, and its frequency."""
    side = GRID.extent[1]
    x = np.arange(GRID.shape[1]) * GRID.sampling
    phase = strength * np.cos(2 * np.pi * periods * x / side)
    array = np.exp(1j * np.broadcast_to(phase, GRID.shape)).astype(np.complex64)
    return ExitWave(array, GRID, ENERGY, 0.0), periods / side


def transferred(periods, **changes):
    """Contrast of the grating's image over twice its phase."""
    wave, frequency = weak_object(periods)
    optics = draw_optics(Microscope(energy=ENERGY, **changes), ENERGY, np.random.default_rng(0))
    image = focal_series(wave, optics)[0].astype(np.float64)
    spectrum = np.fft.fft(image.mean(axis=0)) / image.shape[1]
    return 2 * spectrum[periods].real / (2 * 1e-3), frequency


@pytest.mark.parametrize("periods", [5, 11, 17, 23])
@pytest.mark.parametrize(("defocus", "cs_um"), [(-60.0, 0.0), (80.0, 15.0), (-120.0, -25.0)])
def test_weak_phase_object_to_half_a_per_cent(periods, defocus, cs_um):
    """I = 1 - 2 phi sin chi for chi as the phase delay; zeros where chi is a multiple of pi."""
    settings = {"defocus": {"start": defocus}, "Cs_um": cs_um, "aperture_mrad": 40}
    found, q = transferred(periods, **settings)
    length = wavelength(ENERGY)
    phase = np.pi * length * q**2 * (-defocus) + np.pi / 2 * cs_um * 1e4 * length**3 * q**4
    assert found == pytest.approx(np.sin(phase), abs=5e-3)


@pytest.mark.parametrize("model", ["ensemble", "envelope"])
def test_envelopes_of_a_weak_phase_object_to_half_a_per_cent(model):
    """exp(-(pi lambda q^2 spread)^2 / 2) and exp(-(grad chi angle)^2 / 2)."""
    plain = {"defocus": {"start": -150.0}, "aperture_mrad": 40}
    for periods in (8, 14):
        sharp, q = transferred(periods, **plain)
        spread, _ = transferred(periods, **plain, focal_spread=20, focal_spread_model=model)
        length = wavelength(ENERGY)
        assert spread / sharp == pytest.approx(
            np.exp(-0.5 * (np.pi * length * q**2 * 20) ** 2), abs=5e-3
        )
        angular, _ = transferred(periods, **plain, angular_spread_mrad=1.0)
        assert angular / sharp == pytest.approx(
            np.exp(-0.5 * (2 * np.pi * q * 150 * 1e-3) ** 2), abs=5e-3
        )


def test_vacuum_below_the_specimen_changes_nothing():
    optics = draw_optics(
        Microscope(energy=ENERGY, defocus={"start": -50}), ENERGY, np.random.default_rng(0)
    )
    atoms = Atoms("Au2", [[12, 12, 0], [12, 14, 3]], cell=[25, 25, 4], pbc=True)
    deeper = Atoms("Au2", [[12, 12, 0], [12, 14, 3]], cell=[25, 25, 14], pbc=True)
    first, second = (
        focal_series(exit_wave(one, GRID, ENERGY, 1.0), optics) for one in (atoms, deeper)
    )
    np.testing.assert_array_equal(first, second)
    lower = atoms.copy()
    lower.positions[:, 2] += 10  # nor does the specimen's height in its cell
    np.testing.assert_allclose(
        focal_series(exit_wave(lower, GRID, ENERGY, 1.0), optics), first, atol=1e-5
    )


@pytest.mark.parametrize("energy", [50e3, 80e3, 300e3])
def test_interaction_constant_is_the_closed_form(energy):
    """sigma = 2 pi m e lambda / h^2: Kirkland, eq. 5.6, with CODATA 2018."""
    mass, charge, planck, light = 9.1093837e-31, 1.602176634e-19, 6.62607015e-34, 299792458.0
    gamma = 1 + charge * energy / (mass * light**2)
    expected = 2 * np.pi * gamma * mass * charge * wavelength(energy) * 1e-10 / planck**2 * 1e-10
    assert abtem.core.energy.energy2sigma(energy) == pytest.approx(expected, rel=1e-4)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 2**16), st.integers(0, 255), st.integers(0, 255))
def test_moving_the_specimen_by_pixels_moves_the_image(seed, down, right):
    """Within the periodic box, for any microscope."""
    rng = np.random.default_rng(seed)
    side = GRID.extent[0]
    atoms = Atoms("Au3", rng.uniform(0, [side, side, 6], (3, 3)))
    moved = atoms.copy()
    moved.positions[:, :2] = (moved.positions[:, :2] + np.array([right, down]) * 0.1) % side
    microscope = Microscope(
        energy=ENERGY, defocus={"start": -60}, coma=3e3, astigmatism=50, trefoil=1e3,
        beam_tilt_mrad=2, Cs_um=50, aperture_mrad=25,
    )  # fmt: skip
    optics = draw_optics(microscope, ENERGY, np.random.default_rng(seed))
    before, after = (
        focal_series(exit_wave(one, GRID, ENERGY, 1.0), optics)[0] for one in (atoms, moved)
    )
    # The wave is carried on a coarser grid: compare the Fourier series at shifted places.
    place = np.arange(0, side, 0.4)
    first = values_at(np.fft.rfft2(before), before.shape, GRID.extent, place, place)
    second = values_at(
        np.fft.rfft2(after), after.shape, GRID.extent, place + 0.1 * down, place + 0.1 * right
    )
    np.testing.assert_allclose(second, first, atol=2e-3 * before.std() + 1e-4)
