"""Movies in which columns are often missed: refused by the stage `occupancy`, or followed by the
drift that their images show.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from temnet.config.analysis.occupancy import Occupancy
from temnet.config.experiment import required
from temnet.errors import InputError
from temnet.inference.frames_needed import ENOUGH, MOST
from temnet.inference.movie_drift.image_drift import ImageDrift, measure_drift
from temnet.inference.reading.read_images import open_all
from temnet.inference.running_average import hidden_pixels
from temnet.models.network_folders import find_network, read_card
from temnet.reporting.files.prediction_rows import IMAGE_DRIFT_FILE, ImageDriftRow
from temnet.reporting.files.series_file import SeriesRecord
from temnet.stages import predict
from temnet.stages.prediction.inputs import read_opened, read_series
from temnet.tables.csv_rows import read_rows
from temnet.workflow.stage import Work

LOGGER = logging.getLogger(__name__)

LEAST = 0.5
"""Least probability of detection of a movie that averages do not help: its columns may come and go
from frame to frame, but below this most detections are noise."""


AVERAGED = 0.92
"""Least probability of detection in averages of frames: below it some columns of a still particle
are missed in most averages (0.89: an occupancy of 0.69, 0.95: of 0.954).  Single frames, whose
misses are independent, have `ENOUGH`."""

DISAGREE = 0.3
"""Drifts by columns and by images differ if they do by more than this [Å]."""


def too_noisy(movie: SeriesRecord) -> bool:
    """Whether columns of a movie that are there are missed too often to be followed."""
    if movie.detection is None:
        return False
    if movie.average > 1:
        return movie.detection < AVERAGED
    if movie.detection >= ENOUGH:
        return False
    return movie.frames_to_average is not None or movie.detection < LEAST


def check_detection(movie: SeriesRecord, section: Occupancy) -> None:
    """Refuses a movie in which columns that are there are often missed.

    Args:
        movie: Its record, with the probability of detection.
        section: Settings; uses `few_columns`.

    Raises:
        InputError: If it is too noisy, and it is not to be followed anyway.
    """
    if not too_noisy(movie) or section.few_columns == "follow":
        return
    number, what = movie.frames_to_average, "frames"
    if movie.average > 1:
        what = f"averages of {movie.average} frames"
    advice = (
        f"set images.average to {number} (as `--set images.average=auto` would)"
        if number is not None
        else "averages of more frames would not help; record more frames or a higher dose"
    )
    raise InputError(
        f"{movie.file}: a column that is there is found in {movie.detection:.0%} of the {what}, "
        f"too few for its occupancy; {advice}, or set occupancy.few_columns to follow."
    )


def image_drift(work: Work[None], movie: SeriesRecord) -> np.ndarray | None:
    """(frame, 2) drift that the images of a movie show [Å], from a mean place.

    It is that by which frames were averaged, and is measured where columns are too few.

    Args:
        work: The stage's; uses `images` and `prediction`, and the folder of the stage `predict`.
        movie: The movie's record.

    Returns:
        None where columns show the drift, or the images do not.
    """
    path = work.root / predict.STAGE.name / IMAGE_DRIFT_FILE
    if movie.average > 1:
        return _read(path, movie.file)
    if not too_noisy(movie):
        return None
    drift = _measured(work, movie)
    LOGGER.warning("%s: columns are few: %s", movie.file, drift.sentence)
    return drift.shifts if drift.measured else np.zeros((movie.frames, 2))


def contradicted_by(work: Work[None], movie: SeriesRecord, drift: np.ndarray) -> np.ndarray | None:
    """(frame, 2) drift that the images show [Å], where that by columns is another.

    It is measured only where columns are missed now and then.  In a still particle of which 0.89
    of the columns are found, columns that leave the field drew their drift off by 0.46 Å and the
    images' was within 0.05 Å.

    Args:
        work: See `image_drift`.
        movie: The movie's record.
        drift: (frame, 2) drift by the columns [Å].

    Returns:
        None where the two agree, or the images do not show the drift.
    """
    if movie.detection is None or movie.average > 1 or movie.detection >= MOST:
        return None
    found = _measured(work, movie)
    if not found.measured:
        return None
    away = found.shifts - drift
    away = away - np.median(away, axis=0)
    return found.shifts if np.linalg.norm(away, axis=1).max() > DISAGREE else None


def _measured(work: Work[None], movie: SeriesRecord) -> ImageDrift:
    """The drift by the images of a movie, which are read again."""
    images = required(work.experiment.images, "images")
    folder = find_network(required(work.experiment.prediction, "prediction").network)
    foci = read_card(folder).focus_count
    if images.sampling == "auto" and movie.pixel_size is not None:
        # The pixel size as it was measured, which need not be square.
        opened = [replace(file, pixel_size=movie.pixel_size) for file in open_all(images.files)]
        given = images.model_copy(update={"sampling": "header", "spacing": None})
        series = read_opened(opened, given, foci)
    else:
        series = read_series(images, foci)[0]
    return measure_drift(series.images, series.sampling, hidden_pixels(series))


def _read(path: Path, file: str) -> np.ndarray | None:
    """The drift by which the frames of a movie were averaged; None if the images do not show it."""
    rows = [row for row in read_rows(path, ImageDriftRow) if row.file == file]
    shifts = np.array([(row.row_angstrom, row.col_angstrom) for row in rows])
    unknown = any(np.isnan(row.spread_angstrom) for row in rows)
    return None if unknown else shifts
