import importlib.util
import logging
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import scipy.special

from temnet.config.loading import validate
from temnet.errors import InputError
from temnet.inference.column_finder import find_in_series
from temnet.inference.engines import choice as engines
from temnet.inference.engines.agreement import PROBABILITY_TOLERANCE, disagreement, fixed_image
from temnet.inference.engines.choice import choose_engine
from temnet.inference.engines.engine import warn_of_nothing
from temnet.inference.engines.keras_engine import probabilities_of
from temnet.models.description import describe
from temnet.models.factory import build_model
from temnet.models.network import Network, SavedModel
from temnet.records import ImageSeries

VALUES = {
    "microscope": {"energy": 80e3, "defocus": {"steps": [0, 50]}},
    "labels": {"classes": ["C", "N"], "width": 0.4, "normalisation_width": 3.0},
    "stages": ["report"],
}
UNET = {"kind": "unet", "sampling": 0.2, "depth": 2, "filters": 4}
MSDNET = {"kind": "msdnet", "sampling": 0.2, "depth": 3, "max_dilation": 5}

needs_openvino = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="needs temnet[fast]"
)


def network(model):
    """A network whose weights are all drawn, the statistics of batch normalisation too."""
    experiment = validate({**VALUES, "model": model}, "test")
    network = Network(
        "drawn", build_model(experiment), experiment, describe("drawn", experiment, 0.5)
    )
    rng = np.random.default_rng(0)
    for weight in network.model.weights:
        if len(weight.shape) == 1:
            weight.assign(weight + rng.uniform(0, 0.2, weight.shape))
    kernel = network.model.layers[-1].weights[-2]
    kernel.assign(0.3 * rng.normal(size=kernel.shape))
    return network


def test_check_images_smaller_than_the_network_takes_are_left_out(monkeypatch):
    """A U-Net of depth 6 on merged pixels takes 128 pixels, check images have 96."""
    drawn = network({**UNET, "depth": 6, "stem": 2, "max_filters": 4})
    model = drawn.model
    drawn = replace(drawn, source=SavedModel(Path("here"), lambda: model))
    small = np.zeros((2, 96, 96, 2), np.float32)
    monkeypatch.setattr(engines, "read_check_images", lambda folder: small)
    same = ("f32", "same", lambda image: probabilities_of(model, image[None])[0])
    chosen = engines._first_that_agrees(drawn, iter([same]))
    assert chosen[:2] == ("f32", "same") and "on a test image" in chosen[2]


@needs_openvino
@pytest.mark.parametrize(
    "changes",
    [{}, {"residual": True, "skip": "add"}, {"batch_norm": False}, {"stem": 2}],
    ids=["plain", "residual", "without batch normalisation", "merged pixels"],
)
def test_openvino_agrees_with_keras_for_any_size(changes):
    from temnet.inference.engines.openvino_network import compile_network, translate

    model = network({**UNET, **changes}).model
    run = compile_network(translate(model), "f32")
    rng = np.random.default_rng(1)
    for shape in ((32, 32), (48, 24), (8, 64)):
        images = rng.normal(size=(*shape, 2)).astype(np.float32)
        logits = model.predict_on_batch(images[None])[0]
        expected = scipy.special.softmax(logits, axis=-1)
        assert np.ptp(expected[..., 0]) > 0.01
        np.testing.assert_allclose(run(images), expected, atol=1e-5)


@needs_openvino
def test_a_prediction_stays_after_the_next_image():
    run = choose_engine(network(UNET), "openvino").run
    images = np.random.default_rng(0).normal(size=(2, 32, 32, 2)).astype(np.float32)
    first = run(images[0])
    kept = first.copy()
    assert np.abs(run(images[1]) - kept).max() > 0.001
    np.testing.assert_array_equal(first, kept)


@needs_openvino
def test_openvino_is_chosen_once_and_logged(caplog):
    net = network(UNET)
    with caplog.at_level(logging.INFO, "temnet"):
        engine = choose_engine(net)
        again = choose_engine(net)
    assert engine.name.startswith("OpenVINO in")
    assert again.run is engine.run
    assert [record.message for record in caplog.records if "runs on" in record.message] == [
        f"drawn runs on {engine.name}: {engine.reason}"
    ]
    assert choose_engine(net, "keras").name == "Keras"


@needs_openvino
def test_new_weights_are_noticed():
    net = network(UNET)
    images = np.random.default_rng(0).normal(size=(32, 32, 2)).astype(np.float32)
    before = choose_engine(net).run(images)
    net.model.layers[-1].bias.assign([5.0, 0.0, 0.0])
    assert choose_engine(net).run(images)[..., 0].mean() > before[..., 0].mean() + 0.2


@needs_openvino
def test_an_engine_that_disagrees_is_not_taken(monkeypatch):
    from temnet.inference.engines import openvino_network

    compiled = openvino_network.compile_network

    def coarse(model, precision):
        run = compiled(model, precision)
        wrong = 0.03 if precision == "bf16" else 0.0
        return lambda images: run(images) + wrong

    monkeypatch.setattr(openvino_network, "compile_network", coarse)
    assert choose_engine(network(UNET)).name == "OpenVINO in float32"
    monkeypatch.setattr(engines, "PROBABILITY_TOLERANCE", -1.0)
    assert choose_engine(network(UNET)).name == "Keras"
    with pytest.raises(InputError, match="disagrees with Keras"):
        choose_engine(network(UNET), "openvino")


@needs_openvino
def test_layers_that_cannot_be_translated_stay_with_keras():
    images = keras.Input((None, None, 1))
    maps = keras.layers.Conv2D(2, 3, padding="same", activation="tanh", name="bent")(images)
    experiment = validate({**VALUES, "model": UNET}, "test")
    net = Network("own", keras.Model(images, maps), experiment, describe("own", experiment, 0.5))
    engine = choose_engine(net)
    assert engine.name == "Keras" and "bent has the activation tanh" in engine.reason
    with pytest.raises(InputError, match="bent"):
        choose_engine(net, "openvino")


@needs_openvino
@pytest.mark.parametrize("padding", ["reflect", "zeros"])
def test_openvino_runs_msdnets_where_they_have_no_kernels(padding, monkeypatch):
    net = network({**MSDNET, "padding": padding, "depth": 7})
    images = np.random.default_rng(0).normal(size=(32, 24, 2)).astype(np.float32)
    expected = choose_engine(net, "keras").run(images)
    monkeypatch.setattr("temnet.models.msdnet.has_kernels", lambda: False)
    engine = choose_engine(net)
    assert engine.name.startswith("OpenVINO") and np.ptp(expected[..., 0]) > 0.01
    np.testing.assert_allclose(engine.run(images), expected, atol=PROBABILITY_TOLERANCE)


def test_msdnet_stays_with_its_own_kernels():
    if importlib.util.find_spec("openvino"):
        assert "MSD-net" in choose_engine(network(MSDNET)).reason
    assert choose_engine(network(MSDNET)).name == "Keras"


def test_without_openvino_keras_serves_and_a_wish_for_it_is_refused(monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    engine = choose_engine(network(UNET))
    assert engine.name == "Keras" and "not installed" in engine.reason
    series = ImageSeries(np.ones((1, 32, 32, 2), np.float32), 0.2)
    with pytest.raises(InputError, match=r"pip install -e .\[fast\]") as caught:
        find_in_series(network(UNET), series, engine="openvino")
    assert "\n" not in str(caught.value)


def spots(places, height=0.9):
    row, col = np.mgrid[:40, :40] * 0.2
    score = np.zeros((40, 40))
    for y, x in places:
        score = np.maximum(score, height * np.exp(-((row - y) ** 2 + (col - x) ** 2) / 0.32))
    return np.stack([score, 0 * score, 1 - score], axis=-1)


def test_disagreement_is_in_probability_and_position():
    net = network(UNET)
    places = np.array([[2.0, 3.0], [5.0, 6.0]])
    assert disagreement(net, spots(places), spots(places)) == (0, 0)
    probability, position = disagreement(net, spots(places), spots(places + [0.0, 0.05]))
    assert position == pytest.approx(0.05, abs=0.003)
    assert 0.03 < probability < 0.1  # 0.9 x the steepest slope, 0.61 / 0.4 Å, x 0.05 Å
    assert disagreement(net, spots(places), spots(places[:1]))[1] > 3
    assert disagreement(net, spots([]), spots(places))[1] == np.inf
    # A peak that is hardly one may be there or not.
    assert disagreement(net, spots(places, 0.505), spots(places, 0.495))[1] == 0


def test_the_test_image_is_always_the_same_and_shows_both_contrasts():
    net = network(UNET)
    image = fixed_image(net, 4)
    np.testing.assert_array_equal(image, fixed_image(net, 4))
    assert image.shape == (192, 192, 2) and image.dtype == np.float32
    left, right = image[:, :80, 0], image[:, 112:, 0]
    assert np.mean(left**3) > 0.5 and np.mean(right**3) < -0.5


def test_a_network_of_zeros_is_named_once(caplog):
    images = np.random.default_rng(0).normal(size=(32, 32, 2)).astype(np.float32)
    empty = network(UNET)
    warn_of_nothing.cache_clear()
    choose_engine(empty, "keras").run(images)
    assert not caplog.records
    for weight in empty.model.weights:
        weight.assign(np.zeros(weight.shape))
    choose_engine(empty, "keras").run(np.zeros_like(images))  # without a warning
    assert not caplog.records
    for _ in range(3):
        choose_engine(empty, "keras").run(images)
    (record,) = caplog.records
    assert "the network drawn predicts the same at every pixel" in record.getMessage()
