"""Finding columns in frames: maps of probabilities and peaks in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from temnet.config.analysis.prediction import EngineName
from temnet.errors import InputError
from temnet.inference.engines.choice import choose_engine
from temnet.inference.masks import seen
from temnet.inference.peak_finder import PeakFinder
from temnet.inference.probability_maps import predict_probabilities, prepare_frame
from temnet.inference.symmetries import predict_symmetries, with_spread
from temnet.models.network import Network, check_focus_count
from temnet.records import ImageSeries, Peaks


@dataclass(frozen=True)
class Search:
    """Settings of a search for columns.

    Attributes:
        threshold: Lowest score of a column; None for the network's own.
        min_distance: Of columns closer than this [Å] one is kept; None for three label widths.
        symmetries: Predict each frame in the eight symmetries of the square, which takes eight
            times as long; columns are those of the mean prediction, with the spread of positions
            and classes.
        engine: Engine that runs the network; see `temnet.inference.engines.choice.choose_engine`.
        maps: Keep the probabilities of each class beside the columns.
        flatten: Subtract what varies slowly before images are normalised.
    """

    threshold: float | None = None
    min_distance: float | None = None
    symmetries: bool = False
    engine: EngineName = "auto"
    maps: bool = False
    flatten: bool = False


@dataclass(frozen=True)
class FoundFrame:
    """One frame and the columns in it.

    Attributes:
        number: Number of the frame in its series, from 0.
        image: (row, col, focus) float32, the frame in the file's grey values.
        peaks: Its columns.
        probabilities: (row', col', class + 1) float32 at the network's pixels, before scores are
            calibrated; None unless `Search.maps` is set.
    """

    number: int
    image: np.ndarray
    peaks: Peaks
    probabilities: np.ndarray | None = None


class ColumnFinder:
    """Finds the columns in a frame, or in each frame of a series.

    Attributes:
        network: The network.
        search: Settings of the search.
    """

    def __init__(self, network: Network, search: Search = Search()) -> None:  # noqa: B008 (frozen)
        """Chooses the engine.

        Raises:
            InputError: If the engine is not installed or cannot run the network.
        """
        self.network, self.search = network, search
        self._peaks = PeakFinder.of(network, search.threshold, search.min_distance)
        self._engine = choose_engine(network, search.engine)

    def find(self, frame: np.ndarray, sampling: float) -> tuple[Peaks, np.ndarray]:
        """The columns in a frame, and the map that they were found in.

        Args:
            frame: (row, col, focus) in any linear grey values.
            sampling: Pixel size of the frame [Å].

        Returns:
            Peaks of frame 0, and the probabilities (row', col', class + 1) float32 at the
            network's pixels, before scores are calibrated; with symmetries their mean.
        """
        images = prepare_frame(self.network, frame, sampling, self.search.flatten)
        if not self.search.symmetries:
            probabilities = self._predict(images)
            return self._peaks.find(probabilities), probabilities
        each = predict_symmetries(self._predict, images)
        mean = each.mean(axis=0)
        return with_spread(self._peaks.find(mean), each, self._peaks), mean

    def find_in(self, series: ImageSeries) -> Iterator[FoundFrame]:
        """The columns of each frame; only one frame is held at a time.

        Args:
            series: Images from a microscope.

        Yields:
            Every frame in order; positions [Å] count from the centre of the series' pixel [0, 0],
            and masked regions have no columns.

        Raises:
            InputError: If there are no frames, or not as many foci as the network takes.
        """
        if len(series.images) == 0:
            raise InputError(f"{series.name or 'The series'}: there are no frames to process.")
        check_focus_count(self.network, series.images.shape[-1])
        for number, image in enumerate(series.images):
            peaks, probabilities = self.find(image, series.sampling)
            maps = probabilities if self.search.maps else None
            yield found_frame(series, number, image, peaks, maps)

    def _predict(self, images: np.ndarray) -> np.ndarray:
        return predict_probabilities(self._engine, images)


def found_frame(
    series: ImageSeries,
    number: int,
    image: np.ndarray,
    peaks: Peaks,
    probabilities: np.ndarray | None,
) -> FoundFrame:
    """A frame of a series with its columns, without those in masked regions."""
    peaks = peaks.select(seen(series, number, peaks.positions))
    peaks = replace(peaks, frame=np.full(len(peaks), number, np.int64))
    return FoundFrame(number, image, peaks, probabilities)


def find_in_series(
    network: Network,
    series: ImageSeries,
    threshold: float | None = None,
    min_distance: float | None = None,
    progress: Callable[[int], object] | None = None,
    symmetries: bool = False,
    engine: EngineName = "auto",
) -> Peaks:
    """The columns in every frame of a series; `temnet.find_columns` takes other images, too.

    Focal series have to be aligned before (`temnet.align_foci`).

    Args:
        network: The network.
        series: Images from a microscope.
        threshold: Lowest score of a column; by default the network's own.
        min_distance: Of columns closer than this [Å] one is kept; by default three label widths.
        progress: Called with 1 after each frame.
        symmetries: Predict each frame in the eight symmetries of the square; see `Search`.
        engine: Engine that runs the network; `auto` takes OpenVINO if it is installed and agrees
            with Keras (see `temnet.inference.engines.choice.choose_engine`).

    Returns:
        Peaks with their frame; positions [Å] count from the centre of the series' pixel [0, 0].
        Masked regions have no columns.

    Raises:
        InputError: If there are no frames, not as many foci as the network takes, or the engine
            is not installed.
    """
    finder = ColumnFinder(network, Search(threshold, min_distance, symmetries, engine))
    found = []
    for frame in finder.find_in(series):
        found.append(frame.peaks)
        if progress is not None:
            progress(1)
    return Peaks.concatenate(found)
