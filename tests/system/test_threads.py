from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from temnet.config.loading import load_experiment
from temnet.simulation.example import simulate_block
from temnet.system.threads import one_thread

SMOKE = Path(__file__).parents[2] / "experiments" / "smoke.yaml"


def threads():
    """Threads of every library of linear algebra in this process."""
    return [
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    ]


@pytest.fixture
def two():
    with threadpool_limits(2, user_api="blas"):
        yield


def test_threads_are_restored_also_after_an_error(two):
    assert set(threads()) == {2}
    with pytest.raises(ZeroDivisionError), one_thread():
        assert set(threads()) == {1}
        raise ZeroDivisionError
    assert set(threads()) == {2}


def test_the_limit_stays_while_another_caller_is_inside(two):
    left, inside = Event(), Event()

    def stays():
        with one_thread():
            inside.set()
            assert left.wait(10)
            return set(threads())

    with ThreadPoolExecutor(1) as pool:
        with one_thread():
            staying = pool.submit(stays)
            assert inside.wait(10)
        left.set()
        assert staying.result() == {1}


def test_threads_are_restored_when_the_first_caller_leaves_last(two):
    def passes():
        with one_thread():
            return set(threads())

    with ThreadPoolExecutor(1) as pool, one_thread():
        assert pool.submit(passes).result() == {1}
        assert set(threads()) == {1}
    assert set(threads()) == {2}


def test_an_example_has_the_same_bits_however_many_threads_there_are():
    experiment = load_experiment(SMOKE)
    for index in range(4):
        one, two = (simulated(experiment, index, count).images for count in (1, 2))
        np.testing.assert_array_equal(one, two)


def simulated(experiment, index, count):
    with threadpool_limits(count, user_api="blas"):
        return simulate_block(experiment.simulation, index, index + 1, "training")[0]
