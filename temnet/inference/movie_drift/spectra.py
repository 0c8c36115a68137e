"""Transforms of some frames of a movie, and how much they have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from temnet.inference.correlation import HIGHEST_FREQUENCY, phases, windowed_spectra
from temnet.records import Frames

LOWEST = 0.1
"""Frequencies below [1/Å] are uneven illumination."""

RING = 0.06
"""Width of the rings in which signal and noise are measured [1/Å]."""

EDGE = 3.0
"""Width of the window's edges [Å]."""

MOST_FREQUENCIES = 2**16
"""Frequencies that are kept of a frame; of wide ones, whose many columns make up for it, the
highest are left out."""

LEAST_NOISE = 1e-3
"""Least power of the noise, in units of the variance of a frame."""


@dataclass(frozen=True)
class Spectra:
    """Transforms of frames.

    Attributes:
        frames: (frame, row, col, focus) complex64, half of the plane.
        rows: (row,) frequencies [1/Å].
        cols: (col,) frequencies [1/Å].
        there: (frame,) bool, frames with any contrast.
        independent: Independent frequencies for each on the grid, for the window.
    """

    frames: np.ndarray
    rows: np.ndarray
    cols: np.ndarray
    there: np.ndarray
    independent: float

    def moved_back(self, drift: np.ndarray) -> np.ndarray:
        """(frame, row, col, focus) the frames without a drift (frame, 2) [Å]."""
        moved = np.empty_like(self.frames)
        for number, (row, col) in enumerate(drift):
            along_rows, along_cols = (
                np.exp(2j * np.pi * frequencies * shift).astype(np.complex64)
                for frequencies, shift in ((self.rows, row), (self.cols, col))
            )
            turn = (along_rows[:, None] * along_cols)[..., None]
            np.multiply(self.frames[number], turn, out=moved[number])
        return moved

    def correlations(self, cross: np.ndarray, shifts: np.ndarray) -> np.ndarray:
        """(shift, shift) correlation by a cross spectrum (row, col), shifts (shift,) in [Å]."""
        along_rows, along_cols = phases(shifts, self.rows, self.cols)
        return (along_rows @ cross @ along_cols).real

    @property
    def radius(self) -> np.ndarray:
        """(row, col) length of the frequencies [1/Å]."""
        return np.hypot(self.rows[:, None], self.cols)

    def by_ring(self, power: np.ndarray) -> np.ndarray:
        """(row, col) mean of ``power`` (row, col) over the ring of each frequency."""
        ring = np.rint(self.radius / RING).astype(int).ravel()
        means = np.bincount(ring, power.ravel()) / np.maximum(np.bincount(ring), 1)
        return means[ring].reshape(power.shape)

    def levels(self, coherent: np.ndarray, power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Power (row, col) of signal and noise at each frequency and focus, means over rings.

        Args:
            coherent: (row, col) mean product of two frames, over pairs of different ones.
            power: (row, col) mean power of a frame; both are sums over the foci.
        """
        foci = self.frames.shape[-1]
        signal = np.maximum(self.by_ring(coherent), 0) / foci
        signal[self.radius < LOWEST] = 0
        return signal, np.maximum(self.by_ring(power) / foci - signal, LEAST_NOISE)


def spectra_of(
    images: Frames,
    sampling: float,
    numbers: range,
    hidden: Callable[[int], np.ndarray | None] = lambda number: None,
) -> Spectra:
    """Transforms of some frames of a movie.

    Args:
        images: The movie.
        sampling: Pixel size [Å].
        numbers: The frames.
        hidden: From a frame's number to (row, col) bool, pixels without image; None for none.
    """
    shape = images.shape[1:3]
    area = shape[0] * shape[1] * sampling**2
    highest = min(HIGHEST_FREQUENCY, float(np.sqrt(MOST_FREQUENCIES / (2 * area))))
    window = np.outer(*(_with_edges(size, EDGE / sampling) for size in shape))
    found = []
    for number in numbers:
        mask = hidden(number)
        seen = window if mask is None or np.all(mask) else np.where(mask, 0, window)
        spectrum, rows, cols = windowed_spectra(
            np.asarray(images[number], np.float32), sampling, seen, highest
        )
        found.append(spectrum.astype(np.complex64))
    frames = np.stack(found)
    independent = float(np.mean(window**2) ** 2 / np.mean(window**4))
    return Spectra(frames, rows, cols, np.any(frames, axis=(1, 2, 3)), independent)


def _with_edges(size: int, edge: float) -> np.ndarray:
    """(size,) window of one with edges that fall smoothly."""
    place = np.arange(size) + 0.5
    inside = np.minimum(place, size - place) / min(edge, size / 2)
    return np.sin(np.pi / 2 * np.minimum(inside, 1)) ** 2


@dataclass(frozen=True)
class Sharpness:
    """What frames moved onto each other have in common.

    Attributes:
        value: Mean product of two frames, weighted by signal over noise, in units of the standard
            deviation that frames of noise would have.
        near: The same for frames that follow each other, which a wrong drift hardly blurs.
    """

    value: float
    near: float


def sharpness(
    spectra: Spectra, drift: np.ndarray, weighted_by: np.ndarray, near: int = 2
) -> Sharpness:
    """Sharpness of the average of frames without a drift.

    Args:
        spectra: The frames.
        drift: (frame, 2) [Å].
        weighted_by: (frame, 2) drift that signal and noise are measured with [Å]; compare
            sharpness with one and the same.
        near: Frames up to this far from each other count as near.
    """
    weight, noise = _weight(spectra, weighted_by)
    moved = spectra.moved_back(drift)[spectra.there]
    count = len(moved)
    deviation = np.sqrt(np.sum((weight * noise) ** 2) * moved.shape[-1] / 2 / spectra.independent)
    if count < 2 or deviation == 0:
        return Sharpness(0.0, 0.0)
    total = np.sum(weight[..., None] * np.abs(moved.sum(axis=0)) ** 2)
    total -= np.sum(weight * np.sum(np.abs(moved) ** 2, axis=(0, 3)))
    pairs = count * (count - 1) / 2
    close, close_pairs = 0.0, 0
    for lag in range(1, min(near, count - 1) + 1):
        product = np.sum((np.conj(moved[:-lag]) * moved[lag:]).real, axis=(0, 3))
        close += float(np.sum(weight * product))
        close_pairs += count - lag
    unit = deviation / np.sqrt(pairs)
    return Sharpness(float(total / 2 / pairs / unit), float(close / close_pairs / unit))


def _weight(spectra: Spectra, drift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(row, col) signal over the square of the noise, and the noise."""
    moved = spectra.moved_back(drift)[spectra.there]
    count = len(moved)
    power = np.sum(np.abs(moved) ** 2, axis=(0, 3))
    coherent = np.sum(np.abs(moved.sum(axis=0)) ** 2, axis=-1) - power
    signal, noise = spectra.levels(coherent / max(count * (count - 1), 1), power / max(count, 1))
    return signal / noise**2, noise
