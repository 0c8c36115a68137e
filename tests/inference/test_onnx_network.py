"""Networks in ONNX, against Keras and as another program reads them."""

import importlib.util
import json
import os
import subprocess
import sys
from itertools import count

import keras
import numpy as np
import pytest
import scipy.special

from temnet.config.loading import validate
from temnet.inference.column_finder import find_in_series
from temnet.inference.engines.choice import choose_engine
from temnet.inference.engines.keras_engine import keras_engine
from temnet.inference.engines.usage_data import REFUSAL
from temnet.inference.peak_finder import PeakFinder
from temnet.inference.probability_maps import predict_probabilities, prepare_frame
from temnet.models.checkpoint import load_network
from temnet.models.description import describe
from temnet.models.factory import build_model, size_unit, smallest_size
from temnet.models.network import Network
from temnet.models.network_folders import network_names
from temnet.records import IGNORED, ImageSeries
from temnet.score_records import Calibration
from temnet.simulation.example import simulate_example

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("onnx", "onnxruntime")),
    reason="needs temnet[onnx]",
)

SAME = 1e-5
"""Largest difference of a probability; 4e-7 on noise, 1e-6 with the shipped networks on images."""

VALUES = {
    "microscope": {"energy": 80e3, "defocus": {"steps": [0, 50]}},
    "labels": {"classes": ["C", "N"], "width": 0.4, "normalisation_width": 3.0},
    "stages": ["report"],
}
UNET = {"kind": "unet", "sampling": 0.2, "depth": 2, "filters": 4}
MSDNET = {"kind": "msdnet", "sampling": 0.2, "depth": 7, "max_dilation": 5}


def network(model):
    """A network whose weights are all drawn, the statistics of batch normalisation too."""
    experiment = validate({**VALUES, "model": model}, "test")
    card = describe("drawn", experiment, 0.5)
    network = Network("drawn", build_model(experiment, "float32"), experiment, card)
    rng = np.random.default_rng(0)
    for weight in network.model.weights:
        if len(weight.shape) == 1 and weight.name != "kernels":
            weight.assign(weight + rng.uniform(0, 0.2, weight.shape))
    kernel = network.model.layers[-1].weights[-2]
    kernel.assign(0.3 * rng.normal(size=kernel.shape))
    return network


def session_of(model):
    """A session of ONNX Runtime, as another program makes it, but without usage data."""
    from temnet.inference.engines.onnxruntime_network import onnxruntime

    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def by_keras(model, images):
    """Probabilities of several images (batch, row, col, focus)."""
    return scipy.special.softmax(model.predict_on_batch(images), axis=-1)


@pytest.mark.parametrize(
    "model",
    [
        UNET,
        {**UNET, "residual": True, "skip": "add"},
        {**UNET, "batch_norm": False},
        {**UNET, "stem": 2},
        MSDNET,
        {**MSDNET, "width": 2},
        {**MSDNET, "padding": "zeros"},
    ],
    ids=["unet", "residual", "unnormalised", "merged pixels", "msdnet", "wide", "zeros"],
)
def test_onnx_runtime_gives_the_maps_of_keras_for_any_batch_and_size(model):
    from temnet.inference.engines.onnx_network import onnx_model

    keras_model = network(model).model
    session = session_of(onnx_model(keras_model))
    rng = np.random.default_rng(1)
    for shape in ((2, 32, 48, 2), (1, 24, 16, 2)):
        images = rng.normal(size=shape).astype(np.float32)
        expected = by_keras(keras_model, images)
        assert np.ptp(expected[..., 0]) > 0.01
        (found,) = session.run(["probabilities"], {"images": np.moveaxis(images, -1, 1)})
        np.testing.assert_allclose(np.moveaxis(found, 1, -1), expected, atol=SAME)


def test_the_file_states_what_another_program_must_know():
    import onnx

    from temnet.inference.engines.onnx_network import METADATA, onnx_network

    net = network(MSDNET)
    object.__setattr__(net.card, "score_calibration", Calibration(1.5, -0.2, 0.9))
    model = onnx.load_from_string(onnx_network(net).SerializeToString())
    found = {entry.key: entry.value for entry in model.metadata_props}
    assert list(found) == list(METADATA)
    assert json.loads(found["classes"]) == ["C", "N", "background"]
    assert json.loads(found["focus_steps_angstrom"]) == [0, 50]
    assert json.loads(found["score_calibration"]) == {
        "slope": 1.5,
        "offset": -0.2,
        "class_slope": 0.9,
    }
    numbers = {
        "pixel_size_angstrom": 0.2,
        "normalisation_width_angstrom": 3.0,
        "label_width_angstrom": 0.4,
        "threshold": 0.5,
        "size_multiple": size_unit(net.model),
        "smallest_size": smallest_size(net.model),
        "min_distance_angstrom": PeakFinder.of(net).min_distance,
    }
    assert {name: float(found[name]) for name in numbers} == pytest.approx(numbers)
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 17)]
    (images,), (probabilities,) = model.graph.input, model.graph.output
    for value, name, channels in ((images, "images", 2), (probabilities, "probabilities", 3)):
        sizes = value.type.tensor_type.shape.dim
        assert value.name == name and sizes[1].dim_value == channels
        assert [sizes[axis].dim_param for axis in (0, 2, 3)] == ["batch", "rows", "cols"]


def test_the_engine_gives_the_columns_of_keras_and_is_used_only_when_asked_for():
    rng = np.random.default_rng(0)
    frames = rng.normal(10, 1, (1, 40, 53, 2)).astype(np.float32)
    for model in (UNET, MSDNET):
        net = network(model)
        engine = choose_engine(net, "onnxruntime")
        assert engine.name == "ONNX Runtime" and "differ by" in engine.reason
        assert choose_engine(net, "onnxruntime").run is engine.run
        assert choose_engine(net).name != engine.name
        series = ImageSeries(frames, 0.2)
        ours, theirs = (
            find_in_series(net, series, engine=name) for name in ("onnxruntime", "keras")
        )
        np.testing.assert_allclose(ours.positions, theirs.positions, atol=1e-3)
        np.testing.assert_allclose(ours.score, theirs.score, atol=1e-4)


def test_a_prediction_stays_after_the_next_image():
    run = choose_engine(network(UNET), "onnxruntime").run
    images = np.random.default_rng(0).normal(size=(2, 32, 32, 2)).astype(np.float32)
    first = run(images[0])
    kept = first.copy()
    assert np.abs(run(images[1]) - kept).max() > 0.001
    np.testing.assert_array_equal(first, kept)


def test_a_layer_that_has_no_rule_is_named():
    from temnet.inference.engines.onnx_network import onnx_model
    from temnet.inference.engines.translation import Untranslatable

    images = keras.Input((None, None, 1))
    model = keras.Model(images, keras.layers.Dropout(0.5, name="drop")(images))
    with pytest.raises(Untranslatable, match="drop is a Dropout"):
        onnx_model(model)


def test_onnx_runtime_sends_and_keeps_no_usage_data(tmp_path):
    """Left alone, 1.32 starts a thread that sends, and writes an identifier to ~/.cache."""
    home, other = tmp_path / "home", str(tmp_path / "other")
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    environment |= {"HOME": str(home), "KERAS_HOME": other, "MPLCONFIGDIR": other}
    environment.pop(REFUSAL, None)
    script = (
        "import temnet.inference.engines.onnxruntime_network as m; print(m.onnxruntime.__name__)"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True
    )
    assert found.stdout == "onnxruntime\n" and not list(home.rglob("*"))


@pytest.mark.slow
@pytest.mark.parametrize("name", network_names())
def test_the_shipped_networks_give_the_maps_of_keras(name):
    from temnet.inference.engines.onnx_network import onnx_network

    net = load_network(name)
    session = session_of(onnx_network(net))
    every = (simulate_example(net.experiment, index, "validation") for index in count())
    with_columns = (one for one in every if np.any(one.columns.class_index != IGNORED))
    spans = []
    for region, example in zip((np.s_[:], np.s_[:96, :64]), with_columns, strict=False):
        counts = example.images[region]
        images = prepare_frame(net, counts, net.sampling)
        images = images[: len(images) // 16 * 16, : images.shape[1] // 16 * 16]
        expected = predict_probabilities(keras_engine(net.model), images)
        (found,) = session.run(None, {"images": np.moveaxis(images, -1, 0)[None]})
        difference = np.abs(np.moveaxis(found[0], 0, -1) - expected).max()
        spans.append(np.ptp(expected[..., -1]))
        print(f"{name} {images.shape}: {difference:.1e} in {spans[-1]:.2f}")  # noqa: T201
        assert difference < SAME
    assert max(spans) > 0.5
