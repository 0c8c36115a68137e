"""The camera: pixels, electrons and blur."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage

from temnet.config.distributions import draw, draw_text
from temnet.config.instrument.camera import Camera, TransferFunction
from temnet.simulation.background import DrawnBackground
from temnet.simulation.exit_wave import Grid
from temnet.simulation.fourier import values_at

PADDING = 8
"""Camera pixels recorded beyond the image on each side, so that its border is blurred correctly."""

HOT = 10.0
"""Reading of a hot pixel, in units of the mean of the image."""


@dataclass(frozen=True)
class Transfer:
    """A modulation transfer function as drawn; see ``config.camera.TransferFunction``."""

    floor: float
    half: float
    power: float
    table: tuple[tuple[float, float], ...] | None = None

    def __call__(self, frequency: np.ndarray) -> np.ndarray:
        """The MTF at ``frequency``, a fraction of the camera's Nyquist frequency.

        A measured one keeps its last value beyond its last frequency.
        """
        if self.table is not None:
            return np.interp(np.abs(frequency), *np.transpose(self.table))
        decay = 1 + (np.abs(frequency) / (2 * self.half)) ** self.power
        return (1 - self.floor) / decay + self.floor


@dataclass(frozen=True)
class Detector:
    """One camera.

    Attributes:
        sampling: Pixel size [Å].
        dose: Electrons per Å² and image.
        kind: ideal, counting or scintillator.
        signal_mtf: Blur of the signal before electrons are counted; None for none.
        event_mtf: Blur of signal and noise after that; None for none.
        readout_noise: Standard deviation of a pixel's readout noise [electrons].
        gain: Counts for each electron.
        illumination: (5,) coefficients of x, y, x^2, xy and y^2 of the relative illumination, x
            and y from -1 to 1 over the image.
        gain_noise: Relative standard deviation of the pixels' gain.
        dead_pixels: Fraction of pixels that read zero.
        hot_pixels: Fraction of pixels that read `HOT` times the mean.
        repair: Whether these are replaced by the median of their neighbours.
        background: Hills of light and absorption; None for none.
    """

    sampling: float
    dose: float
    kind: str
    signal_mtf: Transfer | None = None
    event_mtf: Transfer | None = None
    readout_noise: float = 0.0
    gain: float = 1.0
    illumination: tuple[float, ...] = (0.0,) * 5
    gain_noise: float = 0.0
    dead_pixels: float = 0.0
    hot_pixels: float = 0.0
    repair: bool = True
    background: DrawnBackground | None = None

    def parameters(self) -> dict[str, object]:
        """The drawn parameters by name."""
        drawn: dict[str, object] = {
            "camera_sampling": self.sampling,
            "dose": self.dose,
            "camera": self.kind,
            "readout_noise": self.readout_noise,
            "gain": self.gain,
            "illumination": list(self.illumination),
            "gain_noise": self.gain_noise,
            "dead_pixels": self.dead_pixels,
            "hot_pixels": self.hot_pixels,
        }
        transfer = self.signal_mtf or self.event_mtf
        if transfer is not None:
            drawn["mtf"] = [transfer.floor, transfer.half, transfer.power]
        if self.background is not None:
            drawn.update(self.background.parameters())
        return drawn


@dataclass(frozen=True)
class Motion:
    """Shifts and magnifications of the images of a series, and their blur by motion.

    Attributes:
        shifts: (focus, 2) shift of each image, (row, col) [Å].
        spread: Standard deviation of the image's vibration [Å].
        drift: (2,) path during the exposure, (row, col) [Å].
        magnifications: (focus,) magnification about the image's middle.
    """

    shifts: np.ndarray
    spread: float
    drift: np.ndarray
    magnifications: np.ndarray


def draw_detector(settings: Camera, rng: np.random.Generator) -> Detector:
    """Draw the parameters of a camera."""
    kind = draw_text(settings.kind, rng)
    sampling, dose = draw(settings.sampling, rng), draw(settings.dose, rng)
    counting = _draw_transfer(settings.counting_mtf, rng)
    scintillator = _draw_transfer(settings.scintillator_mtf, rng)
    shape = rng.uniform(-1, 1, 5)
    # The five terms are at most 1 each, so that the field stays within its amplitude.
    illumination = draw(settings.uneven_illumination, rng) * shape / np.abs(shape).sum()
    return Detector(
        sampling=sampling,
        dose=dose,
        kind=kind,
        signal_mtf=counting if kind == "counting" else None,
        event_mtf=scintillator if kind == "scintillator" else None,
        readout_noise=draw(settings.readout_noise, rng),
        gain=draw(settings.gain, rng),
        illumination=tuple(illumination.tolist()),
        gain_noise=draw(settings.gain_noise, rng),
        dead_pixels=draw(settings.dead_pixels, rng),
        hot_pixels=draw(settings.hot_pixels, rng),
        repair=settings.repair,
    )


def _draw_transfer(settings: TransferFunction, rng: np.random.Generator) -> Transfer:
    floor, half, power = (
        draw(number, rng) for number in (settings.floor, settings.half, settings.power)
    )
    if isinstance(settings.table, str):
        raise TypeError("the table's content is wanted here, not its path")
    return Transfer(floor, half, power, settings.table)


def record(
    intensity: np.ndarray,
    grid: Grid,
    detector: Detector,
    shape: tuple[int, int],
    motion: Motion,
    rng: np.random.Generator,
    pixels: np.random.Generator | None = None,
) -> np.ndarray:
    """Images recorded by the camera, in counts per pixel.

    Args:
        intensity: (focus, row, col) over the periodic box, in units of the illumination.
        grid: The box that the exit wave was computed on.
        detector: The camera.
        shape: Rows and columns of the image; the centre of its pixel [0, 0] lies at the
            grid's origin.
        motion: Shifts, magnifications and blur of the images.
        rng: Draws the electrons and the noise.
        pixels: Draws the gain of the pixels and the broken ones; by default ``rng``.

    Returns:
        (row, col, focus) float32.
    """
    pixels = rng if pixels is None else pixels
    means = _padded_means(intensity, grid, detector, shape, motion)
    stack = np.stack([rng.poisson(mean).astype(np.float32) for mean in means], axis=-1)
    if detector.event_mtf is not None:
        stack = blur(stack, detector.event_mtf)
    if detector.gain_noise > 0:
        each = (*stack.shape[:2], 1)
        stack *= 1 + detector.gain_noise * pixels.standard_normal(each, np.float32)
    if detector.readout_noise > 0:
        stack += detector.readout_noise * rng.standard_normal(stack.shape, np.float32)
    if detector.dead_pixels > 0 or detector.hot_pixels > 0:
        stack = _broken(stack, detector, pixels)
    inner = slice(PADDING, -PADDING)
    return np.ascontiguousarray(detector.gain * stack[inner, inner], np.float32)


def expected_electrons(
    intensity: np.ndarray,
    grid: Grid,
    detector: Detector,
    shape: tuple[int, int],
    motion: Motion,
) -> np.ndarray:
    """Mean number of electrons in each pixel of the images that `record` draws.

    Args:
        intensity: (focus, row, col) over the periodic box, in units of the illumination.
        grid: The box that the exit wave was computed on.
        detector: The camera.
        shape: Rows and columns of the image.
        motion: Shifts, magnifications and blur of the images.

    Returns:
        (row, col, focus) float64, before any blur of the counted electrons and readout noise.
    """
    means = _padded_means(intensity, grid, detector, shape, motion)
    inner = slice(PADDING, -PADDING)
    return np.stack(list(means), axis=-1)[inner, inner]


def _padded_means(
    intensity: np.ndarray,
    grid: Grid,
    detector: Detector,
    shape: tuple[int, int],
    motion: Motion,
) -> Iterator[np.ndarray]:
    """The mean number of electrons in each pixel of each image, with `PADDING` around it."""
    padded = (shape[0] + 2 * PADDING, shape[1] + 2 * PADDING)
    light = _light(detector.illumination, padded) * detector.dose * detector.sampling**2
    if detector.background is not None:
        places = [(np.arange(count) - PADDING) * detector.sampling for count in padded]
        light = light * detector.background.at(*places)
    for number, image in enumerate(intensity):
        mean = _sample(image, grid, detector, padded, motion, number)
        yield np.maximum(mean, 0) * light


def _light(coefficients: tuple[float, ...], shape: tuple[int, int]) -> np.ndarray:
    """(row, col) relative illumination of mean 1."""
    y, x = (np.linspace(-1, 1, count) for count in shape)
    terms = np.stack(np.broadcast_arrays(
        x[None, :], y[:, None], x[None, :] ** 2, x[None, :] * y[:, None], y[:, None] ** 2
    ))  # fmt: skip
    field = 1 + np.tensordot(coefficients, terms, axes=1)
    return field / field.mean()


def _broken(stack: np.ndarray, detector: Detector, rng: np.random.Generator) -> np.ndarray:
    """Images with dead and hot pixels, the same in each, as read or repaired."""
    chance = rng.random(stack.shape[:2])
    dead = chance < detector.dead_pixels
    hot = (chance >= detector.dead_pixels) & (chance < detector.dead_pixels + detector.hot_pixels)
    if detector.repair:
        median = ndimage.median_filter(stack, size=(5, 5, 1), mode="nearest")
        return np.where((dead | hot)[..., None], median, stack)
    return np.where(hot[..., None], HOT * stack.mean(), np.where(dead[..., None], 0, stack))


def _sample(
    image: np.ndarray,
    grid: Grid,
    detector: Detector,
    shape: tuple[int, int],
    motion: Motion,
    number: int,
) -> np.ndarray:
    """The blurred intensity of one image at the centres of the camera's pixels, exactly.

    The box is periodic and band-limited, so its Fourier series is summed at any place.
    """
    rows = fft.fftfreq(image.shape[0], grid.extent[0] / image.shape[0])
    cols = fft.rfftfreq(image.shape[1], grid.extent[1] / image.shape[1])
    radius = np.hypot(rows[:, None], cols)
    transfer = np.exp(-2 * (np.pi * motion.spread * radius) ** 2)
    if motion.drift.any():
        transfer *= np.sinc(rows[:, None] * motion.drift[0] + cols * motion.drift[1])
    if detector.signal_mtf is not None:
        transfer *= detector.signal_mtf(radius * 2 * detector.sampling)
    places = []
    for count, origin, offset in zip(shape, grid.origin, motion.shifts[number], strict=True):
        pixel = (np.arange(count) - PADDING) * detector.sampling
        middle = (count - 1 - 2 * PADDING) * detector.sampling / 2
        magnified = middle + (pixel - middle) / motion.magnifications[number]
        places.append(origin + magnified - offset)
    spectrum = fft.rfft2(image) * transfer.astype(np.float32)
    return values_at(spectrum, image.shape, grid.extent, *places)


def blur(images: np.ndarray, transfer: Transfer) -> np.ndarray:
    """Images blurred by an MTF, with a reflecting border.

    Args:
        images: (row, col, focus).
        transfer: The MTF.
    """
    rows, cols = (np.arange(count) / count for count in images.shape[:2])
    weights = transfer(np.hypot(rows[:, None], cols[None, :]))[..., None]
    spectrum = fft.dctn(images, axes=(0, 1), norm="ortho") * weights.astype(images.dtype)
    return fft.idctn(spectrum, axes=(0, 1), norm="ortho")
