"""Section of a run's page on the columns found in microscope images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from temnet.csv_tables import Row, read_table
from temnet.reporting.figures.curves import count_figure
from temnet.reporting.figures.overlay import legible_part, overlay_figure
from temnet.reporting.files.column_summary import ColumnSummary, summarise_columns
from temnet.reporting.files.kept_frames import each_frame, read_index
from temnet.reporting.page import Html, Section, joined_parts, paragraph, side_by_side
from temnet.reporting.run_results import RunResults, counted, read_json
from temnet.reporting.wording import in_words, shortened

COLUMNS, IMAGES, FOCI = "predict/columns.csv", "predict/images.npz", "predict/foci.csv"

OVERLAYS = "overlays"
"""Output of the stage `predict`, and its folder there."""

MOST_OVERLAYS = 6
"""Overlays that the page shows, of evenly chosen images."""

MOST_NAMED, MOST_CURVES = 20, 6
"""Files that the page describes one by one, and movies whose numbers of columns it draws: a page
of thousands of files stays one that a browser opens."""


def predict_section(source: RunResults) -> Section | None:
    """Columns drawn over the images, and their number in each frame."""
    names = (COLUMNS, IMAGES, "predict/series.json")
    if not source.has(*names):
        return None
    series = read_json(source.root / names[2])
    index = read_index(source.root / IMAGES)
    chosen = evenly(len(index), MOST_OVERLAYS)
    places = [(index.names[place], int(index.numbers[place])) for place in chosen]
    lengths = {part["file"]: part["frames"] for part in series}
    summary = summarise_columns(source.root / COLUMNS, lengths, places)
    total = sum(lengths.values())
    others = sorted(
        path.relative_to(source.root).as_posix()
        for path in (source.root / "predict").iterdir()
        if path.suffix in (".h5", ".xyz")
    )
    by_class = ", ".join(f"{number:,} {name}" for name, number in summary.by_class().items())
    parts = [
        paragraph(
            f"The network {series[0]['network']} found {summary.total:,} columns in "
            f"{counted(total, 'image')} of {counted(_file_count(series), 'file')}: "
            f"{by_class}.{_mean_score(summary)} Table: ",
            source.links(COLUMNS, *others[:MOST_NAMED], FOCI),
            ".",
        ),
        *_what_was_done(source, series),
        *_comparisons(series),
    ]
    images = each_frame(source.root / IMAGES, chosen)
    pictures = [
        _overlay(source, image, float(index.sampling[place]), (file, frame), place, summary)
        for place, (file, frame), image in zip(chosen, places, images, strict=True)
    ]
    # The first is shown large, the others beside each other.
    parts += [pictures[0], side_by_side(pictures[1:])] if len(pictures) > 1 else pictures
    if OVERLAYS in source.experiment.prediction.outputs:
        parts.append(paragraph(f"Every frame with its columns: predict/{OVERLAYS}."))
    movies = [(number, part) for number, part in enumerate(series) if part["frames"] > 1]
    parts += [_counts(source, number, part, summary) for number, part in movies[:MOST_CURVES]]
    if len(movies) > MOST_CURVES:
        parts.append(
            paragraph(f"Curves of {len(movies) - MOST_CURVES:,} more movies are not shown.")
        )
    return Section("Columns found", parts)


def _file_count(series: Sequence[Mapping[str, Any]]) -> int:
    return sum(len(part.get("files") or [part["file"]]) for part in series)


def _mean_score(summary: ColumnSummary) -> str:
    """The mean score of all columns together."""
    return f" They score {summary.mean_score:.2f} on average." if summary.total else ""


def _what_was_done(source: RunResults, series: Sequence[Mapping[str, Any]]) -> list[Html]:
    """How the columns were found, a paragraph for the files of which the same is to be told."""
    files: dict[str, list[str]] = {}
    for part in series:
        files.setdefault(_steps(source, part), []).append(part["file"])
    if len(files) == 1:
        return [paragraph(text) for text in files]
    described = [f"{shortened(names)}: {text}" for text, names in files.items()]
    return _bounded(described)


def _bounded(texts: Sequence[str]) -> list[Html]:
    """A paragraph for each text, up to `MOST_NAMED` of them."""
    parts = [paragraph(text) for text in texts[:MOST_NAMED]]
    left = len(texts) - MOST_NAMED
    if left > 0:
        parts.append(paragraph(f"… and {left:,} more; predict/series.json describes each file."))
    return parts


def _steps(source: RunResults, part: Mapping[str, Any]) -> str:
    """How the columns of one series were found, in plain words."""
    prediction = source.experiment.prediction
    pixel = part.get("network_sampling")
    size = "the network's pixels" if pixel is None else f"the network's pixels of {pixel:g} Å"
    steps = [
        f"Each image was brought from {part['sampling']:.4g} Å per pixel to {size}, freed from "
        "its local mean and divided by its local contrast."
    ]
    if part.get("first_frame"):
        steps.append(
            "Frames are counted from the first that was chosen, which is number "
            f"{part['first_frame']} of the movie (its first one being 0)."
        )
    files = part.get("frame_files")
    if files and len(files) == 1:
        steps.append(f"Its images are {in_words(files[0])}, in this order.")
    elif files:
        steps.append(
            f"Its first frame is {in_words(files[0])}, its last {in_words(files[-1])}; "
            "predict/series.json names the files of each frame."
        )
    measured = part.get("calibration")
    if measured:
        use = "was measured" if measured["taken"] else "given was compared"
        steps.append(
            f"The pixel size {use} on lattice planes {measured['spacing']:g} Å apart: "
            f"{measured['sampling']:.4g} ± {measured['uncertainty']:.2g} Å by "
            f"{counted(measured['spots'], 'spot')}."
        )
        if not measured["taken"]:
            off = 100 * (part["sampling"] / measured["sampling"] - 1)
            steps.append(
                f"That given is {abs(off):.1f} % {'larger' if off > 0 else 'smaller'}, and it is "
                "what was taken."
            )
    if source.has(FOCI):
        steps.append(_shifts_text(read_table(source.root / FOCI), part["file"]))
    if part.get("focus_order"):
        steps.append(f"The {part['focus_order']}.")
    if prediction.symmetries:
        steps.append("The network looked at it in the eight symmetries of the square.")
    if part.get("engine"):
        steps.append(f"The network was run by {part['engine']}.")
    lowest = part.get("threshold")
    if lowest is not None:
        steps.append(
            f"Columns are the maxima of the network's answer whose score reaches {lowest:g}, "
            "refined to a fraction of a pixel; positions count in the image's own pixels and in Å."
        )
    return " ".join(steps)


def _shifts_text(rows: Sequence[Row], file: str) -> str:
    """How the images of a file's focal series were laid on each other."""
    mine = [row for row in rows if row["file"] == file]
    left = {row["frame"] for row in mine if np.isnan(row["margin"])}
    largest = max(np.hypot(row["row_angstrom"], row["col_angstrom"]) for row in mine)
    text = (
        f"The images of each focal series were laid on the first; they were off by up to "
        f"{largest:.2f} Å."
    )
    if left:
        text += f" In {counted(len(left), 'frame')} that could not be told."
    return text


def _comparisons(series: Sequence[Mapping[str, Any]]) -> list[Html]:
    """How the images compare with training images, those that differ first."""
    return _bounded(
        [line for unlike in (True, False) for one in series for line in _comparison(one, unlike)]
    )


def _comparison(part: Mapping[str, Any], unlike: bool) -> list[str]:
    """How one series compares with training images: warnings and notes, or what is usual."""
    if "compared_by" not in part:
        return []
    name, known = part["file"], part["compared_by"]
    if unlike:
        lines = [f"{name} is unlike the taught images: {each}." for each in part["unlike"]]
        return lines + [f"{name}: {note}." for note in part["notes"]]
    if "power spectrum" not in known:
        return [
            f"{name}: this network does not keep what its taught images looked like, so only the "
            "pixel size was compared."
        ]
    if part["unlike"]:
        return []
    return [
        f"{name}: {in_words(known)} {'are' if len(known) > 1 else 'is'} within what the images "
        "show that the network was taught on."
    ]


def _overlay(
    source: RunResults,
    image: np.ndarray,
    sampling: float,
    place: tuple[str, int],
    number: int,
    summary: ColumnSummary,
) -> Html:
    """A frame with its columns, and a part of it where these are too small to be seen."""
    title, peaks = f"{place[0]}, frame {place[1]}", summary.shown[place]
    figure = overlay_figure(
        image, sampling, peaks.positions, peaks.class_index, summary.class_names, title
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
    )
    caption = (
        f"Rows {rows.start} to {rows.stop - 1} and columns {cols.start} to {cols.stop - 1} of it."
    )
    return joined_parts([whole, source.picture(detail, f"{name}_detail", caption)])


def _counts(
    source: RunResults, number: int, part: Mapping[str, Any], summary: ColumnSummary
) -> Html:
    none = np.zeros((len(summary.class_names), part["frames"]), int)
    counts = summary.counts.get(part["file"], none)
    occupancy = source.experiment.occupancy
    figure = count_figure(
        dict(zip(summary.class_names, counts, strict=True)),
        part["file"],
        occupancy.frame_time if occupancy else None,
    )
    caption = "Number of columns found in each frame; the dashed line is the average."
    return source.picture(figure, f"counts_{number:02d}", caption)


def positions(rows: Sequence[Row]) -> np.ndarray:
    """(N, 2) positions [Å] of rows."""
    points = [(row["row_angstrom"], row["col_angstrom"]) for row in rows]
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def evenly(count: int, most: int) -> list[int]:
    """Up to ``most`` of ``count`` indices, evenly from the first to the last.

    >>> evenly(3, 6), evenly(40, 3)
    ([0, 1, 2], [0, 20, 39])
    """
    return sorted({round(index) for index in np.linspace(0, count - 1, min(most, count))})
