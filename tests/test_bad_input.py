"""Invalid input of every kind: exit code 2, one message, no traceback, nothing written."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

import temnet
from temnet import predict, run
from temnet.errors import InputError
from temnet.system import files

REPOSITORY = Path(__file__).parents[1]

YAML = """
images:
  files: [image.tif]
  sampling: 0.2
prediction:
  network: tiny
stages: [predict, occupancy, report]
"""

TRAINING = """
structure: {kind: nanoparticle}
microscope: {energy: 300e3, grid_sampling: 0.1, aperture_mrad: 30}
camera: {sampling: 0.2, dose: 1000}
labels: {classes: [metal, oxide], width: 0.4}
data: {image_size: 32}
model: {kind: unet, sampling: 0.2, depth: 1, filters: 2}
stages: [simulate, train, evaluate, report]
"""


@pytest.fixture
def here(tmp_path, monkeypatch, pretrained, dots, undrawn):
    monkeypatch.chdir(tmp_path)
    tifffile.imwrite(tmp_path / "image.tif", dots)
    (tmp_path / "a.yaml").write_text(YAML)
    (tmp_path / "training.yaml").write_text(TRAINING)
    return tmp_path


def contents(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def refused(here, capsys, arguments, main=run.main):
    """The message of a command that has to be refused without a trace."""
    before = contents(here)
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as stop:  # argparse's own way to refuse
        code = stop.code
    captured = capsys.readouterr()
    assert code == 2, captured
    assert "Traceback" not in captured.err and captured.out == ""
    assert contents(here) == before
    return captured.err


def save(here, name, data):
    if name.endswith(".npy"):
        np.save(here / name, data)
    else:
        tifffile.imwrite(here / name, data)


NOT_FINITE = np.ones((64, 64), np.float32) * np.arange(64, dtype=np.float32)
NOT_FINITE[::3, ::2] = np.nan


@pytest.mark.parametrize(
    ("assignment", "parts"),
    [
        ("prediction.treshold=0.5", ["prediction.treshold", "`threshold`"]),
        ("prediction.threshold=high", ["prediction.threshold", "number or `card`", "'high'"]),
        ("prediction.threshold=2", ["prediction.threshold", "less than 1", "got 2"]),
        ("images.sampling=-1", ["images.sampling", "at least 0.005", "got -1"]),
        ("images.sampling=header", ["image.tif", "images.sampling"]),
        ("images.mask=[[5, 5, 0, 9]]", ["images.mask", "got [5, 5, 0, 9]"]),
        ("images.mask=[[0, 9, 0, 900]]", ["image.tif", "images.mask", "does not fit the image"]),
        ("images.files=[gone.tif]", ["images.files", "'gone.tif'"]),
        ("images.files=['*.dm4']", ["images.files", "'*.dm4'"]),
        ("images.files=[a.yaml]", ["a.yaml", ".yaml", ".dm4"]),
        ("images.frames=[5, 9]", ["image.tif", "starts at 5", "only 1"]),
        ("prediction.network=gone", ["'gone'", "tiny", "tiny-series"]),
        ("prediction.network=tiny-series", ["tiny-series", "3 images", "got 1"]),
        ("occupancy.classes=[gold]", ["occupancy.classes", "gold", "metal"]),
        ("stages=[predict, fly]", ["stages.1", "'fly'"]),
        ("stages=[train]", ["stage `train` needs", "structure"]),
        ("images=null", ["stage `predict` needs", "images"]),
    ],
)
def test_wrong_settings(here, capsys, assignment, parts):
    message = refused(here, capsys, ["a.yaml", "--set", assignment])
    for part in parts:
        assert part in message
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "data", "part"),
    [
        ("nan.npy", NOT_FINITE, "NaN"),
        ("infinite.npy", np.where(np.eye(64) > 0, np.inf, np.eye(64, k=1)), "NaN or infinite"),
        ("small.tif", np.eye(8, dtype=np.float32), "8 x 8 pixels"),
        ("empty.npy", np.zeros((0, 64, 64), np.float32), "no"),
        ("flat.tif", np.ones((64, 64), np.float32), "same value"),
        ("complex.npy", np.ones((64, 64), np.complex64), "complex"),
        ("line.npy", np.arange(64.0), "image"),
        ("colour.tif", np.arange(64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8), "colour"),
    ],
)
def test_images_that_no_columns_can_be_found_in(here, capsys, name, data, part):
    save(here, name, data)
    message = refused(here, capsys, ["a.yaml", "--set", f"images.files=[{name}]"])
    assert name in message and part in message and message.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.tif", b"this is a text"),
        ("nothing.tif", b""),
        ("cut.tif", None),
        ("text.dm4", b"this is a text"),
        ("text.mrc", b"this is a text"),
        ("text.emd", b"this is a text"),
        ("text.npy", b"this is a text"),
        ("text.png", b"this is a text"),
    ],
)
def test_files_that_are_no_images(here, capsys, name, content):
    content = (here / "image.tif").read_bytes()[:300] if content is None else content
    (here / name).write_bytes(content)
    message = refused(here, capsys, ["a.yaml", "--set", f"images.files=[{name}]"])
    assert name in message and message.count("\n") == 1


def test_an_image_that_is_too_small_at_the_networks_pixels(here, capsys):
    message = refused(here, capsys, ["a.yaml", "--set", "images.sampling=0.02"])
    assert "image.tif" in message and "images.sampling" in message


def test_files_of_one_movie_that_differ_in_size(here, capsys, dots):
    save(here, "other.tif", dots[:40])
    files = "images.files=[image.tif, other.tif]"
    message = refused(here, capsys, ["a.yaml", "--set", files, "--set", "images.axes=frames"])
    assert "differ in size" in message


def test_occupancy_of_files_that_are_no_movie(here, capsys, dots):
    save(here, "other.tif", dots[:40])
    message = refused(here, capsys, ["a.yaml", "--set", "images.files=[image.tif, other.tif]"])
    assert "images.axes" in message and "frames" in message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("stages: [report", "not valid YAML"),
        ("", "expected sections"),
        ("- predict", "expected sections"),
        ("base: gone.yaml", "gone.yaml"),
        ("base: b.yaml", "leads back"),
        ("seed: 1\nseed: 2\nstages: [report]", "occurs twice"),
        ("stages: []", "stages"),
        ("seed: 1", "stages: this setting is missing"),
        ("version: 2\nstages: [report]", "version"),
    ],
)
def test_wrong_files(here, capsys, text, part):
    (here / "b.yaml").write_text(text)
    message = refused(here, capsys, ["b.yaml"])
    assert "b.yaml" in message and part in message


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["gone.yaml"], "does not exist"),
        (["."], "does not exist"),
        (["image.tif"], "not valid YAML"),
        ([], "FILE"),
        (["a.yaml", "--stage", "fly"], "fly"),
        (["a.yaml", "--set", "seed"], "--set seed"),
        (["a.yaml", "--set", "seed=[1"], "--set seed"),
        (["a.yaml", "--fast"], "--fast"),
        (["a.yaml", "--output", "image.tif"], "image.tif is a file"),
        (["a.yaml", "--output", "x" * 5000], "--output 'xxx"),
        (["a.yaml", "--check", "--output", "x/" * 3000], "more than the 4095"),
        (["a.yaml", "--set", "prediction.network=" + "x" * 300], "more than the 255"),
        (["a.yaml", "--set", "images.files=[" + "x" * 5000 + "]"], "more than the 4095"),
        (["a.yaml", "--set", 'images.files=["a\\0b"]'], "the character NUL"),
        (["a.yaml", "--set", "seed=" + "9" * 5000], "more than 38 digits"),
        (["a.yaml", "--set", "seed=" + "[" * 500], "more than 40 sections"),
        (["x" * 5000], "not a valid path"),
        (["a.yaml", "--stage", "occupancy"], "--stage predict --stage occupancy"),
        (["a.yaml", "--stage", "train"], "stage `train` needs"),
        (["training.yaml", "--stage", "evaluate"], "run `train` first"),
        (["a.yaml", "--stage", "predict", "fly"], "fly"),
        (["--stage", "predict", "report"], "FILE"),
        (["a.yaml", "--set", "seed=2", "depth"], "depth"),
        (["training.yaml", "--check", "--repair"], "--check changes no files, but --repair does"),
    ],
)
def test_wrong_commands(here, capsys, arguments, part):
    assert part in refused(here, capsys, arguments)


@pytest.mark.parametrize(
    ("assignment", "parts"),
    [
        ("data.image_size=33", ["data.image_size 33", "32 or 34"]),
        ("labels.classes=[Mo]", ["labels.classes", "nanoparticle", "metal"]),
        ("labels.width=0.1", ["labels.width", "model.sampling"]),
        ("microscope.aperture_mrad=90", ["microscope.grid_sampling", "aperture_mrad"]),
        ("structure.kind=diamond", ["structure.kind", "'diamond'", "mos2"]),
        ("structure.element=Fe", ["structure.element", "Fe", "Au"]),
        ("camera.dose={uniform: [5, 1]}", ["camera.dose", "[low, high]"]),
        ("camera.dose=-5", ["camera.dose", "more than 0", "got -5"]),
        (
            "vibrations={kind: einstein, sigma: {C: 0.1}}",
            ["vibrations.sigma has no value for", "Au", "`default`"],
        ),
        (
            "vibrations={kind: coordination, table: gold}",
            ["the table 'gold' does not exist", "gold_300K"],
        ),
        ("vibrations={kind: snapshots, file: x.npz}", ["vibrations.file", "x.npz"]),
        ("structure={kind: file, path: gone.cif}", ["structure.path", "'gone.cif'"]),
        ("structure={kind: python, function: 'gone:make'}", ["structure.function", "gone:make"]),
        ("training.epochs=0", ["training.epochs", "at least 1"]),
        ("training.epochs=1e15", ["training.epochs", "at most 100000"]),
        ("training.epochs='20'", ["training.epochs", "whole number", "'20'"]),
        ("data.folder=/dev/null", ["data.folder", "/dev/null", "cannot be used"]),
        ("data.folder=image.tif/sets", ["data.folder", "image.tif is not a folder"]),
        ("data.scheduler=file:///tmp/a.json", ["data.scheduler", "tcp://10.0.0.1:8786"]),
        ("microscope.defocus.steps=[1e30]", ["microscope.defocus.steps.0", "at most 10000"]),
        ("data.image_epochs=3", ["data", "data.source to fresh"]),
        ("data.augment.crop=64", ["data.augment.crop to at most 32"]),
        ("training.curriculum={epochs: 3}", ["training.curriculum", "data.source to fresh"]),
        ("training.class_weights={Mo: 2}", ["training.class_weights names Mo", "metal, oxide"]),
    ],
)
def test_impossible_trainings(here, capsys, assignment, parts):
    message = refused(here, capsys, ["training.yaml", "--set", assignment])
    for part in parts:
        assert part in message


def test_a_scheduler_that_does_not_answer(here, capsys, monkeypatch):
    monkeypatch.setattr("temnet.data.cluster.PATIENCE", 0.3)
    small = ["data.training=2", "data.selection=1", "data.validation=1"]
    arguments = ["training.yaml", "--stage", "simulate"]
    for assignment in (*small, "data.scheduler=tcp://127.0.0.1:9"):
        arguments += ["--set", assignment]
    assert run.main(arguments) == 2
    message = capsys.readouterr().err
    assert "data.scheduler tcp://127.0.0.1:9: no scheduler answers" in message
    assert "Traceback" not in message


def test_stored_sets_that_cannot_be_used(here, capsys):
    """Of other settings, damaged, and without a folder; `--repair` mends the second."""
    small = ["data.training=2", "data.selection=1", "data.validation=1", "data.workers=0"]
    arguments = ["training.yaml", "--stage", "simulate", "--set", "data.folder=sets"]
    for assignment in small:
        arguments += ["--set", assignment]
    assert run.main([*arguments, "--output", "out"]) == 0
    capsys.readouterr()
    other = [*arguments, "--output", "other", "--set", "camera.dose=500"]
    assert "camera.dose was 1000.0, is 500.0" in refused(here, capsys, other)
    chunk = here / "sets" / "training" / "columns" / "c" / "0" / "0" / "0"
    whole = chunk.read_bytes()
    chunk.write_bytes(whole[:-7])
    with pytest.raises(InputError, match="examples 0 to 1 are damaged.*--repair"):
        temnet.open_set("sets/training").example(0)
    assert run.main([*arguments, "--output", "out", "--repair"]) == 0
    assert "training: damaged examples 0 to 1" in capsys.readouterr().out
    assert chunk.read_bytes() == whole
    (here / "file").write_text("in the way")
    blocked = ["data.folder=file" if a == "data.folder=sets" else a for a in arguments]
    assert run.main([*blocked, "--output", "blocked"]) == 2
    assert "cannot be used" in capsys.readouterr().err


def test_a_table_that_was_cut_does_not_count_as_done(here, capsys):
    assert run.main(["a.yaml", "--stage", "predict", "report"]) == 0
    table = here / "runs" / "a" / "predict" / "columns.csv"
    whole = table.read_bytes()
    os.truncate(table, len(whole) // 2)
    capsys.readouterr()
    assert run.main(["a.yaml", "--stage", "predict", "report"]) == 0
    assert f"columns.csv has {len(whole) // 2:,} of {len(whole):,} bytes" in capsys.readouterr().err
    assert table.read_bytes() == whole
    assert run.main(["a.yaml", "--stage", "predict"]) == 0
    assert "predict: already done" in capsys.readouterr().err


def test_a_run_folder_with_results_of_other_settings(here, capsys):
    assert run.main(["a.yaml", "--stage", "predict"]) == 0
    capsys.readouterr()
    arguments = ["a.yaml", "--stage", "predict", "--set", "prediction.threshold=0.7"]
    message = refused(here, capsys, arguments)
    assert "prediction.threshold was 'card', is 0.7" in message and "--overwrite" in message


def test_a_folder_of_someone_else_in_the_run_folder(here, capsys):
    (here / "mine" / "predict").mkdir(parents=True)
    (here / "mine" / "predict" / "precious").touch()
    message = refused(here, capsys, ["a.yaml", "--output", "mine", "--overwrite"])
    assert "not created by the stage" in message


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["gone.tif", "--network", "tiny", "--sampling", "0.2"], "'gone.tif'"),
        (["image.tif", "--network", "gone", "--sampling", "0.2"], "'gone'"),
        (["image.tif", "--network", "tiny"], "--sampling"),
        (["image.tif", "--network", "tiny", "--sampling", "0"], "sampling"),
        (["image.tif", "--network", "tiny", "--sampling", "x"], "sampling"),
        (["image.tif", "--network", "tiny-series", "--sampling", "0.2"], "3 images"),
        (["image.tif", "--network", "tiny", "--sampling", "0.2", "--threshold", "3"], "threshold"),
        (["a.yaml", "--network", "tiny", "--sampling", "0.2"], ".yaml"),
        (["empty", "--network", "tiny"], "empty"),
        (["image.tif", "--network", "tiny", "--outputs", "hdf"], "expected hdf5, xyz"),
        (["image.tif", "--network", "tiny", "--min-distance", "-1"], "min_distance"),
        (["image.tif", "--network", "tiny", "--sampling", "0.2", "--output", "x" * 300], "255"),
        (["image.tif", "--network", "x" * 5000], "more than the 4095"),
        (["image.tif"], "--network"),
    ],
)
def test_the_predict_command(here, capsys, arguments, part):
    assert part in refused(here, capsys, arguments, predict.main)


def test_an_output_that_must_not_be_written(here, capsys, monkeypatch):
    def forbidden(path, *arguments):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "mkdir", forbidden)
    message = refused(here, capsys, ["a.yaml", "--output", "locked"])
    assert message.startswith("locked: the folder cannot be created (Permission denied)")
    arguments = ["image.tif", "--network", "tiny", "--sampling", "0.2", "--output", "locked"]
    message = refused(here, capsys, arguments, main=predict.main)
    assert "locked/image: the folder cannot be created (Permission denied)" in message


def test_a_disk_that_is_full_in_the_middle_of_a_run(here, capsys, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", full)
        assert run.main(["a.yaml", "--output", "out"]) == 2
    message = capsys.readouterr().err
    assert "the disk is full" in message and "Traceback" not in message
    assert run.main(["a.yaml", "--output", "out"]) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_log_file_that_takes_no_more_stops_nothing(here, capsys):
    (here / "out").mkdir()
    (here / "out" / "log.txt").symlink_to("/dev/full")
    assert run.main(["a.yaml", "--output", "out"]) == 0
    assert "Logging error" not in capsys.readouterr().err


def test_the_command_itself_exits_with_2_and_one_line(here):
    done = subprocess.run(
        [sys.executable, "-m", "temnet.run", "a.yaml", "--set", "images.files=[gone.tif]"],
        cwd=here,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "gone.tif" in done.stderr
