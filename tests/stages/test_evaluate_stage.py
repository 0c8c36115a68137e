"""Existing networks, scored on simulated images."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from temnet import run
from temnet.config.loading import validate
from temnet.config.simulation import SIMULATION_VERSION
from temnet.models.checkpoint import save_network
from temnet.models.description import describe
from temnet.models.factory import build_model
from temnet.models.network_folders import read_card, update_card
from temnet.stages import evaluate, train
from temnet.stages.compared_networks import competitors
from temnet.stages.evaluate import representative_images
from temnet.tables.csv_tables import read_table
from temnet.workflow.folder import RUNNING, Record, plain, write_record

SETTINGS = {
    "structure": {"kind": "mos2", "holes": 0},
    "microscope": {
        "energy": 50e3,
        "defocus": {"start": -50},
        "grid_sampling": 0.15,
        "aperture_mrad": 50,
    },
    "camera": {"sampling": 0.2, "dose": 1e5},
    "labels": {"classes": ["Mo", "S2", "S"], "width": 0.4},
    "data": {
        "image_size": 32, "training": 1, "selection": 1, "validation": 3, "workers": 0,
        "folder": "sets",
    },
    "model": {"kind": "unet", "sampling": 0.2, "depth": 1, "filters": 4},
    "evaluation": {
        "networks": ["networks/one", "networks/two"],
        "sweep": {"dose": [100, 1000], "structures": 2, "atom_counts": [1, 2]},
        "cramer_rao": {"images": 2, "columns": 1},
        "ideal_observer": {"images": 2, "columns": 1, "doses": [0.01, 1e6], "empty": 0.02},
    },
    "stages": ["simulate", "evaluate", "report"],
}  # fmt: skip


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """Two networks of the same weights."""
    folder = tmp_path_factory.mktemp("networks")
    experiment = validate({**SETTINGS, "evaluation": {}}, "test")
    for name in ("one", "two"):
        card = describe(name, experiment, threshold=0.3)
        save_network(folder / name, build_model(experiment), experiment, card)
    return folder


@pytest.fixture
def here(networks, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(networks, "networks")
    Path("pair.yaml").write_text(yaml.safe_dump(SETTINGS))
    return tmp_path


def test_two_networks_are_scored_without_training(here):
    assert run.main(["pair.yaml"]) == 0
    folder = Path("runs/pair/evaluate")
    assert not Path("runs/pair/train").exists()
    rows = read_table(folder / "scores.csv")
    assert {(row["network"], row["index"]) for row in rows} == {
        (name, index) for name in ("one", "two") for index in range(3)
    }
    summary = json.loads((folder / "summary.json").read_text())
    first, second = summary["networks"].values()
    assert first == second and first["threshold"] == 0.3 and first["images"] == 3
    for name, checksum in summary["sha256"].items():
        card = json.loads(Path(f"networks/{name}/card.json").read_text())
        assert checksum == card["sha256"]
    (pair,) = summary["paired"]
    # The same weights: no difference at all.
    assert (pair["first"], pair["second"], pair["mean"]) == ("one", "two", 0)
    assert pair["low"] == pair["high"] == 0 and pair["p"] == 1
    series = read_table(folder / "sweep.csv")
    assert len(series) == 2 * 2 * 6  # networks, doses; three classes, any, all, macro
    assert {(row["parameter"], row["middle"], row["images"]) for row in series} == {
        ("dose", 100, 2), ("dose", 1000, 2),
    }  # fmt: skip
    heights = read_table(folder / "atom_counts.csv")
    assert len(heights) == 2 * 2 * 2 * 2 * 6  # also surroundings and least heights
    everything = [
        {key: row[key] for key in series[0]}
        for row in heights
        if (row["surroundings"], row["atoms"]) == ("all", 1)
    ]
    np.testing.assert_equal(everything, series)
    bounds = read_table(folder / "cramer_rao.csv")
    assert len(bounds) == 2 * 2 and all(0.1 < row["bound_pm"] < 100 for row in bounds)
    ideal = {(row["rule"], row["dose"], row["class"]): row
             for row in read_table(folder / "ideal_observer.csv") if row["dose"] > 0}  # fmt: skip
    # Two rules, two doses; three classes and their mean.
    assert len(ideal) == 2 * 2 * 4
    # Without vacancies S neither occurs nor is predicted, and Mo and S2 are distinguished.
    assert np.isnan(ideal["most probable", 1e6, "S"]["f1"])
    assert ideal["most probable", 1e6, "macro"]["f1"] == pytest.approx(1, abs=1e-3)
    shares = [row for row in read_table(folder / "ideal_confusion.csv") if row["dose"] == 0.01]
    assert {row["true_class"] for row in shares} == {"Mo", "S2", "empty"}
    for name in ("Mo", "S2", "empty"):
        own = [row["share"] for row in shares if row["true_class"] == name]
        assert len(own) == 4 and sum(own) == pytest.approx(1)
    asked = summary["ideal_observer"]
    assert asked["images"] == 2 and asked["columns"] == 4
    assert asked["as_drawn"]["most probable"]["Mo"]["f1"] == pytest.approx(1, abs=0.01)
    assert asked["as_drawn"]["most probable"]["S"]["f1"] is None
    confusion = read_table(folder / "confusion.csv")
    missed = sum(row["columns"] for row in confusion if row["network"] == "one"
                 and row["found_class"] == "missed")  # fmt: skip
    assert missed == first["classes"]["any"]["false_negatives"]
    drawn = read_table(folder / "conditions.csv")
    assert len(drawn) == 3 and all(np.isfinite(row["column_contrast"]) for row in drawn)
    page = Path("runs/pair/index.html").read_text()
    for part in (
        "two minus one",
        "at random positions",
        "Cramér-Rao",
        "95 % bootstrap",
        "report/sweep",
        "report/atom_counts",
        "F1 of the ideal observer against the dose, from 4 columns",
    ):
        assert part in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": {"classes": ["Mo", "S2"], "width": 0.4}}, "finds the classes Mo, S2, S"),
        ({"model": {**SETTINGS["model"], "sampling": 0.25}}, "trained on pixels of 0.2 Å"),
        (
            {"microscope": {**SETTINGS["microscope"], "defocus": {"steps": [0, 50]}}},
            "expects 1 focal image",
        ),
        ({"evaluation": {"networks": ["nowhere"]}}, "There is no network 'nowhere'"),
        ({"evaluation": {"networks": ["a", "a"]}}, "each network once"),
        ({"evaluation": {"sweep": {"structures": 3}}}, "expected values for dose"),
        ({"evaluation": {"sweep": {"dose": [0]}}}, "evaluation.sweep.dose"),
        (
            {"evaluation": {"sweep": {"dose": [1], "atom_counts": [0]}}},
            "evaluation.sweep.atom_counts",
        ),
        (
            {"evaluation": {"sweep": {"dose": [1], "atom_counts": [2, 2]}}},
            "each number once; got [2, 2]",
        ),
        ({"evaluation": {"ideal_observer": {"doses": []}}}, "evaluation.ideal_observer.doses"),
        ({"evaluation": {"ideal_observer": {"empty": 1}}}, "evaluation.ideal_observer.empty"),
    ],
)
def test_what_does_not_fit_is_refused_before_any_work(here, capsys, changes, message):
    Path("pair.yaml").write_text(yaml.safe_dump({**SETTINGS, **changes}))
    assert run.main(["pair.yaml"]) == 2
    assert message in capsys.readouterr().err
    assert not Path("sets").exists() and not Path("runs/pair/evaluate").exists()


def test_without_networks_the_trained_one_is_needed(here, capsys):
    Path("pair.yaml").write_text(yaml.safe_dump({**SETTINGS, "evaluation": {}}))
    assert run.main(["pair.yaml"]) == 2
    assert "run `train` first" in capsys.readouterr().err


TRAINS = {
    **SETTINGS,
    "data": {**SETTINGS["data"], "training": 2},
    "training": {"epochs": 1, "images_per_epoch": 2, "batch_size": 2},
    "evaluation": {"networks": SETTINGS["evaluation"]["networks"]},
    "stages": ["simulate", "train", "evaluate", "report"],
}


def scored(root="runs/train"):
    """Names of the networks that were scored, in their order."""
    return list(json.loads((Path(root) / "evaluate" / "summary.json").read_text())["networks"])


@pytest.mark.slow
def test_figures_are_made_again_without_training_images_and_without_training(here, capsys):
    Path("train.yaml").write_text(yaml.safe_dump(TRAINS))
    assert run.main(["--stage", "evaluate", "report", "train.yaml", "--check"]) == 0
    assert "3 of them missing" in capsys.readouterr().out
    assert not Path("sets").exists() and not Path("runs").exists()
    assert run.main(["--stage", "evaluate", "report", "train.yaml"]) == 0
    assert "simulate validation: 100%" in capsys.readouterr().err
    assert [path.name for path in Path("sets").iterdir() if path.is_dir()] == ["validation"]
    folders = {path.name for path in Path("runs/train").iterdir() if path.is_dir()}
    assert folders == {"evaluate", "report"}
    assert scored() == ["one", "two"]
    page = Path("runs/train/index.html").read_text()
    assert "two minus one" in page and "stages: evaluate, report" in page
    # Nothing is done twice, and the stage `simulate` takes over what is there.
    assert run.main(["train.yaml", "--stage", "evaluate", "report"]) == 0
    err = capsys.readouterr().err
    assert "evaluate: already done" in err and "simulate" not in err
    before = {path: path.stat().st_mtime_ns for path in Path("sets").rglob("*") if path.is_file()}
    assert run.main(["train.yaml", "--stage", "simulate"]) == 0
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    # The whole experiment would score another network first, which is reported before any work.
    assert run.main(["train.yaml"]) == 2
    assert "`evaluate` was run with other settings" in capsys.readouterr().err
    assert not Path("runs/train/train").exists()


def test_images_that_are_missing_are_made_and_the_others_kept(here, capsys):
    assert run.main(["pair.yaml", "--set", "data.validation=2", "--stage", "simulate"]) == 0
    assert run.main(["pair.yaml", "--check", "--stage", "evaluate", "--output", "other"]) == 0
    assert "1 of them missing" in capsys.readouterr().out
    assert run.main(["pair.yaml", "--stage", "evaluate", "--output", "other"]) == 0
    scores = Path("other/evaluate/scores.csv").read_bytes()
    # The same as from a set that the stage `simulate` made.
    changed = ["--set", "data.folder=whole", "--output", "third"]
    assert run.main(["pair.yaml", "--stage", "simulate", "evaluate", *changed]) == 0
    assert Path("third/evaluate/scores.csv").read_bytes() == scores


def test_a_set_of_other_settings_is_refused_before_any_work(here, capsys):
    assert run.main(["pair.yaml", "--stage", "simulate"]) == 0
    capsys.readouterr()
    dose = ["--set", "camera.dose=500", "--output", "other"]
    assert run.main(["pair.yaml", "--stage", "evaluate", *dose]) == 2
    assert "camera.dose was 100000.0, is 500.0" in capsys.readouterr().err
    assert not Path("other").exists()


@pytest.mark.slow
def test_a_network_that_was_trained_is_scored_first(here, capsys):
    Path("train.yaml").write_text(yaml.safe_dump(TRAINS))
    assert run.main(["train.yaml", "--stage", "simulate", "train"]) == 0
    shutil.rmtree("sets/validation")
    assert run.main(["train.yaml", "--stage", "evaluate"]) == 0
    assert scored() == ["train", "one", "two"]
    check = ["train.yaml", "--stage", "evaluate", "--check"]
    assert run.main(check) == 0 and "evaluate: already done" in capsys.readouterr().out
    update_card(Path("runs/train/train/network"), sha256="0" * 64)
    assert run.main(check) == 0 and "evaluate (resumes)" in capsys.readouterr().out


def test_scores_are_done_where_they_are_of_the_network_in_the_run_folder(here):
    root, network = Path("runs/train"), Path("runs/train/train/network")
    shutil.copytree("networks/one", network)
    (root / "evaluate").mkdir()
    sha256 = {"train": read_card(network).sha256, "one": "1" * 64}
    (root / "evaluate/summary.json").write_text(json.dumps({"sha256": sha256}))
    assert evaluate.STAGE.intact(validate(TRAINS, "test"), root)
    update_card(network, sha256="1" * 64)
    assert not evaluate.STAGE.intact(validate(TRAINS, "test"), root)
    assert evaluate.STAGE.intact(validate(SETTINGS, "test"), root)  # scores other networks alone
    # Scores whose network is being trained again, or that were removed, are made again.
    (network / "card.json").unlink()
    assert not evaluate.STAGE.intact(validate(TRAINS, "test"), root)
    (root / "evaluate/summary.json").unlink()
    assert not evaluate.STAGE.intact(validate(TRAINS, "test"), root)


def test_a_training_that_is_not_finished_is_refused(here, capsys):
    Path("train.yaml").write_text(yaml.safe_dump(TRAINS))
    settings = plain(train.settings(validate(TRAINS, "test")))
    Path("runs/train/train").mkdir(parents=True)
    write_record(Path("runs/train/train"), "train", Record(RUNNING, settings))
    assert run.main(["train.yaml", "--stage", "evaluate", "report"]) == 2
    message = capsys.readouterr().err
    assert "reads the result of `train`, which is missing" in message and message.count("\n") == 1
    assert not Path("sets").exists() and not Path("runs/train/evaluate").exists()


def test_training_does_not_depend_on_what_is_scored_beside_it(here):
    with_others = validate({**SETTINGS, "stages": ["simulate", "train", "evaluate"]}, "test")
    alone = validate({**SETTINGS, "evaluation": {}, "stages": with_others.stages}, "test")
    assert train.settings(with_others) == train.settings(alone)
    assert evaluate.settings(with_others) != evaluate.settings(alone)
    assert evaluate.requires_also(with_others) == ("train",)
    assert train.settings(alone)["simulation"] == SIMULATION_VERSION
    assert evaluate.settings(alone)["simulation"] == SIMULATION_VERSION
    wider = validate({**SETTINGS, "evaluation": {"radius": 0.7}}, "test")
    assert train.settings(wider) != train.settings(alone)


def test_networks_of_one_name_get_different_names(here):
    shutil.copytree("networks/one", "copy")
    found = competitors(["networks/one", "copy", Path("networks/two")])
    assert list(found) == ["one", "one (2)", "two"]


def test_networks_are_scored_at_the_threshold_that_is_given(here):
    words = ["pair.yaml", "--set", "stages=[simulate, evaluate]", "evaluation.sweep=null"]
    assert run.main(words) == 0
    folder = Path("runs/pair/evaluate")
    found = {
        row["threshold"]: row["true_positives"] + row["false_positives"]
        for row in read_table(folder / "thresholds.csv")
        if (row["network"], row["class"]) == ("one", "any")
    }
    higher = next(score for score, count in found.items() if count < found[0.3])
    assert run.main([*words, f"evaluation.threshold={higher}", "--overwrite"]) == 0
    scores = json.loads((folder / "summary.json").read_text())["networks"]["one"]
    place = scores["classes"]["any"]
    assert scores["threshold"] == higher
    assert place["true_positives"] + place["false_positives"] == found[higher]


def test_the_usual_threshold_leaves_the_identity_of_scores_as_it_was(here):
    alone, named = (
        validate({**SETTINGS, "evaluation": {"networks": ["networks/one"], **more}}, "test")
        for more in ({}, {"threshold": "card"})
    )
    assert evaluate.settings(alone) == evaluate.settings(named)
    assert "threshold" not in evaluate.settings(alone)["evaluation"]


def test_representative_images_are_each_once():
    assert representative_images(np.full(3, np.nan)) == {}
    assert representative_images(np.array([0.5])) == {"worst": 0}
    found = representative_images(np.linspace(0, 1, 101)[::-1])
    assert found == {"worst": 100, "weak": 90, "median": 50, "best": 0}
