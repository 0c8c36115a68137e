"""Columns found by several processes, or several machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from temnet.config.analysis import EngineName
from temnet.data.cluster import Workers
from temnet.inference.predict import find_columns
from temnet.models.checkpoint import Network, fingerprint, load_network, read_card
from temnet.records import ImageSeries, Peaks

BLOCK = 4
"""Frames that a worker looks at together."""


def find_columns_with(
    workers: Workers,
    network: Path,
    series: ImageSeries,
    threshold: float | None = None,
    min_distance: float | None = None,
    progress: Callable[[int], object] | None = None,
    symmetries: bool = False,
    engine: EngineName = "auto",
) -> Peaks:
    """What `find_columns` finds, the frames shared out over workers.

    Args:
        workers: Who does it.
        network: The network's folder, which each worker reads.
        series: Images from a microscope.
        threshold: As for `find_columns`.
        min_distance: As for `find_columns`.
        progress: Called with the number of frames just finished.
        symmetries: As for `find_columns`.
        engine: As for `find_columns`; each worker chooses for itself.
    """
    known_by = fingerprint(read_card(network))

    def jobs() -> Iterator[tuple]:
        for first in range(0, len(series.images), BLOCK):
            frames = np.asarray(series.images[first : first + BLOCK])
            block = replace(series, images=frames, metadata={})
            yield network, known_by, block, first, threshold, min_distance, symmetries, engine

    found = []
    for count, peaks in workers.in_order(_find_in_block, jobs()):
        found.append(peaks)
        if progress is not None:
            progress(count)
    return Peaks.concatenate(found)


def _find_in_block(
    network: Path,
    known_by: str,
    block: ImageSeries,
    first: int,
    threshold: float | None,
    min_distance: float | None,
    symmetries: bool,
    engine: EngineName,
) -> tuple[int, Peaks]:
    """How many frames were looked at, and their peaks with the numbers of their frames."""
    look = threshold, min_distance, None, symmetries, engine
    peaks = find_columns(_loaded(network, known_by), block, *look)
    return len(block.images), replace(peaks, frame=peaks.frame + first)


@lru_cache(maxsize=1)
def _loaded(network: Path, known_by: str) -> Network:
    """The network, kept for the next frames; it is known by its fingerprint."""
    return load_network(network)
