"""A simulated camera: a gold particle whose edge columns come and go, with known truth."""

from __future__ import annotations

import itertools
import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

from temnet.errors import InputError
from temnet.live.client import Client

if TYPE_CHECKING:
    from temnet.simulation.movie import SimulatedMovie

EXPERIMENT = "movie_gold.yaml"
"""Shipped experiment that describes the particle, the microscope and the camera."""

FRAMES, DOSE = 40, 1500.0
"""Frames that are simulated, which takes some 10 s, and their dose [e/Å²]."""

INTERVAL = 0.5
"""Time between two frames [s]."""

NETWORK = "nanoparticle-unet"
"""Network that knows such particles."""


def demo_movie(frames: int = FRAMES) -> SimulatedMovie:
    """The movie of the simulated camera, with its truth.

    Args:
        frames: Number of frames.
    """
    from temnet.config.experiment import required
    from temnet.config.loading import load_experiment
    from temnet.simulation.movie import simulate_movie
    from temnet.system.shipped import shipped

    experiment = load_experiment(shipped("experiments") / EXPERIMENT)
    changes = {"frames": frames, "doses": (DOSE,)}
    movie = required(experiment.movie, "movie").model_copy(update=changes)
    return simulate_movie(experiment.simulation, movie)


def back_and_forth(count: int) -> Iterator[int]:
    """Numbers of frames, forwards and backwards without end, so that nothing jumps.

    >>> list(itertools.islice(back_and_forth(3), 7)), list(itertools.islice(back_and_forth(1), 2))
    ([0, 1, 2, 1, 0, 1, 2], [0, 0])
    """
    return itertools.cycle([*range(count), *range(count - 2, 0, -1)])


def start_demo(port: int, token_file: Path) -> BaseProcess:
    """Starts the simulated camera in a process of its own.

    Args:
        port: Port of the server on this computer.
        token_file: File with its token.
    """
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_run, args=(port, token_file), name="temnet-demo", daemon=True)
    process.start()
    return process


def _run(port: int, token_file: Path) -> None:
    """Sends frames until the process is ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the server, which ends this
    movie = demo_movie()
    with Client(port, token_file) as client:
        for number in back_and_forth(movie.images.shape[1]):
            # The server may still be starting, or be closing.
            with suppress(InputError):
                client.send(
                    movie.images[0, number],
                    movie.sampling,
                    source="simulated camera",
                    name=f"simulated frame {number}",
                    time=time.strftime("%Y-%m-%dT%H:%M:%S"),
                )
            time.sleep(INTERVAL)
