"""The client for DigitalMicrograph, against a module that stands in for GMS'."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from live_server import TOKEN

CLIENT = Path(__file__).parents[3] / "clients" / "digitalmicrograph"
STAND_INS = Path(__file__).parent / "stand_ins"
GMS_PYTHONS = [path for path in os.environ.get("TEMNET_TEST_GMS_PYTHONS", "").split(":") if path]


def session(server, tmp_path, gate, python):
    """What a session in an interpreter has shown."""
    token = tmp_path / "token"
    token.write_text(TOKEN)
    path = os.pathsep.join([str(CLIENT), str(STAND_INS)])
    arguments = [STAND_INS / "gms_session.py", server.port, token, gate]
    done = subprocess.run(
        [python, "-W", "error", *map(str, arguments)],
        env={"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def check(seen, port):
    """The stand-in finds a metal column at (1 Å, 2 Å)."""
    first = seen["first"]
    assert first["name"] == "temnet: 1 metal, 0 oxide" and first["shape"] == [64, 48]
    assert {(2, 5), (8, 5), (5, 2), (5, 8)} <= {tuple(at) for at in first["ring"]}  # (5, 5) +- 3
    assert seen["calibration"] == [[0.0, 0.04, "nm"], [0.0, 0.02, "nm"]]  # of columns, of rows
    assert seen["bad frame"] == "temnet: This frame is bad."
    assert seen["results"] == [1, 3]  # one image: the first frame, a slow one, and the newest
    assert seen["region"]["shape"] == [32, 32]
    assert {(2, 10), (8, 10), (5, 7), (5, 13)} <= {tuple(at) for at in seen["region"]["ring"]}
    assert seen["region"]["unit"] == [[0.0, pytest.approx(0.02), "nm"]] * 2  # from 2e-5 µm
    assert "at least 16" in seen["small region"] or "from 16" in seen["small region"]
    assert "no pixel size" in seen["no pixel size"]
    assert "dtype must be" in seen["complex"] and "shape must be" in seen["colours"]
    assert "no answer on port 1;" in seen["no server"]
    assert f"no answer on port {port};" in seen["no token"]  # where a server does answer
    assert seen["listeners"] == 0 and seen["problems"] == []


def test_a_session_under_this_python(server, tmp_path, gate):
    check(session(server, tmp_path, gate, sys.executable), server.port)


@pytest.mark.interoperability
@pytest.mark.parametrize("python", GMS_PYTHONS or [None])
def test_a_session_under_a_python_of_gms(server, tmp_path, gate, python):
    if python is None:
        pytest.skip("TEMNET_TEST_GMS_PYTHONS names no interpreters")
    seen = session(server, tmp_path, gate, python)
    check(seen, server.port)
    assert (tuple(seen["python"]), seen["numpy"]) in [((3, 7), "1.18.2"), ((3, 10), "1.23.5")]


def test_it_is_one_short_file_of_the_standard_library_and_numpy():
    (file,) = CLIENT.glob("*.py")
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 150
