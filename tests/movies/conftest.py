"""Movies of points with a known history."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from temnet.records import Peaks

EXTENT = (36.0, 40.0)


@dataclass
class Movie:
    """Detections and the truth behind them."""

    peaks: Peaks
    places: np.ndarray
    presence: np.ndarray
    drift: np.ndarray
    frame_count: int


def particle(radius=14.0, lattice=3.92, angle=0.3):
    """Columns of fcc along [110] in a disc about the middle of the field."""
    rows, cols, basis = np.mgrid[-12:13, -12:13, :2].reshape(3, -1)
    places = np.stack([(rows + basis / 2) * lattice / np.sqrt(2), (cols + basis / 2) * lattice], 1)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return places[np.linalg.norm(places, axis=1) < radius] @ turn.T + np.array(EXTENT) / 2


def markov(rng, count, frames, occupancy, flip):
    """(count, frames) bool of a two-state chain: ``flip`` is the chance of an occupied site to
    empty, and the chance to fill keeps the occupancy."""
    state = np.empty((count, frames), bool)
    state[:, 0] = rng.random(count) < occupancy
    fill = flip * occupancy / (1 - occupancy)
    for frame in range(1, frames):
        draw = rng.random(count)
        state[:, frame] = np.where(state[:, frame - 1], draw > flip, draw < fill)
    return state


def make_movie(rng, places, presence, drift, jitter=0.0, missed=0.0, false=0.0):
    """Detections of a network: jittered, some missed, some false positives, cut at the image."""
    positions, frames = [], []
    for frame in range(presence.shape[1]):
        there = presence[:, frame] & (rng.random(len(places)) >= missed)
        found = places[there] + drift[frame] + rng.normal(0, jitter, (there.sum(), 2))
        spurious = rng.uniform(0, 1, (rng.poisson(false), 2)) * EXTENT
        found = np.concatenate([found, spurious])
        found = found[np.all((found >= 0) & (found <= EXTENT), axis=1)]
        positions.append(found)
        frames.append(np.full(len(found), frame, np.int64))
    frame = np.concatenate(frames)
    count = len(frame)
    peaks = Peaks(
        frame,
        np.concatenate(positions),
        np.zeros(count, np.int64),
        np.ones(count),
        np.ones((count, 1)),
        np.full(count, np.nan),
    )
    return Movie(peaks, places, presence, drift, presence.shape[1])


def random_walk(rng, frames, step):
    walk = np.cumsum(rng.normal(0, step, (frames, 2)), axis=0)
    return walk - walk[0]


@pytest.fixture(scope="session")
def movies():
    """The functions of this file, which other files cannot import."""
    return SimpleNamespace(
        EXTENT=EXTENT,
        particle=particle,
        markov=markov,
        make_movie=make_movie,
        random_walk=random_walk,
    )


@pytest.fixture
def static_movie():
    """A particle of 107 columns that neither moves nor changes, seen without error."""
    places = particle()
    presence = np.ones((len(places), 8), bool)
    return make_movie(np.random.default_rng(0), places, presence, np.zeros((8, 2)))


@pytest.fixture(scope="module")
def noisy_movie():
    """A drifting particle with flickering edges, 10 % of columns missed, three false positives."""
    rng = np.random.default_rng(1)
    places = particle()
    edge = np.linalg.norm(places - np.array(EXTENT) / 2, axis=1) > 11
    presence = np.ones((len(places), 40), bool)
    presence[edge] = markov(rng, edge.sum(), 40, occupancy=0.7, flip=0.1)
    drift = random_walk(rng, 40, 0.2)
    return make_movie(rng, places, presence, drift, jitter=0.2, missed=0.1, false=3)
