"""A tiny study: stopped, resumed, reported, and reused by another one."""

import errno
import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from temnet import publish
from temnet.errors import InputError
from temnet.evaluation.scores import SPECIES, ScoreRow
from temnet.models.network_folders import read_card
from temnet.study import __main__ as study
from temnet.study.results import read_study_results
from temnet.study.runs import find_twin, scoring_runs, training_runs
from temnet.study.scores import read_scores
from temnet.study.settings import load_study
from temnet.tables.csv_rows import read_rows, write_rows
from temnet.tables.csv_tables import read_table
from temnet.workflow.folder import alone_in

pytestmark = pytest.mark.slow

STUDY = {
    "question": "What do two foci buy over one?",
    "experiment": {
        "structure": {"kind": "mos2", "holes": 0, "edge_probability": 0},
        "microscope": {
            "energy": 50e3, "defocus": {"start": -50, "steps": [0, 60]}, "grid_sampling": 0.15,
            "aperture_mrad": 50,
        },
        "camera": {"sampling": 0.2, "dose": 1e4},
        "labels": {"classes": ["Mo", "S2", "S"], "width": 0.4},
        "data": {
            "image_size": 32, "training": 4, "selection": 2, "validation": 5, "workers": 0,
        },
        "training": {"epochs": 2, "images_per_epoch": 4, "batch_size": 2, "ema": 0},
    },
    "networks": {"net": {"model": {"kind": "unet", "sampling": 0.2, "depth": 1, "filters": 4}}},
    "arms": {
        "two/foci": {},
        "one focus": {"microscope": {"defocus": {"steps": [0]}}},
    },
    "seeds": [1, 2],
    "tests": {"validation": {}},
}  # fmt: skip

ROOT = Path("runs/focal")


@pytest.fixture
def quick(monkeypatch):
    """Times [s] without measuring."""
    monkeypatch.setattr("temnet.study.cost.seconds_per_example", lambda experiment: 36.0)
    monkeypatch.setattr("temnet.study.cost.training_seconds", lambda experiment: 450.0)


def write(**changes):
    Path("focal.yaml").write_text(yaml.safe_dump({**STUDY, **changes}, sort_keys=False))


def short_page(source):
    """In place of the pages of the runs, which take longer to draw than these trainings."""
    (source.root / "index.html").write_text("a run")


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("study")


@pytest.fixture(autouse=True)
def here(work, monkeypatch):
    monkeypatch.chdir(work)
    write()


def run_folder(arm, seed):
    return ROOT / "networks" / f"{arm}_net_{seed}"


@pytest.fixture(scope="module")
def stopped(work):
    """What the first start, which is killed in the third training, has left."""
    from temnet.training.callbacks import CsvLog

    real, epochs = CsvLog.on_epoch_end, []

    def dies(self, epoch, logs=None):
        epochs.append(epoch)
        if len(epochs) == 6:  # the second epoch of the third training
            raise KeyboardInterrupt
        real(self, epoch, logs)

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        write()
        patch.setattr(CsvLog, "on_epoch_end", dies)
        patch.setattr("temnet.stages.report.write_report", short_page)
        assert study.main(["focal.yaml"]) == 130
    return [run_folder(arm, seed) for arm, seed in (("two-foci", 1), ("one focus", 1))]


@pytest.fixture(scope="module")
def finished(stopped, work):
    """Times of the networks of the first start, before the second one did the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        assert not (ROOT / "study.csv").exists()
        before = [(root / "train/network/model.keras").stat().st_mtime_ns for root in stopped]
        patch.setattr("temnet.stages.report.write_report", short_page)
        assert study.main(["focal.yaml"]) == 0
    return before


def test_the_second_start_resumes_and_repeats_nothing(stopped, finished):
    times = [(root / "train/network/model.keras").stat().st_mtime_ns for root in stopped]
    assert times == finished
    third = (run_folder("two-foci", 2) / "log.txt").read_text()
    assert "training epochs 1 to 2" in third and "training epochs 2 to 2" in third
    fourth = (run_folder("one focus", 2) / "log.txt").read_text()
    assert "training epochs 1 to 2" in fourth and "2 to 2" not in fourth


def test_what_it_found_is_published_beside_the_networks(finished, capsys):
    to = Path("pretrained")
    assert publish.main([str(ROOT), "--to", str(to)]) == 0
    place, page = to / "studies" / "focal", (to / "studies" / "README.md").read_text()
    assert capsys.readouterr().out.startswith(f"Published: {place}")
    assert (place / "test_1.png").read_bytes().startswith(b"\x89PNG")
    for part in (
        "# Studies", "## focal", STUDY["question"], "| one focus | microscope.defocus.steps was ",
        "| one focus − two/foci | net | ", "(focal/test_1.png)",
        "In brackets the lower and the higher value",
    ):  # fmt: skip
        assert part in page, part
    mean = json.loads((ROOT / "summary.json").read_text())["tests"]["validation"]["means"][0]
    assert f"| two/foci | net | {mean['scores']['macro_f1']['mean']:.3f}" in page
    # What a killed one has left is not shown, and what people add stays.
    shutil.copytree(place, place.with_name(".focal.1.part"))
    (place / "notes.md").write_text("A remark.")
    assert publish.main([str(ROOT), "--to", str(to)]) == 0
    assert (to / "studies" / "README.md").read_text() == page.rstrip() + "\n\nA remark.\n"
    overview = (to / "README.md").read_text()
    assert f"| [focal](studies/README.md#focal) | {STUDY['question']} |" in overview


def test_a_study_that_is_not_finished_is_not_published(finished, tmp_path, capsys):
    root = tmp_path / "focal"
    root.mkdir()
    for name in ("study.yaml", "study.csv"):
        (root / name).write_bytes((ROOT / name).read_bytes())
    assert publish.main([str(root), "--to", str(tmp_path / "to")]) == 2
    assert "summary.json is missing; let the study finish" in capsys.readouterr().err
    summary = json.loads((ROOT / "summary.json").read_text())
    del summary["arms"]
    (root / "summary.json").write_text(json.dumps(summary))
    assert publish.main([str(root), "--to", str(tmp_path / "to")]) == 2
    assert "`arms` is not valid" in capsys.readouterr().err
    shutil.copy(ROOT / "summary.json", root)
    for part, change in (
        ("arms", {"one focus": {"camera": {"dose": 5e3}}}), ("tests", {"more": {}}),
    ):  # fmt: skip
        changed = {**STUDY, part: {**STUDY[part], **change}}
        (root / "study.yaml").write_text(yaml.safe_dump(changed, sort_keys=False))
        assert publish.main([str(root), "--to", str(tmp_path / "to")]) == 2
        assert "was changed and is not finished" in capsys.readouterr().err
    assert publish.main([str(ROOT), str(ROOT), "--to", str(tmp_path / "to")]) == 2
    assert "has a study of the same name, focal" in capsys.readouterr().err
    assert not (tmp_path / "to").exists()


def test_a_third_start_does_nothing(finished, capsys):
    logs = {path: path.read_text() for path in ROOT.rglob("log.txt")}
    page = (ROOT / "index.html").stat().st_mtime_ns
    assert study.main(["focal.yaml"]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"The results are in {ROOT / 'index.html'}\n"
    assert captured.err.count("(already done)") == 4 + 2
    assert {path: path.read_text() for path in ROOT.rglob("log.txt")} == logs
    assert (ROOT / "index.html").stat().st_mtime_ns > page


def test_two_starts_never_share_a_study(finished, capsys):
    before = {path: path.stat().st_mtime_ns for path in ROOT.rglob("*")}
    with alone_in(ROOT):
        assert study.main(["focal.yaml"]) == 2
        captured = capsys.readouterr()
        assert study.main(["focal.yaml", "--check"]) == 0  # writes nothing
    assert captured.err.startswith(f"{ROOT}: another run is using") and captured.out == ""
    assert captured.err.count("\n") == 1
    assert {path: path.stat().st_mtime_ns for path in ROOT.rglob("*")} == before


def test_scores_are_found_by_the_network_s_name(finished, tmp_path):
    settings = load_study("focal.yaml")
    test, _ = scoring_runs(settings, ROOT, training_runs(settings, ROOT))
    shutil.copytree(test.root / "evaluate", tmp_path / "evaluate")
    rows = [
        replace(row, true_positives=3 * (row.network == "two-foci-net-2"))
        for row in read_rows(tmp_path / "evaluate/scores.csv", ScoreRow)
    ]
    write_rows(tmp_path / "evaluate/scores.csv", rows, ScoreRow)
    for networks in (test.networks, test.networks[::-1]):
        scored = read_scores([replace(test, root=tmp_path, networks=networks)])
        f1 = {one.run.seed: one.values["macro_f1"] for one in scored}
        assert f1[1] == 0 < f1[2]
    gone = replace(test.networks[0], root=ROOT / "networks/a_third_1")
    with pytest.raises(InputError, match="no scores of a-third-1; .* --overwrite"):
        read_scores([replace(test, networks=(gone,))])


def test_names_that_look_like_numbers_stay_texts(finished, tmp_path):
    shutil.copy(ROOT / "summary.json", tmp_path)
    text = (ROOT / "study.csv").read_text().replace("two/foci", "2").replace("validation", "1e3")
    (tmp_path / "study.csv").write_text(text)
    rows = read_study_results(tmp_path).rows
    assert {(row.test, row.arm) for row in rows} == {("1e3", "2"), ("1e3", "one focus")}


def test_the_table_has_the_scores_of_every_training(finished):
    rows = read_table(ROOT / "study.csv", ("test", "arm", "network"))
    assert [(row["test"], row["arm"], row["network"], row["seed"]) for row in rows] == [
        ("validation", arm, "net", seed) for arm in STUDY["arms"] for seed in (1, 2)
    ]
    for row in rows:
        arm = row["arm"].replace("/", "-")
        found = read_rows(ROOT / f"tests/validation_{arm}/evaluate/scores.csv", ScoreRow)
        own = [one for one in found if one.network == f"{arm}-net-{row['seed']}"]
        assert len(own) == 5 * 5  # images; three classes, any and all
        f1 = [
            2 * true / (2 * true + errors)
            for name in ("Mo", "S2", "S")
            for part in ([one for one in own if one.class_ == name],)
            for true in (sum(one.true_positives for one in part),)
            for errors in (sum(one.false_positives + one.false_negatives for one in part),)
            if true + errors
        ]
        assert row["macro_f1"] == pytest.approx(np.mean(f1), rel=1e-5)
        images = [
            one.f1
            for one in own
            if one.class_ == SPECIES and one.true_positives + one.false_negatives
        ]
        assert row["mean_image_f1"] == pytest.approx(np.mean(images), rel=1e-5)
        log = read_table(run_folder(arm, row["seed"]) / "train/log.csv")
        for name in ("seconds", "processor_seconds"):
            assert row[name] == pytest.approx(sum(line[name] for line in log), abs=0.02)


def test_the_summary_has_means_and_paired_differences(finished):
    rows = read_table(ROOT / "study.csv", ("test", "arm", "network"))
    found = json.loads((ROOT / "summary.json").read_text())
    test = found["tests"]["validation"]
    f1 = {arm: [row["macro_f1"] for row in rows if row["arm"] == arm] for arm in STUDY["arms"]}
    for row in test["means"]:
        mean = row["scores"]["macro_f1"]
        assert mean["mean"] == pytest.approx(np.mean(f1[row["arm"]]), rel=1e-5)
        assert 0 <= mean["low"] <= mean["mean"] <= mean["high"] <= 1
    (gap,) = test["differences"]
    assert (gap["first"], gap["second"], gap["network"]) == ("two/foci", "one focus", "net")
    wanted = np.mean(f1["one focus"]) - np.mean(f1["two/foci"])
    assert gap["scores"]["macro_f1"]["mean"] == pytest.approx(wanted, rel=1e-4, abs=1e-7)
    assert test["images"] == 5 and test["specimens"] == 5
    assert "microscope.defocus.steps" in test["other_images"]["one focus"]


def test_images_are_made_once_for_each_arm_and_seed(finished):
    # Two arms with two seeds each; the test images are those of the first seed's.
    sets = sorted(path.name for path in Path("runs/sets").iterdir())
    assert len(sets) == 4
    counts = [
        len(list((Path("runs/sets") / name / "validation/images/c").iterdir())) for name in sets
    ]
    assert counts == [1, 1, 1, 1]


def test_the_page_has_the_question_and_links_to_every_run(finished):
    page = (ROOT / "index.html").read_text()
    for part in (
        "What do two foci buy over one?",
        "microscope.defocus.steps was [0.0, 60.0], is [0.0]",
        "one focus − two/foci",
        "2 trainings of each network",
        "The images of one focus differ from those of two/foci: microscope.defocus.steps",
        "The peaks of two/foci, net, seed 1 at random positions",
        "of the two trainings",
        "networks/two-foci_net_2/index.html",
        "tests/validation_one focus/index.html",
        "study.csv",
    ):
        assert part in page
    assert page.count("<img") == 1 and (ROOT / "report/test_1.svg").is_file()
    for link in ROOT.glob("*/*/index.html"):
        assert f'href="{link.relative_to(ROOT)}"' in page


def test_a_study_beside_takes_over_what_is_the_same(finished, quick, capsys):
    changed = {"two/foci": {}, "dim": {"camera": {"dose": 300}}}
    write(arms=changed, seeds=[2])
    other = ["focal.yaml", "--output", "runs/dose", "--check"]
    assert study.main(other) == 0
    out = capsys.readouterr().out
    assert f"two/foci, net, seed 2 (taken over from {run_folder('two-foci', 2)})" in out
    assert "training: dim, net, seed 2\n" in out
    assert not Path("runs/dose").exists()
    write(arms={"same": {}, **changed}, seeds=[2])
    with pytest.MonkeyPatch.context() as patch:
        # Nothing but what is taken over: the third arm would be trained.
        patch.setattr("temnet.study.__main__.run_logged", lambda plan: 3)
        assert study.main(other[:-1]) == 3
    taken = Path("runs/dose/networks/same_net_2/train/network")
    source = run_folder("two-foci", 2) / "train/network"
    assert (taken / "model.keras").read_bytes() == (source / "model.keras").read_bytes()
    assert read_card(taken).name == "same-net-2"
    assert read_card(source).name == "two-foci-net-2"


def test_a_full_disk_takes_nothing_over_and_leaves_no_part(finished, capsys, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    write(arms={"two/foci": {}, "dim": {"camera": {"dose": 300}}}, seeds=[2])
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        assert study.main(["focal.yaml", "--output", "runs/full"]) == 2
    assert "the disk is full" in capsys.readouterr().err
    assert not list(Path("runs/full").rglob("*.partial"))
    shutil.rmtree("runs/full")


def test_a_training_whose_twin_was_removed_meanwhile_is_carried_out(finished, monkeypatch, capsys):
    found = iter(4 * [Path("runs/removed")])  # two trainings are planned twice
    monkeypatch.setattr("temnet.study.runs.find_twin", lambda run, root: next(found, None))
    monkeypatch.setattr("temnet.study.__main__.run_logged", lambda plan: 3)
    write(arms={"dim": {"camera": {"dose": 300}}, "two/foci": {}}, seeds=[3])
    assert study.main(["focal.yaml", "--output", "runs/twin"]) == 3
    assert "training 1 of 2: dim, net, seed 3\n" in capsys.readouterr().err
    shutil.rmtree("runs/twin")


def test_a_damaged_run_of_another_study_is_passed_over(finished, tmp_path):
    (tmp_path / "a/networks/damaged/train").mkdir(parents=True)
    whole = tmp_path / "b/networks/whole"
    shutil.copytree(run_folder("two-foci", 1), whole)
    run, *_ = training_runs(load_study("focal.yaml"), tmp_path / "new")
    assert find_twin(run, tmp_path / "new") == whole


def test_other_settings_are_refused_before_any_work(finished, capsys):
    before = {path: path.stat().st_mtime_ns for path in ROOT.rglob("*")}
    assert study.main(["focal.yaml", "--set", "experiment.training.epochs=3"]) == 2
    message = capsys.readouterr().err
    assert "training.epochs was 2, is 3" in message and "--overwrite" in message
    assert {path: path.stat().st_mtime_ns for path in ROOT.rglob("*")} == before


@pytest.mark.parametrize(
    ("assignment", "part"),
    [
        ("experiment.training.start_from=gone", "There is no network 'gone'"),
        ("seeds=[]", "seeds: expected at least 1 entry"),
        ("arms.one focus.camera.dos=1", "focal.yaml, arms.one focus: camera.dos"),
        ("tests.validation.structure={kind: file, path: gone.xyz}", "validation: two/foci: "),
        ("arms.two-foci={}", "would be the same"),
        ("experiment.structure={kind: file, path: gone.xyz}", "two/foci, net, seed 1: "),
        ("experiment.structure={kind: file, path: gone.xyz}", "gone.xyz"),
    ],
)
def test_wrong_input_is_refused_in_one_message(work, capsys, assignment, part):
    before = sorted(work.rglob("*"))
    assert study.main(["focal.yaml", "--output", "runs/wrong", "--set", assignment]) == 2
    captured = capsys.readouterr()
    assert part in captured.err and "Traceback" not in captured.err and captured.out == ""
    assert sorted(work.rglob("*")) == before
    assert study.main(["gone.yaml"]) == 2


def test_check_lists_the_runs_and_their_time(quick, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    write()
    assert study.main(["focal.yaml", "--check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("training: ")][1] == (
        "training: one focus, net, seed 1"
    )
    assert "test: validation: one focus" in lines
    # Of each arm 4 + 2 + 5 examples for the first seed, which is the test's, and 4 + 2 + 1 for the
    # second.
    assert "36 examples to simulate and keep, 0 while networks are trained" in lines
    # 4 trainings show 8 images of 450 s each.
    assert lines[-1] == "time: about 22 minutes to simulate and 4.0 hours to train"
    assert list(tmp_path.iterdir()) == [tmp_path / "focal.yaml"]
    fresh = {"training": {"epochs": 2}, "data": {"source": "fresh"}}
    write(arms={"two/foci": {}, "fresh": fresh})
    assert study.main(["focal.yaml", "--check"]) == 0
    # The fresh arm shares selection and test with the stored one, and sees 8 images per seed.
    assert "18 examples to simulate and keep, 16 while" in capsys.readouterr().out
    assert logging.getLogger("tensorflow").level == logging.ERROR
