"""Stage `compare`: compares the sites of two movies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from temnet.config.differences import differences
from temnet.config.experiment import Experiment, required
from temnet.errors import InputError
from temnet.movies.blocks import LEAST_BLOCKS
from temnet.movies.comparison import ComparisonRow, FollowedMovie, comparison_rows
from temnet.movies.history_files import read_histories
from temnet.movies.site_tables import SiteRow
from temnet.reporting.files.series_file import SERIES_FILE, read_series_records
from temnet.stages import occupancy, predict
from temnet.tables.csv_rows import read_rows, write_rows
from temnet.workflow.folder import DONE, Record, damage_of, read_record
from temnet.workflow.stage import Stage, Work

DESCRIPTIVE = {
    "images": ("files", "frames", "axes", "mask", "sampling", "spacing"),
    "prediction": ("outputs", "rings"),
    "occupancy": ("frame_time",),
}
"""Settings that two runs need not share: they describe the movie or do not change its sites."""


def settings(experiment: Experiment) -> Mapping[str, object]:
    """Settings of the two runs, and of the blocks."""
    section = required(experiment.compare, "compare")
    records = [_record(Path(run)).settings for run in section.runs]
    return {
        "seed": experiment.seed,
        "compare": section.model_dump(mode="json"),
        "runs": records,
    }


def check(experiment: Experiment) -> list[FollowedMovie]:
    """Reads the two runs.

    Raises:
        InputError: If one is missing or unfinished, or if they were analysed differently.
    """
    section = required(experiment.compare, "compare")
    first, second = (Path(run) for run in section.runs)
    records = [_record(run) for run in (first, second)]
    here, there = map(_comparable, records)
    if here != there:
        raise InputError(
            f"{first} and {second} were analysed with different settings "
            f"({differences(here, there)}), so a difference could come from the analysis. Run one "
            "again with the settings of the other."
        )
    averages = [_average(run) for run in (first, second)]
    if None not in averages and averages[0] != averages[1]:
        raise InputError(
            f"The columns of {first} and {second} were found in averages of {averages[0]} and "
            f"{averages[1]} frames (images.average), which changes the rates. Run one again with "
            "the average of the other."
        )
    times = [record.settings["occupancy"].get("frame_time") for record in records]
    if None not in times and times[0] != times[1]:
        raise InputError(
            f"{first} and {second} have {times[0]} and {times[1]} s from frame to frame "
            "(occupancy.frame_time); transitions between frames can be compared only for movies "
            "of the same frame time."
        )
    movies = [_read(run) for run in (first, second)]
    for movie in movies:
        _check_length(movie, section.block_frames)
    return movies


def _check_length(movie: FollowedMovie, block_frames: int | None) -> None:
    length = block_frames or 1
    if movie.frame_count < LEAST_BLOCKS * length:
        raise InputError(
            f"{movie.name}: the movie has {movie.frame_count} frames; {LEAST_BLOCKS} blocks of "
            f"{length} frames are needed to compare it"
            + ("; set compare.block_frames lower." if block_frames else ".")
        )
    if not movie.sites:
        raise InputError(f"{movie.name}: no sites were followed in this movie.")


def _record(run: Path) -> Record:
    """Record of the stage `occupancy` of a run."""
    record = read_record(run, occupancy.STAGE.name) if run.is_dir() else None
    if record is None or record.status != DONE:
        raise InputError(
            f"{run}: compare.runs needs a run folder with a finished stage `occupancy`, which was "
            "not found; give the folder that holds its index.html, or run `occupancy` first."
        )
    damage = damage_of(run, occupancy.STAGE.name, record)
    if damage is not None:
        raise InputError(f"{run}: the result of `occupancy` is damaged: {damage}; run it again.")
    return record


def _comparable(record: Record) -> Mapping[str, object]:
    """Settings that two runs must share: all that the sites and their histories depend on."""
    return {
        section: {
            name: value
            for name, value in record.settings.get(section, {}).items()
            if name not in descriptive
        }
        for section, descriptive in DESCRIPTIVE.items()
    }


def _average(run: Path) -> int | None:
    """Frames of each running average in which the columns of a run were found; None if unknown."""
    folder = run / predict.STAGE.name
    return read_series_records(folder)[0].average if (folder / SERIES_FILE).is_file() else None


def _read(run: Path) -> FollowedMovie:
    folder = run / occupancy.STAGE.name
    sites = read_rows(folder / occupancy.SITES_FILE, SiteRow)
    histories = read_histories(folder / occupancy.HISTORIES_FILE)
    if len(sites) != len(histories.observed):
        raise InputError(
            f"{folder}: {occupancy.SITES_FILE} has {len(sites)} sites, "
            f"{occupancy.HISTORIES_FILE} has {len(histories.observed)}; run the stage "
            "`occupancy` again."
        )
    return FollowedMovie(run.resolve().name, sites, histories)


def run(work: Work[list[FollowedMovie]]) -> None:
    """Writes compare.csv."""
    with work.progress("compare", 1) as done:
        length = required(work.experiment.compare, "compare").block_frames
        rows = comparison_rows(work.inputs[0], work.inputs[1], work.experiment.seed, length)
        write_rows(work.folder / "compare.csv", rows, ComparisonRow)
        done(1)


def describe(experiment: Experiment, inputs: list[FollowedMovie]) -> list[str]:
    """Lines that a check prints."""
    return [
        f"{movie.name}: {len(movie.sites)} sites in {movie.frame_count} frames" for movie in inputs
    ]


STAGE = Stage(
    name="compare",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
)
