"""The simulation against abTEM by itself, on a fine grid with thin slices."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from temnet.config.analysis.accuracy import Accuracy
from temnet.config.instrument.microscope import Microscope
from temnet.config.loading import load_experiment
from temnet.errors import InputError
from temnet.simulation.accuracy import (
    best_offset,
    box_grid,
    contrast_error,
    converged_series,
    intensity_lost,
    measure,
    measurement_count,
)
from temnet.simulation.exit_wave import ExitWave, Grid, exit_wave
from temnet.simulation.image_formation import focal_series
from temnet.simulation.optics import draw_optics
from temnet.simulation.reference import SPECIMENS, reference_wave, vibrating

BOX = 12.8
FIFTY = Microscope(
    energy=50e3, defocus={"start": -30, "steps": (0, 50, 100)}, Cs_um=14.29, focal_spread=14,
    aperture_mrad=40,
)  # fmt: skip
EXPERIMENT = Path(__file__).parents[2] / "experiments" / "accuracy.yaml"


@pytest.fixture(scope="module")
def mos2():
    atoms = vibrating(SPECIMENS["mos2"](BOX, 1, np.random.default_rng(0)), np.random.default_rng(1))
    optics = draw_optics(FIFTY, 50e3, np.random.default_rng(0))
    wave = reference_wave(atoms, box_grid(BOX, 0.0533), 50e3, 0.2)
    return atoms, optics, wave


def test_slices_at_the_planes_come_near_the_converged_simulation(mos2):
    atoms, optics, reference = mos2
    series = focal_series(reference, optics)
    own = exit_wave(atoms, box_grid(BOX, 0.1), 50e3, 1.0)
    error, offset = best_offset(own, series, optics, BOX, 1.5)
    assert error < 0.02 and abs(offset) < 0.5
    # Without the planes' true distances it is not: as if all atoms lay in one plane.
    flat = atoms.copy()
    flat.positions[:, 2] = 0
    wrong = exit_wave(flat, box_grid(BOX, 0.1), 50e3, 1.0)
    assert best_offset(wrong, series, optics, BOX, 1.5)[0] > 2 * error


def test_the_ensemble_is_converged_and_the_envelope_is_not_it(mos2):
    _, optics, reference = mos2
    converged = converged_series(reference, optics)
    ensemble = focal_series(reference, replace(optics, ensemble=True))
    envelope = focal_series(reference, replace(optics, ensemble=False))
    assert contrast_error(ensemble, converged, BOX, 1.5) < 1e-3
    assert 0.01 < contrast_error(envelope, converged, BOX, 1.5) < 0.3


def test_contrast_error_is_relative_to_the_whole_series():
    row = np.arange(64)
    wave = np.cos(2 * np.pi * 4 * row / 64)[None, :, None] * np.ones((2, 1, 64))
    assert contrast_error(1 + 1.1 * wave, 1 + wave, 6.4, 1.5) == pytest.approx(0.1)
    # Finer than the limit: 20 periods in 6.4 Å are 3.1 1/Å.
    fine = np.cos(2 * np.pi * 20 * row / 64)[None, :, None] * np.ones((2, 1, 64))
    assert contrast_error(1 + wave + fine, 1 + wave, 6.4, 1.5) == pytest.approx(0, abs=1e-9)


def test_offset_is_found(mos2):
    _, optics, reference = mos2
    moved = replace(optics, defocus=tuple(focus + 0.4 for focus in optics.defocus))
    error, offset = best_offset(reference, focal_series(reference, moved), optics, BOX, 1.5)
    assert offset == pytest.approx(0.4, abs=0.03) and error < 1e-3


def test_box_has_to_be_a_good_number_of_pixels():
    assert box_grid(25.6, 0.1).shape == (256, 256)
    with pytest.raises(InputError, match="accuracy.box 25.6"):
        box_grid(25.6, 0.07)


def test_only_what_is_scattered_beyond_the_band_may_be_lost():
    # Waves of 3 and 9 periods across the box, of which the coarse grid carries up to 5.
    place = np.arange(32)[:, None] / 32 * np.ones(32)
    slow, quick = (np.exp(2j * np.pi * periods * place) for periods in (3, 9))
    fine, coarse = (Grid((n, n), 8.0 / n, (0.0, 0.0)) for n in (32, 16))
    both = ExitWave(0.8 * slow + 0.6 * quick, fine, 1e5, 0.0)
    kept = ExitWave(0.8 * slow[::2, ::2], coarse, 1e5, 0.0)
    assert intensity_lost(kept, both) == pytest.approx(0, abs=1e-12)
    damped = ExitWave(0.7 * slow[::2, ::2], coarse, 1e5, 0.0)
    assert intensity_lost(damped, both) == pytest.approx(0.64 - 0.49)


def test_the_table_has_a_line_for_everything():
    settings = Accuracy(
        cases=({"specimen": "mos2_graphene", "microscope": FIFTY.model_dump()},),
        grid_samplings=(0.1,), box=12.8, reference_sampling=0.08, reference_slice=1.0,
        converged_sampling=0.0533, converged_slice=0.5,
    )  # fmt: skip
    steps = []
    rows = measure(settings, 1, steps.append)
    assert sum(steps) == measurement_count(settings) == 4
    assert [row.quantity for row in rows] == [
        "reference", "grid", "intensity lost", "focal spread", "focal spread",
        "diffuse scattering", "diffuse scattering", "diffuse scattering",
        "border", "border", "border",
    ]  # fmt: skip
    assert all(0 <= row.percent < 100 for row in rows)


@pytest.mark.long
def test_the_shipped_table_keeps_its_promises():
    experiment = load_experiment(EXPERIMENT)
    rows = measure(experiment.accuracy, experiment.seed)

    def percent(specimen, quantity, start):
        (value,) = [
            row.percent
            for row in rows
            if (row.specimen, row.quantity) == (specimen, quantity)
            and row.setting.startswith(start)
        ]
        return value

    for specimen in ("mos2", "mos2_graphene"):
        assert percent(specimen, "reference", "") < 0.5
        assert percent(specimen, "grid", "0.1 ") < 2
        assert percent(specimen, "grid", "0.0667") < 1
        assert percent(specimen, "intensity lost", "0.1 ") < 0.1
    assert percent("gold_110", "reference", "") < 2.5
    assert percent("gold_110", "grid", "0.05 ") < 5
    assert percent("gold_110", "intensity lost", "0.05 ") < 1
    # The mean image is that of the mean potential but for diffuse scattering, which grows with
    # the thickness: 3 to 5 % for a sheet, 50 to 120 % for ten atoms of gold.
    for specimen, low, high in (("mos2", 2, 10), ("gold_110", 40, 120)):
        mean = percent(specimen, "diffuse scattering", "mean p")
        assert percent(specimen, "diffuse scattering", "error") < mean and low < mean < high
    assert percent("mos2", "diffuse scattering", "mean p") < percent(
        "mos2", "diffuse scattering", "one c"
    )
    for start in ("0 to 1", "1 to 3", "3 to 5"):
        assert percent("mos2", "border", start) < 5
    for specimen in ("mos2", "gold_110"):
        assert percent(specimen, "focal spread", "ensemble") < 4
    assert all(abs(row.offset) <= 1 for row in rows if row.quantity == "grid")
