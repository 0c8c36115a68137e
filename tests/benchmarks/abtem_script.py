"""A straightforward abTEM script: the focal series of a specimen by abTEM's documented calls.

`python -m temnet.benchmark simulate` compares to it: the same atoms, the same grid with the same
margin and the same microscope.  It does less than an example of temnet: the focal spread is an
envelope instead of an ensemble of foci, the camera has no blur, and neither specimen nor labels
are made.
"""

import abtem
import numpy as np

abtem.config.set({"fftw.threads": 1, "diagnostics.progress_bar": False})

SLICE = 1.0
"""abTEM's default thickness of slices [Å]."""

EMPTY = 1.5
"""Empty space before the first and behind the last atom [Å]."""


def simulate(atoms, grid, optics, dose):
    """(focus, x, y) images of the whole box, in electrons per pixel."""
    specimen = atoms.copy()
    specimen.positions[:, :2] += grid.origin[::-1]
    size = grid.extent[::-1]
    inside = np.all((specimen.positions[:, :2] >= 0) & (specimen.positions[:, :2] < size), axis=1)
    specimen = specimen[inside]
    specimen.positions[:, 2] -= specimen.positions[:, 2].min() - EMPTY
    specimen.cell = [*size, specimen.positions[:, 2].max() + EMPTY]
    potential = abtem.Potential(specimen, sampling=grid.sampling, slice_thickness=SLICE)
    exit_wave = (
        abtem.PlaneWave(energy=optics.energy).multislice(potential).compute(scheduler="synchronous")
    )
    images = []
    for defocus in optics.defocus:
        transfer = abtem.CTF(
            energy=optics.energy,
            defocus=defocus,
            semiangle_cutoff=1e3 * optics.aperture,
            focal_spread=np.sqrt(2) * optics.focal_spread,
            angular_spread=1e3 * np.sqrt(2) * optics.angular_spread,
            **optics.aberrations,
        )
        image = exit_wave.apply_ctf(transfer).intensity()
        images.append(image.poisson_noise(dose_per_area=dose).array)
    return np.stack(images)
