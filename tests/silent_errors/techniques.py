"""Simulated images that HR-TEM networks were not made for, by the specimens of their trainings.

Each function draws one image (row, col) with its pixel size [Å] from an index; the same index gives
the same image.
"""

import io
from dataclasses import replace

import numpy as np
from PIL import Image
from scipy import ndimage, signal

from temnet.config.simulation import SimulationSettings
from temnet.simulation.example import draw_specimen, specimen_microscope, specimen_waves
from temnet.simulation.exit_wave import to_image_axes
from temnet.system.threads import one_thread
from tests.silent_errors.own_images import own_image

SPLIT = "validation"


def _rng(kind, index):
    return np.random.default_rng([sum(map(ord, kind)), index])


def _wider(settings: SimulationSettings, side: float, **changes) -> SimulationSettings:
    """Settings of a field of another side [Å], with changes of the specimen."""
    pixels = round(side / settings.sampling) + 1
    structure = settings.structure.model_copy(update=changes)
    return replace(settings, shape=(pixels, pixels), structure=structure)


def _negatives(settings, graphitic=0.0):
    """The share of specimens without columns: graphitic ones alone."""
    others = dict.fromkeys(("probability", "amorphous", "off_axis"), 0.0)
    return settings.structure.negatives.model_copy(update={**others, "graphitic": graphitic})


def _log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


# Scanning transmission: the atoms' scattering, blurred by the probe.


@one_thread()
def stem(settings, index):
    """An annular dark-field image: Z^1.7 of every atom under a Gaussian probe with wide tails."""
    rng = _rng("stem", index)
    side, sampling = rng.uniform(32, 56), rng.uniform(0.08, 0.25)
    changes = {}
    if settings.structure.kind == "nanoparticle" and rng.random() < 0.5:
        changes = {"radius": 0.75 * side}  # a crystal all over the field
    wider = _wider(settings, side, negatives=_negatives(settings), **changes)
    _, (specimen, *_) = draw_specimen(wider, index, SPLIT)
    if len(specimen.atoms) == 0:  # a hole in the sheet is larger than the field
        return stem(settings, index + 1000)
    size = int(side / sampling)
    place = to_image_axes(specimen.atoms.positions) / sampling
    weight = specimen.atoms.numbers.astype(float) ** 1.7
    inside = np.all((place > 0) & (place < size - 1), axis=1)
    scattering = np.zeros((size, size))
    # Each atom among its four nearest pixels.
    base, part = np.divmod(place[inside], 1)
    row, col = base.astype(int).T
    for down, along in ((0, 0), (0, 1), (1, 0), (1, 1)):
        share = np.abs(1 - down - part[:, 0]) * np.abs(1 - along - part[:, 1])
        np.add.at(scattering, (row + down, col + along), share * weight[inside])
    probe = rng.uniform(0.3, 0.55)
    image = ndimage.gaussian_filter(scattering, probe / sampling)
    image = 0.8 * image + 0.2 * ndimage.gaussian_filter(scattering, 3 * probe / sampling)
    image /= image.max()
    return _scanned(image + rng.uniform(0, 0.08), rng), sampling


def _scanned(image, rng):
    """An ideal image of brightness 1, as a scan and a detector record it."""
    rows, cols = image.shape
    jitter = rng.choice([0.0, 0.3, 1.0]) * rng.standard_normal(rows)  # pixels, line by line
    jitter += np.cumsum(rng.normal(0, 0.03, rows))
    image = np.stack(
        [np.interp(np.arange(cols) + shift, np.arange(cols), line)
         for shift, line in zip(jitter, image, strict=True)]
    )  # fmt: skip
    image *= 1 + rng.choice([0.0, 0.01, 0.04]) * rng.standard_normal((rows, 1))  # the beam flickers
    counts = rng.poisson(_log_uniform(rng, 6, 600) * image).astype(float)
    spread = rng.choice([0.0, 0.3, 0.6])  # the scintillator glows into the next pixels
    counts = signal.lfilter([1 - spread], [1, -spread], counts, axis=1)
    counts += rng.normal(0, 0.02 * counts.max(), counts.shape) * rng.random()
    counts += rng.choice([0.0, 0.1, 0.4]) * counts.max()  # the detector's offset
    if rng.random() < 0.5:  # a grey picture
        low, high = np.quantile(counts, [0.002, 0.998])
        counts = np.rint(255 * np.clip((counts - low) / max(high - low, 1e-9), 0, 1))
    return counts


# Diffraction.


@one_thread()
def diffraction(settings, index):
    """The pattern of a specimen of the training, linear or as a grey picture."""
    rng = _rng("diffraction", index)
    drawn = {}
    microscope = specimen_microscope(settings, index, SPLIT)
    _, waves = specimen_waves(settings, microscope, index, SPLIT, drawn)
    pattern = np.mean([np.abs(np.fft.fft2(wave.array)) ** 2 for wave in waves], axis=0)
    half = int(min(waves[0].grid.extent) * rng.uniform(0.9, 1.6))
    pattern = np.roll(pattern, (half, half), (0, 1))[: 2 * half + 1, : 2 * half + 1]
    times = int(rng.choice([2, 3, 4]))
    fine = np.zeros((times * pattern.shape[0], times * pattern.shape[1]))
    fine[::times, ::times] = pattern
    fine = ndimage.gaussian_filter(fine, rng.uniform(0.6, 1.6) * times / 2)
    fine /= fine.sum()
    counts = rng.poisson(fine * _log_uniform(rng, 1e5, 1e8)).astype(float)
    if rng.random() < 0.3:  # a beam stop
        row, col = np.indices(counts.shape)
        middle = np.array(counts.shape) / 2
        stop = (np.abs(row - middle[0]) < 3 * times) & (col < middle[1] + 3 * times)
        counts[stop] = rng.poisson(0.2, stop.sum())
    shown = rng.choice(["linear", "saturated", "square root", "logarithm"])
    if shown == "saturated":
        counts = np.minimum(counts, np.quantile(counts, 0.998))
    elif shown == "square root":
        counts = np.rint(255 * np.sqrt(counts / counts.max()))
    elif shown == "logarithm":
        counts = np.log1p(counts)
        counts = np.rint(255 * counts / counts.max())
    return counts, 0.2


# Filtered images of the training's own kind.


def filtered(settings, index):
    """An image of the training's own kind after one of `FILTERS`, by turns."""
    own = own_image(settings, index)
    rng = _rng("filtered", index)
    name = list(FILTERS)[index % len(FILTERS)]
    planes = [FILTERS[name](plane, rng) for plane in np.moveaxis(own.frame, -1, 0)]
    return np.stack(planes, axis=-1), own.sampling, name


def _wiener(image, rng):
    return signal.wiener(image.astype(float), int(rng.choice([3, 5, 7])))


def _non_local_means(image, rng, patch=5, reach=5):
    """Buades et al., CVPR 2, 60 (2005): a mean of pixels with similar surroundings."""
    image = image.astype(float)
    spread = np.median(np.abs(image[1:, 1:] - image[:-1, :-1])) / 0.954
    strength = rng.uniform(0.6, 1.0) * spread
    total, weights = np.zeros_like(image), np.zeros_like(image)
    for down in range(-reach, reach + 1):
        for along in range(-reach, reach + 1):
            moved = np.roll(image, (down, along), (0, 1))
            apart = ndimage.uniform_filter((moved - image) ** 2, patch)
            weight = np.exp(-np.maximum(apart - 2 * spread**2, 0) / strength**2)
            total += weight * moved
            weights += weight
    return total / weights


def _jpeg(image, rng):
    low, high = np.quantile(image, [0.002, 0.998])
    grey = np.rint(255 * np.clip((image - low) / max(high - low, 1e-9), 0, 1)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "JPEG", quality=int(rng.integers(30, 86)))
    return np.asarray(Image.open(stream), float)


def _mask(image, rng):
    """The strongest frequencies alone: a Bragg filter."""
    spectrum = np.fft.fft2(image.astype(float))
    kept = ndimage.gaussian_filter(np.abs(spectrum), 1, mode="wrap")
    kept = kept >= np.quantile(kept, 1 - rng.choice([0.01, 0.03]))
    kept |= kept[-np.arange(len(kept))][:, -np.arange(kept.shape[1])]
    kept[0, 0] = True
    return np.fft.ifft2(np.where(kept, spectrum, 0)).real


def _low_pass(image, rng):
    """A round aperture in the Fourier transform."""
    radius = np.hypot(*np.ix_(*(np.fft.fftfreq(n) for n in image.shape)))
    return np.fft.ifft2(np.fft.fft2(image) * (radius < rng.uniform(0.15, 0.35))).real


FILTERS = {
    "Gaussian": lambda image, rng: ndimage.gaussian_filter(image, rng.uniform(0.8, 2.0)),
    "median": lambda image, rng: ndimage.median_filter(image, int(rng.choice([3, 5]))),
    "Wiener": _wiener,
    "non-local means": _non_local_means,
    "JPEG": _jpeg,
    "mask": _mask,
    "low-pass": _low_pass,
}
"""From an image (row, col) and a generator to the filtered one."""


# Noise, low magnification, soot.


def noise(settings, index):
    """Nothing but counted electrons, in part through a scintillator or under uneven light."""
    rng = _rng("noise", index)
    size = int(rng.integers(160, 400))
    level = np.full((size, size), _log_uniform(rng, 0.3, 1000))
    if rng.random() < 0.3:
        level *= 1 + rng.uniform(0.02, 0.2) * np.linspace(-1, 1, size)
    counts = rng.poisson(level).astype(float)
    if rng.random() < 0.5:
        counts = ndimage.gaussian_filter(counts, rng.uniform(0.3, 0.6))
        counts += rng.normal(0, 0.2 * counts.std(), counts.shape)
    return counts, rng.uniform(0.08, 0.25)


def low_magnification(settings, index):
    """Particles of 2 to 10 nm on a film at coarse pixels, with the right pixel size."""
    rng = _rng("low magnification", index)
    size, sampling = 256, _log_uniform(rng, 0.5, 4.0)
    return _particles(size, sampling, rng), sampling


def low_magnification_called_high(settings, index):
    """The same with a pixel size of 0.1 to 0.25 Å, as for a file without one."""
    rng = _rng("low magnification called high", index)
    return _particles(256, _log_uniform(rng, 1.0, 4.0), rng), rng.uniform(0.1, 0.25)


def _particles(size, sampling, rng):
    row, col = np.indices((size, size)) * sampling
    grain = rng.normal(0, 1, (size, size))
    grain = ndimage.gaussian_filter(grain, 1.2 / sampling) * 1.2 / sampling
    thickness = np.zeros((size, size))
    for _ in range(rng.integers(3, 30)):
        radius = rng.uniform(10, 50)
        middle = rng.uniform(0, size * sampling, 2)
        square = radius**2 - (row - middle[0]) ** 2 - (col - middle[1]) ** 2
        thickness += 2 * np.sqrt(np.maximum(square, 0))
    image = np.exp(-thickness / rng.uniform(100, 400)) * (1 + rng.uniform(0.01, 0.05) * grain)
    return rng.poisson(_log_uniform(rng, 5, 500) * np.maximum(image, 0)).astype(float)


def soot(settings, index):
    """Graphitic carbon all over a field of 48 Å, through a microscope of the training."""
    own = own_image(_wider(settings, 48.0, negatives=_negatives(settings, graphitic=1.0)), index)
    return own.frame, own.sampling
