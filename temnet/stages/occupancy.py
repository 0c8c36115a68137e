"""Stage `occupancy`: follows the sites of a movie through its frames."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from temnet.config.analysis.occupancy import Occupancy
from temnet.config.experiment import Experiment, required
from temnet.config.learning.labels import COLUMN
from temnet.errors import InputError
from temnet.images.unseen import UnseenRegions
from temnet.interoperability.found_columns import columns_of
from temnet.models.network_folders import find_network, read_card
from temnet.movies.detection import detection, modelled_detection
from temnet.movies.drift import Drift, DriftRow, drift_rows, follow_drift, usable_frames
from temnet.movies.field_of_view import View
from temnet.movies.hidden_markov import CHANCES
from temnet.movies.history_files import write_histories
from temnet.movies.mean_image import mean_image
from temnet.movies.occupancy import (
    FittedRates,
    Histories,
    counted_histories,
    inferred_histories,
)
from temnet.movies.rates import RateRow, rate_rows, region_groups, smeared
from temnet.movies.site_tables import FrameRow, SiteRow, frame_rows, site_rows
from temnet.movies.sites import Sites, find_sites
from temnet.movies.transitions import TransitionRow, transition_rows
from temnet.records import Peaks
from temnet.reporting.files.column_table import ColumnTableWriter, column_blocks, read_columns
from temnet.reporting.files.kept_frames import MeanImage, read_index, write_mean
from temnet.reporting.files.peaks_files import write_peaks
from temnet.reporting.files.series_file import SeriesRecord, read_series_records
from temnet.stages import predict
from temnet.stages.noisy_movies import check_detection, contradicted_by, image_drift
from temnet.tables.csv_rows import write_rows
from temnet.tables.json_records import write_record
from temnet.workflow.stage import Stage, Work

LOGGER = logging.getLogger(__name__)

CONTRADICTED = (
    "columns are missed now and then, and the drift by columns is another than that by the images, "
    "which was taken"
)

SITES_FILE, HISTORIES_FILE, NOTES_FILE = "sites.csv", "histories.npz", "notes.json"

STRUCTURES_FILE = "columns.xyz"
"""Columns with their sites for ASE and OVITO, if `prediction.outputs` names xyz."""


def settings(experiment: Experiment) -> Mapping[str, object]:
    """Settings that the sites depend on."""
    section = experiment.occupancy.model_dump(mode="json")
    return {**predict.settings(experiment), "occupancy": section}


def check(experiment: Experiment) -> None:
    """Checks that the images are one movie and that the network finds the followed classes.

    Raises:
        InputError: If they are several files, or the network does not know a class.
    """
    images = required(experiment.images, "images")
    if len(images.files) > 1 and images.axes == "auto":
        raise InputError(
            f"The stage `occupancy` follows one movie, but images.files are {len(images.files)} "
            "separate files; set images.axes to frames if they are the frames of one movie, or "
            "run them one by one."
        )
    folder = find_network(required(experiment.prediction, "prediction").network)
    known = read_card(folder).classes
    unknown = [name for name in experiment.occupancy.classes or () if name not in known]
    if unknown:
        raise InputError(
            f"occupancy.classes names {', '.join(unknown)}, which the network {folder.name} does "
            f"not find; choose from {', '.join(known)}."
        )


def run(work: Work[None]) -> None:
    """Writes the tables of sites, transitions, rates, frames and drift, and the mean image."""
    source = work.root / predict.STAGE.name
    section = work.experiment.occupancy
    movie = read_series_records(source)[0]
    classes = movie.classes
    if classes == (COLUMN,) and section.classes:
        LOGGER.warning(
            "%s shows another material, so that columns of all classes are followed", movie.file
        )
        section = section.model_copy(update={"classes": None})
    peaks = read_columns(source / predict.COLUMNS_FILE, classes).peaks
    check_detection(movie, section)
    with work.progress("occupancy", 3) as done:
        view = _view(movie, source / predict.UNSEEN_FILE)
        known = image_drift(work, movie)
        sites, notes = follow_sites(peaks, movie.frames, classes, section, view, known)
        if known is None:
            known = contradicted_by(work, movie, sites.drift)
            if known is not None:
                sites, _ = follow_sites(peaks, movie.frames, classes, section, view, known)
                notes = (CONTRADICTED,)
                LOGGER.warning("%s: %s", movie.file, CONTRADICTED)
        done(1)
        histories, fitted = site_histories(sites, section.model, movie.average)
        _write_tables(work, sites, histories, fitted, movie)
        counts = np.zeros((len(classes), len(sites.usable)), np.int64)
        np.add.at(counts, (peaks.class_index, peaks.frame), 1)
        frames = frame_rows(sites, histories, counts, classes)
        write_rows(work.folder / "frames.csv", frames, FrameRow, classes)
        _write_sites(source / predict.COLUMNS_FILE, work.folder, sites.peak_site, classes)
        if "xyz" in required(work.experiment.prediction, "prediction").outputs:
            columns = columns_of(peaks, movie, sites.peak_site)
            write_peaks(work.folder / STRUCTURES_FILE, columns, movie.sampling, classes)
        done(1)
        kept = source / predict.IMAGES_FILE
        mean = mean_image(kept, sites.drift, sites.usable)
        write_mean(work.folder / predict.IMAGES_FILE, MeanImage(mean, read_index(kept)))
        write_record(work.folder / NOTES_FILE, notes)
        done(1)
    LOGGER.info("%d sites in %d frames", len(sites), int(sites.usable.sum()))


def _write_sites(source: Path, folder: Path, peak_site: np.ndarray, classes: Sequence[str]) -> None:
    """Copies the table of columns and adds the site of each."""
    line = 0
    with ColumnTableWriter(folder / predict.COLUMNS_FILE, classes) as table:
        for block in column_blocks(source, classes):
            table.copy(block, peak_site[line : line + len(block)])
            line += len(block)


def site_histories(
    sites: Sites, model: str, averaged: int = 1
) -> tuple[Histories, FittedRates | None]:
    """Histories by a model, and the fitted rates of a hidden Markov model.

    Args:
        sites: The sites.
        model: Of `occupancy.model`.
        averaged: Number of frames of the running average.
    """
    if model == "threshold":
        return counted_histories(sites), None
    return inferred_histories(sites, region_groups(sites), averaged)


def _write_tables(
    work: Work[None],
    sites: Sites,
    histories: Histories,
    fitted: FittedRates | None,
    movie: SeriesRecord,
) -> None:
    """Writes the tables of sites, transitions, rates and drift, and the histories."""
    folder, classes, averaged = work.folder, movie.classes, movie.average
    frame_time = work.experiment.occupancy.frame_time
    group = region_groups(sites)
    if fitted is None:
        inferred, found = None, detection(sites, group, averaged)
    else:
        inferred, found = histories, modelled_detection(fitted, group)
    rows = site_rows(sites, classes, inferred, found, averaged)
    write_rows(folder / SITES_FILE, rows, SiteRow)
    write_rows(folder / "transitions.csv", transition_rows(histories), TransitionRow)
    rates = list(rate_rows(sites, histories, classes, fitted, frame_time))
    for row in rates:
        if row.at_bound:
            LOGGER.warning(
                "%s, %s: the hidden Markov model cannot determine %s; rates depend on its bounds",
                row.class_,
                row.group,
                " and ".join(CHANCES[name] for name in row.at_bound.split()),
            )
    for sentence in smeared(rates, averaged):
        LOGGER.warning("%s", sentence)
    write_rows(folder / "rates.csv", rates, RateRow)
    write_rows(folder / "drift.csv", drift_rows(sites.drift, sites.usable), DriftRow)
    write_histories(folder / HISTORIES_FILE, histories)


def _view(movie: SeriesRecord, path: Path) -> View:
    """Field of view of the frames: their extent without masks and without regions in a file."""
    extent = ((movie.rows - 1) * movie.sampling, (movie.cols - 1) * movie.sampling)
    masked = movie.masked_angstrom
    if not path.exists():
        return View(extent, masked)
    return View(extent, masked, *UnseenRegions.read(path))


def follow_sites(
    peaks: Peaks,
    frame_count: int,
    classes: Sequence[str],
    section: Occupancy,
    view: View,
    known: np.ndarray | None = None,
) -> tuple[Sites, tuple[str, ...]]:
    """Sites of the classes that are followed, and doubts about the drift.

    Columns of all classes determine drift and sites: a column that was taken for another class in
    some frames did not leave.

    Args:
        peaks: Columns of all frames.
        frame_count: Number of frames.
        classes: Name of each class index.
        section: Settings.
        view: Field of view of the frames.
        known: (F, 2) drift that the images show [Å]; by default it is measured from the columns.
    """
    usable = usable_frames(peaks, frame_count)
    if known is None:
        drift = follow_drift(peaks, frame_count, section.max_drift, usable, view.extent)
    else:
        drift = Drift(known - known[np.argmax(usable)])
    sites = find_sites(
        peaks, drift.shifts, frame_count, section.tolerance, section.min_occupancy, view, usable
    )
    if section.classes is None:
        return sites, drift.notes
    return sites.of([classes.index(name) for name in section.classes]), drift.notes


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """Line that a check prints."""
    section = experiment.occupancy
    classes = section.classes
    names = "all classes" if classes is None else ", ".join(classes)
    return [f"follows {names} within {section.tolerance:g} Å, model: {section.model}"]


STAGE = Stage(
    name="occupancy",
    requires=("predict",),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
)
