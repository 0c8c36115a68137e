"""The command that publishes networks: entries from a run, and runs that it refuses."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from temnet import publish, run
from temnet.config.card import Cost, EarlierCost
from temnet.config.loading import load_experiment, validate, write_experiment
from temnet.models.checkpoint import load_network, save_network
from temnet.models.description import describe
from temnet.models.factory import build_model
from temnet.models.network_folders import read_card, update_card
from temnet.publishing.card_blocks import cost_of
from temnet.publishing.figures import FIGURES, LARGEST
from temnet.publishing.reference_scores import example_rows, frozen_examples, frozen_scores
from temnet.score_records import Calibration
from temnet.tables.csv_tables import read_table, write_table
from tests.publishing.tolerances import disagreements

pytestmark = pytest.mark.slow

SETTINGS = {
    "structure": {"kind": "mos2", "holes": 0, "vacancies": {"S": 0.3}},
    "vibrations": {"kind": "einstein", "sigma": {"default": 0.06}},
    "microscope": {
        "energy": 50e3, "defocus": {"start": -50}, "grid_sampling": 0.15, "aperture_mrad": 50,
    },
    "camera": {"sampling": 0.2, "dose": {"log_uniform": [1e3, 1e5]}},
    "labels": {"classes": ["Mo", "S2", "S"], "width": 0.4},
    "data": {"image_size": 48, "training": 32, "selection": 4, "validation": 16, "workers": 0},
    "model": {"kind": "unet", "sampling": 0.2, "depth": 1, "filters": 8},
    "training": {
        "epochs": 8, "images_per_epoch": 64, "batch_size": 4, "learning_rate": 1e-2, "ema": 0.9,
    },
    "evaluation": {
        "sweep": {"dose": [1e3, 1e5], "structures": 2, "atom_counts": [1, 2]},
        "ideal_observer": {"images": 2, "columns": 1, "doses": [1e3, 1e5]},
    },
    "stages": ["simulate", "train", "evaluate"],
}  # fmt: skip
"""Enough for a network that finds most columns, in seconds."""

NOTES = "In a *real* movie it finds | every column.\n"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run folder; a network of another kind and an earlier one were scored beside its own."""
    folder = tmp_path_factory.mktemp("publish")
    model = {"kind": "msdnet", "sampling": 0.2, "depth": 3, "max_dilation": 3}
    other = validate({**SETTINGS, "model": model}, "test")
    beside = [folder / "networks" / "tiny-msdnet", folder / "earlier" / "tiny-unet"]
    for path in beside:
        save_network(path, build_model(other), other, describe(path.name, other, 0.3))
    values = {
        **SETTINGS,
        "data": {**SETTINGS["data"], "folder": str(folder / "sets")},
        "evaluation": {**SETTINGS["evaluation"], "networks": [str(path) for path in beside]},
    }
    (folder / "tiny_unet.yaml").write_text(yaml.safe_dump(values))
    root = folder / "runs" / "tiny_unet"
    assert run.main([str(folder / "tiny_unet.yaml"), "--output", str(root)]) == 0
    return root


@pytest.fixture(scope="module")
def published(finished, tmp_path_factory):
    """The folder with the run's network, over an earlier one with notes."""
    to = tmp_path_factory.mktemp("pretrained")
    earlier = to / "tiny-unet"
    shutil.copytree(finished.parents[1] / "networks" / "tiny-msdnet", earlier)
    (earlier / "notes.md").write_text(NOTES)
    (earlier / "real.png").write_bytes(b"of somebody")
    (earlier / FIGURES[0]).write_bytes(b"old")
    assert publish.main([str(finished), "--to", str(to)]) == 0
    return to


def own_rows(root, table):
    return [
        row
        for row in read_table(root / "evaluate" / f"{table}.csv")
        if row["network"] == "tiny-unet"
    ]


def test_the_network_and_its_settings_travel_whole(finished, published):
    folder, source = published / "tiny-unet", finished / "train" / "network"
    assert (folder / "model.keras").read_bytes() == (source / "model.keras").read_bytes()
    network, trained = load_network(folder), load_network(source)
    assert network.name == "tiny-unet"
    assert network.experiment.simulation.identity() == trained.experiment.simulation.identity()
    # No folder of this machine goes along.
    assert network.experiment.data.folder is None
    assert network.experiment.evaluation.networks == ("tiny-msdnet",)
    for file in ("experiment.yaml", "card.json"):
        assert str(finished.parents[1]) not in (folder / file).read_text()
    assert (folder / "notes.md").read_text() == NOTES
    assert (folder / "real.png").read_bytes() == b"of somebody"
    assert not [path for path in published.iterdir() if path.name.startswith(".")]


def test_the_card_has_the_scores_of_the_run(finished, published):
    card = read_card(published / "tiny-unet")
    found = card.validation
    summary = json.loads((finished / "evaluate" / "summary.json").read_text())
    own = summary["networks"]["tiny-unet"]
    assert own["score_calibration"] == asdict(card.score_calibration)
    assert own["threshold"] == card.threshold
    entries = json.loads((published / "tiny-unet" / "card.json").read_text())["validation"]
    assert {name: entries[name] for name in own} == own
    assert found.macro_f1 > 0.4  # the network has learnt something
    rows = [row for row in own_rows(finished, "scores") if row["class"] == "any"]
    false, true = (sum(row[name] for row in rows) for name in ("false_positives", "true_positives"))
    assert found.false_positive_share == pytest.approx(false / (false + true))
    assert found.images == found.specimens == 16 == len(rows)
    sweep = {point.middle: point for point in found.curves.sweep}
    assert set(sweep) == {1e3, 1e5}
    for row in own_rows(finished, "sweep"):
        point = sweep[row["middle"]]
        if row["class"] == "macro":
            assert (point.f1, point.images) == (pytest.approx(row["f1"]), 2)
        elif row["class"] == "any":
            assert point.rms_error_pm == pytest.approx(row["rms_error_pm"])
    drawn = [point for point in found.curves.drawn if point.parameter == "dose"]
    assert len(drawn) == 2 and sum(point.images for point in drawn) == 16
    assert sum(found.confusion["S2"].values()) == sum(
        row["columns"] for row in own_rows(finished, "confusion") if row["true_class"] == "S2"
    )


def test_the_difference_is_this_network_minus_the_other(finished, published):
    rows = read_table(finished / "evaluate" / "scores.csv")
    f1 = {
        name: np.array(
            [
                row["f1"]
                for row in rows
                if (row["network"], row["class"]) == (name, "all")
                and row["true_positives"] + row["false_negatives"]
            ]
        )
        for name in ("tiny-unet", "tiny-msdnet")
    }
    # The earlier network of this name was compared, but it is what the published one replaces.
    compared = json.loads((finished / "evaluate" / "summary.json").read_text())["paired"]
    assert [pair["second"] for pair in compared] == ["tiny-msdnet", "tiny-unet (2)"]
    (pair,) = read_card(published / "tiny-unet").validation.paired
    difference = f1["tiny-unet"] - f1["tiny-msdnet"]
    assert difference.mean() != 0 and pair.images == len(difference) < 16
    assert pair.mean == pytest.approx(difference.mean(), abs=1e-6)
    assert pair.low <= pair.mean <= pair.high
    assert (pair.better, pair.worse) == (np.sum(difference > 0), np.sum(difference < 0))
    other = read_card(finished.parents[1] / "networks" / "tiny-msdnet")
    assert (pair.network, pair.sha256) == ("tiny-msdnet", other.sha256)


def test_a_run_without_training_renews_the_scores_of_all_its_networks(
    finished, published, tmp_path, monkeypatch
):
    to = tmp_path / "pretrained"
    shutil.copytree(published, to)
    shutil.copytree(finished.parents[1] / "networks" / "tiny-msdnet", to / "tiny-msdnet")
    before = read_card(to / "tiny-unet")
    outdated = replace(before.validation, macro_f1=0.0)
    update_card(to / "tiny-unet", validation=outdated)
    networks = [str(to / name) for name in ("tiny-msdnet", "tiny-unet")]
    evaluation = {**SETTINGS["evaluation"], "networks": networks}
    values = {**SETTINGS, "evaluation": evaluation, "stages": ["evaluate"]}
    monkeypatch.chdir(tmp_path)
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(values))
    assert run.main(["again.yaml"]) == 0
    assert publish.main([str(tmp_path / "runs" / "again"), "--to", str(to)]) == 0
    first, second = (read_card(to / name) for name in ("tiny-msdnet", "tiny-unet"))
    for block in ("frozen", "cost", "sha256", "threshold"):
        assert getattr(second, block) == getattr(before, block)
    renewed = second.validation
    assert renewed.macro_f1 == pytest.approx(before.validation.macro_f1, abs=1e-6)
    (pair,), (earlier,) = renewed.paired, before.validation.paired
    assert pair.mean == pytest.approx(earlier.mean, abs=1e-6)
    (turned,) = first.validation.paired
    assert turned.network == "tiny-unet" and turned.mean == -pair.mean
    assert (turned.better, turned.worse) == (pair.worse, pair.better)
    assert (to / "tiny-msdnet" / FIGURES[0]).is_file()
    assert (to / "tiny-unet" / "notes.md").read_text() == NOTES
    # Scores on images of another kind are not the networks' own scores.
    values["camera"] = {"sampling": 0.2, "dose": 5e3}
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(values))
    assert run.main(["other.yaml"]) == 0
    assert publish.main([str(tmp_path / "runs" / "other"), "--to", str(to)]) == 2


def test_the_cost_is_that_of_the_log(finished, published):
    log = read_table(finished / "train" / "log.csv")
    assert read_card(published / "tiny-unet").cost == Cost(
        epochs=8,
        images_per_epoch=64,
        images_seen=512,
        training_images=32,
        specimens=32,
        seconds=pytest.approx(sum(row["seconds"] for row in log), abs=0.06),
    )


def test_the_frozen_scores_are_found_again(published):
    network = load_network(published / "tiny-unet")
    rows = example_rows(network, frozen_examples(network.experiment.simulation))
    found = frozen_scores(rows, network.experiment.class_names)
    assert found.images == 20 and disagreements(network.card.frozen, found) == []
    fewer = frozen_scores([row for row in rows if row.index < 19], network.experiment.class_names)
    assert len(disagreements(network.card.frozen, fewer)) >= 2


def test_the_figures_are_small_and_the_page_shows_them(published):
    page = (published / "tiny-unet" / "README.md").read_text()
    assert "| [tiny-unet](tiny-unet/README.md) |" in (published / "README.md").read_text()
    names = ("f1_histogram", "dose", "column_contrast", "mean_score", "heights", "ideal_observer")
    for file in (f"{name}.png" for name in (*names, "example")):
        content = (published / "tiny-unet" / file).read_bytes()
        assert content.startswith(b"\x89PNG") and len(content) <= LARGEST
        assert f"]({file})" in page
    assert "defocus.png" not in page  # one defocus, no curve
    assert NOTES.strip() in page
    assert "512 images seen" in page


def test_the_page_alone_is_written_again_and_frozen_scores_are_added(published, tmp_path, capsys):
    to = tmp_path / "pretrained"
    shutil.copytree(published, to)
    before = read_card(to / "tiny-unet")
    update_card(to / "tiny-unet", frozen=replace(before.frozen, simulation=0, found=-1))
    pages = [Path("README.md"), Path("tiny-unet", "README.md")]
    for page in pages:
        (to / page).write_text("old")
    assert publish.main(["--to", str(to)]) == 0
    for page in pages:
        assert (to / page).read_text() == (published / page).read_text()
    assert read_card(to / "tiny-unet") == before
    assert capsys.readouterr().out == f"The page is {to / 'README.md'}\n"


def contents(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def change_json(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def another_network(root):
    """The network is trained again after it was scored."""
    folder = root / "train" / "network"
    experiment = load_experiment(folder / "experiment.yaml")
    save_network(folder, build_model(experiment), experiment, read_card(folder))


def other_training(root):
    path = root / "train" / "stage.json"
    record = json.loads(path.read_text())
    record["settings"]["training"]["epochs"] = 9
    path.write_text(json.dumps(record))


def other_evaluation(root):
    path = root / "experiment.yaml"
    path.write_text(path.read_text().replace("radius: 0.5", "radius: 0.6"))


def changed_rows(root, wanted, column, amount):
    path = root / "evaluate" / "scores.csv"
    rows = read_table(path)
    for row in rows:
        if wanted(row):
            row[column] += amount
    write_table(path, rows, list(rows[0]))


def other_specimens(root):
    changed_rows(root, lambda row: row["index"] == 3, "false_negatives", 1)


def other_reading(root):
    changed_rows(root, lambda row: row["class"] == "all", "false_positives", 40)


def other_threshold(root):
    folder = root / "train" / "network"
    update_card(folder, threshold=read_card(folder).threshold / 2)


def other_calibration(root):
    update_card(root / "train" / "network", score_calibration=Calibration(slope=1.5))


REFUSED = {
    "no evaluation": (
        lambda root: shutil.rmtree(root / "evaluate"), "the stage `evaluate` is not finished",
    ),
    "unfinished training": (
        lambda root: change_json(root / "train" / "stage.json", status="running"),
        "the stage `train` is not finished",
    ),
    "another network": (another_network, "has not scored the network in"),
    "earlier temnet": (
        lambda root: change_json(root / "evaluate" / "summary.json", sha256={}),
        "sha256 of those it has scored: none",
    ),
    "other training": (other_training, "training.epochs was 8, is 9"),
    "other evaluation": (other_evaluation, "radius was 0.5, is 0.6"),
    "other specimens": (other_specimens, "since the stage `evaluate` was run (image 3"),
    "other reading": (other_reading, "(the mean F1 of the first"),
    "other threshold": (other_threshold, "another threshold or another calibration"),
    "other calibration": (other_calibration, "another threshold or another calibration"),
    "damaged network": (
        lambda root: (root / "train" / "network" / "model.keras").write_bytes(b"none"),
        "the file is not the one that card.json describes",
    ),
    "no run": (shutil.rmtree, "this is not a run folder"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_an_invalid_run_is_refused_and_nothing_is_changed(
    finished, published, tmp_path, capsys, name
):
    spoil, message = REFUSED[name]
    root, to = tmp_path / "runs" / "tiny_unet", tmp_path / "pretrained"
    shutil.copytree(finished, root)
    shutil.copytree(published, to)
    update_card(root / "train" / "network", name="other-unet")
    spoil(root)
    before = contents(tmp_path)
    # The first run is valid: it is not published either.
    assert publish.main([str(finished), str(root), "--to", str(to)]) == 2
    captured = capsys.readouterr()
    error = captured.err.strip().splitlines()[-1]
    assert message in error and "Traceback" not in captured.err and captured.out == ""
    assert contents(tmp_path) == before


def test_a_killed_publishing_is_cleaned_and_the_old_network_is_restored(published, tmp_path):
    to, dead = tmp_path / "pretrained", 2**22 + 1
    shutil.copytree(published, to)
    (to / "tiny-unet").rename(to / f".tiny-unet.{dead}.old")
    shutil.copytree(published / "tiny-unet", to / f".tiny-unet.{dead}.part")
    (to / f".README.md.{dead}.part").touch()
    (to / f".tiny-unet.{dead}.old" / f".card.json.{dead}.part").touch()
    assert publish.main(["--to", str(to)]) == 0

    def files(folder):
        return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}

    assert files(to) == files(published)


def test_other_files_stay(finished, tmp_path, capsys):
    (tmp_path / "tiny-unet").mkdir()
    (tmp_path / "tiny-unet" / "thesis.tex").write_text("all of it")
    assert publish.main([str(finished), "--to", str(tmp_path)]) == 2
    assert "this exists and is not a network's folder" in capsys.readouterr().err
    assert (tmp_path / "tiny-unet" / "thesis.tex").read_text() == "all of it"
    assert publish.main([str(finished), str(finished), "--to", str(tmp_path / "new")]) == 2
    assert "has a network of the same name" in capsys.readouterr().err
    assert publish.main(["--to", str(tmp_path / "new")]) == 2
    assert "there are no networks" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_the_start_of_a_training_counts(finished, published, tmp_path):
    root = tmp_path / "runs" / "more"
    shutil.copytree(finished, root)
    own = cost_of(root / "train" / "network")

    def started_from(start, checksum):
        path = root / "train" / "network" / "experiment.yaml"
        experiment = load_experiment(path, {"training": {"start_from": str(start)}})
        write_experiment(experiment, path)
        record = json.loads((root / "train" / "stage.json").read_text())
        record["settings"]["start_from"] = checksum
        (root / "train" / "stage.json").write_text(json.dumps(record))
        return cost_of(root / "train" / "network")

    checksum = read_card(published / "tiny-unet").sha256
    for folder in (published / "tiny-unet", finished / "train" / "network"):
        start = EarlierCost(
            network="tiny-unet", sha256=checksum, images_seen=512, seconds=own.seconds
        )
        assert started_from(folder, checksum) == replace(own, start=start)
    # The network has other weights now, or was deleted: the cost of the earlier ones is unknown.
    for folder in (published / "tiny-unet", tmp_path / "gone"):
        start = started_from(folder, "another").start
        assert (start.network, start.images_seen) == (folder.name, None)
