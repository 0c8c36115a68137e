import errno
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from temnet.config.loading import write_experiment
from temnet.data import store
from temnet.data.generate import generate_set, set_folder
from temnet.data.shards import SHARD
from temnet.data.store import open_set, prepare_set
from temnet.errors import InputError
from temnet.simulation.example import simulate_example

LOGGER = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def made(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "training"
    generate_set(settings(), "training", folder)
    return folder


def test_a_stored_example_is_the_simulated_one(settings, made):
    stored = open_set(made)
    assert len(stored) == 20
    for index in (0, SHARD - 1, 19):
        fresh, read = simulate_example(settings(), index), stored.example(index)
        np.testing.assert_allclose(read.images, fresh.images, rtol=1e-3)  # float16
        np.testing.assert_array_equal(read.labels, fresh.labels)
        np.testing.assert_array_equal(read.weights, fresh.weights)
        np.testing.assert_array_equal(read.columns.atom_count, fresh.columns.atom_count)
        assert read.parameters == json.loads(json.dumps(dict(fresh.parameters)))


def test_a_shard_without_any_column_is_not_damaged(settings, tmp_path):
    empty = {"kind": "mos2", "empty": {"probability": 1}}
    generate_set(settings(structure=empty, data={"training": 2}), "training", tmp_path)
    stored = open_set(tmp_path)
    assert [len(example.columns) for example in stored.shard(0)] == [0, 0]
    assert stored.forget_damaged() == []
    # Had its file been lost, that would show.
    (lost,) = (path for path in (tmp_path / "columns/c").rglob("*") if path.is_file())
    lost.unlink()
    with pytest.raises(InputError, match="the file of columns is missing"):
        stored.shard(0)


def test_a_set_that_was_interrupted_goes_on_where_it_stood(settings, made, tmp_path):
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


def test_worker_processes_make_the_same_bits(settings, made, tmp_path):
    generate_set(settings(data={"workers": 2}), "training", tmp_path)
    for index in (0, 7, 19):
        np.testing.assert_array_equal(
            open_set(tmp_path).example(index).images, open_set(made).example(index).images
        )


def test_a_set_can_be_made_longer(settings, made, tmp_path):
    generate_set(settings(data={"training": 10}), "training", tmp_path)
    assert len(open_set(tmp_path)) == 10
    generate_set(settings(), "training", tmp_path)
    np.testing.assert_array_equal(
        open_set(tmp_path).example(17).images, open_set(made).example(17).images
    )


def test_a_set_of_other_settings_is_refused_with_the_difference_named(settings, made):
    other = settings(camera={"sampling": 0.2, "dose": 500}, seed=3)
    with pytest.raises(InputError, match="seed was 1, is 3; camera.dose was 1000.0, is 500.0"):
        prepare_set(other, "training", made, 0, 20)


def test_damage_is_found_by_its_checksum(settings, tmp_path):
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


def test_folder_is_named_by_what_the_examples_depend_on(settings, tmp_path):
    folder = set_folder(settings(), "training", tmp_path)
    assert folder == set_folder(settings(training={"epochs": 9}), "training", tmp_path)
    assert folder != set_folder(settings(seed=2), "training", tmp_path)
    assert set_folder(settings(data={"folder": "here"}), "training", tmp_path).parts[0] == "here"


def test_a_chunk_that_is_damaged_cut_or_lost_is_named_and_made_again(settings, made, tmp_path):
    generate_set(settings(data={"training": 40}), "training", tmp_path / "whole")
    for harm in ("flip", "cut", "lose"):
        folder = tmp_path / harm
        shutil.copytree(tmp_path / "whole", folder)
        chunk = folder / "columns" / "c" / "1" / "0" / "0"
        content = bytearray(chunk.read_bytes())
        if harm == "flip":
            content[len(content) // 2] ^= 1
            chunk.write_bytes(content)
        elif harm == "cut":
            chunk.write_bytes(content[:-10])
        else:
            chunk.unlink()
        stored = open_set(folder)
        stored.example(0)
        with pytest.raises(InputError, match="examples 16 to 31 are damaged .*--repair"):
            stored.example(20)
        assert stored.forget_damaged() == [1]
        made_again = []
        generate_set(settings(data={"training": 40}), "training", folder, made_again.append)
        assert made_again == [24, 16]
        assert files(folder) == files(tmp_path / "whole")


def files(folder):
    """Every file of a set with its bytes."""
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_full_disk_is_one_clear_error_and_the_set_goes_on(settings, made, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store.StoredSet, "write", full)
        with pytest.raises(InputError, match="the disk is full"):
            generate_set(settings(), "training", tmp_path)
    generate_set(settings(), "training", tmp_path)
    assert files(tmp_path) == files(made)


def test_a_set_of_rubbish_is_one_clear_error(tmp_path):
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(InputError, match="this set is damaged"):
        open_set(tmp_path)


def test_what_was_drawn_is_a_table(settings, made):
    table = open_set(made).parameters()
    assert len(table) == 20
    assert (
        table[17]["lattice_constant"]
        == simulate_example(settings(), 17).parameters["lattice_constant"]
    )


GENERATE = """
import sys
from pathlib import Path
from temnet.config.loading import load_experiment
from temnet.config.loading import write_experiment
from temnet.data.generate import generate_set

if __name__ == "__main__":
    print("here", flush=True)
    generate_set(load_experiment(sys.argv[1], {}), "training", Path(sys.argv[2]))
"""


@pytest.mark.slow
def test_killed_at_any_moment_the_set_is_finished_to_the_same_bytes(settings, tmp_path):
    """Twenty sets, each made by two workers, killed with their parent at a random moment."""
    changes = {"training": 12 * SHARD + 3, "image_size": 128}
    generate_set(settings(data=changes), "training", tmp_path / "straight")
    expected = files(tmp_path / "straight")
    write_experiment(settings(data={**changes, "workers": 2}), tmp_path / "settings.yaml")
    script = tmp_path / "generate.py"
    script.write_text(GENERATE)
    rng = np.random.default_rng(0)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    parts = []
    for number in range(20):
        folder = tmp_path / f"killed-{number}"
        arguments = [sys.executable, str(script), str(tmp_path / "settings.yaml"), str(folder)]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment)
        process.stdout.readline()
        time.sleep(rng.uniform(2, 7))
        process.kill()
        process.wait()
        process.stdout.close()
        counts = []
        generate_set(settings(data=changes), "training", folder, counts.append)
        assert sum(counts) == changes["training"]
        assert files(folder) == expected
        parts.append(counts[0])
    LOGGER.info("examples that the killed processes had finished: %s", parts)
    assert len(set(parts)) > 5  # some were killed in the middle
