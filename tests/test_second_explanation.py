"""The script that looks for second explanations of images of MoS2."""

import runpy
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from temnet.config.loading import load_experiment
from temnet.evaluation.scores import ScoreRow
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
    return script["sheets"](50e3)


def drawn_optics(settings, index):
    microscope = specimen_microscope(settings, index // settings.exit_wave_reuse, "validation")
    energy = specimen_energy(settings, microscope, index // settings.exit_wave_reuse, "validation")
    return draw_instrument(settings, microscope, energy, index, "validation").optics


@pytest.fixture(scope="module")
def optics(settings):
    return drawn_optics(settings, 0)


def test_exchanged_sheets_differ_by_an_inversion(waves):
    one, other = (waves[name].array for name in ("Mo S2", "S2 Mo"))
    rows = one.shape[0]
    # Each has its first kind of column in the origin and the other a third of a√3 below.
    inverted = np.roll(one[::-1, ::-1], (1, 1), (0, 1))
    phase = np.exp(-2j * np.pi * np.fft.fftfreq(rows) * rows / 3)
    moved = np.fft.ifft(np.fft.fft(inverted, axis=0) * phase[:, None], axis=0)
    np.testing.assert_allclose(moved, other, atol=0.02)
    assert np.abs(one - other).max() > 0.2


def test_variables_and_microscope_are_inverse(script, optics, waves):
    moved = replace(optics, shifts=optics.shifts + [0.3, -0.2])
    values = script["variables"](moved)
    again = script["microscope"](optics, values)
    wave = waves["Mo S2"]
    np.testing.assert_allclose(
        script["expected"](wave, again), script["expected"](wave, moved), atol=1e-5
    )
    np.testing.assert_allclose(script["variables"](again), values, atol=1e-6)


def test_a_lattice_vector_leads_back_and_half_of_one_does_not(script, optics, waves):
    wave = waves["Mo S2"]
    truth = script["expected"](wave, optics)
    for move in ((6, 0), (0, 6), (3, 0)):
        first = optics.shifts + script["vector"](move, wave.grid.extent)
        image = script["expected"](wave, replace(optics, shifts=first))
        same = np.abs(image - truth).max() < 1e-4
        assert same == (move != (3, 0))
    assert np.abs(image - np.roll(truth, truth.shape[2] // 2, axis=2)).max() < 1e-4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.yaml"], "does not exist"),
        ([FOLDER / "graphene_unet.yaml"], "not MoS2"),
        ([FOLDER / "mos2_unet.yaml", "--images", 0], "at least 1; got 0"),
    ],
)
def test_wrong_input_gets_a_sentence(script, arguments, words, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["second_explanation.py", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        script["main"]()
    assert ended.value.code == 2 and words in capsys.readouterr().err


def test_the_mean_is_over_the_classes_that_occur(script):
    row = partial(ScoreRow, **{each.name: 0 for each in fields(ScoreRow)})
    rows = [
        row(index=0, class_="Mo", true_positives=3, false_positives=1, false_negatives=1),
        row(index=0, class_="S"),
        row(index=0, class_="all", true_positives=9),
        row(index=1, class_="Mo", true_positives=1),
    ]
    assert script["macro_f1"](rows, {0}) == pytest.approx(0.75)
    assert script["macro_f1"](rows, {0, 1}) == pytest.approx(0.8)
    assert np.isnan(script["macro_f1"](rows, set()))


@pytest.mark.slow
def test_only_the_true_sheet_explains_the_image(script, settings, optics, waves):
    truth = script["expected"](waves["Mo S2"], optics)
    limits = script["ranges"](settings)
    own, other = (
        script["Fit"](waves[name], optics, truth, 1e5, limits) for name in ("Mo S2", "S2 Mo")
    )
    assert own.least(own.coarse()[0, 0][1]) < 1
    assert other.least(other.coarse()[0, 0][1]) > 20


@pytest.mark.slow
def test_strong_astigmatism_has_a_fourier_image(script, settings):
    """93 Å more defocus, and as much astigmatism, move the sheet by half a lattice vector."""
    assert drawn_optics(settings, 144).aberrations["C12"] > 48
    nats, name, _, _ = script["least_information"](settings, 144)
    assert name == "Mo S2 moved by 3/6 0/6"
    assert nats < 1
