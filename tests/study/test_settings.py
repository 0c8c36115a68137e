"""A study's settings, and the experiments that come of them."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from temnet.config.loading import load_experiment
from temnet.errors import InputError
from temnet.study.settings import load_study, scoring_experiment, training_experiment

STUDY = {
    "question": "Does a focal series help?",
    "experiment": {
        "seed": 7,
        "structure": {"kind": "mos2"},
        "microscope": {"energy": 50e3, "defocus": {"steps": [0, 60]}, "aperture_mrad": 50},
        "camera": {"sampling": 0.2, "dose": 1e4},
        "labels": {"classes": ["Mo", "S2", "S"], "width": 0.4},
        "data": {"image_size": 32, "training": 40, "selection": 9, "validation": 6},
        "stages": ["simulate"],
    },
    "networks": {
        "unet": {"model": {"kind": "unet", "sampling": 0.2, "depth": 1}},
        "msdnet": {
            "model": {"kind": "msdnet", "sampling": 0.2, "depth": 3},
            "training": {"learning_rate": 0.02},
        },
    },
    "arms": {"two": {}, "one": {"microscope": {"defocus": {"steps": [0]}}, "camera": {"dose": 9}}},
    "seeds": [1, 2],
    "tests": {"dim": {"camera": {"dose": 300}}},
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(STUDY, sort_keys=False))
    return path


def test_an_arm_is_trained_with_its_settings_and_the_seed(file):
    study = load_study(file)
    assert study.first_arm == "two"
    one = training_experiment(study, "one", "msdnet", 2)
    assert one.microscope.defocus.steps == (0,) and one.camera.dose == 9 and one.seed == 2
    assert one.model.kind == "msdnet" and one.stages == ("simulate", "train", "report")
    assert (one.data.training, one.data.selection, one.data.validation) == (40, 9, 1)
    two = training_experiment(study, "two", "unet", 2)
    assert two.microscope.defocus.steps == (0, 60) and two.camera.dose == 1e4
    assert (one.training.learning_rate, two.training.learning_rate) == (0.02, 1e-3)


def test_a_test_goes_before_the_arm_and_keeps_what_its_networks_take(file):
    study = load_study(file)
    one, two = (scoring_experiment(study, "dim", arm, ["a", "b"]) for arm in ("one", "two"))
    assert one.camera.dose == two.camera.dose == 300
    assert (one.focus_count, two.focus_count) == (1, 2)
    assert one.seed == two.seed == 7  # the same specimens for all trainings
    assert one.evaluation.networks == ("a", "b")
    assert one.stages == ("simulate", "evaluate", "report")
    assert (one.data.training, one.data.selection, one.data.validation) == (1, 1, 6)


def test_counts_that_are_not_used_make_room_for_one_specimen(file):
    study = load_study(file, {"experiment": {"data": {"exit_wave_reuse": 3}}})
    assert training_experiment(study, "one", "unet", 1).data.validation == 3
    data = scoring_experiment(study, "dim", "one").data
    assert (data.training, data.selection, data.validation) == (3, 3, 6)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"arms": {"x": {"microscope": {"defocus": {"stepz": [0]}}}}},
         ["study.yaml, arms.x: microscope.defocus.stepz", "perhaps `steps`"]),
        ({"tests": {"dim": {"camera": {"dose": -1}}}},
         ["study.yaml, tests.dim: camera.dose", "got -1"]),
        ({"networks": {"unet": {"model": {"filterz": 8}}}},
         ["study.yaml, networks.unet: model.filterz", "perhaps `filters`"]),
        ({"experiment": {"data": {"image_size": 33}}},
         ["data.image_size 33 is not a multiple of 2"]),
        ({"experiment": {"data": {"folder": "sets"}}}, ["data.folder", "leave it out"]),
        ({"tests": {"x": {"stages": ["report"]}}}, ["`stages` is not a test's", "out of x"]),
        ({"tests": {"x": {"model": {"sampling": 0.3}}}}, ["`model` is not a test's to change"]),
        ({"tests": {"x": {"evaluation": {"networks": ["a"]}}}},
         ["take evaluation.networks out of x"]),
        ({"tests": {"x": {"evaluation": None}}}, ["tests.x: evaluation: expected a section"]),
        ({"tests": {"x": {"microscope": {"defocus": {"steps": [0, 10, 20, 30]}}}}},
         ["networks of the arm", "cannot be scored in tests.x", "microscope.defocus.foci was"]),
        ({"tests": {"x": {"labels": {"classes": ["Mo"]}}}}, ["cannot be scored", "labels.classes"]),
        ({"arms": {"x": {"seed": 4}}}, ["arms", "`seed` is the study's own; take it out of x"]),
        ({"arms": {"x": {"data": {"validation": 9}}}},
         ["two and x", "data.validation was 6, is 9", "tests.dim"]),
        ({"arms": {"x": {"evaluation": {"radius": 1}}}}, ["evaluation.radius was 0.5, is 1.0"]),
        ({"networks": {"msdnet": {"model": {"sampling": 0.25}}}},
         ["unet has pixels of 0.2 Å", "0.25 Å"]),
        ({"networks": {"msdnet": {"camera": {"dose": 9}}}},
         ["networks", "msdnet has `camera`", "model and training alone"]),
        ({"seeds": [1, 1]}, ["seeds", "each seed once"]),
        ({"seeds": []}, ["seeds", "at least 1 entry"]),
        ({"arm": {}}, ["arm: this setting does not exist; perhaps `arms` is meant"]),
        ({"arms": {"x": None}}, ["arms.x: expected a section"]),
    ],
)  # fmt: skip
def test_invalid_settings_are_reported_with_their_key(file, changes, parts):
    with pytest.raises(InputError) as raised:
        load_study(file, changes)
    for part in parts:
        assert part in str(raised.value)


def test_one_arm_is_no_study(file):
    file.write_text(yaml.safe_dump({**STUDY, "arms": {"two": {}}}))
    with pytest.raises(InputError, match="arms: expected at least 2 entries"):
        load_study(file)


def test_a_base_brings_along_the_rest(file):
    other = file.with_name("other.yaml")
    other.write_text("base: study.yaml\nquestion: Another?\narms: {one: {camera: {dose: 10}}}\n")
    study = load_study(other)
    assert study.question == "Another?" and study.seeds == (1, 2)
    assert training_experiment(study, "one", "unet", 1).camera.dose == 10


def test_the_written_settings_read_back_to_the_same_study(file):
    from temnet.config.loading import dump_settings

    still = {"evaluation": {"sweep": None}, "camera": {"dose": {"choice": {9: 1, 90: 2}}}}
    study = load_study(file, {"arms": {"still": still}})
    copy = file.with_name("copy.yaml")
    copy.write_text(dump_settings(study))
    assert load_study(copy) == study and study.arms["still"]["evaluation"] == {"sweep": None}


def test_a_study_is_no_experiment(file):
    with pytest.raises(InputError, match="this setting does not exist"):
        load_experiment(file)


def test_the_arms_of_the_pixel_study_show_the_same_specimens():

    from temnet.simulation.example import draw_specimen, simulate_example

    study = load_study(Path(__file__).parents[2] / "experiments/studies/pixel_size.yaml")
    (test,) = study.tests
    experiments = [scoring_experiment(study, test, arm) for arm in study.arms]
    atoms = [
        [draw_specimen(experiment.simulation, index, "validation")[1][0].atoms for index in (0, 2)]
        for experiment in experiments
    ]
    assert len({experiment.model.sampling for experiment in experiments}) == len(study.arms) > 2
    for one in atoms[1:]:
        for here, there in zip(atoms[0], one, strict=True):
            np.testing.assert_allclose(here.positions, there.positions, atol=1e-9)
            assert (here.numbers == there.numbers).all() and len(here) > 100
    first, *others = (simulate_example(experiment, 0, "validation") for experiment in experiments)
    for other in others:
        assert other.parameters["dose"] == first.parameters["dose"]
        assert other.parameters["defocus"] == first.parameters["defocus"]


def test_a_study_of_files_has_one_identity_in_every_folder(tmp_path, monkeypatch):
    path = Path(__file__).parents[2] / "experiments/studies/still_atoms.yaml"
    here = load_study(path).identity()
    monkeypatch.chdir(tmp_path)
    assert load_study(path).identity() == here
    other = load_study(path, {"seeds": [7]})
    assert other.identity() != here
