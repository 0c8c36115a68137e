"""Columns that an image does not show are neither labelled nor scored."""

from dataclasses import replace

import numpy as np
import pytest

from temnet.config.learning.labels import Visibility
from temnet.config.loading import validate
from temnet.records import IGNORED, Columns
from temnet.simulation.example import simulate_example
from temnet.simulation.visibility import Shown, ignore_invisible

SAMPLING, WIDTH, SIDE = 0.2, 0.4, 120
LATTICE = np.array([(row, col) for row in range(4, 21, 4) for col in range(4, 21, 4)], float)
LEAST = Visibility(contrast=0.03, signal_to_noise=1.0)
ALIKE = np.zeros(len(LATTICE), int)


def image(heights):
    """A level of 1 with a Gaussian as wide as a label on every place of the lattice."""
    row, col = np.indices((SIDE, SIDE)) * SAMPLING
    spots = [
        height * np.exp(-((row - y) ** 2 + (col - x) ** 2) / (2 * WIDTH**2))
        for (y, x), height in zip(LATTICE, np.broadcast_to(heights, len(LATTICE)), strict=True)
    ]
    return (1 + np.sum(spots, axis=0))[..., None]


def columns(positions=LATTICE):
    n = len(positions)
    return Columns(np.array(positions, float), np.zeros(n, np.int64), np.full(n, 5))


def shown(heights, dose=1e5):
    return Shown(image(heights), SAMPLING, dose, WIDTH)


def test_noise_is_that_of_electrons_drawn_at_random():
    flat = shown(0.0, dose=100)
    drawn = np.random.default_rng(1).poisson(100 * SAMPLING**2, (400, 400, 1))
    contrast = replace(flat, images=drawn).contrast()
    assert flat.noise == pytest.approx(contrast.std(), rel=0.05)


def test_bright_columns_stay_and_faint_ones_are_ignored():
    heights = np.where(np.isin(np.arange(len(LATTICE)), [6, 18]), 0.01, 0.5)
    found = ignore_invisible(columns(), shown(heights), LEAST, ALIKE)
    assert found.class_index.tolist() == [0 if height == 0.5 else IGNORED for height in heights]
    np.testing.assert_array_equal(found.positions, LATTICE)


def test_bright_speckles_of_a_film_are_no_columns():
    heights = np.random.default_rng(2).choice([-0.5, 0.5], len(LATTICE))
    assert 8 < np.sum(heights > 0) < 17
    found = ignore_invisible(columns(), shown(heights), LEAST, ALIKE)
    assert np.mean(found.class_index[: len(LATTICE)] == IGNORED) > 0.9


def test_kinds_are_judged_apart():
    heavy = LATTICE.sum(axis=1) % 8 == 0
    found = ignore_invisible(columns(), shown(np.where(heavy, 0.5, 0.0)), LEAST, heavy.astype(int))
    assert np.all((found.class_index[: len(LATTICE)] == 0) == heavy)


@pytest.mark.parametrize(("dose", "visible"), [(1e3, True), (1.0, False)])
def test_noise_decides_at_low_doses(dose, visible):
    found = ignore_invisible(columns(), shown(0.5, dose), LEAST, ALIKE)
    assert np.all((found.class_index == 0) == visible)
    assert len(found) == len(LATTICE)


def test_spots_between_dark_columns_are_ignored_too():
    between = np.array([(row, col) for row in range(6, 20, 4) for col in range(6, 20, 4)], float)
    bright = columns(between)
    found = ignore_invisible(bright, shown(0.5), LEAST, ALIKE[: len(between)])
    assert np.all(found.class_index[: len(between)] == IGNORED)
    spots = found.select(np.arange(len(between), len(found)))
    assert np.all(spots.class_index == IGNORED) and np.all(spots.atom_count == 0)
    distance = np.linalg.norm(spots.positions[:, None] - LATTICE[None], axis=2).min(axis=0)
    assert distance.max() < SAMPLING


@pytest.mark.parametrize(("shift", "visible"), [(0.2, True), (0.8, False)])
def test_spots_beside_columns_are_not_theirs(shift, visible):
    """The nearest spot is farther away than a column is wide: a fringe, or an aberration."""
    moved = LATTICE + [0.0, shift]
    found = ignore_invisible(columns(moved), shown(0.5), LEAST, ALIKE)
    assert np.all((found.class_index[: len(moved)] == 0) == visible)
    spots = found.positions[len(moved) :]
    assert len(spots) == (0 if visible else len(LATTICE))


def test_columns_that_share_a_spot_are_both_ignored():
    pairs = np.concatenate([LATTICE - [0.0, 0.5], LATTICE + [0.0, 0.5]])
    found = ignore_invisible(columns(pairs), shown(0.5), LEAST, np.zeros(len(pairs), int))
    assert np.all(found.class_index == IGNORED)
    assert len(found) == len(pairs) + len(LATTICE)


def test_one_spot_is_one_column():
    """Of two columns within the width of one spot the farther one is ignored."""
    other = LATTICE + [0.0, 0.3]
    both = columns(np.concatenate([LATTICE, other]))
    kinds = np.repeat([0, 1], len(LATTICE))
    found = ignore_invisible(both, shown(0.5), LEAST, kinds)
    assert np.all(found.class_index[: len(LATTICE)] == 0)
    assert np.all(found.class_index[len(LATTICE) :] == IGNORED)


def test_columns_beyond_the_border_are_judged_by_their_brightness():
    """Their spots are not in the image, only what reaches into it."""
    cut = 23  # rows; the lattice begins 0.6 Å above the image
    cropped = Shown(image(0.5)[cut:], SAMPLING, 1e5, WIDTH)
    found = ignore_invisible(columns(LATTICE - [cut * SAMPLING, 0]), cropped, LEAST, ALIKE)
    assert found.positions[:, 0].min() < 0
    assert np.all(found.class_index == 0) and len(found) == len(LATTICE)


def test_spots_far_from_any_dark_column_stay_false_positives():
    found = ignore_invisible(columns([(0.0, 0.0)]), shown(0.5), LEAST, ALIKE[:1])
    assert found.class_index.tolist() == [IGNORED]


def test_images_without_columns_stay_without():
    assert len(ignore_invisible(Columns.empty(), shown(0.0), LEAST, ALIKE[:0])) == 0


def test_columns_brightest_in_any_image_of_a_series_are_visible():
    series = np.concatenate([image(0.0), image(0.5)], axis=-1)
    found = ignore_invisible(columns(), Shown(series, SAMPLING, 1e5, WIDTH), LEAST, ALIKE)
    assert np.all(found.class_index == 0)


def experiment(structure=None, dose=1e3, focus=0.0, **labels):
    values = {
        "structure": structure or {"kind": "mos2"},
        "vibrations": {"kind": "einstein", "sigma": {"default": 0.06}},
        "microscope": {"energy": 50e3, "defocus": {"start": focus}, "aperture_mrad": 40},
        "camera": {"sampling": 0.1, "dose": dose},
        "labels": {"classes": ["Mo", "S2", "S"], **labels},
        "data": {"image_size": 64, "exit_wave_reuse": 2},
        "model": {"kind": "unet", "sampling": 0.2},
        "stages": ["simulate"],
    }
    return validate(values, "a test")


def example(**labels):
    return simulate_example(experiment(**labels), 0)


def test_an_example_keeps_its_image_and_loses_only_labels():
    every, none = example(), example(visibility={"contrast": 1.0})
    np.testing.assert_array_equal(every.images, none.images)
    assert np.any(every.columns.class_index >= 0)
    assert np.all(none.columns.class_index == IGNORED)


DOSES = {"log_uniform": [10.0, 1e4]}
NOISY = {"contrast": 0.0, "signal_to_noise": 5.0}


def drawn_again(count=12, split="training", structure=None):
    """Examples as drawn, and with another draw for those that show no columns."""
    pair = (NOISY, {**NOISY, "redraws": 3})
    return [
        [
            simulate_example(
                experiment(structure, DOSES, -30.0, visibility=visibility), index, split
            )
            for index in range(count)
        ]
        for visibility in pair
    ]


def shows(one):
    return bool(np.any(one.columns.class_index != IGNORED))


def test_training_images_that_show_no_columns_are_drawn_again():
    before, after = drawn_again()
    assert sum(map(shows, before)) < sum(map(shows, after))
    for old, new in zip(before, after, strict=True):
        if shows(old):
            np.testing.assert_array_equal(old.images, new.images)
        else:
            assert old.parameters["dose"] != new.parameters["dose"]
            assert old.parameters["rotation_deg"] == new.parameters["rotation_deg"]


@pytest.mark.parametrize(
    ("split", "structure"),
    [("validation", None), ("training", {"kind": "mos2", "negatives": {"probability": 1.0}})],
)
def test_others_stay_as_they_are_drawn(split, structure):
    """Images that score, and those of specimens without columns."""
    before, after = drawn_again(6, split, structure)
    assert not all(map(shows, before))
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old.images, new.images)
