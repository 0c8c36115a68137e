import threading
import time

import pytest

from temnet.data.prefetch import AHEAD, WaitClock, prefetched


def numbers(log, count=10**9, pause=0.0):
    try:
        for number in range(count):
            time.sleep(pause)
            log.append(number)
            yield number
    finally:
        log.append("closed")


def wait_until_made(log, count):
    deadline = time.monotonic() + 60
    while len(log) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_everything_arrives_in_order_and_ends():
    log = []
    assert list(prefetched(lambda: numbers(log, 20))) == list(range(20))
    assert log[-1] == "closed"


def test_a_few_are_made_ahead_and_no_more():
    log = []
    items = prefetched(lambda: numbers(log))
    assert next(items) == 0
    wait_until_made(log, AHEAD + 1)
    time.sleep(0.1)
    assert len(log) <= AHEAD + 2
    before = threading.active_count()
    items.close()
    assert log[-1] == "closed" and threading.active_count() == before - 1


def test_an_error_in_the_thread_arrives_here():
    def broken():
        yield 1
        raise ValueError("no more")

    items = prefetched(broken)
    assert next(items) == 1
    with pytest.raises(ValueError, match="no more"):
        next(items)


def test_the_clock_measures_how_long_the_reader_waits_for_a_slow_maker():
    clock, started = WaitClock(), time.perf_counter()
    assert list(prefetched(lambda: numbers([], 3, pause=0.3), clock)) == [0, 1, 2]
    elapsed = time.perf_counter() - started
    assert 0.3 <= clock.lap() <= elapsed
    assert clock.lap() == 0


def test_the_clock_leaves_out_the_reader_s_own_time():
    clock, log = WaitClock(), []
    items = prefetched(lambda: numbers(log), clock)
    next(items)
    wait_until_made(log, AHEAD + 1)
    clock.lap()
    for _ in range(AHEAD):  # these are there
        time.sleep(0.3)
        next(items)
    assert clock.lap() < 0.3 * AHEAD / 2
    items.close()
