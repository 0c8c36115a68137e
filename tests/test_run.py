"""The commands: from a YAML file to a run folder, stopped and resumed."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile

from temnet import predict, run
from temnet.command_line import run_log
from temnet.config.loading import load_experiment
from temnet.config.schema import json_schema
from temnet.evaluation.scores import ScoreRow
from temnet.models.network_folders import update_card
from temnet.movies.site_tables import SiteRow
from temnet.reporting.files.column_table import column_fields
from temnet.reporting.files.kept_frames import each_frame, read_index
from temnet.reporting.snapshots import read_pictures
from temnet.tables import csv_rows
from temnet.tables.csv_tables import read_table

REPOSITORY = Path(__file__).parents[1]

MOVIE = """
images: {files: [movie.tif], sampling: 0.2, axes: frames}
prediction: {network: tiny}
occupancy: {classes: [metal, oxide], tolerance: 0.7}
stages: [predict, occupancy, report]
"""

TRAINING = """
structure: {kind: mos2, holes: 0}
microscope: {energy: 50e3, defocus: {start: -50}, grid_sampling: 0.15, aperture_mrad: 50}
camera: {sampling: 0.2, dose: 1e5}
labels: {classes: [Mo, S2, S], width: 0.4}
data: {image_size: 32, training: 4, selection: 2, validation: 3, workers: 0, folder: sets}
model: {kind: unet, sampling: 0.2, depth: 1, filters: 4}
training: {epochs: 2, images_per_epoch: 4, batch_size: 2}
stages: [simulate, train, evaluate, report]
"""


@pytest.fixture
def here(tmp_path, monkeypatch, pretrained, dots):
    monkeypatch.chdir(tmp_path)
    # The specimen moves by a pixel per frame in the columns.
    frames = np.stack([np.roll(dots, shift, axis=1) for shift in range(4)])
    tifffile.imwrite(tmp_path / "movie.tif", frames, photometric="minisblack")
    (tmp_path / "movie.yaml").write_text(MOVIE)
    (tmp_path / "training.yaml").write_text(TRAINING)
    return tmp_path


def command(*arguments, cwd, module="temnet.run", **environment):
    return [sys.executable, "-m", module, *map(str, arguments)], {
        "cwd": cwd,
        "env": {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        "text": True,
    }


def header(path):
    return tuple(path.read_text(encoding="utf-8").splitlines()[0].split(","))


def test_a_movie_becomes_columns_sites_and_a_page(here, capsys):
    assert run.main(["movie.yaml"]) == 0
    captured = capsys.readouterr()
    root = Path("runs/movie")
    assert captured.out == f"The results are in {root / 'index.html'}\n"
    for line in ("predict: started", "predict: done", "occupancy: done", "report: done"):
        assert line in captured.err
    assert "100%" in captured.err
    assert sorted(path.name for path in root.iterdir() if path.is_dir()) == [
        "occupancy", "predict", "report",
    ]  # fmt: skip
    assert header(root / "predict" / "columns.csv") == column_fields(["metal", "oxide"])
    assert header(root / "occupancy" / "sites.csv") == csv_rows.header(SiteRow)
    assert header(root / "occupancy" / "transitions.csv") == ("frame", "site", "from", "to")
    columns = read_table(root / "predict" / "columns.csv")
    assert {row["frame"] for row in columns} == {0, 1, 2, 3}
    assert {row["file"] for row in columns} == {"movie.tif"}
    # The same columns with their sites, which stand in sites.csv.
    followed = read_table(root / "occupancy" / "columns.csv")
    assert [row["row_pixel"] for row in followed] == [row["row_pixel"] for row in columns]
    sites = {row["site"] for row in read_table(root / "occupancy" / "sites.csv")}
    assert {row["site"] for row in followed} - {-1} == sites
    kept = root / "predict" / "images.npz"
    assert [frame.shape for frame in each_frame(kept)] == [(64, 48)] * 4
    assert read_index(kept).sampling.tolist() == [0.2] * 4
    assert "<html" in (root / "index.html").read_text(encoding="utf-8")


def test_the_run_folder_explains_itself(here, undrawn):
    assert run.main(["movie.yaml", "--set", "occupancy.tolerance=0.8"]) == 0
    root = Path("runs/movie")
    resolved = load_experiment(root / "experiment.yaml")
    assert resolved.occupancy.tolerance == 0.8
    assert resolved == load_experiment("movie.yaml", {"occupancy": {"tolerance": 0.8}})
    environment = (root / "environment.json").read_text()
    assert json.loads(environment)["packages"]["keras"]
    assert str(here) not in environment
    log = (root / "log.txt").read_text()
    assert "INFO temnet.workflow.plan: predict: started" in log and "sites in 4 frames" in log
    for stage in ("predict", "occupancy"):
        assert json.loads((root / stage / "stage.json").read_text())["status"] == "done"
    # The settings in a run folder belong to that folder.
    assert run.main([str(root / "experiment.yaml")]) == 0
    assert (root / "log.txt").read_text().count("predict: already done") == 1


def test_a_second_start_does_nothing_twice(here, undrawn, capsys):
    assert run.main(["movie.yaml"]) == 0
    before = (here / "runs/movie/predict/columns.csv").stat().st_mtime_ns
    capsys.readouterr()
    assert run.main(["movie.yaml"]) == 0
    assert "predict: already done" in capsys.readouterr().err
    assert (here / "runs/movie/predict/columns.csv").stat().st_mtime_ns == before


def test_sites_beside_a_mask_are_not_followed(here):
    arguments = ["movie.yaml", "--stage", "predict", "occupancy"]
    assert run.main([*arguments, "--set", "images.mask=[[20, 44, 0, 48]]"]) == 0
    root = Path("runs/movie")
    assert any(8.7 < row["row_angstrom"] < 9.4 for row in read_table(root / "predict/columns.csv"))
    rows = [row["row_angstrom"] for row in read_table(root / "occupancy/sites.csv")]
    assert rows and not any(3.9 - 0.7 < row < 8.7 + 0.7 for row in rows)
    series = json.loads((root / "predict/series.json").read_text())
    assert series[0]["masked_angstrom"] == [pytest.approx([3.9, 8.7, -0.1, 9.5])]


def test_files_of_one_name_are_distinguished(here, dots):
    """Two microscopes' files, one of half the pixel size."""
    for folder, shift in (("day1", 0), ("day2", 3)):
        Path(folder).mkdir()
        np.save(f"{folder}/im.npy", np.roll(dots, shift, axis=0))
    files = "images.files=[day1/im.npy, day2/im.npy]"
    options = ["--stage", "predict", "report", "--set", files, "images.axes=auto"]
    assert run.main(["movie.yaml", *options]) == 0
    root = Path("runs/movie")
    rows = read_table(root / "predict/columns.csv")
    assert {row["file"] for row in rows} == {"day1_im.npy", "day2_im.npy"}
    frames = read_index(root / "predict/images.npz")
    assert frames.names == ("day1_im.npy", "day2_im.npy")
    for name in frames.names:
        mine = [row for row in rows if row["file"] == name]
        text = (root / "report" / f"columns_{frames.names.index(name):04d}.svg").read_text()
        number = sum(row["class"] == "metal" for row in mine)
        assert f"metal: {number}" in text


def test_frames_count_from_the_first_chosen_one(here, undrawn):
    assert run.main(["movie.yaml", "--set", "images.frames=[1, 4]"]) == 0
    assert {row["frame"] for row in read_table(Path("runs/movie/predict/columns.csv"))} == {0, 1, 2}
    assert json.loads(Path("runs/movie/predict/series.json").read_text())[0]["first_frame"] == 1
    assert "frame 1 of the movie" in Path("runs/movie/index.html").read_text()


@pytest.mark.slow
def test_a_changed_image_is_a_changed_input(here, undrawn, capsys):
    assert run.main(["movie.yaml"]) == 0
    frames = tifffile.imread("movie.tif")[:3]
    tifffile.imwrite("movie.tif", frames, photometric="minisblack")
    assert run.main(["movie.yaml"]) == 2
    assert "images.files" in capsys.readouterr().err
    assert run.main(["movie.yaml", "--overwrite"]) == 0
    assert {row["frame"] for row in read_table(Path("runs/movie/predict/columns.csv"))} == {0, 1, 2}


@pytest.mark.parametrize(
    "entry", [{"threshold": 0.99}, {"score_calibration": {"slope": 2.0, "offset": -1.0}}]
)
def test_other_scores_of_the_network_are_a_changed_input(here, pretrained, entry, capsys):
    shutil.copytree(pretrained / "tiny", here / "mine")
    arguments = ["movie.yaml", "--set", "prediction.network=./mine", "--stage", "predict"]
    assert run.main(arguments) == 0
    update_card(here / "mine", **entry)
    assert run.main(arguments) == 2
    assert "prediction.fingerprint" in capsys.readouterr().err
    assert run.main([*arguments, "--overwrite"]) == 0


def test_stages_may_be_run_one_by_one(here, undrawn):
    options = ["movie.yaml", "--output", "out"]
    assert run.main([*options, "--stage", "predict"]) == 0
    assert not Path("out/occupancy").exists()
    assert run.main([*options, "--stage", "occupancy", "--stage", "report"]) == 0
    assert Path("out/occupancy/sites.csv").exists() and Path("out/index.html").exists()


@pytest.mark.parametrize(
    ("words", "file", "stages", "settings"),
    [
        ("a.yaml --stage evaluate --stage report", "a.yaml", ["evaluate", "report"], []),
        ("a.yaml --stage evaluate report", "a.yaml", ["evaluate", "report"], []),
        ("--stage evaluate report a.yaml", "a.yaml", ["evaluate", "report"], []),
        ("--stage evaluate a.yaml --stage report", "a.yaml", ["evaluate", "report"], []),
        ("--stage predict report --set seed=2 a.b=1 a.yaml", "a.yaml", ["predict", "report"],
         ["seed=2", "a.b=1"]),
        ("a.yaml --set seed=2 --set a.b=1 c=[1,2] --check", "a.yaml", [],
         ["seed=2", "a.b=1", "c=[1,2]"]),
        # A run folder named by a setting, and a file that is there, are FILE as before.
        ("--set seed=2 runs/rate=0.1/experiment.yaml", "runs/rate=0.1/experiment.yaml", [],
         ["seed=2"]),
        ("--set seed=2 rate=3.yaml", "rate=3.yaml", [], ["seed=2"]),
        ("--set seed=2 -- a.yaml", "a.yaml", [], ["seed=2"]),
    ],
)  # fmt: skip
def test_several_names_may_follow_one_option(here, words, file, stages, settings):
    (here / "rate=3.yaml").touch()
    options = run.parse(words.split())
    assert (str(options.file), options.stage, options.set) == (file, stages, settings)


def test_stages_and_settings_in_one_line(here, undrawn):
    words = "--stage predict report --set prediction.threshold=0.4 seed=7 movie.yaml"
    assert run.main(words.split()) == 0
    assert not Path("runs/movie/occupancy").exists() and Path("runs/movie/index.html").exists()
    resolved = load_experiment("runs/movie/experiment.yaml")
    assert (resolved.prediction.threshold, resolved.seed) == (0.4, 7)


def test_check_prints_and_writes_nothing(here, capsys):
    before = sorted(here.rglob("*"))
    assert run.main(["movie.yaml", "--check"]) == 0
    text = capsys.readouterr().out
    for part in ("runs/movie", "4 frame(s) of 64 x 48 pixels of 0.2 Å", "tiny", "metal, oxide"):
        assert part in text
    assert sorted(here.rglob("*")) == before


def test_a_network_is_trained_and_scored(here, capsys):
    assert run.main(["training.yaml"]) == 0
    root = Path("runs/training")
    rows = read_table(root / "evaluate" / "scores.csv")
    assert header(root / "evaluate" / "scores.csv") == csv_rows.header(ScoreRow)
    assert {row["index"] for row in rows} == {0, 1, 2}
    assert {row["class"] for row in rows} == {"Mo", "S2", "S", "any", "all"}
    assert all(row["dose"] == 1e5 and row["defocus"] == -50 for row in rows)
    summary = json.loads((root / "evaluate" / "summary.json").read_text())["networks"]["training"]
    truth = summary["classes"]["Mo"]["true_positives"] + summary["classes"]["Mo"]["false_negatives"]
    mo = [row for row in rows if row["class"] == "Mo"]
    assert truth == sum(row["true_positives"] + row["false_negatives"] for row in mo)
    card = json.loads((root / "train" / "network" / "card.json").read_text())
    assert card["name"] == "training" and card["metrics"]["images"] == 2
    assert card["threshold"] == summary["threshold"]
    seen = {
        row["index"]
        for row in rows
        if row["class"] == "all" and row["true_positives"] + row["false_negatives"]
    }
    # An image without columns has no F1 by which it could be shown.
    assert len(read_pictures(root / "evaluate" / "examples.npz")) == len(seen) == 2
    assert [row["epoch"] for row in read_table(root / "train" / "log.csv")] == [0, 1]
    # The network that came out serves for images, by its folder.
    tifffile.imwrite("image.tif", tifffile.imread("movie.tif")[0])
    arguments = ["image.tif", "--network", str(root / "train" / "network"), "--sampling", "0.2"]
    assert predict.main(arguments) == 0
    assert header(Path("runs/predict/image/predict/columns.csv")) == column_fields(
        ["Mo", "S2", "S"]
    )


@pytest.mark.slow
def test_fresh_images_that_serve_some_epochs_are_the_training_s_own(here):
    fresh = ["data.source=fresh", "data.image_epochs=2", "data.folder=null"]
    stages = ["--stage", "simulate", "train"]
    assert run.main(["training.yaml", *stages, "--set", *fresh, "training.epochs=3"]) == 0
    # Another number of images in an epoch does not meet the first one's.
    changed = ["--set", *fresh, "training.epochs=3", "training.images_per_epoch=6"]
    assert run.main(["training.yaml", *stages, "--output", "o", *changed]) == 0
    kept = {path.name for path in Path("runs/sets").glob("*/*") if path.is_dir()}
    assert kept == {"selection", "validation"}
    assert not Path("runs/training/train/images").exists()


@pytest.mark.slow
def test_a_failed_training_resumes_after_its_last_epoch(here, monkeypatch, capsys):
    from temnet.training.callbacks import CsvLog

    real = CsvLog.on_epoch_end

    def dies(self, epoch, logs=None):
        if epoch == 1:
            raise RuntimeError("the power is gone")
        real(self, epoch, logs)

    monkeypatch.setattr(CsvLog, "on_epoch_end", dies)
    assert run.main(["training.yaml"]) == 1
    captured = capsys.readouterr()
    assert "RuntimeError: the power is gone" in captured.err
    assert "Traceback" not in captured.err
    log = Path("runs/training/log.txt").read_text()
    assert "Traceback" in log and "the power is gone" in log
    monkeypatch.setattr(CsvLog, "on_epoch_end", real)
    assert run.main(["training.yaml"]) == 0
    assert "train: resumed" in capsys.readouterr().err
    assert "training epochs 2 to 2 of 2" in Path("runs/training/log.txt").read_text()


WAITING = """
import sys, time
from temnet import run
from temnet.data.store import StoredSet

write = StoredSet.write

def write_and_wait(*arguments):
    write(*arguments)
    time.sleep(100)

StoredSet.write = write_and_wait
sys.exit(run.main(sys.argv[1:]))
"""
"""Simulates the first shard of a set and waits for a signal."""


@pytest.mark.parametrize(
    ("sent", "code", "workers"),
    [(signal.SIGINT, 130, 0), pytest.param(signal.SIGTERM, 143, 0, marks=pytest.mark.slow),
     pytest.param(signal.SIGTERM, 143, 2, marks=pytest.mark.slow),
     pytest.param(signal.SIGHUP, 129, 0, marks=pytest.mark.slow)],
)  # fmt: skip
def test_a_signal_ends_cleanly_and_the_same_command_resumes(here, sent, code, workers):
    """Ctrl-C, the signal of a batch queue to all processes of a job, a closed terminal."""
    changed = ["--set", "data.training=96", f"data.workers={workers}", "--stage", "simulate"]
    _, options = command(cwd=here)
    arguments = [sys.executable, "-c", WAITING, "training.yaml", *changed]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True}
    # A shell's background job ignores Ctrl-C, one under nohup SIGHUP, and so would what it starts.
    before = signal.signal(sent, signal.default_int_handler)
    try:
        process = subprocess.Popen(arguments, **pipes, **options)
    finally:
        signal.signal(sent, before)
    deadline = time.monotonic() + 120
    done = here / "sets" / "training" / "images" / "c"
    marks = here / "sets" / "training" / "done" / "c"
    while not (marks.exists() and any(marks.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, sent)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert err.endswith("Stopped. Run the same command again to resume.\n") and out == ""
    assert "Traceback" not in err
    name = "Ctrl-C" if sent == signal.SIGINT else sent.name
    assert f"stopped by {name}" in (here / "runs/training/log.txt").read_text()
    assert not (here / "runs/training/simulate").exists()
    assert len(list(done.iterdir())) == 1
    assert run.main(["training.yaml", *changed]) == 0
    assert len(list(done.iterdir())) == 6  # shards of 16 examples


SLOW_STORE = """
import asyncio, os, signal, threading
import zarr
from temnet.command_line.command import guarded

class Slow(zarr.storage.MemoryStore):
    async def set(self, key, value, byte_range=None):
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        await asyncio.sleep(60)

signal.signal(signal.SIGINT, signal.default_int_handler)
raise SystemExit(guarded(lambda: zarr.open_group(store=Slow(), mode="w") and 0))
"""


def test_an_interrupt_while_a_set_is_written_leaves_one_sentence(here):
    _, options = command(cwd=here)
    done = subprocess.run([sys.executable, "-c", SLOW_STORE], capture_output=True, **options)
    assert done.returncode == 130
    assert done.stderr == "Stopped. Run the same command again to resume.\n"


def test_warnings_of_libraries_go_to_the_log_and_not_to_the_terminal(here, capsys):
    import warnings

    with run_log.logging_to(here / "log.txt"):
        warnings.warn("a library grumbles", stacklevel=1)
        logging.getLogger("temnet.data").info("a detail")
        logging.getLogger("temnet.data").warning("a warning")
    assert "library grumbles" in (here / "log.txt").read_text()
    assert "a detail" in (here / "log.txt").read_text()
    err = capsys.readouterr().err
    assert "a warning" in err and "detail" not in err and "grumbles" not in err
    assert logging.getLogger("temnet").handlers == [] and logging.getLogger("temnet").propagate


def test_schema(capsys):
    assert run.main(["--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()


def test_predict_makes_one_folder_per_file(here, undrawn):
    for number in (1, 2):
        tifffile.imwrite(f"image{number}.tif", tifffile.imread("movie.tif")[number])
    arguments = ["image1.tif", "image2.tif", "--network", "tiny", "--sampling", "0.2"]
    assert predict.main([*arguments, "--output", "out", "--threshold", "0.4"]) == 0
    for number in (1, 2):
        columns = read_table(Path(f"out/image{number}/predict/columns.csv"))
        assert {row["file"] for row in columns} == {f"image{number}.tif"}
        assert Path(f"out/image{number}/index.html").exists()
        resolved = load_experiment(f"out/image{number}/experiment.yaml")
        assert resolved.prediction.threshold == 0.4


def test_nothing_heavy_is_loaded_for_a_wrong_yaml(here):
    code = (
        "import sys; from temnet import run; code = run.main(['movie.yaml', '--set', 'seed=x']);"
        "heavy = {'tensorflow', 'keras', 'abtem', 'matplotlib', 'zarr'} & set(sys.modules);"
        "print(code, sorted(heavy))"
    )
    _, options = command(cwd=here)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, **options)
    assert done.stdout == "2 []\n"


@pytest.mark.slow
def test_tensorflow_is_quiet(here):
    arguments, options = command("movie.yaml", "--stage", "predict", cwd=here)
    options["env"].pop("TF_CPP_MIN_LOG_LEVEL", None)  # the command sees to it by itself
    done = subprocess.run(arguments, capture_output=True, check=False, **options)
    assert done.returncode == 0
    lines = [line for line in done.stderr.replace("\r", "\n").splitlines() if line.strip()]
    strange = [line for line in lines if not line.startswith(("predict: ", "movie.tif "))]
    assert strange == []
