"""The camera: pixels, electrons and blur."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from temnet.config.camera import Camera, TransferFunction
from temnet.config.distributions import draw, draw_text
from temnet.simulation.exit_wave import Grid

PADDING = 8
"""Camera pixels recorded beyond the image on each side, so that its border is blurred right."""


@dataclass(frozen=True)
class Transfer:
    """A modulation transfer function as drawn; see ``config.camera.TransferFunction``."""

    floor: float
    half: float
    power: float

    def __call__(self, frequency: np.ndarray) -> np.ndarray:
        """The MTF at ``frequency``, a fraction of the camera's Nyquist frequency."""
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
    """

    sampling: float
    dose: float
    kind: str
    signal_mtf: Transfer | None
    event_mtf: Transfer | None
    readout_noise: float

    def parameters(self) -> dict[str, object]:
        """What was drawn, by name."""
        drawn: dict[str, object] = {
            "camera_sampling": self.sampling,
            "dose": self.dose,
            "camera": self.kind,
            "readout_noise": self.readout_noise,
        }
        transfer = self.signal_mtf or self.event_mtf
        if transfer is not None:
            drawn["mtf"] = [transfer.floor, transfer.half, transfer.power]
        return drawn


def draw_detector(settings: Camera, rng: np.random.Generator) -> Detector:
    """A camera with everything drawn."""
    kind = draw_text(settings.kind, rng)
    sampling, dose = draw(settings.sampling, rng), draw(settings.dose, rng)
    counting = _draw_transfer(settings.counting_mtf, rng)
    scintillator = _draw_transfer(settings.scintillator_mtf, rng)
    return Detector(
        sampling=sampling,
        dose=dose,
        kind=kind,
        signal_mtf=counting if kind == "counting" else None,
        event_mtf=scintillator if kind == "scintillator" else None,
        readout_noise=draw(settings.readout_noise, rng),
    )


def _draw_transfer(settings: TransferFunction, rng: np.random.Generator) -> Transfer:
    return Transfer(draw(settings.floor, rng), draw(settings.half, rng), draw(settings.power, rng))


def record(
    intensity: np.ndarray,
    grid: Grid,
    detector: Detector,
    shape: tuple[int, int],
    shifts: np.ndarray,
    image_spread: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Images as the camera records them, in electrons per pixel.

    Args:
        intensity: (focus, row, col) over the periodic box, in units of the illumination.
        grid: The box that the exit wave was computed on.
        detector: The camera.
        shape: Rows and columns of the image; the centre of its pixel [0, 0] lies at the
            grid's origin.
        shifts: (focus, 2), how far each image is shifted, (row, col) [Å].
        image_spread: Standard deviation of the image's vibration [Å].
        rng: Draws the electrons and the readout noise.

    Returns:
        (row, col, focus) float32.
    """
    padded = (shape[0] + 2 * PADDING, shape[1] + 2 * PADDING)
    images = []
    for image, shift in zip(intensity, shifts, strict=True):
        mean = _sample(image, grid, detector, padded, shift, image_spread)
        counts = rng.poisson(np.maximum(mean, 0) * detector.dose * detector.sampling**2)
        images.append(counts.astype(np.float32))
    stack = np.stack(images, axis=-1)
    if detector.event_mtf is not None:
        stack = blur(stack, detector.event_mtf)
    if detector.readout_noise > 0:
        stack += detector.readout_noise * rng.standard_normal(stack.shape, np.float32)
    inner = slice(PADDING, -PADDING)
    return np.ascontiguousarray(stack[inner, inner])


def _sample(
    image: np.ndarray,
    grid: Grid,
    detector: Detector,
    shape: tuple[int, int],
    shift: np.ndarray,
    image_spread: float,
) -> np.ndarray:
    """The blurred intensity at the centres of the camera's pixels, exactly.

    The box is periodic and band-limited, so its Fourier series is summed at any place.
    """
    spectrum = fft.fft2(image) / image.size
    rows, cols = (
        fft.fftfreq(count, side / count)
        for count, side in zip(image.shape, grid.extent, strict=True)
    )
    radius = np.hypot(rows[:, None], cols[None, :])
    transfer = np.exp(-2 * (np.pi * image_spread * radius) ** 2)
    if detector.signal_mtf is not None:
        transfer *= detector.signal_mtf(radius * 2 * detector.sampling)
    spectrum *= transfer
    waves = []
    for frequency, count, origin, offset in zip(
        (rows, cols), shape, grid.origin, shift, strict=True
    ):
        place = origin + (np.arange(count) - PADDING) * detector.sampling - offset
        waves.append(np.exp(2j * np.pi * np.outer(place, frequency)).astype(np.complex64))
    return (waves[0] @ spectrum.astype(np.complex64) @ waves[1].T).real


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
