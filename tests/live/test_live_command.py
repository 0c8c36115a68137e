"""The command: its address, its token, a frame, its end."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import urllib.request

import numpy as np
import pytest

from temnet.command_line.command import WRONG_INPUT
from temnet.errors import InputError
from temnet.live import __main__ as command
from temnet.live.__main__ import main
from temnet.live.access import check_address
from temnet.live.recording.recorder import RECORDINGS, Recorder
from temnet.live.token_file import default_token_file, read_token, write_new_token


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_frame_is_analysed_by_the_command(pretrained, data_folder, dots):
    command = [sys.executable, "-m", "temnet", "live", "--network", "tiny", "--port", "0"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        address, port, token = re.search(
            r"(http://127\.0\.0\.1:(\d+)/)#(\S+)", running.stdout.readline()
        ).groups()
        path = default_token_file(int(port))
        assert str(path) in running.stdout.readline() and read_token(path) == token
        if os.name == "posix":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        pixels = (100 * dots).astype("<u2")
        head = {"shape": [64, 48], "dtype": "<u2", "scale": [0.2, 0.2], "units": ["Å", "Å"]}
        headers = {"Authorization": f"Bearer {token}", "X-Temnet-Frame": json.dumps(head)}
        request = urllib.request.Request(address + "v1/frames?wait=1", pixels.tobytes(), headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            columns = json.load(answer)["columns"]
        assert len(columns["row"]) > 5 and np.ptp(columns["row"]) > 20
        running.send_signal(signal.SIGINT)
        out, errors = running.communicate(timeout=30)
        assert (running.returncode, "Traceback" in errors) == (0, False)
        assert "Ready (Keras" in out or "Ready (OpenVINO" in out
        assert not path.exists()
    finally:
        running.kill()
        running.communicate()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "one numerical address"),
        (["--host", "::"], "one numerical address"),
        (["--host", "a.example"], "one numerical address"),
        (["--host", "192.0.2.7"], "--token-file"),
        (["--port", "70000"], "from 0 to 65535"),
        (["--network", "tinny"], "did you mean tiny"),
        (["--token-file", "none.txt"], "cannot be read"),
        (["--network", "tiny", "--record-limit", "0"], "more than 0 GB; got 0."),
        (["--network", "tiny", "--record-limit", "nan"], "more than 0 GB; got nan."),
        (["--network", "tiny", "--record-limit", "-1"], "more than 0 GB; got -1."),
        (["--network", "tiny", "--record-limit=-inf"], "more than 0 GB; got -inf."),
    ],
)
def test_wrong_options_are_refused(arguments, words, pretrained, data_folder, capsys):
    assert main(arguments) == WRONG_INPUT
    assert words in capsys.readouterr().err
    assert not data_folder.exists()


@pytest.mark.parametrize(("given", "limit"), [("0.5", 5e8), ("inf", np.inf)])
def test_the_size_of_a_recording_may_have_no_limit(
    given, limit, pretrained, data_folder, tmp_path, capsys, monkeypatch
):
    made = []
    monkeypatch.setattr(command, "Recorder", lambda *given: made.append(given) or Recorder(*given))
    arguments = ["--network", "tiny", "--record-limit", given, "--watch", str(tmp_path / "none")]
    assert main(arguments) == WRONG_INPUT
    assert "none: this folder cannot be read" in capsys.readouterr().err  # the limit is taken
    assert made == [(RECORDINGS, limit)]


def test_another_address_is_served_with_a_token_file_alone():
    check_address("192.0.2.7", has_token_file=True)
    with pytest.raises(InputError, match="unencrypted"):
        check_address("192.0.2.7", has_token_file=False)
    with pytest.raises(InputError, match="numerical"):
        check_address("0.0.0.0", has_token_file=True)


def test_tokens_are_new_and_readable_by_their_owner_alone(tmp_path):
    path = tmp_path / "a" / "token"
    first = write_new_token(path)
    assert read_token(path) == first != write_new_token(path)
    if os.name == "posix":
        path.chmod(0o644)
        with pytest.raises(InputError, match="chmod 600"):
            read_token(path)
    for text in ("", "short", "x" * 40 + "\n" + "y" * 40):
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(InputError, match="holds no token"):
            read_token(path)
