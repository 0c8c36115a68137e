"""Stage `occupancy`: follows the sites of a movie through its frames."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from temnet.config.experiment import Experiment
from temnet.csv_tables import (
    RATE_FIELDS,
    SITE_FIELDS,
    TRANSITION_FIELDS,
    frame_fields,
    write_table,
)
from temnet.errors import InputError
from temnet.images.unseen import UnseenRegions
from temnet.models.checkpoint import find_network, read_card
from temnet.movies.drift import follow_drift, usable_frames
from temnet.movies.field_of_view import View
from temnet.movies.hidden_markov import CHANCES
from temnet.movies.histories import (
    Detection,
    Histories,
    counted_histories,
    inferred_histories,
)
from temnet.movies.history_files import write_histories
from temnet.movies.occupancy import site_rows, transition_rows
from temnet.movies.rates import frame_rows, rate_rows, region_groups
from temnet.movies.sites import Sites, find_sites
from temnet.records import Peaks
from temnet.reporting.files.column_table import ColumnTableWriter, column_blocks, read_columns
from temnet.reporting.files.kept_frames import MeanImage, each_frame, read_index, write_mean
from temnet.reporting.files.series_file import SeriesRecord, read_series_records
from temnet.stages import predict
from temnet.system.files import replace_file
from temnet.workflow.stage import Progress, Stage

LOGGER = logging.getLogger(__name__)

HISTORIES_FILE, NOTES_FILE = "histories.npz", "notes.json"

DRIFT_FIELDS = ("frame", "row_angstrom", "col_angstrom", "usable")
"""Columns of drift.csv."""


def settings(experiment: Experiment) -> dict[str, Any]:
    """What the sites depend on."""
    section = experiment.occupancy.model_dump(mode="json")
    return {**predict.settings(experiment), "occupancy": section}


def check(experiment: Experiment) -> None:
    """Whether there is one movie, and the network finds the classes that are followed.

    Raises:
        InputError: It is not so.
    """
    images = experiment.images
    if len(images.files) > 1 and images.axes == "auto":
        raise InputError(
            f"The stage `occupancy` follows one movie, but images.files are {len(images.files)} "
            "files by themselves; set images.axes to frames if they are a movie's frames, or run "
            "them one by one."
        )
    folder = find_network(experiment.prediction.network)
    known = read_card(folder).classes
    unknown = [name for name in experiment.occupancy.classes or () if name not in known]
    if unknown:
        raise InputError(
            f"occupancy.classes names {', '.join(unknown)}, which the network {folder.name} does "
            f"not find; choose from {', '.join(known)}."
        )


def run(experiment: Experiment, root: Path, folder: Path, inputs: None, progress: Progress) -> None:
    """Writes the tables of sites, transitions, rates, frames and drift, and the mean image."""
    source = root / predict.STAGE.name
    movie = read_series_records(source)[0]
    classes = movie.classes
    peaks = read_columns(source / predict.COLUMNS_FILE, classes).peaks
    with progress("occupancy", 3) as done:
        view = _view(movie, source / predict.UNSEEN_FILE)
        sites, notes = _follow(peaks, movie, experiment, view)
        done(1)
        histories, detection = site_histories(sites, experiment.occupancy.model)
        _write_tables(folder, sites, histories, detection, peaks, classes, experiment)
        _write_sites(source / predict.COLUMNS_FILE, folder, sites.peak_site, classes)
        done(1)
        frames = source / predict.IMAGES_FILE
        mean = mean_image(frames, sites.drift, sites.usable)
        write_mean(folder / predict.IMAGES_FILE, MeanImage(mean, read_index(frames)))
        replace_file(folder / NOTES_FILE, json.dumps(notes, ensure_ascii=False).encode())
        done(1)
    LOGGER.info("%d sites in %d frames", len(sites), int(sites.usable.sum()))


def _write_sites(source: Path, folder: Path, peak_site: np.ndarray, classes: Sequence[str]) -> None:
    """The table of columns once more, with the site of each."""
    line = 0
    with ColumnTableWriter(folder / predict.COLUMNS_FILE, classes) as table:
        for block in column_blocks(source, classes):
            table.copy(block, peak_site[line : line + len(block)])
            line += len(block)


def site_histories(sites: Sites, model: str) -> tuple[Histories, Detection | None]:
    """Histories by a model, and what a hidden Markov model says of each class and region."""
    if model == "threshold":
        return counted_histories(sites), None
    return inferred_histories(sites, region_groups(sites))


def _write_tables(
    folder: Path,
    sites: Sites,
    histories: Histories,
    detection: Detection | None,
    peaks: Peaks,
    classes: Sequence[str],
    experiment: Experiment,
) -> None:
    """All that tells of the sites."""
    inferred = histories if detection is not None else None
    write_table(folder / "sites.csv", site_rows(sites, classes, inferred), SITE_FIELDS)
    write_table(folder / "transitions.csv", transition_rows(histories), TRANSITION_FIELDS)
    time = experiment.occupancy.frame_time
    rates = rate_rows(sites, histories, classes, detection, time)
    for row in rates:
        if row["at_bound"]:
            LOGGER.warning(
                "%s, %s: the hidden Markov model cannot tell %s; rates depend on its bounds",
                row["class"],
                row["group"],
                " and ".join(CHANCES[name] for name in row["at_bound"].split()),
            )
    write_table(folder / "rates.csv", rates, RATE_FIELDS)
    columns = np.zeros((len(classes), len(sites.usable)), np.int64)
    np.add.at(columns, (peaks.class_index, peaks.frame), 1)
    per_frame = frame_rows(sites, histories, columns, classes)
    write_table(folder / "frames.csv", per_frame, frame_fields(classes))
    write_table(folder / "drift.csv", _drift_rows(sites.drift, sites.usable), DRIFT_FIELDS)
    write_histories(folder / HISTORIES_FILE, histories)


def _view(movie: SeriesRecord, path: Path) -> View:
    """What the frames show: their extent without masks and without the regions in a file."""
    extent = ((movie.rows - 1) * movie.sampling, (movie.cols - 1) * movie.sampling)
    masked = list(movie.masked_angstrom)
    if not path.exists():
        return View(extent, masked)
    return View(extent, masked, *UnseenRegions.read(path))


def _follow(
    peaks: Peaks, movie: SeriesRecord, experiment: Experiment, view: View
) -> tuple[Sites, tuple[str, ...]]:
    """The sites whose class is followed, and what is doubtful about the drift.

    Columns of all classes tell drift and sites: a column that was taken for another class in some
    frames did not leave.
    """
    count = movie.frames
    usable = usable_frames(peaks, count)
    drift = follow_drift(peaks, count, experiment.occupancy.max_drift, usable, view.extent)
    sites = find_sites(
        peaks,
        drift.shifts,
        count,
        experiment.occupancy.tolerance,
        experiment.occupancy.min_occupancy,
        view,
        usable,
    )
    followed = experiment.occupancy.classes
    if followed is None:
        return sites, drift.notes
    return sites.of([movie.classes.index(name) for name in followed]), drift.notes


def _drift_rows(drift: np.ndarray, usable: np.ndarray) -> list[dict[str, Any]]:
    """Rows of drift.csv."""
    return [
        {"frame": frame, "row_angstrom": row, "col_angstrom": col, "usable": bool(usable[frame])}
        for frame, (row, col) in enumerate(drift.tolist())
    ]


def mean_image(path: Path, drift: np.ndarray, usable: np.ndarray) -> np.ndarray | None:
    """Average of the usable frames after their drift was taken off.

    Args:
        path: The file of the kept frames.
        drift: (F, 2) drift of every frame of the movie [Å].
        usable: (F,) bool.

    Returns:
        (row, col) float32 in the frame of reference of the sites, NaN where no frame reaches;
        None where no frame is usable.
    """
    index = read_index(path)
    total = weight = np.zeros(0)
    kept = zip(each_frame(path), index.numbers, index.sampling, strict=True)
    for image, number, sampling in kept:
        if not usable[number]:
            continue
        shift = -drift[number] / sampling
        moved = ndimage.shift(image.astype(float), shift, order=1, cval=np.nan)
        there = np.isfinite(moved)
        if not total.size:
            total, weight = np.zeros_like(moved), np.zeros_like(moved)
        total[there] += moved[there]
        weight += there
    if not np.any(weight):
        return None
    return np.where(weight > 0, total / np.maximum(weight, 1), np.nan).astype(np.float32)


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """What is followed."""
    classes = experiment.occupancy.classes
    names = "all classes" if classes is None else ", ".join(classes)
    model = experiment.occupancy.model
    return [f"follows {names} within {experiment.occupancy.tolerance:g} Å, model: {model}"]


STAGE = Stage(
    name="occupancy",
    requires=("predict",),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
)
