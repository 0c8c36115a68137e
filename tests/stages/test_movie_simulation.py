"""Simulated movies whose columns come and go, and what is recovered from them."""

from pathlib import Path

import numpy as np
import pytest

from temnet import run
from temnet.config.loading import load_experiment
from temnet.errors import InputError
from temnet.reporting.tables import read_table
from temnet.simulation.movie import simulate_movie

MOVIE_FILE = Path(__file__).parents[2] / "experiments" / "movie_gold.yaml"

SMALL = {
    "seed": 5,
    "structure": {"radius": 7},
    "data": {"image_size": 96},
    "movie": {"frames": 6, "appearance": 0.3, "disappearance": 0.3, "doses": [200, 5000]},
    "microscope": {"grid_sampling": 0.13, "focal_spread": 5},
}


@pytest.fixture(scope="module")
def small():
    return load_experiment(MOVIE_FILE, SMALL)


@pytest.fixture(scope="module")
def movie(small):
    return simulate_movie(small)


def patch(image, position, sampling, radius=0.45):
    """Mean of an image within ``radius`` [Å] of a position."""
    rows, cols = np.indices(image.shape) * sampling
    return image[np.hypot(rows - position[0], cols - position[1]) < radius].mean()


def test_columns_are_bright_where_the_truth_says_that_they_are_there(movie):
    present, absent = [], []
    images = movie.images[1]  # the higher dose
    for column in np.flatnonzero(movie.changing & (movie.columns.atom_count >= 3)):
        for frame in range(6):
            place = movie.columns.positions[column] + movie.drift[frame]
            value = patch(images[frame], place, movie.sampling) / images[frame].mean()
            (present if movie.presence[column, frame] else absent).append(value)
    assert min(len(present), len(absent)) >= 5
    # An ordering of all pairs: the area under the curve of present against absent.
    wins = np.mean(np.array(present)[:, None] > np.array(absent))
    assert wins > 0.95


def test_still_columns_are_always_there_and_doses_are_what_they_say(movie):
    assert movie.presence[~movie.changing].all() and not movie.presence[movie.changing].all()
    assert movie.images.shape == (2, 6, 96, 96)
    # Electrons per camera pixel of 0.2 Å; the particle scatters some out of the aperture.
    means = movie.images.mean(axis=(1, 2, 3)) / 0.2**2
    np.testing.assert_allclose(means, [200, 5000], rtol=0.1)


def test_a_specimen_without_edge_columns_is_refused(small):
    none = load_experiment(MOVIE_FILE, {**SMALL, "movie": {"most_neighbours": 0}})
    with pytest.raises(InputError, match="no metal column in the image has so few neighbours"):
        simulate_movie(none)


def test_the_stage_writes_frames_for_each_dose_and_the_truth(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    options = [
        "--set", "movie.frames=2", "--set", "data.image_size=96", "--set", "structure.radius=7",
        "--set", "movie.doses=[200, 900]", "--set", "microscope.grid_sampling=0.13",
    ]  # fmt: skip
    assert run.main([str(MOVIE_FILE), "--check", *options]) == 0
    assert "2 frames at 200, 900 e/Å²" in capsys.readouterr().out
    assert run.main([str(MOVIE_FILE), *options]) == 0
    folder = tmp_path / "runs" / "movie_gold" / "movie"
    for name in ("dose_200.npy", "dose_900.npy"):
        assert np.load(folder / name).shape == (2, 96, 96)
    truth = read_table(folder / "truth.csv")
    assert {row["frame"] for row in truth} == {0, 1} and {row["class"] for row in truth} == {
        "metal"
    }
    assert run.main([str(MOVIE_FILE), "--set", "movie.changing=gold"]) == 2
    assert "movie.changing names gold" in capsys.readouterr().err
