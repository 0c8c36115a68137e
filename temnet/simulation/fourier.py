"""Fourier transforms that give the same bits in every process.

abTEM lets FFTW choose its algorithm by stopwatch, so that two processes may round differently.
Here FFTW is asked to estimate, which does not depend on time, and is given wisdom that was
measured once for the grid sizes below and ships with the package: where the wisdom fits the
processor, estimated plans take it and are as fast as measured ones.
"""

from __future__ import annotations

import base64
import json
import logging
from functools import cache
from pathlib import Path

import abtem
import numpy as np
import pyfftw

LOGGER = logging.getLogger(__name__)

GRID_SIZES = (
    64, 80, 96, 128, 144, 160, 192, 216, 240, 256, 288, 320, 360, 384, 400, 432, 480, 512, 540,
    576, 600, 640, 672, 720, 768, 800, 840, 864, 900, 960, 1024, 1080, 1152, 1200, 1280, 1440,
    1536,
)  # fmt: skip
"""Sides of the grids that exit waves are computed on; all have small prime factors."""

WISDOM_FILE = Path(__file__).with_name("fftw_wisdom.json")
"""FFTW's measured plans, as pyFFTW exports them."""


def good_size(count: float) -> int:
    """The smallest grid size that is at least ``count``.

    >>> good_size(100)
    128

    Raises:
        ValueError: No grid size is that large.
    """
    for size in GRID_SIZES:
        if size >= count - 1e-6:
            return size
    raise ValueError(f"no grid size reaches {count:.0f}; the largest is {GRID_SIZES[-1]}")


@cache
def configure() -> None:
    """Sets abTEM up once per process: one thread, single precision, shipped FFTW plans."""
    abtem.config.set(
        {
            "device": "cpu",
            "precision": "float32",
            "fft": "fftw",
            "fftw.threads": 1,
            "fftw.planning_effort": "FFTW_ESTIMATE",
            "dask.lazy": False,
            "diagnostics.progress_bar": False,
        }
    )
    if WISDOM_FILE.is_file():
        stored = json.loads(WISDOM_FILE.read_text())
        wisdom = tuple(base64.b64decode(stored[name]) for name in ("double", "single", "long"))
        if not pyfftw.import_wisdom(wisdom)[1]:
            LOGGER.warning(
                "The shipped FFTW wisdom does not fit this FFTW; simulation is slower, and images "
                "agree with those of other machines to rounding only."
            )


def values_at(
    spectrum: np.ndarray, extent: tuple[float, float], rows: np.ndarray, cols: np.ndarray
) -> np.ndarray:
    """A periodic, band-limited image at any places: its Fourier series, summed.

    Args:
        spectrum: (n, m) complex, the image's discrete Fourier transform.
        extent: Height and width of the periodic box [Å].
        rows: (R,) places along the rows' axis [Å].
        cols: (C,) places along the columns' axis [Å].

    Returns:
        (R, C) float32.
    """
    waves = []
    for places, count, side in zip((rows, cols), spectrum.shape, extent, strict=True):
        frequency = np.fft.fftfreq(count, side / count)
        waves.append(np.exp(2j * np.pi * np.outer(places, frequency)).astype(np.complex64))
    return (waves[0] @ (spectrum / spectrum.size).astype(np.complex64) @ waves[1].T).real


def measure_wisdom(sizes: tuple[int, ...] = GRID_SIZES) -> None:
    """Measures plans for square grids of ``sizes`` and writes the wisdom file anew."""
    pyfftw.forget_wisdom()
    for size in sizes:
        array = pyfftw.empty_aligned((size, size), np.complex64)
        for direction in ("FFTW_FORWARD", "FFTW_BACKWARD"):
            for extra in ((), ("FFTW_DESTROY_INPUT",)):
                flags = ("FFTW_MEASURE", *extra)
                pyfftw.FFTW(array, array, axes=(-2, -1), direction=direction, flags=flags)
    names = ("double", "single", "long")
    texts = [base64.b64encode(part).decode() for part in pyfftw.export_wisdom()]
    WISDOM_FILE.write_text(json.dumps(dict(zip(names, texts, strict=True)), indent=1) + "\n")
