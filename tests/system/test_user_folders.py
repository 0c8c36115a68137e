"""Commands leave the home folder as it is and send no data."""

import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from temnet.inference.engines.usage_data import SENDER, no_usage_data
from temnet.system import user_folders

REPOSITORY = Path(__file__).parents[2]

PREDICTION = """
import socket, sys

def refuse(*arguments):
    raise AssertionError(f"a connection was asked for: {arguments[1:]}")

socket.socket.connect = socket.socket.connect_ex = refuse
from temnet.predict import main
code = main(sys.argv[1:])
assert "keras" in sys.modules and "matplotlib" in sys.modules
print("engine:", "openvino" in sys.modules, "sender:", "openvino_telemetry" in sys.modules)
sys.exit(code)
"""


def clean_environment(home):
    names = (
        "KERAS_HOME", "MPLCONFIGDIR", "NUMBA_CACHE_DIR", "TEMNET_CACHE", "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
    )  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return kept | {"HOME": str(home), "TMPDIR": str(home.parent / "tmp")}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="HOME is not what names the home folder there")
def test_a_prediction_leaves_nothing_but_its_cache_in_an_empty_home(network_folder, dots, tmp_path):
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    np.save(tmp_path / "dots.npy", dots)
    openvino = importlib.util.find_spec("openvino") is not None
    command = [tmp_path / "dots.npy", "--network", network_folder / "tiny", "--sampling", "0.2"]
    command += ["--engine", "openvino" if openvino else "keras", "--output", tmp_path / "out"]
    done = subprocess.run(
        [sys.executable, "-c", PREDICTION, *map(str, command)],
        capture_output=True, text=True, cwd=REPOSITORY, env=clean_environment(tmp_path / "home"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"engine: {openvino} sender: False" in done.stdout
    assert (tmp_path / "out" / "dots" / "index.html").exists()
    left = {path.relative_to(tmp_path / "home").as_posix() for path in tmp_path.glob("home/*/*")}
    assert left == ({".cache/temnet"} if openvino and sys.platform == "linux" else set())
    assert len(list(tmp_path.glob("home/*"))) == len(left)
    assert [path.name for path in (tmp_path / "tmp").iterdir() if "temnet" in path.name] == []


@pytest.fixture
def sender(tmp_path, monkeypatch):
    """A package like the one that sends usage data; it records its import."""
    (tmp_path / SENDER).mkdir()
    (tmp_path / SENDER / "__init__.py").write_text(
        "from pathlib import Path\nPath(__file__).with_name('sent').touch()\n"
    )
    (tmp_path / SENDER / "backend.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == SENDER]:
        monkeypatch.delitem(sys.modules, name)
    yield tmp_path / SENDER / "sent"
    for name in [name for name in sys.modules if name.partition(".")[0] == SENDER]:
        del sys.modules[name]


def test_the_sender_cannot_be_imported_inside(sender):
    with no_usage_data():
        for name in (SENDER, f"{SENDER}.backend"):
            with pytest.raises(ImportError):
                importlib.import_module(name)
    assert not sender.exists() and SENDER not in sys.modules
    importlib.import_module(SENDER)  # others may have it
    assert sender.exists()


def test_an_already_imported_sender_is_restored(sender):
    before = importlib.import_module(f"{SENDER}.backend")
    with pytest.raises(RuntimeError), no_usage_data():
        raise RuntimeError
    assert sys.modules[f"{SENDER}.backend"] is before
    assert importlib.import_module(f"{SENDER}.backend") is before


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Variables that `spare_home` sets for a home folder and an environment."""
    monkeypatch.setattr(user_folders, "_made", [tmp_path / "temporary"])
    monkeypatch.setattr(sys, "platform", "linux")

    def find(*there, **environment):
        for name in there:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).mkdir() if not name.endswith(".json") else (tmp_path / name).touch()
        environment = {"HOME": str(tmp_path), **environment}
        user_folders.spare_home(environment)
        del environment["HOME"]
        return {name: value.replace(str(tmp_path), "~") for name, value in environment.items()}

    return find


@pytest.mark.skipif(os.name == "nt", reason="folders of Linux")
class TestPlaces:
    def test_nothing_there(self, places):
        temporary = "~/temporary"
        expected = {"KERAS_HOME": f"{temporary}/keras", "MPLCONFIGDIR": f"{temporary}/matplotlib"}
        assert places() == expected

    def test_a_cache_folder_keeps_the_fonts(self, places):
        assert places(".cache")["MPLCONFIGDIR"] == "~/.cache/matplotlib"

    def test_a_cache_folder_that_the_user_names(self, places):
        assert places(XDG_CACHE_HOME="/scratch/me")["MPLCONFIGDIR"] == "/scratch/me/matplotlib"

    def test_settings_of_the_user_are_read(self, places):
        assert places(".config/matplotlib", ".keras/keras.json") == {}

    def test_variables_of_the_user_stay(self, places):
        own = {"KERAS_HOME": "a", "MPLCONFIGDIR": "b", "NUMBA_CACHE_DIR": "c"}
        assert places(**own) == own

    def test_a_package_that_cannot_be_written_to(self, places, monkeypatch):
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        assert places()["NUMBA_CACHE_DIR"] == "~/temporary/numba"
        assert "NUMBA_CACHE_DIR" not in places(".cache")

    def test_no_room_for_a_temporary_folder(self, places, monkeypatch):
        monkeypatch.setattr(user_folders, "_made", [])
        monkeypatch.setattr(user_folders.tempfile, "mkdtemp", _full)
        assert places() == {}


def _full(prefix):
    raise OSError(28, "No space left on device")
