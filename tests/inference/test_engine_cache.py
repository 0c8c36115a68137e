"""What was chosen is kept, and serves only the same network on the same machine."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.inference.engines import cache as engine_cache
from temnet.inference.engines.choice import choose_engine
from temnet.models.checkpoint import load_network, open_network
from temnet.models.network_folders import CHECK_FILE
from temnet.system.array_files import write_arrays

pytestmark = pytest.mark.skipif(find_spec("openvino") is None, reason="needs temnet[fast]")

IMAGES = np.random.default_rng(0).normal(size=(32, 24, 1)).astype(np.float32)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TEMNET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "engines"


@pytest.fixture
def tiny(network_folder, tmp_path):
    """A copy of the network, since tests change it."""
    import shutil

    return shutil.copytree(network_folder / "tiny", tmp_path / "tiny")


@pytest.fixture(scope="module")
def kept(network_folder, tmp_path_factory):
    """The folder of engines after one was chosen for the network."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TEMNET_CACHE", str(folder))
        choose_engine(open_network(network_folder / "tiny"))
    return folder / "engines"


@pytest.fixture
def entry(tiny, cache, kept):
    """The folder of the engine that was chosen for `tiny` before."""
    import shutil

    shutil.copytree(kept, cache)
    (found,) = cache.iterdir()
    return found


def built(network):
    return network.source.is_built


def test_a_second_start_has_the_same_engine_without_keras(tiny, cache):
    first, second = open_network(tiny), open_network(tiny)
    engine = choose_engine(first)
    assert built(first) and engine.name.startswith("OpenVINO")
    again = choose_engine(second)
    assert not built(second)
    assert (again.name, again.reason, again.limits) == (engine.name, engine.reason, engine.limits)
    np.testing.assert_array_equal(again.run(IMAGES), engine.run(IMAGES))
    assert choose_engine(second).run is again.run
    (entry,) = cache.iterdir()
    assert sorted(path.name for path in entry.iterdir()) == [
        "engine.json", "network.bin", "network.xml",
    ]  # fmt: skip


def test_nothing_is_loaded_for_a_kept_engine(tiny, dots, tmp_path):
    np.save(tmp_path / "dots.npy", dots)
    choose_engine(open_network(tiny))
    program = (
        "import sys\n"
        "from temnet.predict import main\n"
        "code = main(sys.argv[1:])\n"
        "print(code, sorted({'keras', 'tensorflow', 'abtem'} & set(sys.modules)))"
    )
    command = [tmp_path / "dots.npy", "--network", tiny, "--sampling", "0.2", "--output", tmp_path]
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, command)], capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


@pytest.mark.parametrize("part", ["openvino", "processor", "temnet", "card.json", CHECK_FILE])
def test_another_machine_version_or_file_chooses_anew(tiny, entry, part):
    values = json.loads((entry / "engine.json").read_text())
    values["key"][part] = "another"
    (entry / "engine.json").write_text(json.dumps(values))
    network = open_network(tiny)
    choose_engine(network)
    assert built(network)
    assert json.loads((entry / "engine.json").read_text())["key"][part] != "another"


@pytest.mark.parametrize("damage", ["", "[]", "{}", "no JSON", '{"key": 1}'])
def test_a_damaged_entry_is_made_again(tiny, entry, damage):
    (entry / "engine.json").write_text(damage)
    network = open_network(tiny)
    assert choose_engine(network).name.startswith("OpenVINO") and built(network)
    assert json.loads((entry / "engine.json").read_text())["key"] != 1


def test_a_damaged_network_is_made_again(tiny, entry):
    (entry / "network.xml").write_text("<net>")
    network = open_network(tiny)
    expected = choose_engine(network, "keras").run(IMAGES)
    found = choose_engine(open_network(tiny)).run(IMAGES)
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_a_folder_that_cannot_be_written_stops_nothing(tiny, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TEMNET_CACHE", str(tmp_path / "file"))
    assert choose_engine(open_network(tiny)).name.startswith("OpenVINO")


def test_off_keeps_nothing(tiny, cache, monkeypatch):
    monkeypatch.setenv("TEMNET_CACHE", "off")
    choose_engine(open_network(tiny))
    assert not cache.exists() and engine_cache.cache_folder() is None


def test_a_network_that_was_trained_on_is_not_taken_from_the_cache(tiny):
    choose_engine(open_network(tiny))
    network = load_network(tiny)
    before = choose_engine(network).run(IMAGES)
    network.model.layers[-1].bias.assign([5.0, 0.0, 0.0])
    assert choose_engine(network).run(IMAGES)[..., 0].mean() > before[..., 0].mean() + 0.2
    # And one that is built only after its engine was chosen.
    late = open_network(tiny)
    np.testing.assert_allclose(choose_engine(late).run(IMAGES), before, atol=0.02)
    late.model.layers[-1].bias.assign([5.0, 0.0, 0.0])
    assert choose_engine(late).run(IMAGES)[..., 0].mean() > before[..., 0].mean() + 0.2


def test_check_images_decide_and_a_wrong_engine_is_refused(tiny, monkeypatch, caplog):
    from temnet.inference.engines import openvino_network

    images = np.random.default_rng(1).normal(0, 2, (3, 34, 40, 1)).astype(np.float16)
    write_arrays(Path(tiny) / CHECK_FILE, {"images": images})
    assert "on check images with" in choose_engine(open_network(tiny)).reason
    monkeypatch.setenv("TEMNET_CACHE", "off")
    real = openvino_network.compile_network

    def wrong(model, precision):
        run = real(model, precision)
        return lambda given: run(given)[:, ::-1]  # mirrored

    monkeypatch.setattr(openvino_network, "compile_network", wrong)
    engine = choose_engine(open_network(tiny))
    assert engine.name == "Keras" and "disagrees with Keras" in engine.reason
    with pytest.raises(InputError, match="disagrees with Keras"):
        choose_engine(open_network(tiny), "openvino")
    monkeypatch.setenv("TEMNET_CACHE", str(tiny.parent / "refused"))
    choose_engine(open_network(tiny))
    monkeypatch.setattr(openvino_network, "compile_network", None)  # what was found is kept, too
    network = open_network(tiny)
    for _ in range(2):
        assert choose_engine(network).reason == engine.reason
    (Path(tiny) / CHECK_FILE).write_bytes(b"damaged")
    with pytest.raises(InputError, match="copy the network's whole folder again"):
        choose_engine(open_network(tiny))
