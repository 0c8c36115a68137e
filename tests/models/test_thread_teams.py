"""Threads that work on images together."""

from threading import Lock, Thread

import pytest

from temnet.models.msdnet_kernels import thread_teams as teams


def test_a_process_may_be_given_more_processors_while_it_runs(monkeypatch):
    # As a cluster does: threads that wait for each other need as many in the pool.
    came, lock = [], Lock()

    def work(member, arrays, image):
        member.wait()
        with lock:
            came.append((member.count, member.number, image))

    for threads, members in ((1, [0]), (3, [0, 1, 2]), (2, [0, 1])):
        monkeypatch.setattr(teams, "thread_count", lambda threads=threads: threads)
        came.clear()
        caller = Thread(target=teams.run_teams, args=(work, 1, 3 * teams.FEWEST_ROWS), daemon=True)
        caller.start()
        caller.join(20)
        assert not caller.is_alive()
        assert sorted(came) == [(threads, number, 0) for number in members]


def test_the_failure_of_one_ends_all_and_is_raised(monkeypatch):
    monkeypatch.setattr(teams, "thread_count", lambda: 2)

    def work(member, arrays, image):
        if member.number:
            raise ValueError("the second one fails")
        member.wait()

    with pytest.raises(ValueError, match="the second one fails"):
        teams.run_teams(work, 1, 2 * teams.FEWEST_ROWS)
