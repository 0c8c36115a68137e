"""Stage `predict`: finds the columns in microscope images."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from temnet.config.experiment import Experiment
from temnet.data.cluster import open_workers
from temnet.errors import InputError
from temnet.files import replace_file
from temnet.inference.appearance import frame_appearance
from temnet.inference.engines import choose_engine
from temnet.inference.familiarity import Verdict, verdict
from temnet.inference.foci import Shifts, align_foci, order_foci
from temnet.inference.images import SMALLEST_SIDE, read_images
from temnet.inference.masks import areas
from temnet.inference.predict import find_columns, network_sampling
from temnet.inference.shared import find_columns_with
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
from temnet.reporting.image_sections import OVERLAYS
from temnet.reporting.snapshots import Frames, write_frames
from temnet.reporting.tables import (
    FOCI_FIELDS,
    RING_FIELDS,
    column_fields,
    peaks_rows,
    write_table,
)
from temnet.stages.batch import distinct_names
from temnet.stages.outputs import (
    MAPS,
    ring_rows,
    series_names,
    write_columns,
    write_overlays,
    write_series_maps,
)
from temnet.stages.stage import Progress, Stage

LOGGER = logging.getLogger(__name__)

COLUMNS_FILE, IMAGES_FILE, SERIES_FILE = "columns.csv", "images.npz", "series.json"
FOCI_FILE, RINGS_FILE = "foci.csv", "rings.csv"

KEPT_PIXELS = 2**25
"""Pixels that are kept for the report; frames of longer movies are left out evenly."""

MOST_PIXELS = 200_000_000
"""Pixels of the network that one image may have: a dozen bytes and more are held of each."""

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
    files = [f"{Path(file).name} {file_hash(Path(file))}" for file in experiment.images.files]
    return {"images": {**images, "files": files}, "prediction": {**prediction, **network}}


def check(experiment: Experiment) -> Inputs:
    """Loads the network, reads the images and lays those of focal series on each other.

    Raises:
        InputError: One of them is missing or wrong, or they do not fit each other.
    """
    network, images = check_network(experiment), experiment.images
    series, shifts, orders = [], [], []
    for part in read_series(experiment, int(network.card["focus_count"])):
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
    """Writes the columns, and what the images were for the stages that follow."""
    network, prediction = inputs.network, experiment.prediction
    threshold = None if prediction.threshold == "card" else float(prediction.threshold)
    classes = network.config.class_names
    rows: list[dict[str, Any]] = []
    rings: list[dict[str, Any]] = []
    where = find_network(prediction.network)
    shared = prediction.scheduler is not None or prediction.workers > 0
    maps, overlays = MAPS in prediction.outputs, OVERLAYS in prediction.outputs
    verdicts = [judge(network, part) for part in inputs.series]
    looks = (1 + maps + overlays) * sum(len(part.images) for part in inputs.series)
    with (
        open_workers(prediction, "prediction") as workers,
        progress("predict", looks) as done,
    ):
        for series, name in zip(inputs.series, series_names(inputs.series), strict=True):
            steady, engine = prediction.symmetries, prediction.engine
            chosen = series, threshold, prediction.min_distance, done, steady, engine
            if shared:
                peaks = find_columns_with(workers, where, *chosen)
            else:
                peaks = find_columns(network, *chosen)
            if prediction.rings is not None:
                bond, pixel_size = prediction.rings.bond, series.pixel_size
                rings += ring_rows(peaks, bond, pixel_size, series.name, len(rows))
            rows += peaks_rows(peaks, series.pixel_size, classes, series.name)
            write_columns(folder, name, peaks, series.sampling, classes, prediction.outputs)
            if maps:
                write_series_maps(folder, name, network, series, steady, engine, done)
            if overlays:
                write_overlays(folder, name, series, peaks, classes, done)
    write_table(folder / COLUMNS_FILE, rows, column_fields(classes))
    if prediction.rings is not None:
        write_table(folder / RINGS_FILE, rings, RING_FIELDS)
    if any(shift is not None for shift in inputs.shifts):
        write_table(folder / FOCI_FILE, _foci_rows(inputs), FOCI_FIELDS)
    write_frames(folder / IMAGES_FILE, kept_frames(inputs.series))
    lowest = network.card["threshold"] if threshold is None else threshold
    described = [
        {
            **_described(part, network),
            **_compared(judged, part.metadata.get("inverted", False)),
            "threshold": lowest,
            "engine": choose_engine(network, prediction.engine).name,
            "calibration": part.metadata.get("calibration"),
            "focus_order": order,
        }
        for part, judged, order in zip(inputs.series, verdicts, inputs.orders, strict=True)
    ]
    text = json.dumps(described, indent=1)
    replace_file(folder / SERIES_FILE, f"{text}\n".encode())


def _foci_rows(inputs: Inputs) -> list[dict[str, Any]]:
    """Rows of foci.csv."""
    return [
        {
            "file": part.name,
            "frame": frame,
            "focus": focus,
            "row_angstrom": row,
            "col_angstrom": col,
            "margin": float(shift.margin[frame]),
        }
        for part, shift in zip(inputs.series, inputs.shifts, strict=True)
        if shift is not None
        for frame, foci in enumerate(shift.shifts.tolist())
        for focus, (row, col) in enumerate(foci)
    ]


def judge(network: Network, series: ImageSeries) -> Verdict:
    """How images compare with those that the network was taught on; what is unlike is logged.

    Of a movie some frames are looked at, of a focal series each image counts alike.
    """
    card = network.card
    pixel, width = network_sampling(network), network.config.labels.normalisation_width
    count = min(len(series.images), JUDGED_FRAMES)
    chosen = np.linspace(0, len(series.images) - 1, count).round().astype(int)
    seen = [
        frame_appearance(np.asarray(series.images[number]), series.sampling, pixel, width)
        for number in chosen
    ]
    result = verdict(seen, series.sampling, card.get("camera_sampling"), card.get("taught_images"))
    for sentence in result.unlike:
        LOGGER.warning(
            "%s is unlike the images that %s was taught on: %s", series.name, network.name, sentence
        )
    return result


def _compared(judged: Verdict, inverted: bool) -> dict[str, Any]:
    """What series.json says of the comparison with taught images."""
    return {
        "compared_by": list(judged.compared),
        "unlike": list(judged.unlike),
        "notes": [*judged.notes, *([INVERTED] if inverted else [])],
    }


def _described(series: ImageSeries, network: Network) -> dict[str, Any]:
    """What series.json says of one series."""
    count, rows, cols = series.images.shape[:3]
    return {
        "file": series.name,
        "files": series.metadata.get("files", [series.name]),
        "frame_files": series.metadata.get("frame_files"),
        "frames": count,
        "rows": rows,
        "cols": cols,
        "sampling": series.sampling,
        "first_frame": series.metadata.get("first_frame", 0),
        "masked_angstrom": areas(series.masked, series.pixel_size),
        "network": network.card["name"],
        "network_sampling": network_sampling(network),
        "classes": list(network.config.class_names),
    }


def kept_frames(series: Sequence[ImageSeries]) -> Frames:
    """The first focal image of each frame, or of evenly chosen ones where there are too many.

    Frames are kept as one array: images of another shape than the first are left out.
    """
    first = series[0]
    alike = [part for part in series if part.images.shape[1:3] == first.images.shape[1:3]]
    if len(alike) < len(series):
        LOGGER.warning("images of another shape than %s are not shown in the report", first.name)
    every = [(part, number) for part in alike for number in range(len(part.images))]
    most = max(KEPT_PIXELS // (first.images.shape[1] * first.images.shape[2]), 1)
    chosen = every[:: -(-len(every) // most)]
    return Frames(
        frames=np.stack([part.images[number, ..., 0] for part, number in chosen]),
        names=tuple(part.name for part, _ in chosen),
        numbers=np.array([number for _, number in chosen], np.int64),
        sampling=np.array([part.sampling for part, _ in chosen]),
    )


def describe(experiment: Experiment, inputs: Inputs) -> list[str]:
    """The images and the network."""
    card = inputs.network.card
    lines = [
        f"{part.name}: {len(part.images)} frame(s) of {part.images.shape[1]} x "
        f"{part.images.shape[2]} pixels of {part.sampling:g} Å"
        for part in inputs.series
    ]
    classes = ", ".join(inputs.network.config.class_names)
    return [*lines, f"network: {card['name']}, finds {classes}, threshold {card['threshold']:g}"]


STAGE = Stage(
    name="predict",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
)
