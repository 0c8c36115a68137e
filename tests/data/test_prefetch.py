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


def test_everything_arrives_in_order_and_ends():
    log = []
    assert list(prefetched(lambda: numbers(log, 20))) == list(range(20))
    assert log[-1] == "closed"


def test_a_few_are_made_ahead_and_no_more():
    log = []
    items = prefetched(lambda: numbers(log))
    assert next(items) == 0
    time.sleep(0.3)
    assert AHEAD <= len(log) <= AHEAD + 2
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


@pytest.mark.parametrize(("making", "using", "low", "high"), [(0.05, 0, 0.3, 1), (0, 0.05, 0, 0.1)])
def test_the_clock_measures_the_time_that_the_reader_waits(making, using, low, high):
    """Ten items of 50 ms: the reader waits for a slow maker, and not for a fast one."""
    clock = WaitClock()
    for _ in prefetched(lambda: numbers([], 10, making), clock):
        time.sleep(using)
    waited = clock.lap()
    assert low <= waited <= high
    assert clock.lap() == 0
