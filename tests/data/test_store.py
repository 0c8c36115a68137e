import json

import numpy as np
import pytest

from temnet.config.loading import validate
from temnet.data.generate import fresh_examples, generate_set, set_folder
from temnet.data.store import SHARD, open_set, prepare_set
from temnet.errors import InputError
from temnet.simulation.example import simulate_example


def settings(**changes):
    plain = {
        "structure": {"kind": "mos2"},
        "microscope": {"energy": 80e3, "aperture_mrad": 30, "grid_sampling": 0.15},
        "camera": {"sampling": 0.2, "dose": 1000},
        "labels": {"classes": ["Mo", "S2", "S"], "width": 0.4},
        "data": {"image_size": 32, "training": 20, "selection": 2, "validation": 2, "workers": 0},
        "model": {"kind": "unet", "sampling": 0.25, "depth": 2},
        "stages": ["simulate"],
    }
    data = {**plain["data"], **changes.pop("data", {})}
    return validate({**plain, **changes, "data": data}, "test")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "training"
    generate_set(settings(), "training", folder)
    return folder


def test_a_stored_example_is_the_simulated_one(made):
    stored = open_set(made)
    assert len(stored) == 20
    for index in (0, SHARD - 1, 19):
        fresh, read = simulate_example(settings(), index), stored.example(index)
        np.testing.assert_allclose(read.images, fresh.images, rtol=1e-3)  # float16
        np.testing.assert_array_equal(read.labels, fresh.labels)
        np.testing.assert_array_equal(read.weights, fresh.weights)
        np.testing.assert_array_equal(read.columns.atom_count, fresh.columns.atom_count)
        assert read.parameters == json.loads(json.dumps(dict(fresh.parameters)))


def test_a_set_that_was_interrupted_goes_on_where_it_stood(made, tmp_path):
    calls = []

    def stop(count):
        calls.append(count)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate_set(settings(), "training", tmp_path, stop)
    stored = open_set(tmp_path)
    assert stored.missing_shards(20) == [1]
    with pytest.raises(InputError, match="not made"):
        stored.example(19)
    counts = []
    generate_set(settings(), "training", tmp_path, counts.append)
    assert counts == [SHARD, 4]
    for index in range(20):
        np.testing.assert_array_equal(
            open_set(tmp_path).example(index).images, open_set(made).example(index).images
        )


def test_worker_processes_make_the_same_bits(made, tmp_path):
    generate_set(settings(data={"workers": 2}), "training", tmp_path)
    for index in (0, 7, 19):
        np.testing.assert_array_equal(
            open_set(tmp_path).example(index).images, open_set(made).example(index).images
        )


def test_a_set_can_be_made_longer(made, tmp_path):
    generate_set(settings(data={"training": 10}), "training", tmp_path)
    assert len(open_set(tmp_path)) == 10
    generate_set(settings(), "training", tmp_path)
    np.testing.assert_array_equal(
        open_set(tmp_path).example(17).images, open_set(made).example(17).images
    )


def test_a_set_of_other_settings_is_refused_with_the_difference_named(made):
    other = settings(camera={"sampling": 0.2, "dose": 500}, seed=3)
    with pytest.raises(InputError, match="seed, camera"):
        prepare_set(other, "training", made)


def test_damage_is_found_by_its_checksum(tmp_path):
    generate_set(settings(data={"training": 2}), "training", tmp_path)
    chunk = next(path for path in (tmp_path / "images" / "c").rglob("*") if path.is_file())
    content = bytearray(chunk.read_bytes())
    content[100] ^= 1
    chunk.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        open_set(tmp_path).example(0)


def test_no_set_and_a_newer_set_are_refused(tmp_path):
    with pytest.raises(InputError, match="no stored set"):
        open_set(tmp_path)
    (tmp_path / "manifest.json").write_text('{"version": 99}')
    with pytest.raises(InputError, match="update temnet"):
        open_set(tmp_path)


def test_folder_is_named_by_what_the_examples_depend_on(tmp_path):
    folder = set_folder(settings(), "training", tmp_path)
    assert folder == set_folder(settings(training={"epochs": 9}), "training", tmp_path)
    assert folder != set_folder(settings(seed=2), "training", tmp_path)
    assert set_folder(settings(data={"folder": "here"}), "training", tmp_path).parts[0] == "here"


def test_fresh_examples_go_on_from_any_index():
    examples = fresh_examples(settings(), "training", 3)
    for index in (3, 4, 5, 6):
        np.testing.assert_array_equal(
            next(examples).images, simulate_example(settings(), index).images
        )


def test_fresh_examples_from_workers_come_in_order():
    examples = fresh_examples(settings(data={"workers": 1}), "training", 2)
    for index in (2, 3, 4):
        np.testing.assert_array_equal(
            next(examples).images, simulate_example(settings(), index).images
        )
    examples.close()
