"""Stage `movie`: simulates a movie whose columns appear and vanish at known rates."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np

from temnet.config.experiment import Experiment, required
from temnet.errors import InputError
from temnet.movies.simulated_truth import TRUTH_FILE, TruthRow, dose_file, truth_rows
from temnet.simulation.movie import simulate_movie
from temnet.structures.elements import possible_elements
from temnet.structures.vibrations.displacements import check_elements
from temnet.system.files import replace_file
from temnet.tables.csv_rows import write_rows
from temnet.workflow.stage import Stage, Work


def settings(experiment: Experiment) -> Mapping[str, object]:
    """Settings that the movie depends on."""
    values = experiment.simulation.plain_values()
    shape, _ = (values.pop(key) for key in ("shape", "exit_wave_reuse"))
    movie = required(experiment.movie, "movie").model_dump(mode="json")
    return {**values, "image_size": shape, "movie": movie}


def check(experiment: Experiment) -> None:
    """Checks that all elements have vibrations, and that the changing class exists.

    Raises:
        InputError: If an element has no vibration, or the class is not one of the labels.
    """
    simulation = experiment.simulation
    check_elements(possible_elements(simulation.structure), simulation.vibrations)
    classes, changing = experiment.class_names, required(experiment.movie, "movie").changing
    if changing not in classes:
        raise InputError(
            f"movie.changing names {changing}, which is not a class of labels; choose from "
            f"{', '.join(classes)}."
        )


def run(work: Work[None]) -> None:
    """Writes one stack of frames for each dose, and the truth."""
    section = required(work.experiment.movie, "movie")
    with work.progress("movie", section.frames) as done:
        movie = simulate_movie(work.experiment.simulation, section, progress=done)
    for dose, images in zip(section.doses, movie.images, strict=True):
        buffer = io.BytesIO()
        np.save(buffer, images)
        replace_file(work.folder / dose_file(dose), buffer.getvalue())
    write_rows(work.folder / TRUTH_FILE, truth_rows(movie, work.experiment.class_names), TruthRow)


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """Line that a check prints."""
    movie = required(experiment.movie, "movie")
    doses = ", ".join(f"{dose:g}" for dose in movie.doses)
    return [
        f"{movie.frames} frames at {doses} e/Å²; {movie.changing} columns with at most "
        f"{movie.most_neighbours} neighbours appear with a probability of {movie.appearance:g} "
        f"per frame and vanish with {movie.disappearance:g}"
    ]


STAGE = Stage(
    name="movie",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
)
