"""What it costs to find the columns in a file, step by step."""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

from temnet.config.analysis import EngineName
from temnet.config.experiment import Experiment
from temnet.images.normalize import normalize
from temnet.images.resample import resample
from temnet.inference.engines import choose_engine
from temnet.inference.images import read_images
from temnet.inference.peaks import default_min_distance, find_peaks
from temnet.inference.predict import network_sampling, predict_probabilities, prepare_frame
from temnet.models.checkpoint import Network, load_network
from temnet.models.factory import build_model

STEPS = ("read", "resample", "normalise", "network", "peaks")
"""From the file to its columns."""

ZOOM = 0.99
"""The file's pixels over the network's, so that images have to be resampled."""

SPACING = 2.4
"""Distance of the columns in the image [Å]."""

DENSITY = 0.1
"""Fraction of the pixels that a network of random weights is made to take for columns."""


@dataclass(frozen=True)
class FileCost:
    """What a file costs.

    Attributes:
        network: The network's name.
        engine: What ran it.
        pixels: Rows and columns of the image.
        columns: Columns that were found.
        first: Time of the first file [s], with what is compiled for it.
        seconds: Time of a file after that [s], the median.
        steps: The same for each step [s].
        memory: Peak memory of the process [GB].
    """

    network: str
    engine: str
    pixels: int
    columns: int
    first: float
    seconds: float
    steps: dict[str, float]
    memory: float


def measure_files(
    networks: dict[str, Experiment | None],
    sizes: Sequence[int],
    engine: EngineName,
    repeats: int,
    done: Callable[[FileCost], object],
) -> list[FileCost]:
    """Times files of several sizes, each in a process of its own.

    Args:
        networks: Experiments whose networks get random weights, by name; None where the name is
            that of a trained network.
        sizes: Rows and columns of the images.
        engine: As for `find_columns`.
        repeats: How often each is timed.
        done: Called with each result.
    """
    costs = []
    for name, experiment in networks.items():
        for size in sizes:
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                arguments = name, experiment, size, engine, repeats
                costs.append(process.submit(measure_file, *arguments).result())
            done(costs[-1])
    return costs


def measure_file(
    name: str, experiment: Experiment | None, size: int, engine: EngineName, repeats: int
) -> FileCost:
    """Times one network on one size in this process; arguments as in `measure_files`."""
    network = load_network(name) if experiment is None else random_network(name, experiment)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lattice.tif"
        write_lattice(file, size, ZOOM * network_sampling(network))
        start = time.perf_counter()
        columns, _ = _steps(network, file, engine)
        first = time.perf_counter() - start
        times = [_steps(network, file, engine)[1] for _ in range(repeats)]
    return FileCost(
        network=name,
        engine=choose_engine(network, engine).name,
        pixels=size,
        columns=columns,
        first=first,
        seconds=statistics.median(sum(each) for each in times),
        steps={
            step: statistics.median(each[number] for each in times)
            for number, step in enumerate(STEPS)
        },
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    )


def _steps(network: Network, file: Path, engine: EngineName) -> tuple[int, list[float]]:
    """The number of columns in a file, and how long each step took [s]."""
    labels, sampling = network.config.labels, network_sampling(network)
    marks = [time.perf_counter()]

    def mark() -> None:
        marks.append(time.perf_counter())

    series = read_images(file)
    mark()
    images = resample(series.images[0], series.sampling, sampling)
    mark()
    images = normalize(images, sampling, labels.normalisation_width)
    mark()
    run = choose_engine(network, engine).run
    probabilities = predict_probabilities(network.model, images, run)
    mark()
    distance = default_min_distance(labels.width)
    peaks = find_peaks(probabilities, sampling, float(network.card["threshold"]), distance)
    mark()
    return len(peaks), np.diff(marks).tolist()


def write_lattice(file: Path, size: int, sampling: float) -> None:
    """Writes a noisy lattice of bright columns as a TIFF that knows its pixel size [Å]."""
    wave = np.cos(2 * np.pi * np.arange(size) * sampling / SPACING)
    bright = np.maximum(wave[:, None] + wave, 0)
    counts = np.random.default_rng(0).poisson(200 * (1 + 0.3 * bright)).astype(np.uint16)
    per_nm = 10 / sampling
    tifffile.imwrite(
        file, counts, imagej=True, resolution=(per_nm, per_nm), metadata={"unit": "nm"}
    )


def random_network(name: str, experiment: Experiment) -> Network:
    """A network of random weights that takes every tenth pixel of a lattice for a column."""
    model = build_model(experiment, precision="float32")
    network = Network(name, model, experiment, {"threshold": 0.5})
    *_, kernel, bias = model.layers[-1].weights
    if not np.any(np.array(kernel)):  # that of an MSD-net starts from zero
        deviation = 1 / np.sqrt(kernel.shape[0])
        kernel.assign(np.random.default_rng(0).normal(0, deviation, kernel.shape))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lattice.tif"
        write_lattice(file, 256, network_sampling(network))
        frame = read_images(file).images[0]
    images = prepare_frame(network, frame, network_sampling(network))
    probabilities = predict_probabilities(model, images)
    background = probabilities[..., -1]
    odds = np.log(background / np.maximum(1 - background, 1e-12))
    values = np.array(bias)
    values[-1] -= np.quantile(odds, DENSITY)
    bias.assign(values)
    return network


def file_table(costs: Sequence[FileCost]) -> str:
    """The costs as a table for people."""
    steps = " ".join(f"{step:>9}" for step in STEPS)
    lines = [
        f"{'network':18} {'engine':22} {'pixels':>6} {'columns':>7} {steps} {'s/file':>7} "
        f"{'first':>6} {'GB':>5}"
    ]
    for cost in costs:
        parts = " ".join(f"{cost.steps[step]:9.3f}" for step in STEPS)
        lines.append(
            f"{cost.network:18} {cost.engine:22} {cost.pixels:6} {cost.columns:7} {parts} "
            f"{cost.seconds:7.3f} {cost.first:6.2f} {cost.memory:5.2f}"
        )
    return "\n".join(lines)
