"""Images in which there are no columns, or not those of the network: each (row, col, focus) counts.

Sides and spacings are in Å, doses in e/Å².
"""

import numpy as np

from temnet.electrons import wavelength

SIDE = 60.0
"""Side of the images [Å]."""

GRAPHENE = 2.46
"""Lattice constant [Å]."""

ENVELOPE, ATOM_SIZE = 10.0, 0.35
"""Focal spread [Å], and the frequency at which scattering by an atom has halved [1/Å]."""


def grid(sampling):
    """Rows and columns of the pixels [Å]."""
    return np.mgrid[: round(SIDE / sampling), : round(SIDE / sampling)] * sampling


def counted(mean, sampling, dose, rng):
    """Counted electrons of an expected image whose mean is 1."""
    return rng.poisson(np.maximum(mean, 0.02) * dose * sampling**2).astype(np.float32)


def film(sampling, defoci, energy, rng, phase=0.15, aberration=10e4):
    """Expected images of a weak random phase through a contrast transfer function.

    The transfer is sin(pi lambda q² (-defocus) + pi / 2 Cs lambda³ q⁴): Williams and Carter,
    Transmission Electron Microscopy (2009), section 28.6.
    """
    size = round(SIDE / sampling)
    q = np.hypot(*np.meshgrid(*[np.fft.fftfreq(size, sampling)] * 2))
    length = wavelength(energy)
    wave = np.fft.fft2(rng.standard_normal((size, size)))
    wave *= np.exp(-0.5 * q**2) / (1 + (q / ATOM_SIZE) ** 2)
    wave *= phase / np.fft.ifft2(wave).real.std()
    wave *= np.exp(-0.5 * (np.pi * length * ENVELOPE * q**2) ** 2)
    images = []
    for defocus in defoci:
        chi = -np.pi * length * defocus * q**2 + 0.5 * np.pi * aberration * length**3 * q**4
        images.append(1 - 2 * np.fft.ifft2(wave * np.sin(chi)).real)
    return np.stack(images, axis=-1)


def fringes(sampling, spacing, foci, rng, contrast=0.25, patches=False):
    """Expected images of one set of lattice planes, all over or in round patches."""
    row, col = grid(sampling)
    wave = np.zeros_like(row)
    for _ in range(3 if patches else 1):
        angle, phase = rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi)
        own = np.cos(2 * np.pi * (row * np.sin(angle) + col * np.cos(angle)) / spacing + phase)
        middle, radius = rng.uniform(10, SIDE - 10, 2), rng.uniform(10, 20)
        away = np.hypot(row - middle[0], col - middle[1])
        cover = 1 / (1 + np.exp(np.clip(away - radius, -50, 50))) if patches else 1.0
        wave = wave * (1 - cover) + cover * own
    return np.repeat((1 + contrast * wave)[..., None], foci, axis=-1)


def graphene(sampling, rng, contrast=0.3, second=0.4, amplitude=1.0):
    """The expected image of graphene by its {100} and {110} reflections; atoms are bright.

    ``amplitude`` multiplies one pair of {100}: a number, or one per column of the image.
    """
    row, col = grid(sampling)
    row, col = row - rng.uniform(0, 5), col - rng.uniform(0, 5)
    start, frequency = rng.uniform(0, np.pi), 2 / (np.sqrt(3) * GRAPHENE)
    mean = np.zeros_like(row)
    for number in range(3):
        angle = start + 2 * np.pi / 3 * number
        along = row * np.sin(angle) + col * np.cos(angle)
        across = row * np.sin(angle + np.pi / 6) + col * np.cos(angle + np.pi / 6)
        mean -= (amplitude if number == 0 else 1.0) * np.cos(2 * np.pi * frequency * along)
        mean += second * np.cos(2 * np.pi * np.sqrt(3) * frequency * across)
    return 1 + contrast / 3 * mean[..., None]


def reversed_graphene(sampling, rng, **settings):
    """Graphene of which one reflection runs from 1 to -1 across the field."""
    amplitude = np.linspace(1, -1, round(SIDE / sampling))[None, :]
    return graphene(sampling, rng, amplitude=amplitude, **settings)
