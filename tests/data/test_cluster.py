import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from temnet.config.loading import validate
from temnet.data import cluster, generate
from temnet.data.cluster import Workers, open_workers
from temnet.errors import InputError, SimulationError
from temnet.simulation import example as simulation
from tests.data.sets import make_set


def files(folder):
    """Every file of a set with its bytes."""
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def square(number):
    return number * number


@pytest.mark.slow
def test_results_come_in_order_or_as_they_are_done(settings):
    jobs = [(number,) for number in range(20)]
    expected = [number * number for number in range(20)]
    for count in (0, 2):
        with open_workers(settings(data={"workers": count}).data) as workers:
            assert list(workers.in_order(square, jobs)) == expected
            assert sorted(workers.as_done(square, jobs)) == expected
            assert list(workers.in_order(square, [])) == list(workers.as_done(square, [])) == []


def test_only_a_few_tasks_are_ahead_of_what_is_read(settings):
    taken = []

    def jobs():
        for number in range(100):
            taken.append(number)
            yield (number,)

    with open_workers(settings(data={"workers": 1}).data) as workers:
        results = workers.in_order(abs, jobs())  # which loads nothing in the worker
        assert next(results) == 0
        assert len(taken) <= cluster.TASKS_AHEAD + 1


def die_once(marker, number):
    """The first time, kills the process that it runs in."""
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return number
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(settings, tmp_path):
    jobs = [(str(tmp_path / "killed"), number) for number in range(8)]
    with open_workers(settings(data={"workers": 2}).data) as workers:
        assert list(workers.in_order(die_once, jobs)) == list(range(8))
    assert (tmp_path / "killed").exists()


def shard_and_die_once(*arguments):
    if arguments[-2] == 2:  # the third shard
        die_once(os.environ["TEMNET_TEST_MARKER"], 0)
    return MAKE_SHARD(*arguments)


MAKE_SHARD = generate.make_shard


@pytest.mark.slow
def test_a_set_is_the_same_with_a_worker_killed_on_a_cluster_that_runs_already(
    settings, tmp_path, monkeypatch
):
    monkeypatch.setenv("TEMNET_TEST_MARKER", str(tmp_path / "killed"))
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as there:
        experiment = settings(data={"training": 70, "scheduler": there.scheduler_address})
        monkeypatch.setattr(generate, "make_shard", shard_and_die_once)
        make_set(experiment, "training", tmp_path / "cluster")
    assert (tmp_path / "killed").exists()
    monkeypatch.undo()
    make_set(settings(data={"training": 70}), "training", tmp_path / "alone")
    assert files(tmp_path / "cluster") == files(tmp_path / "alone")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "tcp://nowhere.invalid:8786"])
def test_a_scheduler_that_does_not_answer_is_one_clear_error(settings, monkeypatch, address):
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    experiment = settings(data={"scheduler": address})
    message = f"data.scheduler {address}: no scheduler"
    with pytest.raises(InputError, match=message), open_workers(experiment.data):
        pass


def test_a_scheduler_without_workers_or_with_others_is_refused(settings, monkeypatch):
    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", silence_logs=50) as there:
        experiment = settings(data={"scheduler": there.scheduler_address})
        with pytest.raises(InputError, match="no workers"), open_workers(experiment.data):
            pass
        there.scale(1)
        with Client(there) as client:
            client.wait_for_workers(1)
        monkeypatch.setattr(cluster, "SIMULATION_VERSION", 99)
        with pytest.raises(InputError, match="of version 99"), open_workers(experiment.data):
            pass


def test_an_error_in_a_worker_arrives_with_the_index_and_what_was_drawn(settings, tmp_path):
    experiment = settings(data={"workers": 1})
    broken = experiment.microscope.model_copy(update={"aperture_mrad": "wide"})
    experiment = experiment.model_copy(update={"microscope": broken})
    with pytest.raises(SimulationError, match=r"example 0 of training failed") as caught:
        make_set(experiment, "training", tmp_path)
    assert caught.value.index == 0 and "rotation_deg" in caught.value.parameters


def test_an_error_names_the_example_in_this_process_too(settings, tmp_path, monkeypatch):
    def fail(*arguments):
        raise ZeroDivisionError("nothing there")

    monkeypatch.setattr(simulation, "record", fail)
    with pytest.raises(SimulationError, match="ZeroDivisionError: nothing there") as caught:
        make_set(settings(), "training", tmp_path)
    assert caught.value.parameters["dose"] == 1000
    assert "lattice_constant" in str(caught.value)


SCRIPT = """
import os, sys, time
from temnet.config.loading import validate
from temnet.data.cluster import open_workers

if __name__ == "__main__":
    with open_workers(validate({settings!r}, "test").data) as workers:
        print(*workers.in_order(pid, [(n,) for n in range(9)]), flush=True)
        time.sleep(60)
"""


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    text = SCRIPT.replace("if __name__", "def pid(n):\n    time.sleep(0.05)\n    return os.getpid()"
                          "\n\nif __name__")  # fmt: skip
    script.write_text(text.format(settings={"data": {"workers": 2}, "stages": ["report"]}))
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    parent = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment
    )
    found = {int(word) for word in parent.stdout.readline().split()}
    assert len(found) == 2 and all(alive(pid) for pid in found)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in found) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(alive(pid) for pid in found)


def alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]
    except FileNotFoundError:
        return False


def test_in_this_process_there_is_no_cluster():
    assert list(Workers(None).in_order(square, [(3,)])) == [9]
    assert validate({"stages": ["report"]}, "test").data.scheduler is None
