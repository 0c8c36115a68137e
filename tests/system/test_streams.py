"""What commands print, with the code pages of Windows."""

import io
import json
import os
import subprocess
import sys

import pytest

from temnet.system.streams import standard_streams

PAGES = ("gbk", "cp437", "ascii")
"""Chinese and American code pages of Windows, and none at all."""


class Terminal(io.TextIOWrapper):
    """A stream to a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize("page", PAGES)
def test_files_get_utf8_and_a_terminal_its_own_characters(page, monkeypatch):
    text = "0.1–0.12 Å/µm, Straße\udcff"
    file, terminal = io.BytesIO(), io.BytesIO()
    streams = io.TextIOWrapper(file, page), Terminal(terminal, page)
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    with standard_streams() as outputs:
        for output in outputs:
            output.write(text)
    assert file.getvalue().decode("utf-8") == text.replace("\udcff", "\\udcff")
    assert terminal.getvalue() == text.encode(page, "backslashreplace")
    assert [(stream.encoding, stream.errors) for stream in streams] == [(page, "strict")] * 2


def test_text_before_a_command_stays_before_its_own(monkeypatch):
    file = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(file, "gbk"))
    sys.stdout.write("één ")
    with standard_streams() as (out, _):
        out.write("Å")
    sys.stdout.write("é")
    sys.stdout.flush()
    assert file.getvalue() == "één ".encode("gbk") + "Å".encode() + "é".encode("gbk")


def run(page, *words, **options):
    environment = {**os.environ, "PYTHONIOENCODING": page}
    command = [sys.executable, "-m", "temnet", *words]
    return subprocess.run(command, env=environment, timeout=300, **options)


@pytest.mark.parametrize("page", PAGES[:1])
def test_the_schema_and_the_list_of_networks_are_utf8_in_files_and_pipes(page, tmp_path):
    path = tmp_path / "schema.json"
    with path.open("wb") as file:
        done = run(page, "run", "--schema", stdout=file, stderr=subprocess.PIPE)
    assert done.returncode == 0 and not done.stderr
    assert "[Å]" in json.dumps(json.loads(path.read_text("utf-8")), ensure_ascii=False)
    done = run(page, "networks", capture_output=True)
    assert done.returncode == 0 and not done.stderr
    assert "0.1–0.12 Å" in done.stdout.decode("utf-8")
