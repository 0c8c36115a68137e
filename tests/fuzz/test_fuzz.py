"""Damaged images and settings give a result, or exit code 2 and a message; no silent losses.

Case ``n`` is the same each time.  The default tier runs a few for some seconds,
``python -m pytest -m long tests/fuzz`` 2,000 images and 1,000 YAML files.
"""

import ast
import json
import re
import select
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.fuzz.formats import seeds
from tests.fuzz.mutations import damaged, other_settings

REPOSITORY = Path(__file__).parents[2]

LONGEST, MOST = 20, 2048
"""Seconds of processor time and megabytes that a command may take."""

MOST_LINES = 24
"""Most lines of messages: settings may have twenty faults, with a line for each."""

HANGS = 90
"""Seconds after which a command counts as hanging, on a busy machine."""

PROGRESS = re.compile(r"it/s\]|s/it\]|\?it/s|: started|: done|The results are in|already done")
"""Lines of the terminal that report no problem."""


class Worker:
    """A process that runs commands; a new one replaces one that hangs or dies."""

    def __init__(self, folder):
        self._folder, self._process = folder, None

    def _start(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=self._folder, text=True, encoding="utf-8",
        )  # fmt: skip
        assert json.loads(self._process.stdout.readline())["ready"]

    def run(self, command, arguments):
        """How a command ended; its exit code is None where it hung or the process died."""
        if self._process is None:
            self._start()
        job = {"command": command, "arguments": [str(word) for word in arguments]}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        start = time.monotonic()
        ready, _, _ = select.select([self._process.stdout], [], [], HANGS)
        answer = self._process.stdout.readline() if ready else ""
        if answer:
            return json.loads(answer)
        self.end()
        return {
            "code": None, "text": "", "seconds": time.monotonic() - start, "megabytes": 0,
        }  # fmt: skip

    def end(self):
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="module")
def worker(network_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEMNET_PRETRAINED", str(network_folder))
        patch.setenv("PYTHONPATH", str(REPOSITORY))
        worker = Worker(folder)
        yield worker
        worker.end()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return seeds(tmp_path_factory.mktemp("seeds"))


def faults_of(ended):
    """Faults of a command."""
    found = []
    if ended["code"] is None:
        found.append("hung or died")
    elif ended["code"] not in (0, 2):
        found.append(f"exit code {ended['code']}")
    if "Traceback" in ended["text"]:
        found.append("traceback")
    if ended["seconds"] > LONGEST:
        found.append(f"{ended['seconds']:.0f} s of processor time")
    if ended["megabytes"] > MOST:
        found.append(f"{ended['megabytes']:.0f} MB")
    lines = messages(ended)
    if ended["code"] == 2 and not 1 <= len(lines) <= MOST_LINES:
        found.append(f"{len(lines)} lines of messages")
    if any(len(line) > 1200 for line in lines):
        found.append("a line of more than 1,200 characters")
    return found


def messages(ended):
    """Lines of the terminal without progress."""
    lines = ended["text"].replace("\r", "\n").splitlines()
    return [line for line in lines if line.strip() and not PROGRESS.search(line)]


def promised(ending, data):
    """Number of frames that a header promises, by an independent reader; None if unknown."""
    try:
        if ending == ".npy":
            length = struct.unpack("<H", data[8:10])[0]
            shape = ast.literal_eval(data[10 : 10 + length].decode("latin-1"))["shape"]
            return (
                shape[0] if len(shape) == 3 and 16 < shape[1] < 99 and 16 < shape[2] < 99 else None
            )
        if ending == ".mrc":
            cols, rows, frames = struct.unpack("<3i", data[:12])
            plausible = 16 < cols < 99 and 16 < rows < 99 and data[208:212] == b"MAP "
            return frames if plausible else None
        if ending == ".tif":
            found = re.search(rb"ImageJ=[ -~\n]*?images=(\d+)\n", data)
            return int(found[1]) if found else None
    except (struct.error, ValueError, SyntaxError, KeyError, TypeError, UnicodeDecodeError):
        pass
    return None


def lost(ended, out, expected):
    """Whether fewer frames than expected were processed without a message about it.

    A message names both numbers, or how many were used of a file that is cut off before the
    number of frames, or the data sets that were left out.
    """
    if ended["code"] != 0 or expected is None or expected < 1:
        return False
    found = list(Path(out).rglob("series.json"))
    frames = sum(part["frames"] for path in found for part in json.loads(path.read_text()))
    if frames >= expected:
        return False
    # Verdicts on images hold numbers of other things.
    text = "\n".join(line for line in ended["text"].splitlines() if "distribution" not in line)
    named = [re.search(rf"\b{n}\b", text.replace(",", "")) for n in (frames, expected)]
    warned = any(words in text for words in ("cut off", "more left out"))
    return not all(named) and not (named[0] and warned)


def try_images(worker, files, folder, numbers):
    """Faults by the number of the case."""
    found, codes = {}, []
    for number in numbers:
        rng = np.random.default_rng([1, number])
        ending, name, data, frames = files[number % len(files)]
        changed, done = damaged(data, rng)
        shown = ending if rng.random() < 0.95 else files[int(rng.integers(len(files)))][0]
        path, out = folder / f"a{shown}", folder / "out"
        path.write_bytes(changed)
        axes = ["--axes", "frames"] if rng.random() < 0.7 else []
        size = ["--sampling", "0.2"] if rng.random() < 0.9 else []
        words = [path, "--network", "tiny", "--output", out, *axes, *size]
        ended = worker.run("predict", words)
        faults = faults_of(ended)
        expected = promised(shown, changed)
        if expected is None and shown == ending and set(done) == {"cut"}:
            expected = frames
        if lost(ended, out, expected):
            faults.append(f"frames lost in silence of {expected}")
        if faults:
            found[number] = (f"{name}{shown}", done, faults, ended["text"][-1500:])
        codes.append(ended["code"])
        shutil.rmtree(out, ignore_errors=True)
    return found, codes


def try_settings(worker, folder, numbers):
    """Faults by the number of the case."""
    examples = sorted((REPOSITORY / "experiments").glob("*.yaml"))
    found, codes = {}, []
    for number in numbers:
        rng = np.random.default_rng([2, number])
        example = examples[number % len(examples)]
        text = example.read_text(encoding="utf-8").replace("base: ", f"base: {example.parent}/")
        path = folder / "a.yaml"
        path.write_bytes(other_settings(text, rng))
        ended = worker.run("run", [path, "--check", "--output", folder / "runs"])
        faults = faults_of(ended)
        if faults:
            found[number] = (example.name, faults, ended["text"][-1500:])
        codes.append(ended["code"])
    return found, codes


@pytest.mark.slow
def test_undamaged_files_are_read_whole(worker, files, tmp_path):
    """A control for the tests of damaged files."""
    for number, (ending, name, data, frames) in enumerate(files):
        path, out = tmp_path / f"{number}_{name}{ending}", tmp_path / "out"
        path.write_bytes(data)
        words = [
            path,
            "--network",
            "tiny",
            "--output",
            out,
            "--sampling",
            "0.2",
            "--axes",
            "frames",
        ]
        ended = worker.run("predict", words)
        assert ended["code"] == 0 and faults_of(ended) == [], (name, ending, ended)
        assert not lost(ended, out, frames), (name, ending, ended)
        assert lost(ended, out, frames + 1)  # the test would notice
        assert promised(ending, data) in (None, frames)
        shutil.rmtree(out)


@pytest.mark.slow
def test_a_few_damaged_images(worker, files, tmp_path):
    found, codes = try_images(worker, files, tmp_path, range(60))
    assert found == {}
    assert set(codes) == {0, 2}


@pytest.mark.slow
def test_a_few_damaged_settings(worker, tmp_path):
    found, codes = try_settings(worker, tmp_path, range(40))
    assert found == {}
    assert 2 in codes


@pytest.mark.long
def test_many_damaged_images(worker, files, tmp_path):
    found, codes = try_images(worker, files, tmp_path, range(2400))
    assert found == {}
    assert min(codes.count(0), codes.count(2)) > 200


@pytest.mark.long
def test_many_damaged_settings(worker, tmp_path):
    found, codes = try_settings(worker, tmp_path, range(1200))
    assert found == {}
    assert codes.count(2) > 600
