import multiprocessing

import numpy as np
import pytest
from ase import Atoms

from temnet.config.loading import validate
from temnet.config.simulation import SIMULATION_VERSION
from temnet.errors import InputError
from temnet.records import Structure
from temnet.simulation import example as module
from temnet.simulation.example import simulate_block, simulate_example, simulation_grid
from temnet.structures.columns import make_structure

SETTINGS = {
    "structure": {"kind": "mos2", "vacancies": {"S": 0.1}},
    "vibrations": {"kind": "einstein", "sigma": {"default": 0.06}},
    "microscope": {
        "energy": 50e3,
        "defocus": {"start": {"uniform": [-100, 100]}, "steps": [0, 50]},
        "Cs_um": {"uniform": [-15, 15]},
        "aperture_mrad": 40,
    },
    "camera": {"sampling": {"uniform": [0.1, 0.12]}, "dose": {"log_uniform": [1e2, 1e4]}},
    "labels": {"classes": ["Mo", "S2", "S"], "width": 0.35},
    "data": {"image_size": 64, "training": 8, "selection": 8, "validation": 8},
    "model": {"kind": "unet", "sampling": 0.2, "depth": 2},
    "stages": ["simulate"],
}


def settings(**changes):
    return validate({**SETTINGS, **changes}, "test")


def bits(index):
    found = simulate_example(settings(), index)
    return found.images.tobytes() + found.labels.tobytes() + repr(found.parameters).encode()


def test_same_bits_in_any_order_and_process():
    forwards = [bits(index) for index in (0, 1, 2)]
    backwards = [bits(index) for index in (2, 1, 0)][::-1]
    assert forwards == backwards
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(bits, [1, 0]) == [forwards[1], forwards[0]]


def test_each_index_and_split_has_its_own_structure_and_microscope():
    experiment = settings()
    examples = [simulate_example(experiment, k) for k in range(4)]
    examples.append(simulate_example(experiment, 0, "validation"))
    for name in ("rotation_deg", "C30", "dose"):
        drawn = [e.parameters.get(name) for e in examples if name in e.parameters]
        assert len(set(drawn)) == len(drawn) >= 4


def test_shapes_types_and_range():
    example = simulate_example(settings(), 1)
    assert example.images.shape == (64, 64, 2) and example.images.dtype == np.float32
    assert example.labels.shape == (64, 64, 4)
    assert example.weights.shape == (64, 64)
    assert example.images.mean() == pytest.approx(1, abs=1e-3)
    assert len(example.parameters["defocus"]) == 2


def test_examples_that_share_an_exit_wave_share_the_specimen_only():
    experiment = settings(data={**SETTINGS["data"], "exit_wave_reuse": 4})
    block = simulate_block(experiment.simulation, 2, 6, "training")
    assert block[0].parameters["rotation_deg"] == block[1].parameters["rotation_deg"]
    assert block[1].parameters["rotation_deg"] != block[2].parameters["rotation_deg"]
    assert block[0].parameters["dose"] != block[1].parameters["dose"]
    alone = simulate_example(experiment, 3)
    np.testing.assert_array_equal(block[1].images, alone.images)


def test_an_example_depends_on_nothing_but_its_own_settings():
    first = simulate_example(settings(), 1)
    other = settings(
        model={"kind": "msdnet", "sampling": 0.2}, training={"epochs": 3}, stages=["simulate"]
    )
    np.testing.assert_array_equal(simulate_example(other, 1).images, first.images)
    reseeded = simulate_example(settings(seed=2), 1)
    assert np.abs(reseeded.images - first.images).max() > 0.1


def chiral(settings, field, classes, rng) -> Structure:
    """Three gold atoms in an L that no rotation brings to its mirror image."""
    places = np.array([[4.0, 3.0], [4.0, 6.0], [9.0, 3.0]])  # (row, col)
    atoms = Atoms("Au3", np.column_stack([places[:, 1], places[:, 0], np.zeros(3)]))
    return make_structure(atoms, np.arange(3), lambda c: "Mo", classes, {})


def test_a_chiral_non_square_specimen_lands_at_its_labelled_rows_and_columns(monkeypatch):
    monkeypatch.setattr(module, "build_structure", chiral)
    experiment = settings(
        vibrations={"kind": "none"},
        microscope={
            "energy": 300e3,
            "defocus": {"start": -60.0, "steps": [0]},
            "aperture_mrad": 20,
            "grid_sampling": 0.1,
        },
        camera={"sampling": 0.13, "dose": 1e5},
        data={**SETTINGS["data"], "image_size": [72, 48], "augment": False},
    )
    example = simulate_example(experiment, 0)
    image = example.images[..., 0]
    assert image.shape == (72, 48)
    grid = simulation_grid(experiment.simulation)
    assert grid.shape[0] > grid.shape[1]

    def brightness(points):
        pixels = np.rint(np.asarray(points) / 0.2).astype(int)
        inside = np.all(pixels < image.shape, axis=1)
        return image[tuple(pixels[inside].T)]

    places = example.columns.positions
    np.testing.assert_allclose(places[np.argsort(places.sum(axis=1))][0], [4, 3], atol=1e-6)
    assert brightness(places).min() > 1.3
    assert brightness(places[:, ::-1]).min() < 1.1  # read the wrong way round
    top = np.array(np.unravel_index(image.argmax(), image.shape)) * 0.2
    assert np.linalg.norm(places - top, axis=1).min() < 0.25
    assert example.labels[20, 15, 0] == pytest.approx(1, abs=1e-3)


def test_labels_sit_on_the_columns_of_a_crystal():
    """Bright atoms of a particle: the image is brighter at its columns than between them."""
    experiment = settings(
        structure={"kind": "nanoparticle", "element": "Au", "negatives": {"probability": 0}},
        labels={"classes": ["metal", "oxide"], "width": 0.4},
        microscope={
            "energy": 300e3,
            "defocus": {"start": -70.0, "steps": [0]},
            "Cs_um": -10,
            "aperture_mrad": 22,
            "grid_sampling": 0.08,
            "slice_thickness": 2.0,
        },
        camera={"sampling": 0.15, "dose": 1e5},
        data={**SETTINGS["data"], "image_size": 96},
    )
    example = simulate_example(experiment, 3)
    on, off = example.labels[..., 0] > 0.8, np.abs(example.labels[..., 0] - 0.3) < 0.1
    image = example.images[..., 0]
    assert image[on].mean() > image[off].mean() + 0.1


def test_bad_calls_are_refused():
    with pytest.raises(InputError, match="split"):
        simulate_example(settings(), 0, "test")
    with pytest.raises(InputError, match="index"):
        simulate_example(settings(), -1)
    with pytest.raises(InputError, match="camera"):
        simulate_example(settings().model_copy(update={"camera": None}), 0)


def test_the_same_settings_give_the_images_of_this_version():
    """When this fails on purpose, raise SIMULATION_VERSION: stored sets are known by it.

    Means over quarters of the images, their contrast and what was drawn, as they have been
    since version 2 (version 3 changed images of large focal spreads alone).
    """
    assert SIMULATION_VERSION == 3
    example = simulate_example(settings(), 1)
    quarters = example.images.reshape(2, 32, 2, 32, 2).mean(axis=(1, 3)).ravel()
    np.testing.assert_allclose(
        quarters, [0.9851, 0.9941, 0.9953, 1.0019, 1.0093, 1.0124, 0.9977, 1.0041], atol=3e-4
    )
    np.testing.assert_allclose(example.images.std(axis=(0, 1)), [0.1261, 0.1403], atol=3e-4)
    assert len(example.columns) == 22 and example.parameters["dose"] == pytest.approx(3797.84)


def test_dark_images_are_finite():
    camera = {**SETTINGS["camera"], "dose": 1, "readout_noise": 10, "gain": 1e4}
    for index in range(6):
        images = simulate_example(settings(camera=camera), index).images
        assert np.isfinite(images.astype(np.float16)).all()
        assert images.std() > 0
