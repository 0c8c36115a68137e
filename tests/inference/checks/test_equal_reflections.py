"""Equal reflections of graphene, in images of waves whose amplitudes are known."""

import numpy as np
import pytest

from temnet.inference.checks.equal_reflections import with_uneven_reflections

SAMPLING, EXTENT = 0.2, 48.0
LATTICE = 2.46
"""Lattice constant of graphene [Å]."""

PERIOD = LATTICE * np.sqrt(3) / 2
"""Spacing of its {100} planes [Å]."""


def atoms():
    """(N, 2) atoms of graphene in the field, the origin in the middle of a hexagon."""
    first, second = LATTICE * np.array([[0.0, 1.0], [np.sqrt(3) / 2, 0.5]])
    steps = np.mgrid[-40:41, -40:41].reshape(2, -1).T
    centres = steps @ np.stack([first, second])
    sites = np.concatenate([centres + (first + second) / 3, centres + 2 * (first + second) / 3])
    return sites[np.all((sites > 0) & (sites < EXTENT - SAMPLING), axis=1)]


def image(amplitudes):
    """The three {100} waves with an amplitude each, a number or one value per column."""
    size = round(EXTENT / SAMPLING)
    row, col = np.mgrid[:size, :size] * SAMPLING
    mean = np.ones((size, size))
    for amplitude, angle in zip(amplitudes, (np.pi / 2, np.pi / 6, -np.pi / 6), strict=True):
        along = row * np.cos(angle - np.pi / 2) + col * np.sin(angle - np.pi / 2)
        mean -= 0.1 * amplitude * np.cos(2 * np.pi * along / PERIOD)
    return mean[..., None]


def test_the_waves_are_those_of_the_atoms():
    places = np.round(atoms() / SAMPLING).astype(int)
    assert image((1, 1, 1))[tuple(places.T)].mean() > 1.1
    assert image((-1, 1, 1))[tuple(places.T)].mean() < 1.1


@pytest.mark.parametrize(
    ("amplitudes", "uneven"),
    [((1, 1, 1), False), ((-1, -1, -1), False), ((0.6, 1, 1), False), ((0.1, 1, 1), True),
     ((-0.5, 1, 1), True), ((1, 0, 1), True)],
)  # fmt: skip
def test_reflections_that_differ_are_found(amplitudes, uneven):
    found = with_uneven_reflections(image(amplitudes), SAMPLING, atoms())
    assert found.all() if uneven else not found.any()


def test_only_the_columns_where_one_reflection_fades_are_meant():
    amplitude = np.clip(np.linspace(3, -1, round(EXTENT / SAMPLING)), 0, 1)
    columns = atoms()
    found = with_uneven_reflections(image((1, amplitude[None], 1)), SAMPLING, columns)
    assert found[columns[:, 1] > 38].all() and not found[columns[:, 1] < 16].any()


def test_few_columns_and_other_lattices_show_nothing():
    assert not with_uneven_reflections(image((1, 0, 1)), SAMPLING, atoms()[:5]).any()
    square = np.stack(np.meshgrid(np.arange(2, 46, 2.0), np.arange(2, 46, 2.0)), -1).reshape(-1, 2)
    assert not with_uneven_reflections(image((1, 0, 1)), SAMPLING, square).any()
