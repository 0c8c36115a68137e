"""Inputs of prediction: the network, and images that are aligned and in its focus order."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from temnet.config.analysis.images import Images
from temnet.config.analysis.prediction import Prediction
from temnet.config.analysis.threshold import as_number
from temnet.config.card import KnownLattice
from temnet.errors import InputError
from temnet.inference.checks.finding import Finding
from temnet.inference.checks.lattice import LatticeCheck
from temnet.inference.column_classes import class_names
from temnet.inference.column_finder import ColumnFinder, Search
from temnet.inference.focal_series.foci import FocusShifts, align_foci, order_foci
from temnet.inference.grey_values.judgement import JudgedSeries, judge_grey_values
from temnet.inference.reading.formats.declared_size import MOST_PIXELS
from temnet.inference.reading.image_file import ImageFile
from temnet.inference.reading.read_images import SMALLEST_SIDE, images_of, open_all
from temnet.models.checkpoint import open_network
from temnet.models.network import Network, check_focus_count
from temnet.models.network_folders import find_network, fingerprint, read_card
from temnet.records import ImageSeries
from temnet.stages.prediction.batch import distinct_names
from temnet.stages.prediction.frame_averages import FrameAverage, average_frames
from temnet.structures.lattices.class_elements import class_elements

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class PredictionInputs:
    """A network and the images that it is to process.

    Attributes:
        network: The network.
        series: The images, one series for each file or one for all, foci aligned and in order.
        shifts: Shifts of the foci of each series; None where they were not aligned.
        orders: Sentence on the order of each series' foci; empty where there is nothing to report.
        lattices: The comparison of each series' lattice with the network's materials.
        flatten: For each series, whether what varies slowly is subtracted.
        findings: What was noticed in each series before columns were found.
        keep_classes: Whether columns keep the network's classes in images of other materials.
        averages: How the frames of each series were averaged; None where they were not.
        left_out: A sentence on each file of the list that is not among the series.
    """

    network: Network
    series: Sequence[ImageSeries]
    shifts: Sequence[FocusShifts | None]
    orders: Sequence[str]
    lattices: Sequence[LatticeCheck]
    averages: Sequence[FrameAverage | None]
    flatten: Sequence[bool]
    findings: Sequence[tuple[Finding, ...]]
    left_out: tuple[str, ...] = ()
    keep_classes: bool = False

    @property
    def foreign(self) -> tuple[bool, ...]:
        """For each series whether the network's classes mean nothing there."""
        return tuple(one.lattice.foreign and not self.keep_classes for one in self.lattices)

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes of the columns in all outputs."""
        return class_names(self.network.experiment.class_names, self.foreign)


def prepare(images: Images, prediction: Prediction) -> PredictionInputs:
    """Loads the network, reads the images and aligns focal series.

    Raises:
        InputError: If a file is missing or invalid, or network and images do not fit each other.
    """
    network = load(prediction.network)
    series = read_series(images, network.card.focus_count, network.materials or ())
    return prepare_series(network, series, images, prediction)


def prepare_series(
    network: Network, series: Sequence[ImageSeries], images: Images, prediction: Prediction
) -> PredictionInputs:
    """Aligns focal series, averages frames, puts foci into order and judges the grey values.

    A focal series of several that cannot be aligned is left out, with a warning.

    Args:
        network: The network.
        series: Images as they were read, exchanged if `invert` is true.
        images: Settings; uses `align`, `max_shift`, `average`, `focus_order`, `invert` and
            `flatten`.
        prediction: Settings of the search; uses `keep_classes`, too.

    Raises:
        InputError: If network and images do not fit each other, or no series can be aligned.
    """
    prepared: list[JudgedSeries] = []
    shifts, orders, averages, errors = [], [], [], []
    finder = ColumnFinder(network, search_of(prediction, maps=False))
    for part in series:
        foci = part.images.shape[-1]
        check_focus_count(network, foci)
        _check_size(part, network)
        shift = None
        if images.align and foci > 1:
            try:
                part, shift = align_foci(part, images.max_shift)
            except InputError as error:
                errors.append(error)
                continue
        part, average = average_frames(finder, part, images)
        part, order = order_foci(network, part, images.focus_order, prediction.engine)
        prepared.append(
            judge_grey_values(network, part, images.invert, images.flatten, prediction.engine)
        )
        shifts.append(shift)
        orders.append(order)
        averages.append(average)
    if errors and not prepared:
        raise errors[0]
    left_out = tuple(f"this file is left out, the others are processed: {one}" for one in errors)
    for sentence in left_out:
        LOGGER.warning("%s", sentence)
    found = [one.series for one in prepared]
    return PredictionInputs(
        network,
        found,
        shifts,
        orders,
        [LatticeCheck(network, part) for part in found],
        averages,
        [one.flatten for one in prepared],
        [one.findings for one in prepared],
        left_out,
        prediction.keep_classes,
    )


def load(name: str) -> Network:
    """A network by its name or folder; the last one stays in memory.

    Raises:
        InputError: If the network does not exist or is damaged.
    """
    folder = find_network(name)
    return _loaded(folder, fingerprint(read_card(folder)))


@lru_cache(maxsize=1)
def _loaded(folder: Path, known_by: str) -> Network:
    """The network in a folder, identified by its fingerprint."""
    return open_network(folder)


def read_series(
    images: Images, focus_count: int, lattices: Sequence[KnownLattice] = ()
) -> list[ImageSeries]:
    """Reads the images.

    With `axes: auto` each file is a series; with `frames` or `focus` all files are one movie or
    one stack of focal series.  No two series have the same name.

    Args:
        images: Settings; uses all but `align`, `max_shift`, `average` and `focus_order`.
        focus_count: Images in the network's focal series.
        lattices: The network's materials, by which pixel sizes can be measured.
    """
    each = [[file] for file in images.files] if images.axes == "auto" else [list(images.files)]
    series = [read_opened(open_all(files), images, focus_count, lattices) for files in each]
    if len({part.name for part in series}) == len(series):
        return series
    # Tables and pictures identify a series by its name.
    names = distinct_names([Path(files[0]) for files in each])
    return [replace(part, name=name) for part, name in zip(series, names, strict=True)]


def read_opened(
    opened: Sequence[ImageFile],
    images: Images,
    focus_count: int,
    lattices: Sequence[KnownLattice] = (),
) -> ImageSeries:
    """Reads the images of open files as one series; see `read_series`."""
    return images_of(
        opened,
        None if images.sampling == "header" else images.sampling,
        images.axes,
        images.frames,
        focus_count,
        images.mask,
        images.spacing,
        images.invert is True,
        lattices,
    )


def _check_size(series: ImageSeries, network: Network) -> None:
    pixel = network.sampling
    rows, cols = (int(size * series.sampling / pixel) for size in series.images.shape[1:3])
    if min(rows, cols) < SMALLEST_SIDE:
        raise InputError(
            f"{series.name}: at the network's pixels of {pixel:g} Å the image has {rows} x {cols} "
            f"pixels, at least {SMALLEST_SIDE} x {SMALLEST_SIDE} are needed; give a larger image "
            f"or the right images.sampling (now {series.sampling:g} Å)."
        )
    if rows * cols > MOST_PIXELS:
        raise InputError(
            f"{series.name}: at the network's pixels of {pixel:g} Å the image has {rows} x {cols} "
            f"pixels, more than memory may hold; cut it into parts of at most {MOST_PIXELS:,} "
            f"such pixels or give the right images.sampling (now {series.sampling:g} Å)."
        )


def search_of(prediction: Prediction, maps: bool, flatten: bool = False) -> Search:
    """Settings of the search for columns.

    Args:
        prediction: Settings; uses `threshold`, `min_distance`, `symmetries` and `engine`.
        maps: Whether the maps of probabilities are wanted.
        flatten: Whether what varies slowly is subtracted.
    """
    return Search(
        threshold=as_number(prediction.threshold),
        min_distance=prediction.min_distance,
        symmetries=prediction.symmetries,
        engine=prediction.engine,
        maps=maps,
        flatten=flatten,
    )


def elements_of(network: Network, classes: Sequence[str] | None = None) -> tuple[str, ...]:
    """Chemical symbol of each class, of those of the network by default.

    Returns:
        ``X`` where a class is not one element.
    """
    names = network.experiment.class_names if classes is None else classes
    return class_elements(names, network.experiment.structure)
