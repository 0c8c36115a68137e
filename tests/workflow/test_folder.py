import getpass
import json
import os
import platform
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from temnet.config.experiment import Experiment
from temnet.config.loading import load_experiment
from temnet.errors import InputError
from temnet.workflow.folder import (
    DONE,
    RUNNING,
    Record,
    alone_in,
    check_root,
    damage_of,
    default_folder,
    environment,
    prepare_root,
    read_record,
    remove_stage,
    stage_folder,
)

SETTINGS = {"model": {"depth": 4}, "simulation": 3}


def test_a_stage_appears_in_one_step(tmp_path):
    with stage_folder(tmp_path, "evaluate", SETTINGS, resumable=False) as folder:
        (folder / "scores.csv").write_text("a")
        assert not (tmp_path / "evaluate").exists()
    assert (tmp_path / "evaluate" / "scores.csv").read_text() == "a"
    assert read_record(tmp_path, "evaluate") == Record(DONE, SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["evaluate"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_stage_that_fails_leaves_nothing_and_keeps_the_earlier_result(tmp_path, error):
    with pytest.raises(error), stage_folder(tmp_path, "evaluate", SETTINGS, False) as folder:
        (folder / "half").write_text("a")
        raise error
    assert list(tmp_path.iterdir()) == []
    with stage_folder(tmp_path, "evaluate", SETTINGS, False) as folder:
        (folder / "scores.csv").write_text("old")
    with pytest.raises(error), stage_folder(tmp_path, "evaluate", {}, False) as folder:
        raise error
    assert (tmp_path / "evaluate" / "scores.csv").read_text() == "old"
    assert read_record(tmp_path, "evaluate").settings == SETTINGS


def test_a_new_result_replaces_the_old_one_with_all_of_its_files(tmp_path):
    for name in ("old", "new"):
        with stage_folder(tmp_path, "evaluate", SETTINGS, False) as folder:
            (folder / name).touch()
    assert not (tmp_path / "evaluate" / "old").exists()


def test_a_resumable_stage_keeps_what_it_has(tmp_path):
    with (
        pytest.raises(KeyboardInterrupt),
        stage_folder(tmp_path, "train", SETTINGS, True) as folder,
    ):
        (folder / "last").touch()
        raise KeyboardInterrupt
    assert read_record(tmp_path, "train") == Record(RUNNING, SETTINGS)
    with stage_folder(tmp_path, "train", SETTINGS, True) as folder:
        assert (folder / "last").exists()
    assert read_record(tmp_path, "train").status == DONE


def test_a_resumable_stage_never_appears_without_its_record(tmp_path, monkeypatch):
    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("temnet.workflow.folder.write_record", killed)
        with pytest.raises(KeyboardInterrupt), stage_folder(tmp_path, "train", SETTINGS, True):
            pass
    assert read_record(tmp_path, "train") is None
    assert list(tmp_path.iterdir()) == []


def test_a_removal_that_is_killed_leaves_no_half_of_a_result(tmp_path, monkeypatch):
    with stage_folder(tmp_path, "train", SETTINGS, True) as folder:
        (folder / "last").touch()

    def killed(path, ignore_errors=False):
        if path.exists():
            (path / "stage.json").unlink()
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("temnet.workflow.folder.shutil.rmtree", killed)
        remove_stage(tmp_path, "train")
    assert read_record(tmp_path, "train") is None
    with stage_folder(tmp_path, "train", SETTINGS, True) as folder:
        assert not (folder / "last").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


@pytest.mark.parametrize("stage", ["simulate", "train", "evaluate"])
def test_a_record_without_a_simulation_is_of_version_3(tmp_path, stage):
    for settings in ({"seed": 1}, {"seed": 1, "simulation": 4}):
        with stage_folder(tmp_path, stage, settings, False):
            pass
        assert read_record(tmp_path, stage).settings == {"simulation": 3, **settings}


def test_temporary_folders_of_a_killed_run_are_removed(tmp_path):
    (tmp_path / ".evaluate.partial").mkdir()
    (tmp_path / ".evaluate.partial" / "half").touch()
    with stage_folder(tmp_path, "evaluate", SETTINGS, False):
        pass
    assert not (tmp_path / "evaluate" / "half").exists()
    assert not (tmp_path / ".evaluate.partial").exists()


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"status": "done"}'])
def test_a_folder_that_no_stage_made_is_never_removed(tmp_path, content):
    folder = tmp_path / "train"
    folder.mkdir()
    (folder / "precious").touch()
    if content is not None:
        (folder / "stage.json").write_text(content)
    with pytest.raises(InputError, match="not created by the stage"):
        remove_stage(tmp_path, "train")
    assert (folder / "precious").exists()


def test_removing_a_missing_stage_does_nothing(tmp_path):
    remove_stage(tmp_path, "train")


def test_the_run_folder_holds_settings_and_versions(tmp_path):
    root = tmp_path / "a" / "b"
    experiment = Experiment(stages=("report",), seed=7)
    prepare_root(root, experiment)
    assert load_experiment(root / "experiment.yaml") == experiment
    values = json.loads((root / "environment.json").read_text())
    assert values["python"] == platform.python_version()
    assert values["packages"]["numpy"].count(".") == 2


def test_the_environment_names_no_host_user_or_folder():
    text = json.dumps(environment())
    assert "/" not in text and str(Path.home()) not in text
    words = {platform.node(), getpass.getuser()} - {"root", ""}
    assert not any(word in text for word in words)


def test_default_folder(tmp_path):
    assert default_folder(Path("experiments/quickstart.yaml")) == Path("runs/quickstart")
    (tmp_path / "environment.json").touch()
    assert default_folder(tmp_path / "experiment.yaml") == tmp_path
    assert default_folder(Path("elsewhere/experiment.yaml")) == Path("runs/experiment")
    recording = tmp_path / "live_20260101_120000" / "recording.yaml"
    assert default_folder(recording) == Path("runs/live_20260101_120000")
    assert default_folder(Path("...yaml")) == Path("runs/run")  # and not the folder around it


def test_a_file_is_refused_as_run_folder(tmp_path):
    check_root(tmp_path / "new" / "deeper")
    (tmp_path / "file").touch()
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="is a file"):
            check_root(root)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="not writable"):
        check_root(tmp_path / "new")


def test_two_runs_never_share_a_folder(tmp_path):
    with alone_in(tmp_path):
        with pytest.raises(InputError, match="another run is using"), alone_in(tmp_path):
            pass
    with alone_in(tmp_path):
        pass


def test_a_killed_run_leaves_no_lock(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from temnet.workflow.folder import alone_in\n"
        "with alone_in(Path(sys.argv[1])): print('inside', flush=True); time.sleep(60)"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "inside\n"
        with pytest.raises(InputError, match="another run is using"), alone_in(tmp_path):
            pass
        holder.kill()
    with alone_in(tmp_path):
        pass


def test_leftovers_of_a_killed_run_are_removed_by_the_next(tmp_path):
    dead = 2**22 + 1  # more than any process of Linux has
    (tmp_path / "train").mkdir()
    for name in (f".experiment.yaml.{dead}.part", f"train/.best.{dead}.part.keras", "train/kept"):
        (tmp_path / name).touch()
    with alone_in(tmp_path):
        assert sorted(path.name for path in tmp_path.rglob("*")) == [".lock", "kept", "train"]


def made(root, **files):
    """A stage's finished result with these files."""
    with stage_folder(root, "predict", SETTINGS, resumable=False) as folder:
        for name, text in files.items():
            path = folder / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)
    return root / "predict"


def wrong(root):
    return damage_of(root, "predict", read_record(root, "predict"))


LARGE = bytes(5 * 2**20)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda folder: os.truncate(folder / "columns.csv", 20), "columns.csv has 20 of 26 bytes"),
        (lambda folder: (folder / "columns.csv").write_text("A" * 26), "columns.csv was changed"),
        (lambda folder: (folder / "columns.csv").unlink(), "columns.csv is missing"),
        (
            lambda folder: (folder / "large.bin").write_bytes(LARGE + b"1"),
            "large.bin has 5,242,881",
        ),
        (lambda folder: (folder / "large.bin").write_bytes(LARGE[:-1] + b"1"), "large.bin was"),
        (lambda folder: (folder / "maps" / "a.tif").unlink(), "maps/ has 1 files of 3 bytes; 2 of"),
        (lambda folder: os.truncate(folder / "maps" / "b.tif", 1), "maps/ has 2 files of 5 bytes"),
    ],
)
def test_damage_is_noticed(tmp_path, change, text):
    folder = made(
        tmp_path, columns_csv="a,b\n" * 6 + "1\n", large_bin=LARGE, maps__a_tif="1234",
        maps__b_tif="123",
    )  # fmt: skip
    assert wrong(tmp_path) is None
    change(folder)
    assert wrong(tmp_path).startswith(text)


def test_changes_that_are_no_damage(tmp_path):
    """Files that were added, folders that were removed, other times, a card that was changed."""
    folder = made(tmp_path, columns_csv="a", maps__a_tif="1", network__card_json="{}", card_json="")
    (folder / "notes.txt").write_text("mine")
    (folder / "network" / "card.json").write_text('{"threshold": 0.5}')
    (folder / "maps" / "more.tif").write_text("2")
    os.utime(folder / "columns.csv", (0, 0))
    assert wrong(tmp_path) is None
    shutil.rmtree(folder / "maps")
    assert wrong(tmp_path) is None


def test_folders_of_an_earlier_version_and_of_a_running_stage_are_not_checked(tmp_path):
    folder = made(tmp_path, columns_csv="a")
    values = json.loads((folder / "stage.json").read_text())
    assert values["files"] == {"columns.csv": [1, zlib.crc32(b"a")]}
    (folder / "stage.json").write_text(json.dumps({**values, "files": None}))
    (folder / "columns.csv").unlink()
    assert wrong(tmp_path) is None
    (folder / "stage.json").write_text(json.dumps({**values, "status": RUNNING}))
    assert wrong(tmp_path) is None


def test_a_record_with_a_name_that_is_not_utf_8_reads_back(tmp_path):
    settings = {"files": ["a\udcff.tif"], "simulation": 3}
    with stage_folder(tmp_path, "train", settings, False) as folder:
        (folder / "b\udcfe.csv").touch()
    record = read_record(tmp_path, "train")
    assert record.settings == settings and damage_of(tmp_path, "train", record) is None
