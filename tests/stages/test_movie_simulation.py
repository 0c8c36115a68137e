"""Simulated movies whose columns appear and vanish, and the rates recovered from them."""

import logging
from pathlib import Path

import numpy as np
import pytest

from temnet import run
from temnet.config.external_files import TABLES
from temnet.config.loading import load_experiment
from temnet.errors import InputError
from temnet.evaluation.matching import match
from temnet.inference.column_finder import find_in_series
from temnet.models.checkpoint import load_network
from temnet.models.network_folders import find_network
from temnet.movies.drift import follow_drift, usable_frames
from temnet.movies.field_of_view import View
from temnet.movies.occupancy import counted_histories, inferred_histories
from temnet.movies.simulated_truth import TruthRow
from temnet.movies.sites import find_sites
from temnet.records import ImageSeries
from temnet.simulation.movie import simulate_movie
from temnet.stages.movie import STAGE
from temnet.tables.csv_rows import read_rows

LOGGER = logging.getLogger(__name__)

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


def simulated(experiment):
    return simulate_movie(experiment.simulation, experiment.movie)


@pytest.fixture(scope="module")
def movie(small):
    return simulated(small)


def patch(image, position, sampling, radius=0.45):
    """Mean of an image within ``radius`` [Å] of a position."""
    rows, cols = np.indices(image.shape) * sampling
    return image[np.hypot(rows - position[0], cols - position[1]) < radius].mean()


def test_columns_are_bright_where_they_are_present(movie):
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


def test_still_columns_are_always_there_and_doses_are_right(movie):
    assert movie.presence[~movie.changing].all() and not movie.presence[movie.changing].all()
    assert movie.images.shape == (2, 6, 96, 96)
    # Electrons per camera pixel of 0.2 Å; the particle scatters some out of the aperture.
    means = movie.images.mean(axis=(1, 2, 3)) / 0.2**2
    np.testing.assert_allclose(means, [200, 5000], rtol=0.1)


def test_the_camera_s_pixels_are_the_same_in_all_frames():
    camera = {"hot_pixels": 0.01, "repair": False, "sampling": 0.2, "kind": "counting"}
    movie = simulated(
        load_experiment(MOVIE_FILE, {**SMALL, "camera": camera, "model": {"sampling": 0.2}})
    )
    doses = movie.images.reshape(2, 6, -1)
    hot = doses > 0.5 * doses.max(axis=-1, keepdims=True)
    assert hot[0, 0].sum() > 20
    assert np.all(hot == hot[0, 0])
    assert np.any(doses[0, 0] != doses[0, 1])


def test_a_specimen_without_edge_columns_is_refused(small):
    none = load_experiment(MOVIE_FILE, {**SMALL, "movie": {"most_neighbours": 0}})
    with pytest.raises(InputError, match="no metal column in the image has so few neighbours"):
        simulated(none)


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
    truth = read_rows(folder / "truth.csv", TruthRow)
    assert {row.frame for row in truth} == {0, 1} and {row.class_ for row in truth} == {"metal"}
    page = (folder.parent / "index.html").read_text(encoding="utf-8")
    # Both frames of each dose, and the truth of the columns that come and go.
    changing = [row for row in truth if row.changing]
    first, last = ({r.column for r in changing if r.frame == f and r.present} for f in (0, 1))
    assert f"{len(first - last)} of {len(first)} time" in page
    assert (folder.parent / "report" / "simulated_movie.png").is_file()
    wrong = ["--set", "movie.changing=gold", "--output", "other"]
    assert run.main([str(MOVIE_FILE), *wrong]) == 2
    assert "movie.changing names gold" in capsys.readouterr().err


def test_a_table_that_was_changed_makes_another_movie(tmp_path):
    path = tmp_path / "table.yaml"
    text = (TABLES / "gold_300K.yaml").read_text()
    path.write_text(text)
    experiment = load_experiment(MOVIE_FILE, {"vibrations": {"table": str(path)}})
    before = STAGE.settings(experiment)
    path.write_text(text + "\n# changed\n")
    assert STAGE.settings(experiment) != before


def test_an_element_that_does_not_vibrate_is_named_at_once():
    with pytest.raises(InputError, match="has no value for Pd, which"):
        STAGE.check(load_experiment(MOVIE_FILE, {"structure": {"element": "Pd"}}))


def analysed(movie, images, network):
    """Counted and inferred rates of the columns that come and go, and of the others.

    Each is (appearance, disappearance) x (still, changing) with its interval, (2, 2, 3).
    """
    found = find_in_series(network, ImageSeries(images[..., None], movie.sampling))
    frames = len(images)
    extent = tuple((np.array(images.shape[1:]) - 1) * movie.sampling)
    usable = usable_frames(found, frames)
    drift = follow_drift(found, frames, 5.0, usable, extent).shifts
    metal = found.select(found.class_index == 0)
    sites = find_sites(metal, drift, frames, 0.7, 0.1, View(extent), usable)
    mine, true = match(sites.positions, movie.columns.positions, 0.7)
    # Sites where there never was a column are a group of their own.
    group = np.full(len(sites), 2)
    group[mine] = movie.changing[true]
    group = np.unique(group, return_inverse=True)[1]
    counted = counted_histories(sites)
    rates = []
    for changed, state in (
        (counted.appeared, 1 - counted.occupied), (counted.disappeared, counted.occupied),
    ):  # fmt: skip
        at_risk = (counted.pairs * state[:, :-1]).sum(axis=1)
        rates.append(
            [changed[group == k].sum() / max(at_risk[group == k].sum(), 1) for k in (0, 1)]
        )
    detection = inferred_histories(sites, group)[1]
    return np.array(rates), np.stack([detection.appearance[:2], detection.disappearance[:2]])


@pytest.mark.long
def test_a_shipped_network_recovers_the_rates_of_simulated_movies():
    network = load_network(find_network("nanoparticle-unet"))
    held = []
    for seed in (14, 7, 9):
        movie = simulated(load_experiment(MOVIE_FILE, {"seed": seed}))
        for dose, images in zip((100, 400, 1600), movie.images, strict=True):
            counted, inferred = analysed(movie, images, network)
            LOGGER.info(
                "seed %d, %d e/Å²: counted %s, inferred %s", seed, dose, counted[:, 1],
                inferred[:, 1],
            )  # fmt: skip
            # The truth is 0.08 each way, and nothing for the columns that stay.
            assert np.all(inferred[1, 0, :2] < 0.002)
            if dose >= 400:
                # Columns that are missed at random make counted rates too high.
                assert np.all(np.abs(inferred[:, 1, 0] - 0.08) < np.abs(counted[:, 1] - 0.08))
                held += [low <= 0.08 <= high for _, low, high in inferred[:, 1]]
    assert np.mean(held) >= 0.6
