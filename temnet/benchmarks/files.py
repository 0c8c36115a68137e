"""Time to find the columns in a file, step by step."""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np
import tifffile

from temnet.config.analysis.prediction import EngineName
from temnet.config.experiment import Experiment, required
from temnet.images.normalize import normalize
from temnet.images.resample import resample
from temnet.inference.engines.choice import choose_engine
from temnet.inference.peak_finder import PeakFinder
from temnet.inference.probability_maps import predict_probabilities
from temnet.inference.reading.read_images import read_images
from temnet.models.checkpoint import load_network, save_network
from temnet.models.description import describe
from temnet.models.factory import build_model
from temnet.models.network import Network
from temnet.records import Columns
from temnet.simulation.labels import draw_labels
from temnet.system.memory import peak_memory

Result = TypeVar("Result")

STEPS = ("read", "resample", "normalise", "network", "peaks")
"""Steps from a file to its columns."""

ZOOM = 0.99
"""Pixel size of the file over that of the network, so that images are resampled."""

SPACING = 2.4
"""Distance of the columns in the image [Å]."""

TRAINING_STEPS, TRAINING_SIZE, LEARNING_RATE = 300, 96, 3e-3
"""Training of a preset: steps, rows and columns of its images, and learning rate."""


@dataclass(frozen=True)
class FileCost:
    """Time and memory to find the columns in a file.

    Attributes:
        network: The network's name.
        engine: The engine that ran it.
        pixels: Rows and columns of the image.
        columns: Number of columns found.
        first: Time of the first file [s], with compilation.
        seconds: Time of later files [s], the median.
        processor: Processor time of later files [s], of all threads, the median.
        steps: The same for each step [s].
        memory: Peak memory of the process [GB].
    """

    network: str
    engine: str
    pixels: int
    columns: int
    first: float
    seconds: float
    processor: float
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
        networks: Experiments by name, whose networks are trained briefly; None for the name of a
            trained network.
        sizes: Rows and columns of the images.
        engine: As for `find_columns`.
        repeats: Number of timings of each.
        done: Called with each result.
    """
    costs = []
    for name, experiment in networks.items():
        with tempfile.TemporaryDirectory() as folder:
            network = name if experiment is None else str(Path(folder) / name)
            if experiment is not None:
                _alone(train_briefly, Path(network), experiment)
            for size in sizes:
                costs.append(_alone(measure_file, network, size, engine, repeats))
                done(costs[-1])
    return costs


def _alone(work: Callable[..., Result], *arguments: Any) -> Result:
    """``work(*arguments)`` in a process of its own, so that peak memory is that of the work."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def measure_file(name: str, size: int, engine: EngineName, repeats: int) -> FileCost:
    """Times one network on one size in this process.

    Arguments as in `measure_files`; ``name`` is that of a network or its folder.
    """
    network = load_network(name)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lattice.tif"
        write_lattice(file, size, ZOOM * network.sampling)
        start = time.perf_counter()
        columns, _ = _steps(network, file, engine)
        first = time.perf_counter() - start
        times, processor = [], []
        for _ in range(repeats):
            before = time.process_time()
            times.append(_steps(network, file, engine)[1])
            processor.append(time.process_time() - before)
    return FileCost(
        network=network.name,
        engine=choose_engine(network, engine).name,
        pixels=size,
        columns=columns,
        first=first,
        seconds=statistics.median(sum(each) for each in times),
        processor=statistics.median(processor),
        steps={
            step: statistics.median(each[number] for each in times)
            for number, step in enumerate(STEPS)
        },
        memory=peak_memory(),
    )


def _steps(network: Network, file: Path, engine: EngineName) -> tuple[int, list[float]]:
    """The number of columns in a file, and the time of each step [s]."""
    width, sampling = (
        required(network.experiment.labels, "labels").normalisation_width,
        network.sampling,
    )
    marks = [time.perf_counter()]

    def mark() -> None:
        marks.append(time.perf_counter())

    series = read_images(file)
    mark()
    images = resample(series.images[0], series.sampling, sampling)
    mark()
    images = normalize(images, sampling, width)
    mark()
    probabilities = predict_probabilities(choose_engine(network, engine), images)
    mark()
    peaks = PeakFinder.of(network).find(probabilities)
    mark()
    return len(peaks), np.diff(marks).tolist()


def train_briefly(folder: Path, experiment: Experiment) -> None:
    """Trains an experiment's network for some seconds on lattices, and saves it.

    A network of random weights would find thousands of false positives, and take another time.
    """
    rng = np.random.default_rng(0)
    model = build_model(experiment, precision="float32")
    model.compile(
        keras.optimizers.Adam(LEARNING_RATE), keras.losses.CategoricalCrossentropy(from_logits=True)
    )
    sampling, labels = experiment.sampling, required(experiment.labels, "labels")
    for _ in range(TRAINING_STEPS):
        parts = [_lattice(TRAINING_SIZE, sampling, rng) for _ in range(4)]
        images = [normalize(counts, sampling, labels.normalisation_width) for counts, _ in parts]
        classes = len(experiment.class_names)
        shape = TRAINING_SIZE, TRAINING_SIZE
        maps = [draw_labels(found, shape, sampling, labels.width, classes)[0] for _, found in parts]
        model.train_on_batch(np.stack(images), np.stack(maps))
    save_network(folder, model, experiment, describe(folder.name, experiment, threshold=0.5))


def _lattice(size: int, sampling: float, rng: np.random.Generator) -> tuple[np.ndarray, Columns]:
    """A noisy image (row, col, 1) of bright columns on a square lattice, and the columns."""
    shift = rng.uniform(0, SPACING, 2)
    along = np.arange(-1, int(size * sampling / SPACING) + 2) * SPACING
    row, col = (along + each for each in shift)
    waves = [np.cos(2 * np.pi * (np.arange(size) * sampling - each) / SPACING) for each in shift]
    bright = np.maximum(waves[0][:, None] + waves[1], 0)
    counts = rng.poisson(200 * (1 + 0.3 * bright)).astype(np.float32)[..., None]
    places = np.stack(np.meshgrid(row, col, indexing="ij"), axis=-1).reshape(-1, 2)
    count = len(places)
    return counts, Columns(places, np.zeros(count, np.int64), np.ones(count, np.int64))


def write_lattice(file: Path, size: int, sampling: float) -> None:
    """Writes an image of a lattice as TIFF with its pixel size [Å]."""
    counts, _ = _lattice(size, sampling, np.random.default_rng(0))
    per_nm = 10 / sampling
    tifffile.imwrite(
        file,
        counts[..., 0].astype(np.uint16),
        imagej=True,
        resolution=(per_nm, per_nm),
        metadata={"unit": "nm"},
    )


def file_table(costs: Sequence[FileCost]) -> str:
    """The costs as a text table."""
    steps = " ".join(f"{step:>9}" for step in STEPS)
    lines = [
        f"{'network':18} {'engine':22} {'pixels':>6} {'columns':>7} {steps} {'s/file':>7} "
        f"{'cpu s':>7} {'first':>6} {'GB':>5}"
    ]
    for cost in costs:
        parts = " ".join(f"{cost.steps[step]:9.3f}" for step in STEPS)
        lines.append(
            f"{cost.network:18} {cost.engine:22} {cost.pixels:6} {cost.columns:7} {parts} "
            f"{cost.seconds:7.3f} {cost.processor:7.3f} {cost.first:6.2f} {cost.memory:5.2f}"
        )
    return "\n".join(lines)
