import json

import keras
import pytest

from temnet import benchmark
from temnet.benchmarks import networks
from temnet.benchmarks.networks import arithmetic, measure_network, network_table
from temnet.models.factory import build_model

SIZE = 32


@pytest.fixture
def experiment():
    """The small MSD-net for three images and three classes."""
    return benchmark._preset("msdnet_small", foci=3, precision="float32")


def test_arithmetic_of_a_convolution_by_hand():
    inputs = keras.Input((None, None, 2))
    halved = keras.layers.Conv2D(5, 3, strides=2, padding="same")(inputs)
    model = keras.Model(inputs, keras.layers.Conv2D(4, 1)(halved))
    # On a quarter of 8 x 8 pixels: 3 x 3 x 2 x 5 and then 5 x 4 products and sums.
    assert arithmetic(model, 8) == 2 * 16 * (90 + 20)


def test_each_weight_of_an_msdnet_is_used_once_per_pixel(experiment):
    biases = 50 + 4  # of the layers, and of three classes with the background
    assert arithmetic(build_model(experiment), SIZE) == 2 * SIZE**2 * (12_641 - biases)


def test_a_training_step_has_three_times_the_arithmetic(experiment):
    train, predict = (
        measure_network("small", experiment, False, task, SIZE, batch=1, repeats=3)
        for task in ("train", "predict")
    )
    assert train.parameters == predict.parameters == 12_641
    assert train.gflop == pytest.approx(3 * predict.gflop)
    assert min(train.seconds, predict.seconds) > 0
    assert predict.rate == pytest.approx(predict.gflop / predict.seconds)


class Inline:
    """A process pool that works in this process."""

    def __init__(self, *arguments):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def submit(self, work, *arguments):
        self.cost = work(*arguments)
        return self

    def result(self):
        return self.cost


def test_ratios_are_to_the_plain_network(experiment, monkeypatch):
    seconds = iter([6.0, 2.0, 3.0])
    monkeypatch.setattr(networks, "ProcessPoolExecutor", Inline)
    monkeypatch.setattr(networks, "seconds_per_image", lambda *about: next(seconds))
    done = []
    costs = networks.measure_networks(
        {"own": experiment, "other": experiment}, "own", "predict", SIZE, 1, 1, done.append
    )
    assert [(cost.name, cost.ratio) for cost in costs] == [
        ("own, plain", 1.0), ("own", 3.0), ("other", 2.0),
    ]  # fmt: skip
    assert done == costs
    assert len({len(line) for line in network_table(costs).splitlines()}) == 1


def test_the_command_prints_each_network(monkeypatch, capsys):
    cost = networks.NetworkCost("own", "train", 5, 0.5, 1.0, 2.0, 0.1, 1.5, 1.0)
    asked = {}

    def measured(experiments, plain, task, size, batch, repeats, done):
        asked.update(experiments)
        assert (plain, task, size, batch, repeats) == ("msdnet_paper", "train", 64, 4, 5)
        return [cost]

    monkeypatch.setattr(networks, "measure_networks", measured)
    assert benchmark.main(["train", "--size", "64", "--json"]) == 0
    (printed,) = json.loads(capsys.readouterr().out)
    assert printed["name"] == "own" and printed["seconds"] == 0.5
    assert "unet_small" in asked and asked["unet_small"].focus_count == 3
    assert benchmark.main(["train", "--size", "40"]) == 2
    assert "got 40, give 32 or 48" in capsys.readouterr().err
