"""Stage `compare`: whether the sites of two movies behave differently."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from temnet.config.differences import differences
from temnet.config.experiment import Experiment
from temnet.csv_tables import COMPARE_FIELDS, Row, read_table, write_table
from temnet.errors import InputError
from temnet.movies.comparison import (
    LEAST_BLOCKS,
    block_length,
    compare,
    memory,
    occupancy_blocks,
    transition_blocks,
)
from temnet.movies.histories import Histories
from temnet.movies.history_files import read_histories
from temnet.movies.regions import REGIONS
from temnet.randomness import generator
from temnet.stages import occupancy
from temnet.workflow.folder import DONE, Record, damage_of, read_record
from temnet.workflow.stage import Progress, Stage

LOGGER = logging.getLogger(__name__)

QUANTITIES = {"occupancy": occupancy_blocks, "transition_fraction": transition_blocks}
"""What is compared."""


@dataclass(frozen=True)
class Movie:
    """A finished run.

    Attributes:
        name: The folder's name.
        sites: Rows of its sites.csv.
        histories: Of its sites.
    """

    name: str
    sites: list[Row]
    histories: Histories

    def members(self, class_name: str, region: str) -> np.ndarray:
        """(S,) bool, sites of a class and region."""
        wanted = (class_name, region)
        return np.array([(row["class"], row["region"]) == wanted for row in self.sites], bool)


def settings(experiment: Experiment) -> dict[str, Any]:
    """The two runs by what they were made with, and how blocks are formed."""
    records = [_record(Path(run)).settings for run in experiment.compare.runs]
    section = experiment.compare.model_dump(mode="json")
    return {"seed": experiment.seed, "compare": section, "runs": records}


def check(experiment: Experiment) -> list[Movie]:
    """Reads the two runs.

    Raises:
        InputError: One is missing or unfinished, or they were not analysed alike.
    """
    first, second = (Path(run) for run in experiment.compare.runs)
    records = [_record(run) for run in (first, second)]
    here, there = map(_comparable, records)
    if here != there:
        raise InputError(
            f"{first} and {second} were not analysed alike ({differences(here, there)}), so that "
            "their difference would be one of the analysis; run one of them again with the "
            "settings of the other."
        )
    times = [record.settings["occupancy"].get("frame_time") for record in records]
    if None not in times and times[0] != times[1]:
        raise InputError(
            f"{first} and {second} have {times[0]} and {times[1]} s from frame to frame "
            "(occupancy.frame_time); what changes from one frame to the next can be compared "
            "between movies of the same frame time alone."
        )
    movies = [_read(run) for run in (first, second)]
    length = experiment.compare.block_frames
    for movie in movies:
        frames = movie.histories.observed.shape[1]
        least = LEAST_BLOCKS * (length or 1)
        if frames < least:
            raise InputError(
                f"{movie.name}: the movie has {frames} frames; {LEAST_BLOCKS} blocks of "
                f"{length or 1} frames are needed to compare it"
                + ("; set compare.block_frames lower." if length else ".")
            )
        if not movie.sites:
            raise InputError(f"{movie.name}: no sites were followed in this movie.")
    return movies


def _record(run: Path) -> Record:
    """What the stage `occupancy` of a run says of itself."""
    record = read_record(run, occupancy.STAGE.name) if run.is_dir() else None
    if record is None or record.status != DONE:
        raise InputError(
            f"{run}: compare.runs needs a run folder with a finished stage `occupancy`, which is "
            "not there; give the folder that holds its index.html, or run `occupancy` first."
        )
    wrong = damage_of(run, occupancy.STAGE.name, record)
    if wrong is not None:
        raise InputError(f"{run}: the result of `occupancy` is damaged: {wrong}; run it again.")
    return record


def _comparable(record: Record) -> dict[str, Any]:
    """Settings that two runs must share: all that the sites and their histories depend on."""
    return {
        section: {
            name: value
            for name, value in record.settings.get(section, {}).items()
            if name not in ("outputs", "rings", "frame_time")
        }
        for section in ("prediction", "occupancy")
    }


def _read(run: Path) -> Movie:
    folder = run / occupancy.STAGE.name
    sites = read_table(folder / "sites.csv")
    histories = read_histories(folder / occupancy.HISTORIES_FILE)
    if len(sites) != len(histories.observed):
        raise InputError(
            f"{folder}: sites.csv tells of {len(sites)} sites, {occupancy.HISTORIES_FILE} of "
            f"{len(histories.observed)}; run the stage `occupancy` again."
        )
    return Movie(run.resolve().name, sites, histories)


def run(
    experiment: Experiment, root: Path, folder: Path, inputs: list[Movie], progress: Progress
) -> None:
    """Writes compare.csv."""
    with progress("compare", 1) as done:
        rows = list(_rows(experiment, *inputs))
        write_table(folder / "compare.csv", rows, COMPARE_FIELDS)
        done(1)


def _rows(experiment: Experiment, first: Movie, second: Movie) -> Iterator[dict[str, Any]]:
    """A line for each class, region and quantity that both movies have."""
    classes = sorted({row["class"] for row in first.sites} & {row["class"] for row in second.sites})
    for name in classes:
        for region in REGIONS:
            members = [movie.members(name, region) for movie in (first, second)]
            if not all(part.any() for part in members):
                LOGGER.warning("compare: not both movies have %s sites at the %s", name, region)
                continue
            longest = _memory((first, second), members)
            frames = [movie.histories.observed.shape[1] for movie in (first, second)]
            length = experiment.compare.block_frames or block_length(longest, frames)
            for quantity, blocks_of in QUANTITIES.items():
                blocks = [
                    blocks_of(movie.histories, part, length)
                    for movie, part in zip((first, second), members, strict=True)
                ]
                rng = generator(experiment.seed, f"compare/{name}/{region}/{quantity}", 0)
                difference = compare(blocks[0], blocks[1], rng)
                yield {
                    "class": name,
                    "region": region,
                    "quantity": quantity,
                    "first": blocks[0].fraction,
                    "second": blocks[1].fraction,
                    "difference": difference.value,
                    "difference_low": difference.low,
                    "difference_high": difference.high,
                    "p_value": difference.p_value,
                    "blocks_first": len(blocks[0].counts),
                    "blocks_second": len(blocks[1].counts),
                    "block_frames": length,
                    "memory_frames": longest,
                }


def _memory(movies: tuple[Movie, Movie], members: list[np.ndarray]) -> float:
    """The longer memory of the two movies' sites; NaN where none ever change."""
    pairs = zip(movies, members, strict=True)
    memories = [memory(movie.histories, part) for movie, part in pairs]
    finite = [value for value in memories if np.isfinite(value)]
    return max(finite, default=np.nan)


def describe(experiment: Experiment, inputs: list[Movie]) -> list[str]:
    """The two movies."""
    return [
        f"{movie.name}: {len(movie.sites)} sites in {movie.histories.observed.shape[1]} frames"
        for movie in inputs
    ]


STAGE = Stage(
    name="compare",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
)
