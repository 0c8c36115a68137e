"""Hills of light and absorption: their shape, their place in the image, and that they are off."""

import ase
import numpy as np
import pytest

from temnet.config.instrument.background import Background
from temnet.config.loading import load_experiment
from temnet.records import Columns, Structure
from temnet.simulation.background import DrawnBackground, Hill, draw_background
from temnet.simulation.example import simulate_example

EXPERIMENT = "experiments/smoke.yaml"
EXTENT = (30.0, 50.0)
ROWS, COLS = np.arange(0, 30, 0.5), np.arange(0, 50, 0.5)


def particle(row, col, radius=6.0, step=1.0):
    """Gold on a cubic grid within a sphere."""
    axis = np.arange(-radius, radius + step, step)
    points = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)
    points = points[np.linalg.norm(points, axis=1) <= radius] + (col, row, 0)
    atoms = ase.Atoms(f"Au{len(points)}", positions=points)
    return Structure(atoms, Columns.empty(), np.full(len(points), -1))


def test_a_hill_lies_at_its_place_with_its_height_and_width():
    light = DrawnBackground((Hill(10.0, 40.0, 5.0, -0.4),)).at(ROWS, COLS)
    assert np.unravel_index(light.argmin(), light.shape) == (20, 80)
    assert light.min() == pytest.approx(0.6)
    assert light[30, 80] == pytest.approx(1 - 0.4 * np.exp(-0.5))
    assert light[0, 0] == pytest.approx(1, abs=1e-9)


def test_absorption_darkens_the_particle_by_its_fraction_and_nothing_else():
    drawn = DrawnBackground(absorption=0.7, absorption_width=2.0)
    light = drawn.behind(particle(10.0, 40.0), EXTENT).at(ROWS, COLS)
    dark = np.unravel_index(light.argmin(), light.shape)
    assert ROWS[dark[0]] == pytest.approx(10, abs=1) and COLS[dark[1]] == pytest.approx(40, abs=1)
    assert light.min() == pytest.approx(0.3, abs=0.01)
    assert light[:, COLS < 25] == pytest.approx(1, abs=1e-6)
    # A sphere's thickness falls as sqrt(1 - (r / R)²), here smoothed by a third of the radius.
    half = light[20, np.argmin(np.abs(COLS - 44.0))]
    assert np.log(half) / np.log(0.3) == pytest.approx(np.sqrt(1 - (4 / 6) ** 2), abs=0.1)


def test_without_a_specimen_nothing_is_absorbed():
    none = Structure(ase.Atoms(), Columns.empty(), np.zeros(0, int))
    drawn = DrawnBackground(absorption=0.7).behind(none, EXTENT)
    np.testing.assert_array_equal(drawn.at(ROWS, COLS), 1)


def test_hills_are_drawn_within_the_image():
    settings = Background(hills=5, hill_height={"uniform": [0.1, 0.2]}, hill_width=7)
    drawn = draw_background(settings, EXTENT, np.random.default_rng(0))
    places = np.array([[one.row, one.col] for one in drawn.hills])
    assert len(places) == 5 and len(np.unique(places)) == 10
    assert np.all((places >= 0) & (places <= EXTENT))
    assert all(0.1 <= one.height <= 0.2 and one.width == 7 for one in drawn.hills)


def test_an_example_has_its_background_and_none_by_default():
    dose = {"camera": {"dose": 1e6}}
    plain = simulate_example(load_experiment(EXPERIMENT, dose), 0)
    off = {"camera": {"dose": 1e6, "background": {}}}
    np.testing.assert_array_equal(
        simulate_example(load_experiment(EXPERIMENT, off), 0).images, plain.images
    )
    shadow = {"hills": 1, "hill_height": -0.5, "hill_width": 8}
    changed = {"camera": {"dose": 1e6, "background": shadow}}
    dark = simulate_example(load_experiment(EXPERIMENT, changed), 0)
    ((row, col, width, height),) = dark.parameters["hills"]
    rows, cols = (np.arange(count) * plain.sampling for count in plain.images.shape[:2])
    expected = DrawnBackground((Hill(row, col, width, height),)).at(rows, cols)
    ratio = (dark.images / plain.images)[..., 0]
    ratio *= np.median(expected) / np.median(ratio)
    assert np.corrcoef(ratio.ravel(), expected.ravel())[0, 1] > 0.99


def test_hashes_do_not_hold_what_is_not_set():
    camera = load_experiment(EXPERIMENT).simulation.plain_values()["camera"]
    assert "background" not in camera
    set_ = load_experiment(EXPERIMENT, {"camera": {"background": {"absorption": 0.5}}})
    assert set_.simulation.plain_values()["camera"]["background"]["absorption"] == 0.5
