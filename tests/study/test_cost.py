"""The work that is left in a study, from counts and times of one example and one image."""

import yaml

from temnet.study.cost import Work, work_left
from temnet.study.runs import scoring_runs, training_runs
from temnet.study.settings import load_study
from tests.study.test_study import STUDY


def test_sets_are_shared_and_fresh_images_are_counted_by_training(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("temnet.study.cost.seconds_per_example", lambda experiment: 2.0)
    monkeypatch.setattr("temnet.study.cost.training_seconds", lambda experiment: 10.0)
    arms = {"stored": {}, "fresh": {"data": {"source": "fresh"}}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({**STUDY, "arms": arms}, sort_keys=False))
    study = load_study("study.yaml")
    trainings = training_runs(study, tmp_path / "run")
    tests = scoring_runs(study, tmp_path / "run", trainings)
    # Per seed 4 training and 2 selection images, and 5 of the test (1 for the second seed); the
    # fresh arm shares all but the training images, and sees 2 epochs of 4 images with each seed.
    stored, fresh = (4 + 2 + 5) + (4 + 2 + 1), 2 * 8
    expected = Work(stored, fresh, 2.0 * (stored + fresh), 4 * 8 * 10.0)
    assert work_left(trainings, tests) == expected
    assert work_left([], []) == Work(0, 0, 0, 0.0)
