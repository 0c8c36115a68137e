"""Time and memory of training and prediction for each network, compared with a plain MSD-net."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass

import keras
import numpy as np

from temnet.config.experiment import Experiment
from temnet.models.factory import build_model
from temnet.models.msdnet import MixedScaleDense, has_kernels, plain_graph
from temnet.system.memory import peak_memory
from temnet.training.fit import compile_model

BACKWARD = 3
"""A training step costs three times the arithmetic of a prediction."""

MATRIX = 2048
"""Rows and columns of the matrices of the timed product."""


@dataclass(frozen=True)
class NetworkCost:
    """Time and memory of a network.

    Attributes:
        name: Name of the network.
        task: ``train`` or ``predict``.
        parameters: Number of weights.
        seconds: Time per image [s], the median.
        gflop: Arithmetic per image [10^9 operations].
        rate: Arithmetic per second [GFLOP/s].
        share: Rate over that of a large matrix product in the same type.
        memory: Peak memory of the process [GB].
        ratio: Time of the plain MSD-net over this one's; None if not measured.
    """

    name: str
    task: str
    parameters: int
    seconds: float
    gflop: float
    rate: float
    share: float
    memory: float
    ratio: float | None = None


def measure_networks(
    experiments: dict[str, Experiment],
    plain: str,
    task: str,
    size: int,
    batch: int,
    repeats: int,
    done: Callable[[NetworkCost], object],
) -> list[NetworkCost]:
    """Times networks, each in a process of its own.

    Args:
        experiments: Experiments of the networks by name.
        plain: Name of the network that is first timed with Keras' operations alone.
        task: ``train`` or ``predict``.
        size: Rows and columns of an image.
        batch: Images of a training step; predictions are of one image.
        repeats: Number of timings of each.
        done: Called with each result.
    """
    costs: list[NetworkCost] = []
    training = experiments[plain].training.model_copy(update={"precision": "float32"})
    exact = experiments[plain].model_copy(update={"training": training})
    jobs = [(f"{plain}, plain", exact, True)]
    jobs += [(name, experiment, False) for name, experiment in experiments.items()]
    for name, experiment, is_plain in jobs:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            arguments = name, experiment, is_plain, task, size, batch, repeats
            cost = process.submit(measure_network, *arguments).result()
        first = costs[0] if costs else cost
        costs.append(NetworkCost(**{**vars(cost), "ratio": first.seconds / cost.seconds}))
        done(costs[-1])
    return costs


def measure_network(
    name: str,
    experiment: Experiment,
    plain: bool,
    task: str,
    size: int,
    batch: int,
    repeats: int,
) -> NetworkCost:
    """Times one network in this process; arguments as in `measure_networks`."""
    model = compile_model(build_model(experiment), experiment.training, experiment.class_names)
    with plain_graph() if plain else nullcontext():
        seconds = seconds_per_image(model, task, size, batch, repeats)
    gflop = arithmetic(model, size) * (BACKWARD if task == "train" else 1) / 1e9
    kernels = has_kernels() and any(isinstance(layer, MixedScaleDense) for layer in model.layers)
    half = experiment.training.precision == "mixed_bfloat16" and not kernels
    rate = gflop / seconds
    return NetworkCost(
        name=name,
        task=task,
        parameters=model.count_params(),
        seconds=seconds,
        gflop=gflop,
        rate=rate,
        share=rate / matrix_rate("bfloat16" if half else "float32"),
        memory=peak_memory(),
    )


def seconds_per_image(model: keras.Model, task: str, size: int, batch: int, repeats: int) -> float:
    """Time of a compiled network per image of noise [s]; arguments as in `measure_networks`."""
    rng = np.random.default_rng(0)
    count = batch if task == "train" else 1
    images = rng.normal(size=(count, size, size, model.input_shape[-1])).astype(np.float32)
    labels = rng.random((count, size, size, model.output_shape[-1])).astype(np.float32)
    labels /= labels.sum(axis=-1, keepdims=True)
    if task == "train":
        return _timed(lambda: model.train_on_batch(images, labels), repeats) / count
    return _timed(lambda: model.predict_on_batch(images), repeats)


def _timed(work: Callable[[], object], repeats: int) -> float:
    """Median time [s] after two runs for loading and planning."""
    found = []
    for number in range(repeats + 2):
        start = time.perf_counter()
        work()
        if number >= 2:
            found.append(time.perf_counter() - start)
    return statistics.median(found)


def matrix_rate(dtype: str) -> float:
    """Rate of a large matrix product of Keras' backend [GFLOP/s]."""
    matrix = keras.ops.ones((MATRIX, MATRIX), dtype)

    def product() -> None:
        corner = keras.ops.matmul(matrix, matrix)[0, 0]
        keras.ops.convert_to_numpy(keras.ops.cast(corner, "float32"))

    return 2 * MATRIX**3 / _timed(product, 5) / 1e9


def arithmetic(model: keras.Model, size: int) -> float:
    """Number of multiplications and additions of all convolutions for one image."""
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    total = 0.0
    if convolutions:
        heads = keras.Model(model.inputs, [layer.output for layer in convolutions])
        shapes = heads.compute_output_shape((1, size, size, model.input_shape[-1]))
        shapes = shapes if isinstance(shapes, list) else [shapes]
        for layer, (_, rows, cols, _) in zip(convolutions, shapes, strict=True):
            total += 2 * rows * cols * float(np.prod(layer.kernel.shape))
    for layer in model.layers:
        if isinstance(layer, MixedScaleDense):
            plan = layer.plan
            total += 2 * size**2 * (plan.kernel_size + plan.maps * plan.outputs)
    return total


def network_table(costs: list[NetworkCost]) -> str:
    """The costs as a text table."""
    lines = [
        f"{'network':24} {'weights':>10} {'s/image':>8} {'GFLOP':>7} {'GFLOP/s':>8} "
        f"{'of matmul':>9} {'GB':>5} {'plain/this':>10}"
    ]
    for cost in costs:
        lines.append(
            f"{cost.name:24} {cost.parameters:10,} {cost.seconds:8.3f} {cost.gflop:7.1f} "
            f"{cost.rate:8.1f} {100 * cost.share:7.0f} % {cost.memory:5.1f} {cost.ratio:10.2f}"
        )
    return "\n".join(lines)
