import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from temnet.config.card import card_of
from temnet.config.card_scores import SelectionScores
from temnet.errors import InputError
from temnet.models import network_folders
from temnet.models.checkpoint import load_network, save_network
from temnet.models.description import describe
from temnet.models.factory import build_model
from temnet.models.network import Network, check_focus_count
from temnet.models.network_folders import network_names

METRICS = SelectionScores(images=20, macro_f1=0.9, classes={})


def card_for(experiment, threshold=0.35):
    return replace(describe("tiny-net", experiment, threshold), metrics=METRICS)


@pytest.fixture(scope="module")
def tiny_net(make_experiment, tmp_path_factory):
    experiment = make_experiment(training={"precision": "mixed_bfloat16"})
    model, folder = build_model(experiment), tmp_path_factory.mktemp("saved") / "tiny-net"
    save_network(folder, model, experiment, card_for(experiment))
    return folder, model, experiment


@pytest.fixture
def saved(tiny_net, tmp_path, monkeypatch):
    """A network saved in a search folder of its own."""
    monkeypatch.setenv("TEMNET_PRETRAINED", str(tmp_path))
    folder, model, experiment = tiny_net
    return shutil.copytree(folder, tmp_path / "tiny-net"), model, experiment


def change_card(folder, **changes):
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_round_trip(saved):
    folder, model, experiment = saved
    network = load_network(folder)
    assert network.name == "tiny-net"
    assert network.experiment == experiment
    assert not network.model.compiled
    assert network.model.get_layer("bottom_1_conv").compute_dtype == "float32"
    for first, second in zip(network.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    assert sorted(path.name for path in folder.iterdir()) == [
        "card.json", "experiment.yaml", "model.keras",
    ]  # fmt: skip


def test_the_card_describes_the_network(saved):
    card = load_network(saved[0]).card
    expected = {
        "name": "tiny-net",
        "kind": "unet",
        "structure": "mos2",
        "classes": ["Mo", "S2", "S"],
        "focus_count": 3,
        "focus_steps": [0, 50, 100],
        "sampling": 0.12,
        "energies": [50e3, 60e3],
        "defocus": [-100, 200],
        "Cs_um": [-15, 15],
        "dose": [1e2, 1e5],
        "camera_sampling": [0.1, 0.12],
        "seed": 3,
        "parameters": saved[1].count_params(),
        "keras": keras.__version__,
        "schema": 1,
        "threshold": 0.35,
        "metrics": {"images": 20, "macro_f1": 0.9, "classes": {}, "split": "selection"},
    }
    entries = json.loads((saved[0] / "card.json").read_text())
    assert {key: entries[key] for key in expected} == expected
    assert len(card.sha256) == 64 and card.temnet
    assert card == card_of(entries)


@pytest.mark.parametrize("name", ["tiny-net", "tiny_net"])
def test_found_by_name(saved, name):
    assert load_network(name).name == "tiny-net"


def test_an_unknown_name_lists_the_known_ones(saved):
    with pytest.raises(InputError, match=r"no network 'tiny-nets'; did you mean tiny-net\?"):
        load_network("tiny-nets")
    with pytest.raises(InputError, match=r"no network 'zzz'; the networks are .*tiny-net"):
        load_network("zzz")
    assert "tiny-net" in network_names()


def test_no_networks_at_all(monkeypatch, tmp_path):
    monkeypatch.setattr(network_folders, "search_folders", lambda: [tmp_path])
    with pytest.raises(InputError, match="no networks are installed"):
        load_network("anything")


def test_another_file_is_refused(saved):
    path = saved[0] / "model.keras"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(InputError, match="sha256.*Copy the whole folder again"):
        load_network(saved[0])


def test_a_newer_card_is_refused(saved):
    change_card(saved[0], schema=2)
    with pytest.raises(InputError, match="schema 2, this temnet reads up to 1; update temnet"):
        load_network(saved[0])


@pytest.mark.parametrize("file", ["model.keras", "experiment.yaml"])
def test_a_missing_file_is_named(saved, file):
    (saved[0] / file).unlink()
    with pytest.raises(InputError, match=f"{file} is missing"):
        load_network(saved[0])


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 1}', "\xff"])
def test_an_invalid_card(saved, text):
    (saved[0] / "card.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"card\.json"):
        load_network(saved[0])


def test_a_folder_that_is_no_network(saved, tmp_path):
    (tmp_path / "holiday").mkdir()
    with pytest.raises(InputError, match="not a network's folder; expected card.json"):
        load_network(tmp_path / "holiday")


def test_a_model_that_keras_cannot_read(saved):
    path = saved[0] / "model.keras"
    path.write_bytes(b"no model")
    change_card(saved[0], sha256=network_folders.file_hash(path))
    with pytest.raises(InputError, match=r"has 8 bytes, the [\d,]+ weights of the network need"):
        load_network(saved[0])


def test_saving_again_replaces_it(saved):
    folder, model, experiment = saved
    save_network(folder, model, experiment, card_for(experiment, 0.5))
    assert load_network(folder).card.threshold == 0.5


def test_a_failed_save_keeps_the_old_one(saved):
    folder, model, experiment = saved
    card = replace(card_for(experiment), metrics=replace(METRICS, macro_f1=object()))
    with pytest.raises(ValueError, match="object"):
        save_network(folder, model, experiment, card)
    assert load_network(folder).card.threshold == 0.35
    assert [path.name for path in folder.parent.iterdir()] == ["tiny-net"]


def test_a_save_whose_last_step_fails_keeps_the_old_one(saved, monkeypatch):
    folder, model, experiment = saved
    rename = Path.rename

    def fails(path, target):
        if path.suffix == ".part":
            raise OSError(errno.EIO, "the disk is broken")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OSError, match="broken"):
        save_network(folder, model, experiment, card_for(experiment, 0.5))
    assert load_network(folder).card.threshold == 0.35
    assert [path.name for path in folder.parent.iterdir()] == ["tiny-net"]


def test_a_folder_of_something_else_is_not_replaced(saved, tmp_path):
    _, model, experiment = saved
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
    with pytest.raises(InputError, match="not replaced"):
        save_network(tmp_path / "thesis", model, experiment, card_for(experiment))
    assert (tmp_path / "thesis" / "chapter.tex").exists()


def test_focus_count(saved, make_experiment):
    series = load_network(saved[0])
    check_focus_count(series, 3)
    with pytest.raises(InputError, match=r"series of 3 images.*got 1 per frame.*Give all"):
        check_focus_count(series, 1)
    single = make_experiment(microscope={"energy": 50e3, "aperture_mrad": 40})
    network = Network("single", build_model(single), single, describe("single", single, 0.5))
    with pytest.raises(InputError, match=r"single images; got 3 per frame.*images.axes to frames"):
        check_focus_count(network, 3)


def test_a_network_brings_no_python_function_along(make_experiment, tmp_path):
    function = {"kind": "python", "function": "somewhere:make"}
    experiment = make_experiment(structure=function)
    save_network(tmp_path / "evil", build_model(experiment), experiment, card_for(experiment))
    with pytest.raises(InputError, match="names? the Python function somewhere:make"):
        load_network(tmp_path / "evil")


@pytest.mark.parametrize(
    "entry",
    [
        {"threshold": None}, {"threshold": "0.5"}, {"threshold": 7}, {"focus_count": None},
        {"score_calibration": {"slope": "a"}}, {"camera_sampling": "x"}, {"sha256": 5},
        {"image_statistics": {"x": 1}}, {"classes": "Mo"},
    ],
)  # fmt: skip
def test_an_entry_that_somebody_has_spoilt_is_named(saved, entry):
    change_card(saved[0], **entry)
    with pytest.raises(
        InputError, match=rf"card\.json: {next(iter(entry))} is missing or not valid"
    ):
        load_network(saved[0])


def test_the_old_name_of_the_settings_warns(saved):
    network = load_network(saved[0])
    with pytest.warns(FutureWarning, match="experiment"):
        assert network.config is network.experiment


DEAD = 2**22 + 1
"""Number of a process that does not run; Linux has none that large."""


@pytest.mark.parametrize("by", ["name", "folder"])
def test_a_network_whose_replacement_was_interrupted_is_found(saved, by):
    folder = saved[0]
    folder.rename(folder.with_name(f".{folder.name}.{DEAD}.old"))
    assert network_names() == [name for name in network_names() if "tiny" not in name]
    assert load_network(folder.name if by == "name" else folder).name == "tiny-net"
    assert [path.name for path in folder.parent.iterdir()] == ["tiny-net"]


def test_a_network_that_is_being_written_is_not_found(saved):
    folder = saved[0]
    folder.rename(folder.with_name(f".{folder.name}.{os.getppid()}.part"))
    assert not any("tiny" in name for name in network_names())
    with pytest.raises(InputError, match="no network"):
        load_network(".tiny-net")


def test_saving_removes_what_was_left(saved):
    folder, model, experiment = saved
    folder.with_name(f".{folder.name}.{DEAD}.part").mkdir()
    save_network(folder, model, experiment, card_for(experiment))
    assert [path.name for path in folder.parent.iterdir()] == ["tiny-net"]
