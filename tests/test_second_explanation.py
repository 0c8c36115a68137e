"""The script that looks for second explanations of images of MoS2."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from temnet.config.loading import load_experiment
from temnet.simulation.example import draw_instrument, specimen_energy, specimen_microscope

FOLDER = Path(__file__).parents[1] / "experiments"


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(FOLDER / "second_explanation.py"))


@pytest.fixture(scope="module")
def settings():
    return load_experiment(FOLDER / "mos2_unet.yaml").simulation


@pytest.fixture(scope="module")
def waves(script):
    return script["assignments"](50e3)


@pytest.fixture(scope="module")
def optics(settings):
    microscope = specimen_microscope(settings, 0, "validation")
    energy = specimen_energy(settings, microscope, 0, "validation")
    return draw_instrument(settings, microscope, energy, 0, "validation").optics


def test_cyclic_assignments_are_the_lattice_moved(waves):
    first, moved = waves["Mo S2 -"].array, waves["- Mo S2"].array
    # A third of a√3 along the rows, two of which fill the box.
    phase = np.exp(-2j * np.pi * np.fft.fftfreq(first.shape[0]) * first.shape[0] / 6)
    shifted = np.fft.ifft(np.fft.fft(first, axis=0) * phase[:, None], axis=0)
    np.testing.assert_allclose(shifted, moved, atol=0.02)
    assert np.abs(waves["S2 Mo -"].array - first).max() > 0.2


def test_variables_and_microscope_are_inverse(script, optics, waves):
    values = script["variables"](optics)
    again = script["microscope"](optics, values)
    wave = waves["Mo S2 -"]
    np.testing.assert_allclose(
        script["expected"](wave, again), script["expected"](wave, optics), atol=1e-5
    )
    np.testing.assert_allclose(script["variables"](again), values, atol=1e-6)


@pytest.mark.slow
def test_the_true_assignment_explains_the_image(script, settings, optics, waves):
    wave = waves["Mo S2 -"]
    truth = script["expected"](wave, optics)
    limits = script["ranges"](settings)
    own = script["Fit"](wave, optics, truth, 1e5, limits)
    other = script["Fit"](waves["S2 Mo -"], optics, truth, 1e5, limits)
    least = [
        min(fit.least(point) for _, point in sorted(fit.coarse(), key=lambda one: one[0])[:3])
        for fit in (own, other)
    ]
    assert least[0] < 1
    assert least[1] > 20
