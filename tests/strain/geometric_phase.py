"""Geometric phase analysis: strain from the phases of two reflections of an image.

M. J. Hÿtch, E. Snoeck and R. Kilaas, Ultramicroscopy 74, 131 (1998), with the gradient in the axes
of the strained lattice turned into the deformation gradient F.
"""

import numpy as np

WIDTH = 0.2
"""Standard deviation of a mask around a reflection, as a fraction of its frequency."""


def deformation_gradients(image, sampling, vectors):
    """(row, col, 2, 2) F of the lattice at each pixel, x to the right and y up.

    Args:
        image: (row, col).
        sampling: Pixel size [Å].
        vectors: (2, 2) vectors of the reference lattice as columns [Å].
    """
    rows, cols = image.shape
    spectrum = np.fft.fft2(image - image.mean())
    fx = np.fft.fftfreq(cols, sampling)[None, :]
    fy = -np.fft.fftfreq(rows, sampling)[:, None]
    reflections = np.linalg.inv(vectors)  # rows
    phases = []
    for gx, gy in reflections:
        width = WIDTH * np.hypot(gx, gy)
        mask = np.exp(-((fx - gx) ** 2 + (fy - gy) ** 2) / (2 * width**2))
        wave = np.fft.ifft2(spectrum * mask)
        slopes = [np.fft.ifft2(2j * np.pi * f * spectrum * mask) / wave for f in (fx, fy)]
        phases.append(np.stack([each.imag for each in slopes], axis=-1) / (2 * np.pi))
    local = np.stack(phases, axis=-2)  # frequency of each reflection at each pixel
    return np.linalg.inv(local) @ reflections
