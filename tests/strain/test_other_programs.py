"""Strain against matscipy and OVITO, which fit the deformation between two frames with ids.

They fit the vectors from a particle to its neighbours, temnet the positions of all of them; where
neighbours lie in pairs on both sides of the column, both are the same sum.
"""

import logging

import numpy as np
import pytest
from ase import Atoms

import temnet
from temnet.strain.deformation import deformation
from temnet.strain.local_lattice import State
from tests.strain.crystals import CELLS, crystal, peaks_at

LOGGER = logging.getLogger(__name__)

pytestmark = pytest.mark.interoperability

REACH = {"fcc [110]": 5.8, "fcc [100]": 4.8}
"""Distance that holds the 18 or 20 neighbours of a fit [Å]."""


def frames(name):
    """A perfect particle and the same columns strained, rotated and with errors of 5 pm."""
    points = crystal(name, 22.0, 12)
    x, y = points.T
    moved = np.stack([0.02 * x + 4e-4 * x * y, 0.03 * x - 3e-4 * x**2 - 0.01 * y], axis=1)
    return points, points + moved + np.random.default_rng(3).normal(0, 0.05, points.shape)


def atoms(points):
    flat = np.column_stack([points, np.zeros(len(points))])
    return Atoms(f"Au{len(points)}", flat + [40, 40, 0.5], cell=[80, 80, 1], pbc=False)


def by_matscipy(before, after, reach):
    strain = pytest.importorskip("matscipy.atomic_strain")
    pairs = np.linalg.norm(before[:, None] - before, axis=2) < reach
    np.fill_diagonal(pairs, False)
    gradient, _ = strain.atomic_strain(atoms(after), atoms(before), neighbours=pairs.nonzero())
    return gradient[:, :2, :2]


def by_ovito(before, after, reach):
    io = pytest.importorskip("ovito.io.ase")
    from ovito.modifiers import AtomicStrainModifier
    from ovito.pipeline import Pipeline, StaticSource

    def source(points):
        data = io.ase_to_ovito(atoms(points))
        data.cell_.is2D = True
        ids = np.random.default_rng(0).permutation(len(points)) + 1  # the order has no meaning
        data.particles_.create_property("Particle Identifier", data=ids)
        return StaticSource(data=data)

    modifier = AtomicStrainModifier(cutoff=reach, output_deformation_gradients=True)
    modifier.reference = source(before)
    pipeline = Pipeline(source=source(after))
    pipeline.modifiers.append(modifier)
    particles = pipeline.compute().particles
    gradient = np.asarray(particles["Deformation Gradient"]).reshape(-1, 3, 3)
    return gradient.transpose(0, 2, 1)[:, :2, :2]  # column by column


@pytest.mark.parametrize("name", REACH)
@pytest.mark.parametrize("program", [by_matscipy, by_ovito])
def test_the_deformation_is_that_of_other_programs(program, name):
    before, after = frames(name)
    gradient = program(before, after, REACH[name])
    strain = temnet.strain_map(peaks_at(after), reference="lattice", lattice=CELLS[name][0].T)
    theirs = deformation(gradient, np.eye(2))
    both = (strain.state == State.FITTED) & (np.linalg.norm(before, axis=1) < 22 - REACH[name])
    assert both.sum() > 60
    own = strain.values[both][:, :5]
    differences = own - theirs[both][:, :5]
    differences[:, 3] -= np.mean(differences[:, 3])  # the lattice is given in any orientation
    LOGGER.info("%s, %s: within %.1e", program.__name__, name, np.abs(differences[:, :3]).max())
    np.testing.assert_allclose(differences, 0, atol=1e-6)
    assert np.ptp(own[:, 0]) > 0.02 and np.ptp(own[:, 3]) > 1


@pytest.mark.parametrize("program", [by_matscipy, by_ovito])
def test_a_transposed_gradient_would_be_noticed(program):
    before, after = frames("fcc [110]")
    gradient = program(before, after, REACH["fcc [110]"])
    wrong = deformation(gradient.transpose(0, 2, 1), np.eye(2))
    right = deformation(gradient, np.eye(2))
    inner = np.linalg.norm(before, axis=1) < 16
    assert np.abs(np.median(wrong[inner, 3] - right[inner, 3])) > 1
