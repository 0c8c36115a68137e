"""Columns of crystals for the tests, made by formulas: (x, y) in Å, y up."""

import numpy as np

from temnet.records import Peaks

A = 4.0782  # gold

HEXAGONAL = np.array([[1, -0.5], [0, np.sqrt(0.75)]])
HONEYCOMB = [(1 / 3, 2 / 3), (2 / 3, 1 / 3)]

CELLS = {
    "fcc [110]": (np.array([[0, 0.5], [np.sqrt(0.5), np.sqrt(0.125)]]) * A, [(0, 0)]),
    "fcc [100]": (np.eye(2) * A / 2, [(0, 0)]),
    "fcc [111]": (HEXAGONAL * A / np.sqrt(6), [(0, 0)]),
    "graphene": (HEXAGONAL * 2.46, HONEYCOMB),
    "MoS2": (HEXAGONAL * 3.16, HONEYCOMB),
}
"""Vectors of the cell as columns [Å] and sites as fractions of them; in [110] x is along [001]."""


def turned(degrees):
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, -sin], [sin, cos]])


def crystal(name, radius=24.0, degrees=0.0, centre=(0.0, 0.0)):
    """(N, 2) columns within a radius of the origin, around a centre."""
    vectors, sites = CELLS[name]
    steps = np.arange(-60, 61)
    cells = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    fractions = np.concatenate([cells + np.asarray(site) for site in sites])
    points = fractions @ (turned(degrees) @ vectors).T
    return points[np.linalg.norm(points, axis=1) < radius] + centre


def peaks_at(points, frame=0):
    """Columns at (x, y) [Å], y up, as a network would give them."""
    count = len(points)
    return Peaks(
        frame=np.full(count, frame, np.int64),
        positions=np.asarray(points)[:, ::-1] * [-1.0, 1.0],
        class_index=np.zeros(count, np.int64),
        score=np.ones(count),
        probabilities=np.ones((count, 1)),
        spread=np.full(count, np.nan),
    )
