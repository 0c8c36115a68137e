"""Leftovers of killed processes are removed, and what they had moved aside is restored."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from temnet.system import files
from temnet.system.files import HOST, clean_leftovers, replace_file, replacing, replacing_folders
from temnet.system.processes import is_running

DEAD = 2**22 + 1  # more than any process of Linux has


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def folder_with(path, text):
    path.mkdir(parents=True)
    (path / "file").write_text(text)


def test_temporary_files_of_dead_processes_are_removed(tmp_path):
    replace_file(tmp_path / "kept", b"1")
    for name in (f".a.csv.{DEAD}.part", f".best.{DEAD}.part.keras", f".{DEAD}.part", ".hidden"):
        (tmp_path / name).touch()
    folder_with(tmp_path / f".net.{DEAD}.part", "half")
    (tmp_path / f".a.{os.getppid()}.part").touch()  # the process that runs the tests
    clean_leftovers(tmp_path)
    expected = [f".a.{os.getppid()}.part", f".{DEAD}.part", ".hidden", "kept"]
    assert names(tmp_path) == sorted(expected)
    clean_leftovers(tmp_path / "nowhere")


def test_files_of_another_machine_are_leftovers_only_after_a_while(tmp_path, monkeypatch):
    """Its processes are not seen from here: on a shared disk one may be writing right now."""
    other = "0" * 8
    (tmp_path / f".a.csv.{HOST}-{DEAD}.part").touch()
    (tmp_path / f".b.csv.{other}-{DEAD}.part").touch()
    folder_with(tmp_path / f".net.{other}-{DEAD}.old", "old")
    clean_leftovers(tmp_path)
    assert names(tmp_path) == [f".b.csv.{other}-{DEAD}.part", f".net.{other}-{DEAD}.old"]
    now = time.time()
    monkeypatch.setattr(files.time, "time", lambda: now + 2 * 60)
    clean_leftovers(tmp_path)
    assert names(tmp_path) == [f".b.csv.{other}-{DEAD}.part", "net"]
    monkeypatch.setattr(files.time, "time", lambda: now + 25 * 3600)
    clean_leftovers(tmp_path)
    assert names(tmp_path) == ["net"]


def test_only_files_of_a_name_are_removed(tmp_path):
    (tmp_path / f".a.{DEAD}.part").touch()
    (tmp_path / f".b.{DEAD}.part").touch()
    clean_leftovers(tmp_path, "a")
    assert names(tmp_path) == [f".b.{DEAD}.part"]


def test_an_earlier_version_is_restored(tmp_path):
    folder_with(tmp_path / f".net.{DEAD}.old", "older")
    folder_with(tmp_path / f".net.{DEAD + 1}.old", "old")
    os.utime(tmp_path / f".net.{DEAD}.old", (1, 1))
    folder_with(tmp_path / f".net.{DEAD}.part", "half")
    clean_leftovers(tmp_path)
    assert names(tmp_path) == ["net"] and (tmp_path / "net" / "file").read_text() == "old"


def test_a_replaced_version_is_not_restored(tmp_path):
    folder_with(tmp_path / f".net.{DEAD}.old", "old")
    folder_with(tmp_path / "net", "new")
    clean_leftovers(tmp_path)
    assert names(tmp_path) == ["net"] and (tmp_path / "net" / "file").read_text() == "new"


def test_a_link_is_removed_and_not_followed(tmp_path):
    folder_with(tmp_path / "elsewhere", "kept")
    (tmp_path / f".net.{DEAD}.part").symlink_to(tmp_path / "elsewhere")
    clean_leftovers(tmp_path)
    assert names(tmp_path) == ["elsewhere"] and (tmp_path / "elsewhere" / "file").exists()


def test_files_being_written_stay_and_those_of_an_earlier_process_of_the_number_do_not(tmp_path):
    (tmp_path / f".earlier.{os.getpid()}.part").touch()
    place = tmp_path / "net"
    with replacing(tmp_path / "a") as temporary, replacing_folders([place]) as parts:
        temporary.write_text("whole")
        parts[place].mkdir()
        cleaner = threading.Thread(target=clean_leftovers, args=(tmp_path,))
        cleaner.start()
        cleaner.join()
    assert names(tmp_path) == ["a", "net"]


def test_folders_are_replaced_together_or_not_at_all(tmp_path):
    for name in ("a", "b"):
        folder_with(tmp_path / name, "old")
    places = [tmp_path / "a", tmp_path / "b"]
    with pytest.raises(RuntimeError), replacing_folders(places) as parts:
        folder_with(parts[places[0]], "new")
        raise RuntimeError
    assert names(tmp_path) == ["a", "b"] and (places[0] / "file").read_text() == "old"
    with replacing_folders(places) as parts:
        for part in parts.values():
            folder_with(part, "new")
    assert names(tmp_path) == ["a", "b"] and (places[1] / "file").read_text() == "new"


KILLED = """
import os, signal, sys
from pathlib import Path
from temnet.system.files import replacing_folders
place = Path(sys.argv[1])
rename = Path.rename
def dies(path, target):
    if path.suffix == ".part":
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(path, target)
Path.rename = dies
with replacing_folders([place]) as parts:
    parts[place].mkdir()
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_killed_between_two_renames(tmp_path):
    folder_with(tmp_path / "net", "old")
    repository = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "net"], cwd=repository)
    assert done.returncode == -signal.SIGKILL and "net" not in names(tmp_path)
    clean_leftovers(tmp_path)
    assert names(tmp_path) == ["net"] and (tmp_path / "net" / "file").read_text() == "old"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_killed_process_is_not_running_also_before_its_code_was_fetched():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert is_running(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(child.pid)
    child.communicate()
    assert not is_running(child.pid) and is_running(os.getpid())
