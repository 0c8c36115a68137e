"""Images with one parameter changed, and how the expected image answers to moving a column."""

import numpy as np
import pytest

from temnet.config.analysis.scoring import FIXED_PARAMETERS
from temnet.config.loading import validate
from temnet.data.sweep import sweep_examples
from temnet.electrons import wavelength
from temnet.randomness import generator
from temnet.simulation.example import draw_specimen, simulate_block, simulate_example
from temnet.simulation.position_derivatives import position_derivatives
from temnet.simulation.sweep import FIXED, _RowByRow, simulate_portable, simulate_sweep

SETTINGS = {
    "structure": {"kind": "graphene"},
    "vibrations": {"kind": "einstein", "sigma": {"default": 0.06}},
    "microscope": {
        "energy": 80e3,
        "defocus": {"start": {"uniform": [-100, 100]}, "steps": [0, 50], "jitter": 2},
        "astigmatism": {"uniform": [0, 20]},
        "aperture_mrad": 40,
        "grid_sampling": 0.15,
    },
    "camera": {"sampling": {"uniform": [0.18, 0.22]}, "dose": {"log_uniform": [1e3, 1e4]}},
    "labels": {"classes": ["C"], "width": 0.3},
    "data": {"image_size": 24, "exit_wave_reuse": 2, "workers": 0},
    "model": {"kind": "unet", "sampling": 0.2, "depth": 1},
    "stages": ["simulate"],
}
EXPERIMENT = validate(SETTINGS, "test")
SIMULATION = EXPERIMENT.simulation
KEYS = {"dose": "dose", "defocus": "defocus", "astigmatism": "C12",
        "camera_sampling": "camera_sampling"}  # fmt: skip
"""Names of the drawn parameters of an example; multiples of the Scherzer defocus are not drawn."""


def test_every_parameter_of_the_settings_can_be_fixed():
    assert tuple(FIXED) == FIXED_PARAMETERS
    assert set(FIXED) == {*KEYS, "scherzer"}


def test_the_defocus_is_a_multiple_of_the_scherzer_defocus():
    microscope = {**SETTINGS["microscope"], "Cs_um": {"uniform": [-30, -8]}}
    settings = validate({**SETTINGS, "microscope": microscope}, "test").simulation
    multiples = (0.5, 2)
    values = [("scherzer", multiple) for multiple in multiples]
    examples = simulate_sweep(settings, 1, "validation", values)
    for example, multiple in zip(examples, multiples, strict=True):
        drawn = example.parameters
        scherzer = -np.sqrt(1.5 * abs(drawn["C30"]) * wavelength(80e3))
        assert drawn["C30"] < 0 and drawn["defocus"][0] == pytest.approx(multiple * scherzer)


def test_only_the_parameter_changes():
    drawn = simulate_example(EXPERIMENT, 6, "validation")  # the first example of specimen 3
    own = {name: np.atleast_1d(drawn.parameters[key])[0] for name, key in KEYS.items()}
    values = [(name, factor * value) for name, value in own.items() for factor in (1, 1.1)]
    found = simulate_sweep(SIMULATION, 3, "validation", values)
    for name, same, other in zip(own, found[::2], found[1::2], strict=True):
        # With the value that was drawn it is the very example; the counter-test is another value.
        np.testing.assert_array_equal(same.images, drawn.images)
        assert same.parameters == drawn.parameters
        assert np.abs(other.images - drawn.images).max() > 1e-3
        changed = {key for key, value in other.parameters.items() if value != drawn.parameters[key]}
        assert changed - {"information_limit"} == {KEYS[name]}
        assert np.atleast_1d(other.parameters[KEYS[name]])[0] == pytest.approx(1.1 * own[name])
        assert len(other.columns) == len(drawn.columns)
    defocus = found[3].parameters["defocus"]
    assert defocus[1] - defocus[0] == pytest.approx(np.diff(drawn.parameters["defocus"])[0])


def test_a_higher_dose_shows_the_same_with_less_noise():
    low, high, bright = simulate_sweep(
        SIMULATION, 0, "validation", [("dose", 1e2), ("dose", 1e4), ("dose", 1e8)]
    )
    noise = [np.std(one.images - bright.images) for one in (low, high)]
    assert noise[0] / noise[1] == pytest.approx(10, rel=0.1)


def test_portable_noise_is_as_strong_and_nothing_else_changes():
    drawn = simulate_block(SIMULATION, 0, 3, "validation")
    portable = simulate_portable(SIMULATION, 3, "validation")
    for number, specimen in ((0, 0), (2, 1)):  # the specimens' first examples
        (clean,) = simulate_sweep(SIMULATION, specimen, "validation", [("dose", 1e8)])
        noise = [each[number].images - clean.images for each in (drawn, portable)]
        assert noise[0].std() == pytest.approx(noise[1].std(), rel=0.1)
        assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.15
    for before, after in zip(drawn, portable, strict=True):
        assert after.parameters == before.parameters
        np.testing.assert_array_equal(after.labels, before.labels)


def test_portable_noise_of_a_row_does_not_depend_on_other_rows():
    means = np.full((6, 5), 50.0)
    others = means.copy()
    others[2] = 3.0  # takes another number of random numbers

    def rows_that_agree(make):
        return [
            bool(np.all(one == two))
            for one, two in zip(make().poisson(means), make().poisson(others), strict=True)
        ]

    portable = rows_that_agree(lambda: _RowByRow(generator(1, "test")))
    assert portable == [True, True, False, True, True, True]
    assert not any(rows_that_agree(lambda: generator(1, "test"))[2:])
    counts = _RowByRow(generator(1, "test")).poisson(np.full((100, 100), 7.0))
    assert counts.mean() == pytest.approx(7, abs=0.1)
    assert counts.var() == pytest.approx(7, rel=0.06)


def test_workers_give_every_value_of_every_specimen():
    series = {"dose": [100, 1000], "defocus": [0], "structures": 2}
    experiment = validate({**SETTINGS, "evaluation": {"sweep": series}}, "test")
    found = list(
        sweep_examples(
            experiment.simulation, experiment.evaluation.sweep, experiment.data, "validation"
        )
    )
    assert [(specimen, name, value) for specimen, name, value, _ in found] == [
        (specimen, name, value)
        for specimen in (0, 1)
        for name, value in (("dose", 100), ("dose", 1000), ("defocus", 0))
    ]
    assert [example.parameters["dose"] for *_, example in found[:2]] == [100, 1000]
    (direct,) = simulate_sweep(experiment.simulation, 1, "validation", [("defocus", 0.0)])
    np.testing.assert_array_equal(found[-1][3].images, direct.images.astype(np.float16))


def test_a_column_that_moves_takes_its_part_of_the_image_along():
    changes = {**SETTINGS["microscope"], "defocus": {"start": -50}, "astigmatism": 0}
    camera = {"sampling": 0.05, "dose": 1e4}
    data = {**SETTINGS["data"], "image_size": 16}
    experiment = validate(
        {**SETTINGS, "microscope": changes, "camera": camera, "data": data,
         "vibrations": {"kind": "none"}}, "test",
    )  # fmt: skip
    resting, _ = draw_specimen(experiment.simulation, 0, "validation")
    answer = position_derivatives(experiment.simulation, 0, "validation", resting.columns.positions)
    # All columns together move the whole image: minus its gradient, on pixels of 0.05 Å.
    for axis in (0, 1):
        together = answer.derivatives[:, axis].sum(axis=0)[2:-2, 2:-2, 0]
        gradient = np.gradient(answer.expected[..., 0], 0.05, axis=axis)[2:-2, 2:-2]
        assert np.corrcoef(together.ravel(), -gradient.ravel())[0, 1] > 0.99
        assert np.sum(together * -gradient) / np.sum(gradient**2) == pytest.approx(1, abs=0.05)
    # A column of the image moves much of it, one far outside next to nothing.
    middle = np.array(answer.expected.shape[:2]) * 0.05 / 2
    away = np.linalg.norm(resting.columns.positions - middle, axis=1)
    moved = np.abs(answer.derivatives[:, 0, ..., 0]).max(axis=(1, 2))
    assert moved[np.argmax(away)] < 0.1 * moved[np.argmin(away)]
