"""Section of a run's page on a movie: occupancy, transitions and rates of its sites."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from temnet.movies.drift import DriftRow
from temnet.movies.figures import dwell_figure, occupied_figure
from temnet.movies.hidden_markov import CHANCES
from temnet.movies.history_files import read_histories
from temnet.movies.rates import Rate, RateRow
from temnet.movies.regions import REGIONS
from temnet.movies.sections.detection import detection_texts
from temnet.movies.site_maps import occupancy_map, transition_map
from temnet.movies.site_tables import FrameRow, SiteRow
from temnet.movies.transitions import TransitionRow, dwell_times
from temnet.reporting.files.kept_frames import FrameIndex, read_mean
from temnet.reporting.page import UNKNOWN, Html, Section, paragraph, side_by_side, table
from temnet.reporting.run_results import RunResults, counted
from temnet.reporting.wording import shortened
from temnet.tables.csv_rows import read_rows
from temnet.tables.json_records import read_record

MODELS = {
    "threshold": "Columns are counted as found. A missed column looks like one that left, so rates "
    "of slow changes are too large.",
    "hidden_markov": "A hidden Markov model separates missed columns from those that left by how "
    "long they stay away; maps, transitions and rates are by that model. Changes shorter than "
    "about two frames are treated as missed detections.",
}
"""Meaning of each model of occupancy."""

MEANINGS = {
    "threshold": (
        "percentage of frames in which a column was found there",
        "percentage of consecutive frame pairs in which a column appears or vanishes",
    ),
    "hidden_markov": (
        "percentage of frames in which a column was there, as the model estimates",
        "percentage of consecutive frame pairs in which a column appears or vanishes, as the model "
        "estimates",
    ),
}
"""Meaning of the maps of occupancy and of transitions, for each model."""


def occupancy_section(source: RunResults) -> Section | None:
    """Maps of occupancy and transitions over the movie's time average, rates and dwell times."""
    names = ("occupancy/sites.csv", "occupancy/transitions.csv", "occupancy/drift.csv")
    if not source.has(*names, "occupancy/images.npz"):
        return None
    sites = read_rows(source.root / names[0], SiteRow)
    changes = read_rows(source.root / names[1], TransitionRow)
    drift = read_rows(source.root / names[2], DriftRow)
    model = source.experiment.occupancy.model
    tables = ("occupancy/rates.csv", "occupancy/frames.csv", "occupancy/columns.csv", names[2])
    parts = [
        paragraph(_summary(len(sites), len(changes), drift, model)),
        *(paragraph(f"Doubtful: {note}.") for note in _notes(source)),
        *map(paragraph, detection_texts(source, sites)),
        paragraph(MODELS[model], " Tables: ", source.links(*names[:2], *tables), "."),
        *_maps(source, sites, model, {row.frame for row in drift if row.usable}),
        *_curves(source),
    ]
    return Section("Occupancy and transitions", parts)


def _notes(source: RunResults) -> list[str]:
    """Doubts about the drift."""
    name = "occupancy/notes.json"
    return read_record(source.root / name, list[str]) if source.has(name) else []


def _summary(sites: int, changes: int, drift: Sequence[DriftRow], model: str) -> str:
    usable = [row for row in drift if row.usable]
    judged = "" if model == "threshold" else ", by the likelier state of each frame"
    text = (
        f"{counted(sites, 'site')} were followed through {len(usable)} of "
        f"{counted(len(drift), 'frame')}; they changed {counted(changes, 'time')}{judged}."
    )
    if usable:
        shifts = np.array([(row.row_angstrom, row.col_angstrom) for row in usable])
        farthest = np.linalg.norm(shifts, axis=1).max()
        text += f" The specimen drifted by up to {farthest:.1f} Å; this drift was removed."
    left = [str(row.frame) for row in drift if not row.usable]
    if left:
        text += f" Excluded, with too few columns: frames {shortened(left, 20)}."
    return text


def _maps(
    source: RunResults, sites: Sequence[SiteRow], model: str, usable: set[int]
) -> Iterator[Html]:
    """Maps of occupancy and of transitions, if there are sites and usable frames."""
    mean = read_mean(source.root / "occupancy/images.npz")
    if not sites or mean.image is None:
        return
    index = mean.index
    title = f"{index.names[0]}, average of {counted(_averaged(index, usable), 'frame')}"
    inferred = model == "hidden_markov"
    occupied, changed = MEANINGS[model]
    maps = (
        (
            occupancy_map,
            [row.inferred_occupancy if inferred else row.occupancy for row in sites],
            f"Occupancy of each site: {occupied}.",
        ),
        (
            transition_map,
            [
                row.inferred_transition_fraction if inferred else row.transition_fraction
                for row in sites
            ],
            f"Transitions of each site: {changed}.",
        ),
    )
    places = np.array([(row.row_angstrom, row.col_angstrom) for row in sites])
    for draw, values, caption in maps:
        figure = draw(mean.image, float(index.sampling[0]), places, np.array(values), title)
        yield source.picture(figure, draw.__name__, caption)


def _averaged(index: FrameIndex, usable: set[int]) -> int:
    """Number of frames in the time average."""
    return len(usable.intersection(index.numbers.tolist()))


def _curves(source: RunResults) -> list[Html]:
    """Rates by region, occupied sites per frame and dwell times, if their files exist."""
    names = ("occupancy/rates.csv", "occupancy/frames.csv", "occupancy/histories.npz")
    if not source.has(*names):
        return []
    rates = read_rows(source.root / names[0], RateRow)
    frames = read_rows(source.root / names[1], FrameRow)
    time = source.experiment.occupancy.frame_time
    parts = []
    if rates:
        parts = [
            paragraph("Rates of the sites of each class and region, with 95 % intervals:"),
            _rate_table(rates, time),
            *map(paragraph, _bounded(rates)),
        ]
    occupied = np.array([(row.occupied_interior, row.occupied_edge) for row in frames])
    regions = dict(zip(REGIONS, occupied.reshape(-1, 2).T, strict=True))
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
                "Time that sites stayed empty or occupied. Stays cut off by the start or end of "
                "the movie lasted longer than shown.",
            )
        )
    return [*parts, side_by_side(pictures)]


def _rate_table(rates: Sequence[RateRow], frame_time: float | None) -> Html:
    """Rates of each class and region with their intervals."""
    timed = frame_time is not None
    unit = "per second" if timed else "per frame"
    stay = f"mean time occupied ({'s' if timed else 'frames'})"
    header = ("sites", "number", "occupancy", f"appear {unit}", f"vanish {unit}", stay)
    rows = [
        (
            f"{row.class_}, {row.group}",
            row.sites,
            row.occupancy,
            _with_interval(row.appearance_rate(timed)),
            _with_interval(row.disappearance_rate(timed)),
            f"{(frame_time or 1.0) * row.mean_occupied_frames:.3g}"
            if np.isfinite(row.mean_occupied_frames) else None,
        )
        for row in rates
        if row.by == "region"
    ]  # fmt: skip
    return table(header, rows)


def _bounded(rates: Sequence[RateRow]) -> Iterator[str]:
    """Sentences on parameters that the hidden Markov model could not determine."""
    for row in rates:
        if row.at_bound:
            names = " and ".join(CHANCES[name] for name in row.at_bound.split())
            yield (
                f"{row.class_}, {row.group}: {names} cannot be determined from this movie; the "
                "search ended at the bound of the model. Rates and occupancy of these sites depend "
                "on that bound, which their intervals do not include."
            )


def _with_interval(rate: Rate) -> str:
    """A rate with its 95 % interval.

    >>> _with_interval(Rate(0.1, 0.05, 0.2))
    '0.1 (0.05 to 0.2)'
    """
    if not np.isfinite(rate.value):
        return UNKNOWN
    return f"{rate.value:.3g} ({rate.low:.3g} to {rate.high:.3g})"
