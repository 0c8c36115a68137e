"""Finding columns frame by frame: what a network finds in each, as soon as it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from temnet.config.analysis.prediction import EngineName
from temnet.errors import InputError
from temnet.inference.engines import Run, choose_engine
from temnet.inference.masks import seen
from temnet.inference.peak_finder import PeakFinder
from temnet.inference.probability_maps import prepare_frame, probabilities_of
from temnet.inference.symmetries import with_spread
from temnet.models.checkpoint import Network, check_focus_count
from temnet.records import ImageSeries, Peaks


@dataclass(frozen=True)
class Search:
    """How columns are searched for.

    Attributes:
        threshold: Lowest score of a column; None for the network's own.
        min_distance: Columns closer than this [Å] are one; None for three label widths.
        symmetries: Predict each frame in the eight symmetries of the square, which takes eight
            times as long; columns are those of the mean prediction, with the spread of positions
            and classes.
        engine: What runs the network; see `temnet.inference.engines.choose_engine`.
        maps: Keep the probabilities of each class beside the columns.
    """

    threshold: float | None = None
    min_distance: float | None = None
    symmetries: bool = False
    engine: EngineName = "auto"
    maps: bool = False


@dataclass(frozen=True)
class FoundFrame:
    """One frame and the columns in it.

    Attributes:
        number: The frame's number in its series.
        image: (row, col, focus) float32, the frame in the file's grey values.
        peaks: Its columns.
        probabilities: (row', col', class + 1) float32 at the network's pixels, before scores are
            calibrated; None unless they were asked for.
    """

    number: int
    image: np.ndarray
    peaks: Peaks
    probabilities: np.ndarray | None = None


class ColumnFinder:
    """Finds the columns in a frame."""

    def __init__(self, network: Network, search: Search) -> None:
        """Chooses what runs the network.

        Raises:
            InputError: The engine is not there.
        """
        self._network, self._search = network, search
        self._peaks = PeakFinder.of(network, search.threshold, search.min_distance)
        self._run: Run = choose_engine(network, search.engine).run

    def find(self, frame: np.ndarray, sampling: float) -> tuple[Peaks, np.ndarray]:
        """The columns in a frame (row, col, focus) with pixels of ``sampling`` [Å].

        Returns:
            Peaks of frame 0, and the probabilities (row', col', class + 1) at the network's pixels.
        """
        images = prepare_frame(self._network, frame, sampling)
        model, symmetries = self._network.model, self._search.symmetries
        answers = probabilities_of(model, images, self._run, symmetries)
        if not symmetries:
            return self._peaks.find(answers), answers
        mean = answers.mean(axis=0)
        return with_spread(self._peaks.find(mean), answers, self._peaks), mean


def find_in_frames(network: Network, series: ImageSeries, search: Search) -> Iterator[FoundFrame]:
    """The columns of each frame, one frame at a time: nothing of the others is held.

    Each frame is resampled to the network's pixels and normalised, as training images are.

    Args:
        network: The network.
        series: Images from a microscope.
        search: How they are searched.

    Yields:
        Every frame in order; positions [Å] count from the centre of the series' pixel [0, 0], and
        no column lies in what is masked.

    Raises:
        InputError: There are no frames, not as many focal images as the network wants, or the
            engine is not there.
    """
    if len(series.images) == 0:
        raise InputError(f"{series.name or 'The series'}: there are no frames to process.")
    check_focus_count(network, series.images.shape[-1])
    finder = ColumnFinder(network, search)
    for number, image in enumerate(series.images):
        peaks, probabilities = finder.find(image, series.sampling)
        yield found_frame(series, number, image, peaks, probabilities if search.maps else None)


def found_frame(
    series: ImageSeries,
    number: int,
    image: np.ndarray,
    peaks: Peaks,
    probabilities: np.ndarray | None,
) -> FoundFrame:
    """A frame of a series with its columns, without those that lie in what is masked."""
    peaks = peaks.select(seen(series, number, peaks.positions))
    peaks = replace(peaks, frame=np.full(len(peaks), number, np.int64))
    return FoundFrame(number, image, peaks, probabilities)


def find_columns(
    network: Network,
    series: ImageSeries,
    threshold: float | None = None,
    min_distance: float | None = None,
    progress: Callable[[int], object] | None = None,
    symmetries: bool = False,
    engine: EngineName = "auto",
) -> Peaks:
    """The columns in every frame of a series.

    Args:
        network: The network.
        series: Images from a microscope.
        threshold: Lowest score of a column; by default the network's own.
        min_distance: Columns closer than this [Å] are one; by default three label widths.
        progress: Called with 1 after each frame.
        symmetries: Predict each frame in the eight symmetries of the square; see `Search`.
        engine: What runs the network; `auto` takes OpenVINO where it is installed and agrees
            with Keras (see `choose_engine`).

    Returns:
        Peaks with their frame, positions [Å] from the centre of the series' pixel [0, 0]; none in
        what is masked.

    Raises:
        InputError: See `find_in_frames`.
    """
    found = []
    for frame in find_in_frames(
        network, series, Search(threshold, min_distance, symmetries, engine)
    ):
        found.append(frame.peaks)
        if progress is not None:
            progress(1)
    return Peaks.concatenate(found)
