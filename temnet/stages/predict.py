"""Stage `predict`: finds the columns in microscope images."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from temnet.config.analysis.prediction import Prediction
from temnet.config.experiment import Experiment
from temnet.csv_rows import RowWriter, write_rows
from temnet.data.cluster import Workers, open_workers
from temnet.errors import InputError
from temnet.inference.column_finder import FoundFrame, Search, find_in_frames
from temnet.inference.distributed_prediction import find_in_frames_with
from temnet.inference.engines import choose_engine
from temnet.inference.focal_series.foci import Shifts, align_foci, order_foci
from temnet.inference.image_statistics import frame_appearance
from temnet.inference.masks import areas
from temnet.inference.out_of_distribution import SimilarityReport, verdict
from temnet.inference.probability_maps import network_sampling
from temnet.inference.reading.formats.declared_size import MOST_PIXELS
from temnet.inference.reading.image_file import check_regular
from temnet.inference.reading.read_images import SMALLEST_SIDE, read_images
from temnet.models.checkpoint import (
    Network,
    check_focus_count,
    file_hash,
    find_network,
    fingerprint,
    load_network,
    read_card,
)
from temnet.records import ImageSeries
from temnet.reporting.files.column_table import ColumnTableWriter
from temnet.reporting.files.prediction_rows import FOCI_FILE, RINGS_FILE, FocusRow, RingRow
from temnet.reporting.files.series_file import (
    Calibration,
    SeriesRecord,
    write_series,
)
from temnet.stages.batch import distinct_names
from temnet.stages.kept_frames import keeping_frames
from temnet.stages.prediction_files import MAPS, ring_rows, series_names, series_outputs
from temnet.workflow.stage import Progress, Stage

LOGGER = logging.getLogger(__name__)

COLUMNS_FILE, IMAGES_FILE = "columns.csv", "images.npz"
UNSEEN_FILE = "unseen.npz"
"""Regions of single frames without image, only where there are any."""

INVERTED = "bright and dark were exchanged (images.invert), in the pictures too"

JUDGED_FRAMES = 8
"""Frames of a movie that are compared with the images that the network was taught on."""


@dataclass(frozen=True)
class Inputs:
    """What the stage works on.

    Attributes:
        network: The network.
        series: The images, one series for each file or one for all, foci aligned and in order.
        shifts: How far the foci of each series lay from each other, None where nobody looked.
        orders: What there is to say of the order of each series' foci.
    """

    network: Network
    series: Sequence[ImageSeries]
    shifts: Sequence[Shifts | None]
    orders: Sequence[str]


def settings(experiment: Experiment) -> dict[str, Any]:
    """What the columns depend on: the images and the network by their content."""
    images = experiment.images.model_dump(mode="json", exclude={"files"})
    prediction = experiment.prediction.model_dump(
        mode="json", exclude={"network", "workers", "scheduler"}
    )
    folder = find_network(experiment.prediction.network)
    network = {"network": folder.name, "fingerprint": fingerprint(read_card(folder))}
    for file in experiment.images.files:
        check_regular(Path(file))  # the hash of a named pipe would wait for ever
    files = [f"{Path(file).name} {file_hash(Path(file))}" for file in experiment.images.files]
    return {"images": {**images, "files": files}, "prediction": {**prediction, **network}}


def check(experiment: Experiment) -> Inputs:
    """Loads the network, reads the images and lays those of focal series on each other.

    Raises:
        InputError: One of them is missing or wrong, or they do not fit each other.
    """
    network, images = check_network(experiment), experiment.images
    series, shifts, orders = [], [], []
    for part in read_series(experiment, network.card.focus_count):
        foci = part.images.shape[-1]
        check_focus_count(network, foci)
        _check_size(part, network)
        part, shift = align_foci(part, images.max_shift) if images.align else (part, None)
        part, order = order_foci(network, part, images.focus_order, experiment.prediction.engine)
        series.append(part)
        shifts.append(shift if foci > 1 else None)
        orders.append(order)
    return Inputs(network, series, shifts, orders)


def check_network(experiment: Experiment) -> Network:
    """Loads the network, if the file before this one did not.

    Raises:
        InputError: There is no such network, or it is damaged.
    """
    folder = find_network(experiment.prediction.network)
    return _load(folder, fingerprint(read_card(folder)))


@lru_cache(maxsize=1)
def _load(folder: Path, known_by: str) -> Network:
    """The network in a folder, kept for the next file; it is known by its fingerprint."""
    return load_network(folder)


def read_series(experiment: Experiment, focus_count: int) -> list[ImageSeries]:
    """The images of an experiment.

    With `axes: auto` each file stands for itself; files of `frames` or of `focus` follow each
    other in one movie or in focal series.  No two series have the same name.
    """
    images = experiment.images
    sampling = None if images.sampling == "header" else images.sampling
    each = [[file] for file in images.files] if images.axes == "auto" else [list(images.files)]
    options = sampling, images.axes, images.frames, focus_count, images.mask, images.spacing
    series = [read_images(files, *options, invert=images.invert) for files in each]
    if len({part.name for part in series}) == len(series):
        return series
    # Tables and pictures know a series by its name.
    names = distinct_names([Path(files[0]) for files in each])
    return [replace(part, name=name) for part, name in zip(series, names, strict=True)]


def _check_size(series: ImageSeries, network: Network) -> None:
    pixel = network_sampling(network)
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


def run(
    experiment: Experiment, root: Path, folder: Path, inputs: Inputs, progress: Progress
) -> None:
    """Writes the columns, and what the images were for the stages that follow.

    One frame is held at a time, and what is found in it is written before the next is read.
    """
    network, prediction = inputs.network, experiment.prediction
    verdicts = [judge(network, part) for part in inputs.series]
    names = series_names(inputs.series)
    total = sum(len(part.images) for part in inputs.series)
    with (
        open_workers(prediction, "prediction") as workers,
        progress("predict", total) as done,
        ColumnTableWriter(folder / COLUMNS_FILE, network.experiment.class_names) as table,
        keeping_frames(folder / IMAGES_FILE, inputs.series) as keep,
        _rings_table(folder, prediction) as add_rings,
    ):
        for part, (series, name) in enumerate(zip(inputs.series, names, strict=True)):
            with series_outputs(folder, name, network, series, prediction.outputs) as add:
                for frame in _found(network, series, prediction, workers):
                    add_rings(frame, series, table.count)
                    table.write(frame.peaks, series.pixel_size, series.name)
                    add(frame)
                    keep(part, frame.number, frame.image)
                    done(1)
    if any(shift is not None for shift in inputs.shifts):
        write_rows(folder / FOCI_FILE, _focus_rows(inputs), FocusRow)
    records = [
        _record(part, network, prediction, judged, order)
        for part, judged, order in zip(inputs.series, verdicts, inputs.orders, strict=True)
    ]
    unseen = inputs.series[0].unseen  # the stage `occupancy` follows one movie
    if unseen is not None:
        unseen.write(folder / UNSEEN_FILE, inputs.series[0].pixel_size)
    write_series(folder, records)


def _lowest(network: Network, prediction: Prediction) -> float:
    """Lowest score of a column."""
    given = prediction.threshold
    return float(network.card.threshold if given == "card" else given)


def _found(
    network: Network, series: ImageSeries, prediction: Prediction, workers: Workers
) -> Iterator[FoundFrame]:
    """The columns of each frame, found here or by workers."""
    search = Search(
        threshold=None if prediction.threshold == "card" else float(prediction.threshold),
        min_distance=prediction.min_distance,
        symmetries=prediction.symmetries,
        engine=prediction.engine,
        maps=MAPS in prediction.outputs,
    )
    if prediction.scheduler is not None or prediction.workers > 0:
        return find_in_frames_with(workers, find_network(prediction.network), series, search)
    return find_in_frames(network, series, search)


@contextmanager
def _rings_table(
    folder: Path, prediction: Prediction
) -> Iterator[Callable[[FoundFrame, ImageSeries, int], None]]:
    """Writes rings.csv frame by frame, if it is asked for."""
    if prediction.rings is None:
        yield lambda frame, series, first_line: None
        return
    bond = prediction.rings.bond
    with RowWriter(folder / RINGS_FILE, RingRow) as table:

        def add(frame: FoundFrame, series: ImageSeries, first_line: int) -> None:
            for row in ring_rows(frame, bond, series.pixel_size, series.name, first_line):
                table.write(row)

        yield add


def _focus_rows(inputs: Inputs) -> Iterator[FocusRow]:
    """Rows of foci.csv."""
    for part, shift in zip(inputs.series, inputs.shifts, strict=True):
        if shift is None:
            continue
        for frame, foci in enumerate(shift.shifts.tolist()):
            margin = float(shift.margin[frame])
            for focus, (row, col) in enumerate(foci):
                yield FocusRow(part.name, frame, focus, row, col, margin)


def judge(network: Network, series: ImageSeries) -> SimilarityReport:
    """How images compare with those that the network was taught on; what is unlike is logged.

    Of a movie some frames are looked at, of a focal series each image counts alike.
    """
    card = network.card
    pixel, width = network_sampling(network), network.experiment.labels.normalisation_width
    count = min(len(series.images), JUDGED_FRAMES)
    chosen = np.linspace(0, len(series.images) - 1, count).round().astype(int)
    seen = [
        frame_appearance(np.asarray(series.images[number]), series.sampling, pixel, width)
        for number in chosen
    ]
    result = verdict(seen, series.sampling, card.camera_sampling, card.image_statistics)
    for sentence in result.unlike:
        LOGGER.warning(
            "%s is unlike the images that %s was taught on: %s", series.name, network.name, sentence
        )
    return result


def _record(
    series: ImageSeries,
    network: Network,
    prediction: Prediction,
    compared: SimilarityReport,
    order: str,
) -> SeriesRecord:
    """The entry of series.json for one series."""
    count, rows, cols = series.images.shape[:3]
    metadata = series.metadata
    inverted = [INVERTED] if metadata.get("inverted") else []
    measured = metadata.get("calibration")
    return SeriesRecord(
        file=series.name,
        files=tuple(metadata.get("files", [series.name])),
        frame_files=metadata.get("frame_files"),
        frames=count,
        rows=rows,
        cols=cols,
        sampling=series.sampling,
        first_frame=metadata.get("first_frame", 0),
        masked_angstrom=tuple(areas(series.masked, series.pixel_size)),
        network=network.card.name,
        network_sampling=network_sampling(network),
        classes=tuple(network.experiment.class_names),
        compared_by=compared.compared,
        out_of_distribution=compared.unlike,
        notes=(*metadata.get("notes", ()), *compared.notes, *inverted),
        threshold=_lowest(network, prediction),
        engine=choose_engine(network, prediction.engine).name,
        calibration=None if measured is None else Calibration(**measured),
        focus_order=order,
    )


def describe(experiment: Experiment, inputs: Inputs) -> list[str]:
    """The images and the network."""
    card = inputs.network.card
    lines = [
        f"{part.name}: {len(part.images)} frame(s) of {part.images.shape[1]} x "
        f"{part.images.shape[2]} pixels of {part.sampling:g} Å"
        for part in inputs.series
    ]
    classes = ", ".join(inputs.network.experiment.class_names)
    return [*lines, f"network: {card.name}, finds {classes}, threshold {card.threshold:g}"]


STAGE = Stage(
    name="predict",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
)
