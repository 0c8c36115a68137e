"""Running a network on a part of a frame, to see how its columns change with the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter

from temnet.config.analysis.prediction import EngineName
from temnet.inference.engines.choice import choose_engine
from temnet.inference.peak_finder import PeakFinder
from temnet.inference.probability_maps import predict_probabilities, prepare_frame
from temnet.models.network import Network
from temnet.records import Peaks

PART = 80.0
"""Largest side of the part [Å]."""


class Trial:
    """Runs a network on a part of a frame, at least as large as a network needs.

    Attributes:
        sampling: Pixel size of the frames [Å].
    """

    def __init__(
        self,
        network: Network,
        sampling: float,
        engine: EngineName = "auto",
        threshold: float | None = None,
    ) -> None:
        """Sets up the search.

        Args:
            network: The network.
            sampling: Pixel size of the frames [Å].
            engine: Engine that runs it.
            threshold: Lowest score of a column; by default the network's own.
        """
        self.sampling = sampling
        self._network, self._engine = network, engine
        self._peaks = PeakFinder.of(network, threshold)

    def peaks(self, frame: np.ndarray, flat: bool) -> Peaks:
        """The columns in the middle of a frame.

        Args:
            frame: (row, col, focus).
            flat: Whether what varies slowly is subtracted before.
        """
        images = self.prepared(frame, flat)
        return self.found(images, self._window(images.shape, [size // 2 for size in images.shape]))

    def both(self, plain: np.ndarray, flat: np.ndarray) -> tuple[Peaks, Peaks]:
        """The columns in two versions of a frame, in the part where these differ most.

        Args:
            plain: (row, col, focus), from `prepared`.
            flat: The other version.
        """
        change = np.mean((plain - flat) ** 2, axis=-1)
        mean = uniform_filter(change, self._sides(change.shape), mode="constant")
        part = self._window(change.shape, np.unravel_index(int(mean.argmax()), mean.shape))
        return self.found(plain, part), self.found(flat, part)

    def prepared(self, frame: np.ndarray, flat: bool) -> np.ndarray:
        """A frame as the network takes it; see `prepare_frame`."""
        return prepare_frame(self._network, frame, self.sampling, flat)

    def found(self, images: np.ndarray, part: tuple[slice, slice]) -> Peaks:
        """The columns in a part of a prepared frame, counted from the part's first pixel."""
        engine = choose_engine(self._network, self._engine)
        return self._peaks.find(predict_probabilities(engine, images[part]))

    def _sides(self, shape: Sequence[int]) -> list[int]:
        """Rows and columns of the part."""
        return [min(size, round(PART / self._network.sampling)) for size in shape[:2]]

    def _window(self, shape: Sequence[int], centre: Sequence[Any]) -> tuple[slice, slice]:
        """The part around a pixel, within the image."""
        rows, cols = (
            slice(start, start + side)
            for side, size, place in zip(self._sides(shape), shape, centre, strict=False)
            for start in [min(max(int(place) - side // 2, 0), size - side)]
        )
        return rows, cols
