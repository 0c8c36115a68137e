"""Columns found by several processes, or several machines."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from temnet.data.cluster import Workers
from temnet.inference.column_finder import ColumnFinder, FoundFrame, Search, found_frame
from temnet.models.checkpoint import (
    Network,
    check_focus_count,
    fingerprint,
    load_network,
    read_card,
)
from temnet.records import ImageSeries, Peaks

BLOCK = 4
"""Frames that a worker processes together."""


def find_in_frames_with(
    workers: Workers, network: Path, series: ImageSeries, search: Search
) -> Iterator[FoundFrame]:
    """What `find_in_frames` finds, the frames shared out over workers.

    Args:
        workers: Who does it.
        network: The network's folder, which each worker reads.
        series: Images from a microscope.
        search: How they are searched; each worker chooses its engine.
    """
    known_by = fingerprint(read_card(network))
    waiting: deque[np.ndarray] = deque()  # blocks under way, a few ahead of what is read

    def jobs() -> Iterator[tuple]:
        for first in range(0, len(series.images), BLOCK):
            waiting.append(np.asarray(series.images[first : first + BLOCK]))
            yield network, known_by, waiting[-1], series.sampling, search

    number = 0
    for found in workers.in_order(_find_in_block, jobs()):
        for image, (peaks, probabilities) in zip(waiting.popleft(), found, strict=True):
            yield found_frame(series, number, image, peaks, probabilities)
            number += 1


def _find_in_block(
    network: Path, known_by: str, images: np.ndarray, sampling: float, search: Search
) -> list[tuple[Peaks, np.ndarray | None]]:
    """The columns of each frame of a block, and the probabilities where they are asked for."""
    loaded = _loaded(network, known_by)
    check_focus_count(loaded, images.shape[-1])
    finder = ColumnFinder(loaded, search)
    found = (finder.find(image, sampling) for image in images)
    return [(peaks, answers if search.maps else None) for peaks, answers in found]


@lru_cache(maxsize=1)
def _loaded(network: Path, known_by: str) -> Network:
    """The network, kept for the next frames; it is known by its fingerprint."""
    return load_network(network)
