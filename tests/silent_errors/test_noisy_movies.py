# ruff: noqa: T201 (the figures are the result)
"""Movies that are too noisy for a single frame: occupancy of still sites, drift and refusals.

A gold particle of 26 columns, 40 frames through one exit wave, at doses from one at which nothing
can be found to one at which every frame shows all.
"""

import json

import numpy as np
import pytest

from temnet import run
from temnet.config.loading import load_experiment
from temnet.evaluation.matching import match
from temnet.inference.movie_drift.image_drift import measure_drift
from temnet.movies.drift import DriftRow
from temnet.movies.site_tables import SiteRow
from temnet.simulation.movie import simulate_movie
from temnet.tables.csv_rows import read_rows
from tests.silent_errors.still_particle import MOVIE_FILE, particle

pytestmark = pytest.mark.long

FRAMES = 40
DRIFTS = ("still", "linear", "walk")


@pytest.fixture(scope="module")
def gold():
    return particle()


def drift(kind, seed=3):
    """(frame, 2) drift [Å] about a mean place."""
    walk = np.random.default_rng(seed).normal(0, 0.1, (FRAMES, 2)).cumsum(axis=0)
    linear = np.outer(np.arange(FRAMES), [0.1, -0.2])
    shifts = {"still": 0 * walk, "linear": linear, "walk": walk}[kind]
    return shifts - shifts.mean(axis=0)


def error(found, true):
    """Largest error of a drift [Å], of which the mean place is not known."""
    away = found - true
    return np.linalg.norm(away - away.mean(axis=0), axis=1).max()


def followed(folder, images, sampling, *settings):
    """Exit status and folder of a run of predict and occupancy."""
    folder.mkdir(exist_ok=True)
    np.save(folder / "movie.npy", images)
    (folder / "run.yaml").write_text(
        f"images: {{files: [movie.npy], sampling: {sampling}, axes: frames}}\n"
        "prediction: {network: nanoparticle-unet, outputs: []}\n"
        "occupancy: {}\nstages: [predict, occupancy]\n"
    )
    options = [part for each in settings for part in ("--set", each)]
    status = run.main([str(folder / "run.yaml"), "--output", str(folder / "run"), *options])
    return status, folder / "run"


def judged(root, columns, inside, true):
    """Occupancy and corrected occupancy of the true columns, and the error of the drift [Å]."""
    drifts = read_rows(root / "occupancy/drift.csv", DriftRow)
    found = np.array([(row.row_angstrom, row.col_angstrom) for row in drifts])
    first = [row.usable for row in drifts].index(True)
    sites = read_rows(root / "occupancy/sites.csv", SiteRow)
    places = np.array([(row.row_angstrom, row.col_angstrom) for row in sites])
    mine, theirs = match(places - true[first], columns.positions[inside], 0.7)
    values = np.zeros((2, inside.sum()))
    for found_at, column in zip(mine, theirs, strict=True):
        values[:, column] = sites[found_at].occupancy, sites[found_at].corrected_occupancy
    return values, error(found, true)


@pytest.mark.parametrize("kind", DRIFTS)
@pytest.mark.parametrize("dose", [2, 5, 10, 20, 50, 100])
def test_still_sites_are_occupied_or_the_movie_is_refused(gold, tmp_path, dose, kind):
    true = drift(kind)
    height = gold.experiment.simulation.extent
    inside = gold.columns.inside(*height, 1.5 + np.abs(true).max())
    images = gold.movie(dose, true)
    for name, settings in (("single", ()), ("auto", ("images.average=auto",))):
        status, root = followed(tmp_path / name, images, gold.sampling, *settings)
        record = json.loads((root / "predict/series.json").read_text())[0]
        text = f"{dose} e/Å², {kind}, {name}: {record['average']} frame(s) averaged, found " + (
            f"{record['detection']:.2f}" if record["detection"] else "-"
        )
        if status:
            print(f"{text}: refused, average {record['frames_to_average']}")
            assert status == 2 and not (root / "occupancy/sites.csv").exists()
            continue
        values, away = judged(root, gold.columns, inside, true)
        counted, corrected = values.mean(axis=1)
        print(
            f"{text}: occupancy {counted:.3f} (lowest {values[0].min():.2f}), corrected "
            f"{corrected:.3f} (lowest {values[1].min():.2f}), drift within {away:.2f} Å"
        )
        # Where columns are missed at random the counted occupancy of single frames is that of
        # detection, 0.84 at the lowest dose that is not refused: the aim of 0.97 is reached by the
        # corrected one, or by averages.
        assert corrected >= 0.96 and away < 0.3
        if name == "auto":
            assert counted >= 0.95


@pytest.mark.parametrize("kind", DRIFTS)
def test_the_drift_by_the_images_is_right_or_not_measured(gold, kind):
    for dose in (1, 2, 5, 10, 20, 50, 200):
        for seed in range(3):
            true = drift(kind, seed + 3)
            images = gold.movie(dose, true, seed)[..., None]
            found = measure_drift(images, gold.sampling)
            away = error(found.shifts, true)
            print(f"{dose} e/Å², {kind}: measured {found.measured}, within {away:.2f} Å")
            if found.measured:
                assert away < (0.3 if dose > 5 else 0.55)
            else:
                assert dose < 5 and not np.any(found.shifts)


@pytest.mark.parametrize("rate", [0.08, 0.3])
def test_columns_that_come_and_go_are_not_refused(tmp_path, rate):
    changes = {
        "structure": {"radius": 7},
        "data": {"image_size": 128},
        "microscope": {"grid_sampling": 0.13, "focal_spread": 5},
        "movie": {"frames": 30, "appearance": rate, "disappearance": rate, "doses": [1000]},
    }
    for seed in (5, 7):
        experiment = load_experiment(MOVIE_FILE, {"seed": seed, **changes})
        movie = simulate_movie(experiment.simulation, experiment.movie)
        status, root = followed(tmp_path / f"{seed}", movie.images[0], movie.sampling)
        record = json.loads((root / "predict/series.json").read_text())[0]
        print(f"rate {rate}, seed {seed}: found {record['detection']:.2f}, status {status}")
        assert status == 0 and record["frames_to_average"] is None
