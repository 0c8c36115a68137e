"""Records of the series that the stage `predict` processed: ``predict/series.json``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from temnet.inference.checks.finding import Finding
from temnet.inference.checks.measured_lattice import MeasuredLattice
from temnet.inference.checks.verdict import Verdict
from temnet.tables.json_records import read_records, renamed, write_records

SERIES_FILE = "series.json"
"""Name of the file in the folder of the stage `predict`."""


@dataclass(frozen=True)
class Calibration:
    """Pixel size as measured on a lattice.

    Attributes:
        spacing: Distance between lattice planes that was given [Å].
        sampling: Measured pixel size [Å].
        uncertainty: Its standard error [Å].
        spots: Number of lattice spots that it was measured by.
        taken: Whether it was used; else it was only compared with the given pixel size.
    """

    spacing: float
    sampling: float
    uncertainty: float
    spots: int
    taken: bool


@dataclass(frozen=True, kw_only=True)
class SeriesRecord:
    """One image, movie or focal series, and how its columns were found.

    Attributes:
        file: Name of the series, as in ``columns.csv``.
        files: Names of its image files.
        frame_files: For each frame the names of its files; None for a single file.
        frames: Number of frames.
        rows: Rows of a frame [pixels of ``sampling``].
        cols: Columns of a frame [pixels of ``sampling``].
        sampling: Pixel size [Å].
        pixel_size: Height and width of the file's pixels [Å]; None in files of earlier versions.
        foci: Images in a frame's focal series.
        first_frame: Number in the movie of the first frame, from which frames are counted.
        masked_angstrom: Boxes without image: lowest and highest row, lowest and highest column
            [Å].
        network: Name of the network.
        network_sampling: Pixel size of the network [Å]; None in files of earlier versions.
        classes: Names of the network's classes.
        class_titles: Names of the classes with the elements that they mean, such as ``metal (Pt or
            Au)``; empty in files of earlier versions.
        elements: Chemical symbol of each class, ``X`` where it is not one element; None in files of
            earlier versions.
        verdict: Whether the images are like the network's training images; empty in files of
            earlier versions.
        compared_by: What was compared with the training images; None in files of earlier versions.
        out_of_distribution: Sentences on what lies beyond all training images, by falling weight;
            empty if there is nothing.
        notes: Sentences on what was changed or is doubtful.
        findings: What the checks of the images noticed, by severity and falling weight, each with
            its kind; empty in files of earlier versions.
        threshold: Lowest score of a column; None in files of earlier versions.
        engine: What ran the network, such as ``OpenVINO in bfloat16``; None in files of earlier
            versions.
        calibration: Pixel size as measured on a lattice; None where it was not.
        lattice: The lattice spacings that were found, and what they were compared with; None in
            files of earlier versions.
        focus_order: Sentence on the order of the foci; empty where there is nothing to report.
        average: Number of frames of the running average that columns were found in; 1 for none.
        detection: Probability that a column that is there is found in a frame, by columns that are
            found in the frames before and after; None for fewer than three frames, few columns and
            in files of earlier versions.
        frames_to_average: Number of frames whose averages would show far more columns; None where
            they would not.
    """

    file: str
    files: tuple[str, ...] = ()
    frame_files: tuple[tuple[str, ...], ...] | None = None
    frames: int
    rows: int
    cols: int
    sampling: float
    pixel_size: tuple[float, float] | None = None
    foci: int = 1
    first_frame: int = 0
    masked_angstrom: tuple[tuple[float, float, float, float], ...] = ()
    network: str
    network_sampling: float | None = None
    classes: tuple[str, ...]
    elements: tuple[str, ...] | None = None
    class_titles: tuple[str, ...] = ()
    verdict: Verdict | Literal[""] = ""
    compared_by: tuple[str, ...] | None = None
    out_of_distribution: Annotated[
        tuple[str, ...],
        renamed("out_of_distribution", "unlike"),  # old key
    ] = ()
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    threshold: float | None = None
    engine: str | None = None
    calibration: Calibration | None = None
    lattice: MeasuredLattice | None = None
    focus_order: str = ""
    average: int = 1
    detection: float | None = None
    frames_to_average: int | None = None


def write_series(folder: Path, series: list[SeriesRecord]) -> None:
    """Writes ``series.json`` into the folder of the stage `predict`."""
    write_records(folder / SERIES_FILE, series)


def read_series_records(folder: Path) -> list[SeriesRecord]:
    """Reads ``series.json`` from the folder of the stage `predict`.

    Raises:
        InputError: If the file is missing or damaged.
    """
    return read_records(folder / SERIES_FILE, SeriesRecord)
