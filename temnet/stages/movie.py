"""Stage `movie`: simulates a movie whose columns come and go at known rates."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from temnet.config.experiment import Experiment
from temnet.csv_tables import write_table
from temnet.errors import InputError
from temnet.movies.simulated_movie_section import dose_file
from temnet.simulation.movie import SimulatedMovie, simulate_movie
from temnet.structures.elements import possible_elements
from temnet.structures.vibrations.displacements import check_elements
from temnet.system.files import replace_file
from temnet.workflow.stage import Progress, Stage

TRUTH_FIELDS = (
    "column",
    "frame",
    "row_angstrom",
    "col_angstrom",
    "class",
    "atoms",
    "changing",
    "present",
)
"""Columns of truth.csv; positions are those in the frame, with its drift."""


def settings(experiment: Experiment) -> dict[str, Any]:
    """What the movie depends on."""
    values = experiment.simulation.plain_values()
    shape, _ = (values.pop(key) for key in ("shape", "exit_wave_reuse"))
    return {**values, "image_size": shape, "movie": experiment.movie.model_dump(mode="json")}


def check(experiment: Experiment) -> None:
    """Whether all elements vibrate, and the class whose columns change is one of the labels'.

    Raises:
        InputError: It is not so.
    """
    check_elements(possible_elements(experiment.structure), experiment.vibrations)
    classes = experiment.labels.classes
    if experiment.movie.changing not in classes:
        raise InputError(
            f"movie.changing names {experiment.movie.changing}, which is no class of labels; "
            f"choose from {', '.join(classes)}."
        )


def run(experiment: Experiment, root: Path, folder: Path, inputs: None, progress: Progress) -> None:
    """Writes one stack of frames for each dose, and the truth."""
    with progress("movie", experiment.movie.frames) as done:
        movie = simulate_movie(experiment.simulation, experiment.movie, progress=done)
    for dose, images in zip(experiment.movie.doses, movie.images, strict=True):
        buffer = io.BytesIO()
        np.save(buffer, images)
        replace_file(folder / dose_file(dose), buffer.getvalue())
    rows = _truth_rows(movie, experiment.labels.classes)
    write_table(folder / "truth.csv", rows, TRUTH_FIELDS)


def _truth_rows(movie: SimulatedMovie, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows of truth.csv: each column in each frame."""
    columns = movie.columns
    return [
        {
            "column": column,
            "frame": frame,
            "row_angstrom": float(columns.positions[column, 0] + drift[0]),
            "col_angstrom": float(columns.positions[column, 1] + drift[1]),
            "class": classes[columns.class_index[column]],
            "atoms": int(columns.atom_count[column]),
            "changing": bool(movie.changing[column]),
            "present": bool(movie.presence[column, frame]),
        }
        for column in np.flatnonzero(columns.class_index >= 0).tolist()
        for frame, drift in enumerate(movie.drift)
    ]


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """The frames and the rates."""
    movie = experiment.movie
    doses = ", ".join(f"{dose:g}" for dose in movie.doses)
    return [
        f"{movie.frames} frames at {doses} e/Å²; {movie.changing} columns with at most "
        f"{movie.most_neighbours} neighbours come with a chance of {movie.appearance:g} per frame "
        f"and go with {movie.disappearance:g}"
    ]


STAGE = Stage(
    name="movie",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
)
