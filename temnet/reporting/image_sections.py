"""Section of a run's page on the columns found in microscope images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from temnet.reporting.curves import count_figure
from temnet.reporting.overlay import overlay_figure
from temnet.reporting.page import Html, Section, paragraph, side_by_side
from temnet.reporting.snapshots import Frames, read_frames
from temnet.reporting.source import Source, counted, read_json
from temnet.reporting.tables import Row, read_table
from temnet.reporting.wording import in_words

FOCI = "predict/foci.csv"

OVERLAYS = "overlays"
"""Output of the stage `predict`, and its folder there."""

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
    others = sorted(
        path.relative_to(source.root).as_posix()
        for path in (source.root / "predict").iterdir()
        if path.suffix in (".h5", ".xyz")
    )
    parts = [
        paragraph(
            f"The network {series[0]['network']} found {len(rows):,} columns in "
            f"{counted(total, 'image')} of {counted(_file_count(series), 'file')}: "
            f"{_by_class(rows, classes)}.{_mean_score(rows)} Table: ",
            source.links(names[0], *others, FOCI),
            ".",
        ),
        *_what_was_done(source, series),
        *(part for one in series for part in _comparison(one)),
    ]
    chosen = evenly(len(frames.frames), MOST_OVERLAYS)
    overlays = [_overlay(source, frames, index, rows, classes) for index in chosen]
    # The first is shown large, the others beside each other.
    parts += [overlays[0], side_by_side(overlays[1:])] if len(overlays) > 1 else overlays
    if OVERLAYS in source.experiment.prediction.outputs:
        parts.append(paragraph(f"Every frame with its columns: predict/{OVERLAYS}."))
    parts += [
        _counts(source, number, part, rows)
        for number, part in enumerate(series)
        if part["frames"] > 1
    ]
    return Section("Columns found", parts)


def _file_count(series: Sequence[Mapping[str, Any]]) -> int:
    return sum(len(part.get("files") or [part["file"]]) for part in series)


def _mean_score(rows: Sequence[Row]) -> str:
    """What the network's scores tell of all columns together."""
    if not rows:
        return ""
    return f" They score {np.mean([row['score'] for row in rows]):.2f} on average."


def _what_was_done(source: Source, series: Sequence[Mapping[str, Any]]) -> list[Html]:
    """How the columns were found, a paragraph for the files of which the same is to be told."""
    files: dict[str, list[str]] = {}
    for part in series:
        files.setdefault(_steps(source, part), []).append(part["file"])
    if len(files) == 1:
        return [paragraph(text) for text in files]
    return [paragraph(f"{in_words(names)}: {text}") for text, names in files.items()]


def _steps(source: Source, part: Mapping[str, Any]) -> str:
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


def _comparison(part: Mapping[str, Any]) -> list[Html]:
    """How one series compares with the images that the network was taught on."""
    if "compared_by" not in part:
        return []
    name = part["file"]
    lines = [f"{name} is unlike the taught images: {sentence}." for sentence in part["unlike"]]
    lines += [f"{name}: {note}." for note in part["notes"]]
    known = part["compared_by"]
    if "power spectrum" not in known:
        lines.append(
            f"{name}: this network does not keep what its taught images looked like, so only the "
            "pixel size was compared."
        )
    elif not part["unlike"]:
        lines.append(
            f"{name}: {in_words(known)} {'are' if len(known) > 1 else 'is'} within what the images "
            "show that the network was taught on."
        )
    return [paragraph(line) for line in lines]


def _overlay(
    source: Source, frames: Frames, index: int, rows: Sequence[Row], classes: Sequence[str]
) -> Html:
    file, frame = frames.names[index], int(frames.numbers[index])
    mine = [row for row in rows if row["file"] == file and row["frame"] == frame]
    figure = overlay_figure(
        frames.frames[index],
        float(frames.sampling[index]),
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


def evenly(count: int, most: int) -> list[int]:
    """Up to ``most`` of ``count`` indices, evenly from the first to the last.

    >>> evenly(3, 6), evenly(40, 3)
    ([0, 1, 2], [0, 20, 39])
    """
    return sorted({round(index) for index in np.linspace(0, count - 1, min(most, count))})
