"""Finding columns by several processes or machines."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from temnet.data.cluster import Workers
from temnet.inference.column_finder import ColumnFinder, FoundFrame, Search, found_frame
from temnet.models.checkpoint import open_network
from temnet.models.network import Network, check_focus_count
from temnet.models.network_folders import fingerprint, read_card
from temnet.records import ImageSeries, Peaks

BLOCK = 4
"""Frames that a worker processes together."""


def find_in_frames_with(
    workers: Workers, network: Path, series: ImageSeries, search: Search
) -> Iterator[FoundFrame]:
    """The columns of each frame, as `ColumnFinder.find_in` yields them, found by workers.

    Args:
        workers: Processes or machines that process the frames.
        network: Folder of the network, which each worker reads.
        series: Images from a microscope.
        search: Settings of the search; each worker chooses its engine.
    """
    known_by = fingerprint(read_card(network))
    waiting: deque[np.ndarray] = deque()  # blocks at work, a few ahead of what was yielded

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
    """The columns of each frame of a block, and the maps if `Search.maps` is set."""
    loaded = _loaded(network, known_by)
    check_focus_count(loaded, images.shape[-1])
    finder = ColumnFinder(loaded, search)
    found = (finder.find(image, sampling) for image in images)
    return [(peaks, maps if search.maps else None) for peaks, maps in found]


@lru_cache(maxsize=1)
def _loaded(network: Path, known_by: str) -> Network:
    """The network, kept for the next frames and identified by its fingerprint."""
    return open_network(network)
