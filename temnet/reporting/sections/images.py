"""Section of a run's page on the columns found in microscope images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from temnet.config.experiment import required
from temnet.reporting.figures.curves import count_figure
from temnet.reporting.figures.overlay import legible_part, overlay_figure
from temnet.reporting.files.column_summary import ColumnSummary, summarise_columns
from temnet.reporting.files.kept_frames import each_frame, read_index
from temnet.reporting.files.prediction_rows import FOCI_FILE, FocusRow
from temnet.reporting.files.series_file import (
    SERIES_FILE,
    Calibration,
    SeriesRecord,
    read_series_records,
)
from temnet.reporting.page import Html, Section, joined_parts, paragraph, side_by_side
from temnet.reporting.run_results import RunResults, counted
from temnet.reporting.sections.doubtful_columns import doubtful_columns
from temnet.reporting.sections.lattices import lattice_text
from temnet.reporting.sections.verdicts import MOST_NAMED, bounded, verdicts
from temnet.reporting.wording import in_words, shortened
from temnet.tables.csv_rows import read_rows

FOLDER = "predict"
"""Folder of the stage `predict`."""

COLUMNS, IMAGES, FOCI = f"{FOLDER}/columns.csv", f"{FOLDER}/images.npz", f"{FOLDER}/{FOCI_FILE}"
SERIES = f"{FOLDER}/{SERIES_FILE}"

OVERLAYS = "overlays"
"""Output of the stage `predict`, and the name of its folder there."""

MOST_OVERLAYS = 6
"""Overlays that the page shows, of evenly chosen images."""

MOST_CURVES = 6
"""Movies whose numbers of columns the page draws."""


def predict_section(source: RunResults) -> Section | None:
    """Columns drawn over the images, and their number in each frame."""
    if not source.has(COLUMNS, IMAGES, SERIES):
        return None
    series = read_series_records(source.root / FOLDER)
    index = read_index(source.root / IMAGES)
    chosen = evenly(len(index), MOST_OVERLAYS)
    places = [(index.names[place], int(index.numbers[place])) for place in chosen]
    lengths = {part.file: part.frames for part in series}
    summary = summarise_columns(source.root / COLUMNS, lengths, places)
    total = sum(lengths.values())
    others = sorted(
        path.relative_to(source.root).as_posix()
        for path in (source.root / FOLDER).iterdir()
        if path.suffix in (".h5", ".xyz")
    )
    by_class = ", ".join(f"{number:,} {name}" for name, number in summary.by_class().items())
    parts = [
        *verdicts(series),
        paragraph(
            f"The network {series[0].network} found {summary.total:,} columns in "
            f"{counted(total, 'image')} of {counted(_file_count(series), 'file')}: "
            f"{by_class}.{_mean_score(summary, series)} Table: ",
            source.links(COLUMNS, *others[:MOST_NAMED], FOCI),
            ".",
        ),
        *doubtful_columns(summary),
        *_what_was_done(source, series),
    ]
    images = each_frame(source.root / IMAGES, chosen)
    pictures = [
        _overlay(source, image, float(index.sampling[place]), (file, frame), place, summary)
        for place, (file, frame), image in zip(chosen, places, images, strict=True)
    ]
    # The first is shown large, the others beside each other.
    parts += [pictures[0], side_by_side(pictures[1:])] if len(pictures) > 1 else pictures
    if OVERLAYS in required(source.experiment.prediction, "prediction").outputs:
        parts.append(paragraph(f"Every frame with its columns: {FOLDER}/{OVERLAYS}."))
    movies = [(number, part) for number, part in enumerate(series) if part.frames > 1]
    parts += [_counts(source, number, part, summary) for number, part in movies[:MOST_CURVES]]
    if len(movies) > MOST_CURVES:
        parts.append(
            paragraph(f"Curves of {len(movies) - MOST_CURVES:,} more movies are not shown.")
        )
    return Section("Columns found", parts)


def _file_count(series: Sequence[SeriesRecord]) -> int:
    return sum(len(part.files) or 1 for part in series)


def _mean_score(summary: ColumnSummary, series: Sequence[SeriesRecord]) -> str:
    """The mean score of all columns together, and what it is out of distribution."""
    if not summary.total:
        return ""
    text = f" They score {summary.mean_score:.2f} on average."
    if any(part.out_of_distribution for part in series):
        text += " Scores in images that are out of distribution are no probabilities."
    return text


def _what_was_done(source: RunResults, series: Sequence[SeriesRecord]) -> list[Html]:
    """How the columns were found; files that were treated alike share a paragraph."""
    files: dict[str, list[str]] = {}
    for part in series:
        files.setdefault(_steps(source, part), []).append(part.file)
    if len(files) == 1:
        return [paragraph(text) for text in files]
    described = [f"{shortened(names)}: {text}" for text, names in files.items()]
    return bounded(described, SERIES)


def _steps(source: RunResults, part: SeriesRecord) -> str:
    """How the columns of one series were found, in plain words."""
    size = "the network's pixels"
    if part.network_sampling is not None:
        size += f" of {part.network_sampling:g} Å"
    steps = [
        f"Each image was resampled from {part.sampling:.4g} Å per pixel to {size}; its local mean "
        "was subtracted, and it was divided by its local contrast."
    ]
    if part.first_frame:
        steps.append(
            f"Frames are counted from the first chosen one, frame {part.first_frame} of the movie "
            "(counted from 0)."
        )
    files = part.frame_files
    if files and len(files) == 1:
        steps.append(f"Its images are {in_words(files[0])}, in this order.")
    elif files:
        steps.append(
            f"Its first frame is {in_words(files[0])}, its last {in_words(files[-1])}; {SERIES} "
            "names the files of each frame."
        )
    if part.calibration is not None:
        steps.append(_calibration_text(part.calibration, part.sampling))
    if part.class_titles != part.classes and part.class_titles:
        steps.append(f"The classes are {in_words(part.class_titles)}.")
    if part.lattice is not None:
        steps.append(lattice_text(part.lattice))
    if source.has(FOCI):
        steps.append(_shifts_text(read_rows(source.root / FOCI, FocusRow), part.file))
    if part.average > 1:
        steps.append(
            f"Columns were found in running averages of {part.average} frames: those around each "
            "frame, at the ends of the movie the first or last ones, moved to where the specimen "
            "lies in it."
        )
    if part.focus_order:
        steps.append(f"The {part.focus_order}.")
    if required(source.experiment.prediction, "prediction").symmetries:
        steps.append("The prediction is the mean over the eight symmetries of the square.")
    if part.engine:
        steps.append(f"The network was run by {part.engine}.")
    if part.threshold is not None:
        steps.append(
            "Columns are the maxima of the predicted probability whose score reaches "
            f"{part.threshold:g}, refined to a fraction of a pixel. Positions are given in the "
            "image's own pixels and in Å."
        )
    return " ".join(steps)


LEAST_SHOWN = 0.05
"""Smallest difference of pixel sizes that is shown [%]."""


def _calibration_text(measured: Calibration, sampling: float) -> str:
    """The pixel size that was measured on a lattice, and which one was used."""
    use = "was measured" if measured.taken else "was checked"
    text = (
        f"The pixel size {use} on lattice planes {measured.spacing:g} Å apart: "
        f"{measured.sampling:.4g} ± {measured.uncertainty:.2g} Å by "
        f"{counted(measured.spots, 'spot')}."
    )
    if not measured.taken:
        off = 100 * (sampling / measured.sampling - 1)
        differs = f"{abs(off):.1f} % {'larger' if off > 0 else 'smaller'}"
        text += (
            " The pixel size that was used, as given or from the file, "
            f"{f'is {differs}' if abs(off) >= LEAST_SHOWN else 'agrees'}."
        )
    return text


def _shifts_text(rows: Sequence[FocusRow], file: str) -> str:
    """How the images of a file's focal series were aligned."""
    mine = [row for row in rows if row.file == file]
    left = {row.frame for row in mine if np.isnan(row.margin)}
    largest = max((np.hypot(row.row_angstrom, row.col_angstrom) for row in mine), default=0.0)
    text = (
        "The images of each focal series were aligned to the first; they were shifted by up to "
        f"{largest:.2f} Å."
    )
    if left:
        text += f" {counted(len(left), 'frame')} could not be aligned."
    return text


def _overlay(
    source: RunResults,
    image: np.ndarray,
    sampling: float,
    place: tuple[str, int],
    number: int,
    summary: ColumnSummary,
) -> Html:
    """A frame with its columns, and an enlarged part where these are too small to be seen."""
    title, peaks = f"{place[0]}, frame {place[1]}", summary.shown[place]
    figure = overlay_figure(
        image,
        sampling,
        peaks.positions,
        peaks.class_index,
        summary.class_names,
        title,
        peaks.flags != 0,
    )
    name = f"columns_{number:04d}"
    whole = source.picture(figure, name, f"Columns found in {title}.")
    part = legible_part(image.shape, sampling, peaks.positions)
    if part is None:
        return whole
    (rows, cols), origin = part, np.array([part[0].start, part[1].start]) * sampling
    end = np.array([rows.stop, cols.stop]) * sampling
    inside = np.all((peaks.positions >= origin) & (peaks.positions < end), axis=1)
    detail = overlay_figure(
        image[part],
        sampling,
        peaks.positions[inside] - origin,
        peaks.class_index[inside],
        summary.class_names,
        f"{title}, detail",
        peaks.flags[inside] != 0,
    )
    caption = (
        f"Rows {rows.start} to {rows.stop - 1} and columns {cols.start} to {cols.stop - 1} of it."
    )
    return joined_parts([whole, source.picture(detail, f"{name}_detail", caption)])


def _counts(source: RunResults, number: int, part: SeriesRecord, summary: ColumnSummary) -> Html:
    none = np.zeros((len(summary.class_names), part.frames), int)
    counts = summary.counts.get(part.file, none)
    occupancy = source.experiment.occupancy
    figure = count_figure(
        dict(zip(summary.class_names, counts, strict=True)),
        part.file,
        occupancy.frame_time if occupancy else None,
    )
    caption = "Number of columns found in each frame; the dashed line is the average."
    return source.picture(figure, f"counts_{number:02d}", caption)


def evenly(count: int, most: int) -> list[int]:
    """Up to ``most`` of ``count`` indices, evenly from the first to the last.

    >>> evenly(3, 6), evenly(40, 3)
    ([0, 1, 2], [0, 20, 39])
    """
    return sorted({round(index) for index in np.linspace(0, count - 1, min(most, count))})
