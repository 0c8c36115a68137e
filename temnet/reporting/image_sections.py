"""Section of a run's page on the columns found in microscope images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from temnet.reporting.curves import count_figure
from temnet.reporting.overlay import overlay_figure
from temnet.reporting.page import Html, Section, link, paragraph, side_by_side
from temnet.reporting.snapshots import Frames, read_frames
from temnet.reporting.source import Source, counted, read_json
from temnet.reporting.tables import Row, read_table

MOST_OVERLAYS = 6
"""Overlays that the page shows, of evenly chosen images."""


def predict_section(source: Source) -> Section | None:
    """Columns drawn over the images, and their number in each frame."""
    names = ("predict/columns.csv", "predict/images.npz", "predict/series.json")
    if not source.has(*names):
        return None
    rows = read_table(source.root / names[0])
    frames = read_frames(source.root / names[1])
    series = read_json(source.root / names[2])
    classes = series[0]["classes"]
    total = sum(part["frames"] for part in series)
    parts = [
        paragraph(
            f"The network {series[0]['network']} found {len(rows):,} columns in "
            f"{counted(total, 'image')} of {counted(len(series), 'file')}: "
            f"{_by_class(rows, classes)}. Table: ",
            link(names[0]),
            ".",
        )
    ]
    chosen = _evenly(len(frames.frames), MOST_OVERLAYS)
    overlays = [_overlay(source, frames, index, rows, classes) for index in chosen]
    # The first is shown large, the others beside each other.
    parts += [overlays[0], side_by_side(overlays[1:])] if len(overlays) > 1 else overlays
    parts += [
        _counts(source, number, part, rows)
        for number, part in enumerate(series)
        if part["frames"] > 1
    ]
    return Section("Columns found", parts)


def _overlay(
    source: Source, frames: Frames, index: int, rows: Sequence[Row], classes: Sequence[str]
) -> Html:
    file, frame = frames.names[index], int(frames.numbers[index])
    mine = [row for row in rows if row["file"] == file and row["frame"] == frame]
    figure = overlay_figure(
        frames.frames[index],
        frames.sampling,
        positions(mine),
        np.array([classes.index(row["class"]) for row in mine], dtype=np.int64),
        classes,
        f"{file}, frame {frame}",
    )
    return source.picture(
        figure, f"columns_{index:04d}", f"Columns found in {file}, frame {frame}."
    )


def _counts(source: Source, number: int, part: Mapping[str, Any], rows: Sequence[Row]) -> Html:
    counts = {
        name: np.bincount(
            [row["frame"] for row in rows if (row["file"], row["class"]) == (part["file"], name)],
            minlength=part["frames"],
        )
        for name in part["classes"]
    }
    occupancy = source.experiment.occupancy
    figure = count_figure(counts, part["file"], occupancy.frame_time if occupancy else None)
    caption = "Number of columns found in each frame; the dashed line is the average."
    return source.picture(figure, f"counts_{number:02d}", caption)


def positions(rows: Sequence[Row]) -> np.ndarray:
    """(N, 2) positions [Å] of rows."""
    points = [(row["row_angstrom"], row["col_angstrom"]) for row in rows]
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def _by_class(rows: Iterable[Row], classes: Sequence[str]) -> str:
    found = [row["class"] for row in rows]
    return ", ".join(f"{found.count(name):,} {name}" for name in classes)


def _evenly(count: int, most: int) -> list[int]:
    """Up to ``most`` of ``count`` indices, evenly from the first to the last.

    >>> _evenly(3, 6), _evenly(40, 3)
    ([0, 1, 2], [0, 20, 39])
    """
    return sorted({round(index) for index in np.linspace(0, count - 1, min(most, count))})
