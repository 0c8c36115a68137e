import errno
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ase.build
import ase.io
import numpy as np
import pytest
import zarr

from temnet.config.loading import write_experiment
from temnet.data import store
from temnet.data.generate import set_folder
from temnet.data.shards import SHARD
from temnet.data.store import open_set, prepare_set
from temnet.errors import InputError
from temnet.simulation.example import simulate_example
from tests.data.sets import make_set

LOGGER = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def made(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "training"
    make_set(settings(), "training", folder)
    return folder


@pytest.fixture(scope="module")
def longer(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "longer"
    make_set(settings(data={"training": 40}), "training", folder)
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
    empty = {"kind": "mos2", "negatives": {"probability": 1}}
    make_set(settings(structure=empty, data={"training": 2}), "training", tmp_path)
    stored = open_set(tmp_path)
    assert [len(example.columns) for example in stored.shard(0)] == [0, 0]
    assert stored.forget_damaged() == []
    # Had its file been lost, that would show.
    (lost,) = (path for path in (tmp_path / "columns/c").rglob("*") if path.is_file())
    lost.unlink()
    with pytest.raises(InputError, match="the file of columns is missing"):
        stored.shard(0)


def test_a_set_that_was_interrupted_is_completed(settings, made, tmp_path):
    calls = []

    def stop(count):
        calls.append(count)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_set(settings(), "training", tmp_path, stop)
    stored = open_set(tmp_path)
    assert stored.missing_shards(20) == [1]
    with pytest.raises(InputError, match="do not exist yet"):
        stored.example(19)
    counts = []
    make_set(settings(), "training", tmp_path, counts.append)
    assert counts == [SHARD, 4]
    for index in range(20):
        np.testing.assert_array_equal(
            open_set(tmp_path).example(index).images, open_set(made).example(index).images
        )


@pytest.mark.slow
def test_worker_processes_make_the_same_bits(settings, made, tmp_path):
    make_set(settings(data={"workers": 2}), "training", tmp_path)
    for index in (0, 7, 19):
        np.testing.assert_array_equal(
            open_set(tmp_path).example(index).images, open_set(made).example(index).images
        )


def test_a_set_can_be_made_longer(settings, made, tmp_path):
    make_set(settings(data={"training": 10}), "training", tmp_path)
    assert len(open_set(tmp_path)) == 10
    make_set(settings(), "training", tmp_path)
    np.testing.assert_array_equal(
        open_set(tmp_path).example(17).images, open_set(made).example(17).images
    )


def test_a_shorter_run_leaves_a_longer_set_that_can_be_finished(settings, longer, tmp_path):
    """Its last shard is made whole, though the run needs four examples of it."""

    def stop(count):
        if count:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_set(settings(data={"training": 40}), "training", tmp_path, stop)
    counts = []
    make_set(settings(), "training", tmp_path, counts.append)
    assert counts == [SHARD, 4]
    assert open_set(tmp_path).missing_shards(40) == [2]
    make_set(settings(data={"training": 40}), "training", tmp_path)
    assert files(tmp_path) == files(longer)


def test_examples_that_were_never_written_are_damage(settings, made, tmp_path):
    shutil.copytree(made, tmp_path / "set")
    stored = open_set(tmp_path / "set")
    stored.array("parameters")[18:] = 0
    with pytest.raises(InputError, match=r"16 to 19 are damaged \(2 of them were never written"):
        stored.example(16)
    assert stored.forget_damaged() == [1]
    make_set(settings(), "training", stored.folder)
    assert files(stored.folder) == files(made)


@pytest.mark.parametrize("resized", range(4))
def test_killed_while_it_is_made_longer_a_set_is_whole(
    settings, made, tmp_path, monkeypatch, resized
):
    """Killed before the first, second, ... of the four arrays was made longer."""
    folder, wanted = tmp_path / "set", settings(data={"training": 40})
    resize, calls = zarr.Array.resize, []
    shutil.copytree(made, folder)

    def killed(array, shape):
        if len(calls) == resized:
            raise KeyboardInterrupt
        calls.append(array)
        resize(array, shape)

    with monkeypatch.context() as patch:
        patch.setattr(zarr.Array, "resize", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare_set(wanted.simulation, "training", folder, 0, 40)
    assert len(open_set(folder)) == 20
    assert open_set(folder).missing_shards(20) in ([], [1])
    stored = prepare_set(wanted.simulation, "training", folder, 0, 40)
    assert array_lengths(stored) == {"images": 40, "columns": 40, "parameters": 40, "done": 3}
    assert stored.missing_shards(40) == [1, 2]


def test_what_a_set_holds_stays_readable_while_it_becomes_longer(settings, made, longer, tmp_path):
    """A training may be reading it: 20 examples, of which the last four are in an open shard."""
    shutil.copytree(made, tmp_path / "set")
    reader = open_set(tmp_path / "set")
    before = [reader.example(index).images.tobytes() for index in range(20)]
    wanted = settings(data={"training": 40})
    prepare_set(wanted.simulation, "training", reader.folder, 0, 40)
    fresh = open_set(reader.folder)
    for stored in (reader, fresh):
        assert [stored.example(index).images.tobytes() for index in range(20)] == before
        assert len(stored.shard(1)) == 4
    assert fresh.missing_shards(40) == [1, 2] and not fresh.holds(40)
    assert fresh.forget_damaged() == []
    # Asked for even more before it is simulated, it still holds the first 20 alone.
    prepare_set(wanted.simulation, "training", reader.folder, 0, 50)
    assert len(open_set(reader.folder).shard(1)) == 4
    with pytest.raises(InputError, match="examples 32 to 47 do not exist yet"):
        open_set(reader.folder).shard(2)


def test_a_set_whose_arrays_differ_in_length_is_mended(settings, made, longer, tmp_path):
    """As it was left where ``images`` had been made longer first, and all was then called done."""
    shutil.copytree(made, tmp_path / "set")
    stored = open_set(tmp_path / "set")
    stored.array("images").resize((40, 32, 32, 2))
    stored.array("done").resize((3,))
    stored.array("done")[:] = 1
    with pytest.raises(InputError, match="12 of them were never written"):
        stored.shard(1)
    counts = []
    make_set(settings(data={"training": 40}), "training", stored.folder, counts.append)
    assert counts == [16, 16, 8]
    assert files(stored.folder) == files(longer)


def array_lengths(stored):
    """Length of each array of a set."""
    return {
        name: stored.array(name).shape[0] for name in ("images", "columns", "parameters", "done")
    }


def gold(path):
    """Gold along [137], which has a column on a²/(4 √59) = 0.54 Å² where it is 50 Å thick."""
    ase.io.write(path, ase.build.bulk("Au", a=4.08, cubic=True))
    crystal = {"kind": "file", "path": str(path), "zone_axis": [1, 3, 7], "thickness": 50}
    return {
        "structure": {
            **crystal,
            "tilt_deg": 0,
            "edge_probability": 0,
            "negatives": {"probability": 0},
        },
        "labels": {"classes": ["Au"], "width": 0.4},
        "data": {"training": 2},
    }


def test_columns_that_stand_close_are_kept(settings, tmp_path):
    experiment = settings(**gold(tmp_path / "gold.xyz"))
    make_set(experiment, "training", tmp_path / "set")
    stored, side = open_set(tmp_path / "set"), 31 * 0.25 + 8 * 0.4
    for index in (0, 1):
        columns = stored.example(index).columns
        assert len(columns) == pytest.approx(side**2 * 4 * 59**0.5 / 4.08**2, rel=0.05)
        np.testing.assert_array_equal(
            columns.positions, simulate_example(experiment, index).columns.positions
        )


def test_a_table_of_an_older_set_stays_as_it_is(settings, longer, tmp_path, monkeypatch):
    """It keeps its capacity, and a message names it where that is exceeded."""
    dense = settings(**gold(tmp_path / "gold.xyz"))
    with monkeypatch.context() as patch:
        patch.setattr(store, "AREA_PER_COLUMN", 1.5)
        make_set(settings(), "training", tmp_path / "sparse")
        prepare_set(dense.simulation, "training", tmp_path / "dense", 0, 2)
    make_set(settings(data={"training": 40}), "training", tmp_path / "sparse")
    stored = open_set(tmp_path / "sparse")
    assert stored.array("columns").shape == (40, 100, 4) < open_set(longer).array("columns").shape
    for index in (3, 19, 39):
        np.testing.assert_array_equal(
            stored.example(index).columns.positions,
            open_set(longer).example(index).columns.positions,
        )
    with pytest.raises(InputError, match="example 0 has .* columns, the set has room for 100; "):
        make_set(dense, "training", tmp_path / "dense")


def test_a_set_of_other_settings_is_refused_with_the_difference_named(settings, made):
    other = settings(camera={"sampling": 0.2, "dose": 500}, seed=3)
    with pytest.raises(InputError, match="seed was 1, is 3; camera.dose was 1000.0, is 500.0"):
        prepare_set(other.simulation, "training", made, 0, 20)


def test_damage_is_found_by_its_checksum(settings, tmp_path):
    make_set(settings(data={"training": 2}), "training", tmp_path)
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
    def folder(**changes):
        experiment = settings(**changes)
        return set_folder(experiment.simulation, experiment.data, "training", tmp_path)

    assert folder() == folder(training={"epochs": 9}) != folder(seed=2)
    assert folder(data={"folder": "here"}).parts[0] == "here"


def test_a_chunk_that_is_damaged_cut_or_lost_is_named_and_made_again(settings, longer, tmp_path):
    for harm in ("flip", "cut", "lose"):
        folder = tmp_path / harm
        shutil.copytree(longer, folder)
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
        make_set(settings(data={"training": 40}), "training", folder, made_again.append)
        assert made_again == [24, 16]
        assert files(folder) == files(longer)


def files(folder):
    """Every file of a set with its bytes."""
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_full_disk_is_one_clear_error_and_the_set_is_completed_later(
    settings, made, tmp_path, monkeypatch
):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store.StoredSet, "write", full)
        with pytest.raises(InputError, match="the disk is full"):
            make_set(settings(), "training", tmp_path)
    make_set(settings(), "training", tmp_path)
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
    experiment = load_experiment(sys.argv[1], {})
    generate_set(experiment.simulation, experiment.data, "training", Path(sys.argv[2]))
"""


@pytest.mark.long
def test_killed_at_any_moment_the_set_is_finished_to_the_same_bytes(settings, tmp_path):
    """Twenty sets, each made by two workers, killed with their parent at a random moment."""
    changes = {"training": 12 * SHARD + 3, "image_size": 128}
    make_set(settings(data=changes), "training", tmp_path / "straight")
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
        make_set(settings(data=changes), "training", folder, counts.append)
        assert sum(counts) == changes["training"]
        assert files(folder) == expected
        parts.append(counts[0])
    LOGGER.info("examples that the killed processes had finished: %s", parts)
    assert len(set(parts)) > 5  # some were killed in the middle


def test_two_runs_that_start_one_set_at_once_make_it_once(settings, tmp_path):
    with ThreadPoolExecutor(2) as threads:
        arguments = settings(), "training", tmp_path / "training"
        for run in [threads.submit(make_set, *arguments) for _ in range(2)]:
            run.result()
    stored = open_set(tmp_path / "training")
    assert not stored.missing_shards(len(stored))
    expected = simulate_example(settings(), 0)
    np.testing.assert_array_equal(
        stored.example(0).images, expected.images.astype(np.float16).astype(np.float32)
    )


def test_a_complete_write_protected_set_is_used(settings, made, tmp_path):
    """Where the lock cannot be written either."""
    shutil.copytree(made, tmp_path / "training")
    (tmp_path / ".training.lock").mkdir()
    done = []
    make_set(settings(), "training", tmp_path / "training", done.append)
    assert done == [settings().data.training]


@pytest.mark.parametrize("name", ["images", "columns", "parameters", "done"])
def test_a_set_without_one_of_its_arrays_is_damaged(settings, made, tmp_path, name):
    shutil.copytree(made, tmp_path / "training")
    shutil.rmtree(tmp_path / "training" / name)
    with pytest.raises(InputError, match=f"is damaged \\({name} is missing\\)"):
        open_set(tmp_path / "training")
    with pytest.raises(InputError, match=f"{name} is missing"):
        make_set(settings(), "training", tmp_path / "training", lambda count: None)
