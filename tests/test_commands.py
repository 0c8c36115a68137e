"""Behaviour shared by all commands: closed outputs, lost readers, missing letters, signals."""

import errno
import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from temnet import command
from temnet.errors import InputError
from temnet.system.signals import Stopped, ended_by_signals
from temnet.system.streams import standard_streams

REPOSITORY = Path(__file__).parents[1]
COMMANDS = ("run", "predict", "study", "publish", "benchmark")

posix = pytest.mark.skipif(os.name == "nt", reason="a shell's redirections")


def shell(line, cwd=REPOSITORY, **environment):
    """What a line of bash gives; `temnet` in it is `python -m temnet`."""
    return subprocess.run(
        [
            "bash",
            "-c",
            "set -o pipefail; " + line.replace("temnet.", f"{sys.executable} -m temnet."),
        ],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        capture_output=True,
        check=False,
    )


@posix
@pytest.mark.parametrize("line", ["temnet.run --schema", "temnet.predict --help"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_closes_early_ends_no_command(line, unbuffered):
    done = shell(f"{line} | head -1", PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr, done.stdout.count(b"\n")) == (0, b"", 1)


@posix
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("temnet.run --schema >&-", 0),
        ("temnet.run --schema 2>&- | wc -c", 0),
        ("temnet.run gone.yaml >&-", 2),
        ("temnet.run gone.yaml 2>&-", 2),
        ("temnet.run gone.yaml <&- >&- 2>&-", 2),
        ("temnet.study gone.yaml 2>&- >&-", 2),
        ("temnet.predict 2>&-", 2),
        ("temnet.run gone.yaml 2>&1 | true", 2),
    ],
)
def test_closed_outputs_change_no_exit_code(line, code):
    done = shell(line)
    assert done.returncode == code
    assert b"Traceback" not in done.stdout + done.stderr
    assert b"Exception ignored" not in done.stdout + done.stderr
    if "2>&-" in line:
        assert b"gone.yaml" not in done.stdout  # a message goes to no other place instead


@posix
def test_a_whole_run_with_closed_outputs(tmp_path):
    """The files that it opens do not take the place of the closed ones."""
    (tmp_path / "a.yaml").write_text("stages: [report]")
    done = shell("temnet.run a.yaml <&- >&- 2>&-", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert "<html" in (tmp_path / "runs/a/index.html").read_text()
    log = (tmp_path / "runs/a/log.txt").read_text()
    assert "report: done" in log and "%|" not in log and "oneDNN" not in log


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_under_the_output_is_no_success():
    done = shell("temnet.run --schema > /dev/full")
    assert done.returncode == 2
    assert done.stderr == b"The output could not be written (No space left on device).\n"


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932", "gbk"])
def test_letters_that_an_output_lacks_are_replaced(name, encoding):
    done = subprocess.run(
        [sys.executable, "-m", f"temnet.{name}", "--help"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode(encoding)
    assert text.startswith("usage: python -m temnet.")
    if name == "predict":  # its help has an Å, which only the second of them knows
        assert ("--sampling Å" if encoding == "cp1252" else r"--sampling \xc5") in text


@posix
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "gbk:strict"])
def test_results_are_printed_in_an_encoding_that_lacks_some_letters(tmp_path, encoding):
    (tmp_path / "图 Å.yaml").write_text("stages: [report]")
    done = shell("temnet.run '图 Å.yaml'", cwd=tmp_path, PYTHONIOENCODING=encoding)
    assert done.returncode == 0 and b"The results are in runs/" in done.stdout
    assert b"Error" not in done.stderr


def test_streams_are_as_before_afterwards(monkeypatch):
    plain = io.TextIOWrapper(io.BytesIO(), "ascii", errors="strict", write_through=True)
    monkeypatch.setattr(sys, "stdout", plain)
    with standard_streams() as (out, _):
        sys.stdout.write("0.2 Å\n")
        assert sys.stdout is out
    assert sys.stdout is plain and plain.errors == "strict"
    assert plain.buffer.getvalue().splitlines() == [rb"0.2 \xc5"]
    with pytest.raises(UnicodeEncodeError):
        plain.write("Å")


class Broken(io.StringIO):
    """A stream that a disk or a reader refuses."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def write(self, text):
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize(("number", "code"), [(errno.EPIPE, 0), (errno.EIO, 0), (errno.ENOSPC, 2)])
def test_only_an_error_of_the_disk_is_reported(monkeypatch, capsys, number, code):
    monkeypatch.setattr(sys, "stdout", Broken(number))
    assert command.guarded(lambda: sys.stdout.write("a result") * 0) == code
    assert ("could not be written" in capsys.readouterr().err) == (code == 2)


def test_a_working_folder_that_was_removed(tmp_path, monkeypatch, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert command.guarded(lambda: 0) == 2
    assert capsys.readouterr().err.startswith("The working folder was removed; change")


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (InputError("This is wrong."), 2, "This is wrong.\n"),
        (KeyboardInterrupt(), 130, "Stopped. Run the same command again to resume.\n"),
        (Stopped(signal.SIGTERM), 143, "Stopped. Run the same command again to resume.\n"),
        (SystemExit(2), 2, ""),
        (SystemExit(), 0, ""),
        (OSError(errno.ENAMETOOLONG, "File name too long", "a" * 300), 2, "File name too long"),
        (OSError(errno.ELOOP, "Too many levels of symbolic links", "a"), 2, "symbolic links"),
    ],
)
def test_exit_codes(capsys, error, code, text):
    def fails():
        raise error

    assert command.guarded(fails) == code
    message = capsys.readouterr().err
    assert message.endswith(text) or text in message
    assert "Traceback" not in message


@posix
def test_signals_are_handled_inside_and_left_alone_elsewhere():
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_by_signals():
            os.kill(os.getpid(), signal.SIGHUP)  # as under nohup
            with pytest.raises(Stopped) as caught:
                os.kill(os.getpid(), signal.SIGTERM)
            assert caught.value.number == signal.SIGTERM
            # What is started inside ends by the signal as ever.
            code = "import signal; print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
            child = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
            assert child.stdout.strip() == b"True"
    finally:
        signal.signal(signal.SIGHUP, ignored)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_command_may_be_called_from_a_thread():
    codes = []
    thread = threading.Thread(target=lambda: codes.append(command.guarded(lambda: 0)))
    thread.start()
    thread.join()
    assert codes == [0]


def test_libraries_are_silenced_only_where_standard_error_is_open():
    """Programs without a terminal have it closed."""
    text = (
        "import os; from temnet.system.streams import libraries_silenced\n"
        "for close in (False, True):\n"
        "    if close: os.close(2)\n"
        "    with libraries_silenced():\n"
        "        None if close else os.write(2, b'hidden')\n"
        "    None if close else os.write(2, b'seen')\n"
        "print('done')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "seen")
