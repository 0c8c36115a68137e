"""The sections of a run's page, one for each stage whose results are there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from temnet.config.experiment import Experiment
from temnet.errors import InputError
from temnet.evaluation.scores import LOCALISATION, SPECIES
from temnet.reporting.curves import count_figure, f1_histogram, training_figure
from temnet.reporting.figures import save_figure
from temnet.reporting.gallery import gallery_figure, prediction_figure
from temnet.reporting.maps import occupancy_map, transition_map
from temnet.reporting.overlay import overlay_figure
from temnet.reporting.page import (
    UNKNOWN,
    Html,
    Section,
    joined,
    link,
    paragraph,
    picture,
    side_by_side,
    table,
)
from temnet.reporting.snapshots import Frames, Picture, read_frames, read_pictures
from temnet.reporting.tables import Row, read_table

MOST_OVERLAYS = 6
"""Overlays that the page shows, of evenly chosen images."""

MOST_EXAMPLES = 4
"""Simulated images with errors marked that the page shows."""


@dataclass(frozen=True)
class Source:
    """What the sections are made of.

    Attributes:
        root: The run folder.
        figures: Where PNG and SVG files go while they are made.
        experiment: The settings.
    """

    root: Path
    figures: Path
    experiment: Experiment

    def has(self, *names: str) -> bool:
        """Whether all of these files of the run folder are there."""
        return all((self.root / name).is_file() for name in names)

    def picture(self, figure: Figure, name: str, caption: str) -> Html:
        """The figure in the page, and PNG and SVG beside it."""
        return picture(save_figure(figure, self.figures, name), caption, f"report/{name}.svg")

    def links(self, *names: str) -> Html:
        """Links to those of these files that are there."""
        return joined(link(name) for name in names if self.has(name))


def predict_section(source: Source) -> Section | None:
    """Columns drawn over the images, and their number in each frame."""
    names = ("predict/columns.csv", "predict/images.npz", "predict/series.json")
    if not source.has(*names):
        return None
    rows = read_table(source.root / names[0])
    frames = read_frames(source.root / names[1])
    series = _read_json(source.root / names[2])
    classes = series[0]["classes"]
    total = sum(part["frames"] for part in series)
    parts = [
        paragraph(
            f"The network {series[0]['network']} found {len(rows):,} columns in "
            f"{_count(total, 'image')} of {_count(len(series), 'file')}: "
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
        _positions(mine),
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


def occupancy_section(source: Source) -> Section | None:
    """Maps of occupancy and transitions over the movie's time average."""
    names = ("occupancy/sites.csv", "occupancy/transitions.csv", "occupancy/drift.csv")
    images = "occupancy/images.npz"
    if not source.has(*names, images):
        return None
    sites, changes, drift = (read_table(source.root / name) for name in names)
    frames = read_frames(source.root / images)
    parts = [
        paragraph(_occupancy_text(sites, changes, drift)),
        paragraph(
            "Tables: ",
            source.links(*names[:2], "occupancy/columns.csv", names[2]),
            ". Columns that were missed look like empty sites: compare sites within one movie.",
        ),
    ]
    if sites and frames.mean is not None:
        parts += _maps(source, frames, sites)
    return Section("Occupancy and transitions", parts)


def _occupancy_text(sites: Sequence[Row], changes: Sequence[Row], drift: Sequence[Row]) -> str:
    usable = [row for row in drift if row["usable"]]
    text = (
        f"{_count(len(sites), 'site')} were followed through {len(usable)} of "
        f"{_count(len(drift), 'frame')}; they changed {_count(len(changes), 'time')}."
    )
    if usable:
        farthest = np.linalg.norm([_drift(row) for row in usable], axis=1).max()
        text += f" The specimen drifted by up to {farthest:.1f} Å, which was taken off."
    left = [str(row["frame"]) for row in drift if not row["usable"]]
    if left:
        text += f" Left out, as too few columns were found in them: frames {', '.join(left)}."
    return text


def _drift(row: Row) -> tuple[float, float]:
    return row["row_angstrom"], row["col_angstrom"]


def _maps(source: Source, frames: Frames, sites: Sequence[Row]) -> list[Html]:
    title = f"{frames.names[0]}, average of the frames"
    maps = (
        (
            occupancy_map,
            "occupancy",
            "Occupancy of each site: per cent of frames in which a column was found there.",
        ),
        (
            transition_map,
            "transition_fraction",
            "Transitions of each site: per cent of consecutive frame pairs in which a column "
            "appears or vanishes.",
        ),
    )
    return [
        source.picture(
            draw(
                frames.mean,
                frames.sampling,
                _positions(sites),
                np.array([row[values] for row in sites], dtype=np.float64),
                title,
            ),
            draw.__name__,
            caption,
        )
        for draw, values, caption in maps
    ]


def evaluate_section(source: Source) -> Section | None:
    """Scores on simulated images that nothing was chosen by."""
    names = ("evaluate/scores.csv", "evaluate/summary.json")
    if not source.has(*names):
        return None
    rows, summary = read_table(source.root / names[0]), _read_json(source.root / names[1])
    radius = source.experiment.evaluation.radius
    parts = [
        paragraph(
            f"Scored on {_count(summary['images'], 'simulated image')} of the split "
            f"{summary['split']}; a column is found if a peak of its class lies within "
            f"{radius:g} Å. Macro F1, the mean over the classes: {_known(summary['macro_f1'])}. "
            f"Columns score from {summary['threshold']:g}. Table: ",
            link(names[0]),
            ".",
        ),
        _score_table(summary["classes"]),
    ]
    f1 = [row["f1"] for row in rows if row["class"] == SPECIES]
    figure = f1_histogram({summary["network"]: np.array(f1, np.float64)}, "all classes, by image")
    parts.append(source.picture(figure, "f1_histogram", "F1 of each image, all classes together."))
    if source.has("evaluate/examples.npz"):
        pictures = read_pictures(source.root / "evaluate/examples.npz")[:MOST_EXAMPLES]
        if pictures:
            figure = prediction_figure(pictures, source.experiment.class_names, radius)
            caption = "Simulated images, their true columns, and what the network found."
            parts.append(source.picture(figure, "found_and_true", caption))
    return Section("Scores on simulated images", parts)


def _score_table(classes: Mapping[str, Mapping[str, Any]]) -> Html:
    named = {LOCALISATION: "any class (place only)", SPECIES: "all classes"}
    header = ("class", "columns", "found", "invented", "precision", "recall", "F1", "error (pm)")
    rows = [
        (
            named.get(name, name),
            scores["true_positives"] + scores["false_negatives"],
            scores["true_positives"],
            scores["false_positives"],
            *(scores[key] for key in ("precision", "recall", "f1")),
            _known(scores["rms_error_pm"], ".1f"),
        )
        for name, scores in classes.items()
    ]
    return table(header, rows)


def train_section(source: Source) -> Section | None:
    """How training went, and what came of it."""
    log = "train/log.csv"
    if not source.has(log):
        return None
    rows = read_table(source.root / log)
    if not rows:
        return None
    minutes = sum(row.get("seconds", 0) for row in rows) / 60
    text = f"{_count(len(rows), 'epoch')} in {minutes:.1f} minutes."
    card = "train/network/card.json"
    if source.has(card):
        values = _read_json(source.root / card)
        text += (
            f" The network {values['name']} ({values['kind']}, {values['parameters']:,} "
            f"parameters) takes columns that score {values['threshold']:g} and more."
        )
    parts = [paragraph(text, " Files: ", source.links(log, card), ".")]
    caption = "Loss and peak F1 on the selection images, which choose the network that is kept."
    parts.append(source.picture(training_figure(rows), "training", caption))
    return Section("Training", parts)


def gallery_section(source: Source) -> Section | None:
    """Examples that were simulated to be looked at, and a whole focal series."""
    names = ("gallery/examples.npz", "gallery/series.npz")
    if not source.has(*names):
        return None
    parts = []
    series = read_pictures(source.root / names[1])
    if len(series) > 1:
        caption = "Every image of the first example's focal series, and below its true columns."
        parts.append(_gallery(source, series, "focal_series", caption))
    caption = "The first image of each example, and below it the true columns."
    parts.append(_gallery(source, read_pictures(source.root / names[0]), "examples", caption))
    return Section("Gallery", parts)


def simulate_section(source: Source) -> Section | None:
    """A few of the simulated images."""
    name = "simulate/examples.npz"
    if not source.has(name):
        return None
    caption = "Simulated images as the network sees them, and below with their true columns."
    pictures = read_pictures(source.root / name)
    return Section("Simulated images", [_gallery(source, pictures, "gallery", caption)])


def _gallery(source: Source, pictures: Sequence[Picture], name: str, caption: str) -> Html:
    across = 3 if len(pictures) % 3 == 0 else 4
    figure = gallery_figure(pictures, source.experiment.class_names, across)
    return source.picture(figure, name, caption)


def accuracy_section(source: Source) -> Section | None:
    """The table of errors against a converged simulation."""
    name = "accuracy/accuracy.csv"
    if not source.has(name):
        return None
    rows = read_table(source.root / name)
    text = (
        "Rms error over the rms contrast of the whole series, in per cent, below the limit of each "
        "case and after one common change of defocus; for the wave's intensity, what it lost. "
        "Table: "
    )
    cells = [
        (
            row["specimen"],
            row["quantity"],
            row["setting"],
            f"{row['percent']:.2f}",
            _known(None if np.isnan(row["offset"]) else row["offset"], ".2f"),
        )
        for row in rows
    ]
    header = ("specimen", "quantity", "setting", "error (%)", "defocus taken off (Å)")
    return Section(
        "Accuracy of the simulation", [paragraph(text, link(name)), table(header, cells)]
    )


SECTIONS: tuple[Callable[[Source], Section | None], ...] = (
    predict_section,
    occupancy_section,
    evaluate_section,
    train_section,
    simulate_section,
    gallery_section,
    accuracy_section,
)
"""In the page's order: results before what they are made of."""


def _positions(rows: Sequence[Row]) -> np.ndarray:
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


def _count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> _count(1, "site"), _count(2, "site")
    ('1 site', '2 sites')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _known(value: float | None, digits: str = ".3f") -> str:
    return UNKNOWN if value is None else format(value, digits)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: this file cannot be read ({error}); run the stage that writes it again."
        ) from error
