"""Sections of a run's page on movies: occupancy, transitions, rates, and two movies compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from temnet.csv_tables import Row, read_table
from temnet.movies.comparison import MEMORIES
from temnet.movies.figures import comparison_figure, dwell_figure, occupied_figure
from temnet.movies.hidden_markov import CHANCES
from temnet.movies.histories import dwell_times
from temnet.movies.history_files import read_histories
from temnet.movies.site_maps import occupancy_map, transition_map
from temnet.reporting.files.kept_frames import MeanImage, read_mean
from temnet.reporting.page import Html, Section, link, paragraph, side_by_side, table
from temnet.reporting.run_results import RunResults, counted, read_json
from temnet.reporting.sections.images import positions
from temnet.reporting.wording import shortened

MODELS = {
    "threshold": "Columns are counted as they were found: one that was missed looks like one that "
    "left, so that rates of slow changes are too large.",
    "hidden_markov": "A hidden Markov model tells missed columns from those that left by how long "
    "they stay away; maps, transitions and rates are by that model. What comes and goes within a "
    "frame or two looks to it like misses.",
}
"""What each model of occupancy means."""

MEANINGS = {
    "threshold": (
        "per cent of frames in which a column was found there",
        "per cent of consecutive frame pairs in which a column appears or vanishes",
    ),
    "hidden_markov": (
        "per cent of frames in which a column was there, as the model expects",
        "per cent of consecutive frame pairs in which a column came or left, as the model expects",
    ),
}
"""What the maps of occupancy and of transitions show, by each model."""

SIGNIFICANT = 0.05
"""Differences with a smaller p are called significant."""


def occupancy_section(source: RunResults) -> Section | None:
    """Maps of occupancy and transitions over the movie's time average."""
    names = ("occupancy/sites.csv", "occupancy/transitions.csv", "occupancy/drift.csv")
    images = "occupancy/images.npz"
    if not source.has(*names, images):
        return None
    sites, changes, drift = (read_table(source.root / name) for name in names)
    mean = read_mean(source.root / images)
    model = source.experiment.occupancy.model
    parts = [
        paragraph(_occupancy_text(sites, changes, drift, model)),
        *(paragraph(f"Doubtful: {note}.") for note in _notes(source)),
        paragraph(
            MODELS[model],
            " Tables: ",
            source.links(
                *names[:2],
                "occupancy/rates.csv",
                "occupancy/frames.csv",
                "occupancy/columns.csv",
                names[2],
            ),
            ".",
        ),
    ]
    if sites and mean.image is not None:
        usable = {row["frame"] for row in drift if row["usable"]}
        averaged = len(usable.intersection(mean.index.numbers.tolist()))
        parts += _maps(source, mean, sites, model, averaged)
    parts += _curves(source)
    return Section("Occupancy and transitions", parts)


def _notes(source: RunResults) -> list[str]:
    """What is doubtful about the drift."""
    name = "occupancy/notes.json"
    return read_json(source.root / name) if source.has(name) else []


def _occupancy_text(
    sites: Sequence[Row], changes: Sequence[Row], drift: Sequence[Row], model: str
) -> str:
    usable = [row for row in drift if row["usable"]]
    judged = "" if model == "threshold" else ", by the likelier state of each frame"
    text = (
        f"{counted(len(sites), 'site')} were followed through {len(usable)} of "
        f"{counted(len(drift), 'frame')}; they changed {counted(len(changes), 'time')}{judged}."
    )
    if usable:
        farthest = np.linalg.norm([_drift(row) for row in usable], axis=1).max()
        text += f" The specimen drifted by up to {farthest:.1f} Å, which was taken off."
    left = [str(row["frame"]) for row in drift if not row["usable"]]
    if left:
        text += f" Left out, as too few columns were found in them: frames {shortened(left, 20)}."
    return text


def _drift(row: Row) -> tuple[float, float]:
    return row["row_angstrom"], row["col_angstrom"]


def _maps(
    source: RunResults, mean: MeanImage, sites: Sequence[Row], model: str, averaged: int
) -> list[Html]:
    title = f"{mean.index.names[0]}, average of {counted(averaged, 'frame')}"
    prefix = "inferred_" if model == "hidden_markov" else ""
    occupied, changed = MEANINGS[model]
    maps = (
        (occupancy_map, "occupancy", f"Occupancy of each site: {occupied}."),
        (transition_map, "transition_fraction", f"Transitions of each site: {changed}."),
    )
    return [
        source.picture(
            draw(
                mean.image,
                float(mean.index.sampling[0]),
                positions(sites),
                np.array([row[prefix + values] for row in sites], dtype=np.float64),
                title,
            ),
            draw.__name__,
            caption,
        )
        for draw, values, caption in maps
    ]


def _curves(source: RunResults) -> list[Html]:
    """Rates by region, occupied sites per frame and dwell times, of what is there."""
    names = ("occupancy/rates.csv", "occupancy/frames.csv", "occupancy/histories.npz")
    if not source.has(*names):
        return []
    rates, frames = (read_table(source.root / name) for name in names[:2])
    time = source.experiment.occupancy.frame_time
    parts = [_rate_table(rates, time), *map(paragraph, _bounded(rates))] if rates else []
    regions = {
        name.removeprefix("occupied_"): np.array([row[name] for row in frames], float)
        for name in (frames[0] if frames else ())
        if name.startswith("occupied_")
    }
    pictures = [
        source.picture(
            occupied_figure(regions, time),
            "occupied_sites",
            "Occupied sites in each frame, at the particle's edge and in its interior.",
        )
    ]
    dwells = dwell_times(read_histories(source.root / names[2]))
    if len(dwells.frames):
        pictures.append(
            source.picture(
                dwell_figure(dwells, time),
                "dwell_times",
                "How long sites stayed empty or occupied. Stays that the movie's ends cut off "
                "lasted longer than shown.",
            )
        )
    return [*parts, side_by_side(pictures)]


def _rate_table(rates: Sequence[Row], frame_time: float | None) -> Html:
    """Rates with their intervals, by class and region."""
    unit, suffix = ("per frame", "") if frame_time is None else ("per second", "_per_s")
    dwell = "mean stay (frames)" if frame_time is None else "mean stay (s)"
    step = frame_time or 1.0
    header = ("sites", "number", "occupancy", f"appear {unit}", f"vanish {unit}", dwell)
    rows = [
        (
            f"{row['class']}, {row['group']}",
            row["sites"],
            row["occupancy"],
            _with_interval(row, "appearance", suffix),
            _with_interval(row, "disappearance", suffix),
            step * row["mean_occupied_frames"],
        )
        for row in rates
        if row["by"] == "region"
    ]
    return table(header, rows)


def _bounded(rates: Sequence[Row]) -> Iterator[str]:
    """What the hidden Markov model could not find out."""
    for row in rates:
        stuck = row.get("at_bound")
        if isinstance(stuck, str) and stuck:
            names = " and ".join(CHANCES[name] for name in stuck.split())
            yield (
                f"{row['class']}, {row['group']}: {names} cannot be told from this movie; the "
                "search ended at the bound of what the model allows. Rates and occupancy of these "
                "sites depend on that bound, and their intervals do not know of it."
            )


def _with_interval(row: Row, name: str, suffix: str) -> str:
    """A rate with its 95 % interval.

    >>> row = {"a": 0.1, "a_low": 0.05, "a_high": 0.2}
    >>> _with_interval(row, "a", "")
    '0.1 (0.05 to 0.2)'
    """
    value, low, high = (row[f"{name}{end}{suffix}"] for end in ("", "_low", "_high"))
    if not np.isfinite(value):
        return "–"
    return f"{value:.3g} ({low:.3g} to {high:.3g})"


def compare_section(source: RunResults) -> Section | None:
    """Differences between two movies."""
    name = "compare/compare.csv"
    if not source.has(name) or source.experiment.compare is None:
        return None
    rows = read_table(source.root / name)
    runs = source.experiment.compare.runs
    parts = [
        paragraph(
            f"{runs[1]} minus {runs[0]}, with blocks of consecutive frames as units: the interval "
            "is Welch's, from the scatter of the blocks; p is that of a permutation test which "
            "shuffles the blocks between the movies. Table: ",
            link(name),
            ".",
        )
    ]
    if not rows:
        parts.append(paragraph("The movies have no class and region in common."))
        return Section("Two movies compared", parts)
    figure = comparison_figure(rows, (runs[0], runs[1]))
    caption = "Fractions in the two movies and their differences with 95 % intervals."
    header = ("sites", "quantity", "first", "second", "difference", "95 % interval", "p", "blocks")
    return Section(
        "Two movies compared",
        [
            *parts,
            *(paragraph(text) for text in _verdicts(rows)),
            source.picture(figure, "comparison", caption),
            table(header, [_compared(row) for row in rows]),
        ],
    )


def _verdicts(rows: Sequence[Row]) -> Iterator[str]:
    short = [row for row in rows if row["block_frames"] < MEMORIES * row["memory_frames"]]
    if any(row["quantity"] == "occupancy" for row in short):
        yield (
            "Sites remember their state for longer than these movies have room for: p of the "
            "occupancy is somewhat too small, and its interval too narrow. Record longer movies."
        )
    tested = [row for row in rows if np.isfinite(row["p_value"])]
    if len(tested) < len(rows):
        yield (
            f"{len(rows) - len(tested)} of {counted(len(rows), 'difference')} could not be tested: "
            "there are fewer than two blocks in which something could be counted."
        )
    if not tested:
        return
    found = [row for row in tested if row["p_value"] < SIGNIFICANT]
    if not found:
        yield f"No difference is significant (all p at least {SIGNIFICANT:g})."
        return
    names = ", ".join(
        f"{row['quantity'].replace('_', ' ')} of {row['class']} ({row['region']})" for row in found
    )
    yield (
        f"Significant at p < {SIGNIFICANT:g}, each test by itself: {names}; "
        f"{counted(len(tested), 'test')} were made."
    )


def _compared(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        f"{row['class']}, {row['region']}",
        row["quantity"].replace("_", " "),
        float(row["first"]),
        float(row["second"]),
        float(row["difference"]),
        f"{row['difference_low']:.3f} to {row['difference_high']:.3f}",
        float(row["p_value"]),
        f"{row['blocks_first']} and {row['blocks_second']} of {row['block_frames']} frames",
    )
