"""Every YAML in experiments/ can be run as it stands."""

import re
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from temnet.config.distributions import support
from temnet.config.experiment import SIMULATION_SECTIONS
from temnet.config.loading import load_experiment
from temnet.config.schema import json_schema
from temnet.run import main
from temnet.simulation.example import draw_specimen, simulate_example
from temnet.stages.simulate import duration
from temnet.study import __main__ as study_command
from temnet.study.settings import load_study, scoring_experiment, training_experiment
from tests.strain.crystals import CELLS, crystal

FOLDER = Path(__file__).parents[1] / "experiments"
EXPERIMENTS = sorted(FOLDER.glob("*.yaml"))
STUDIES = sorted((FOLDER / "studies").glob("*.yaml"))
NETWORKS = [path for path in EXPERIMENTS if "simulate" in load_experiment(path).stages]
TINY = {"data": {"training": 1, "selection": 1, "validation": 1, "exit_wave_reuse": 1}}

names = {"ids": lambda path: path.stem}


def tiny(path):
    """The experiment with images of 64 pixels, which every network can take."""
    return load_experiment(path, {"data": {**TINY["data"], "image_size": 64}})


def test_all_experiments_are_there():
    assert {path.stem for path in EXPERIMENTS} >= {
        "quickstart",
        "smoke",
        "nanoparticle_unet",
        "mos2_unet",
        "mos2_msdnet",
        "mos2_graphene_unet",
        "mos2_graphene_msdnet",
    }
    assert len(NETWORKS) >= 6


@pytest.mark.parametrize("path", EXPERIMENTS, **names)
def test_every_experiment_begins_with_a_sentence_about_it(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ") and first.endswith(".")


def units_by_key():
    """Units of the lengths, doses and other quantities whose names do not carry one, by the name.

    Names that are also those of plain numbers, such as `width`, are left out.
    """
    units, plain = {}, set()
    for section in json_schema()["$defs"].values():
        for key, setting in section.get("properties", {}).items():
            unit = setting.get("unit", "pixels")
            if unit == "pixels":
                plain.add(key)
            elif not key.endswith(("_um", "_mm", "_mrad", "_deg")):
                units.setdefault(key, set()).add(unit)
    return {key: found for key, found in units.items() if key not in plain}


GIVEN = re.compile(r"(?:^|[{,-])\s*(\w+): *(?!0[,}\s]|0$|\[0\]|null|[{\[]?$)[^\s#]")
"""A key whose value stands in the same line and is neither zero nor nothing."""


def lines_without_unit(text, units):
    """Lines that give a quantity without its unit, which stands in the comment at their end."""
    found = []
    for line in text.splitlines():
        keys = [key for key in GIVEN.findall(line.partition("#")[0]) if key in units]
        if any(not any(unit in line for unit in units[key]) for key in keys):
            found.append(line.strip())
    return found


YAMLS = sorted(FOLDER.rglob("*.yaml"))


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_every_quantity_has_its_unit_beside_it(path):
    assert lines_without_unit(path.read_text(encoding="utf-8"), units_by_key()) == []


def test_a_quantity_without_unit_is_noticed():
    units = units_by_key()
    assert lines_without_unit("coma: {uniform: [0, 300]}", units)
    assert lines_without_unit("  dose: 100  # Å", units)
    assert not lines_without_unit("  coma: {uniform: [0, 300]}  # Å\n  Cs_um: 3\n  coma: 0", units)


@pytest.mark.parametrize("path", NETWORKS, **names)
def test_check_passes_and_lists_the_stages(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("temnet.stages.simulate.seconds_per_example", lambda experiment: 0.5)
    assert main([str(path), "--check"]) == 0
    text = capsys.readouterr().out
    experiment = load_experiment(path)
    assert f"training: {experiment.data.training} examples" in text
    assert f"{experiment.model.kind} with " in text and "time: about" in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", NETWORKS, **names)
def test_every_network_experiment_simulates(path):
    experiment = tiny(path)
    example = simulate_example(experiment, index=0)
    assert example.images.shape == (64, 64, experiment.focus_count)
    assert example.labels.shape == (64, 64, len(experiment.class_names) + 1)
    # Images are divided by the mean of their series, and labels are shares of one.
    assert example.images.mean() == pytest.approx(1, abs=1e-3)
    assert example.labels.sum(axis=-1) == pytest.approx(1, abs=1e-5)


def test_the_mos2_experiments_carry_the_published_sizes_and_differ_as_they_should():
    bare_unet, bare_msd, graphene_unet, graphene_msd = (
        load_experiment(FOLDER / f"{name}.yaml")
        for name in ("mos2_unet", "mos2_msdnet", "mos2_graphene_unet", "mos2_graphene_msdnet")
    )
    # The networks of a pair are trained on the same images, those of two pairs from other ones.
    assert bare_unet.simulation == bare_msd.simulation != graphene_unet.simulation
    assert graphene_unet.simulation == graphene_msd.simulation
    assert bare_msd.structure.support is None and graphene_msd.structure.support is not None
    for experiment in (bare_unet, bare_msd, graphene_unet, graphene_msd):
        data = experiment.data
        assert (data.training, data.selection, data.validation) == (10000, 200, 500)
        assert experiment.class_names == ("Mo", "S2", "S") and experiment.focus_count == 3
    assert (bare_msd.model.kind, bare_msd.model.depth, bare_msd.model.width) == ("msdnet", 100, 1)


def test_sections_that_simulate_are_all_written_in_the_base():
    from temnet.config.loading import read_yaml

    for path in NETWORKS:
        assert set(SIMULATION_SECTIONS) <= set(read_yaml(path)), path


@pytest.mark.parametrize("path", sorted((FOLDER / "microscopes").glob("*.yaml")), **names)
def test_every_preset_of_a_microscope_is_taken_in_by_one_line(path, tmp_path):
    yaml_file = tmp_path / "mine.yaml"
    yaml_file.write_text(f"microscope: {{base: {path}, image_spread: 0.25}}\nstages: [report]\n")
    microscope = load_experiment(yaml_file).microscope
    assert microscope.image_spread == 0.25
    assert f"{microscope.energy / 1e3:g}kV" in path.stem


@pytest.mark.parametrize("path", STUDIES, **names)
def test_every_study_can_be_run(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("temnet.study.cost.seconds_per_example", lambda experiment: 0.5)
    monkeypatch.setattr("temnet.study.cost.training_seconds", lambda experiment: 0.1)
    study = load_study(path)
    assert study_command.main([str(path), "--check", "--set", "seeds=[1]"]) == 0
    lines = capsys.readouterr().out.splitlines()
    wanted = [f"training: {arm}, {net}, seed 1" for arm in study.arms for net in study.networks]
    assert [line for line in lines if line.startswith("training: ")] == wanted
    assert sum(line.startswith("test: ") for line in lines) == len(study.tests) * len(study.arms)
    trainings = [
        training_experiment(study, arm, net, 1).training
        for arm in study.arms
        for net in study.networks
    ]
    images = sum(training.epochs * training.epoch_size for training in trainings)
    hours = 0.1 * images / 3600
    assert lines[-1].endswith(f"and {duration(hours)} to train")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", STUDIES, **names)
def test_every_study_asks_a_question_and_shows_as_many_images_to_each_network(path):
    study = load_study(path)
    pair = set(study.networks) == {"unet", "msdnet"}
    assert study.question.endswith("?") and len(study.seeds) >= (3 if pair else 2)
    for arm in study.arms:
        trainings = [
            training_experiment(study, arm, network, 1).training for network in study.networks
        ]
        (seen,) = {training.epochs * training.epoch_size for training in trainings}
        assert seen == 10000 or not pair
        for test in study.tests:  # nothing is simulated but the test's images
            rule = scoring_experiment(study, test, arm).evaluation
            assert rule.sweep is rule.cramer_rao is rule.ideal_observer is None


def test_the_studies_test_on_the_images_that_they_ask_about():
    studies = {path.stem: load_study(path) for path in STUDIES}

    def identities(name, test):
        study = studies[name]
        every = (scoring_experiment(study, test, arm) for arm in study.arms)
        return {one.simulation.identity() for one in every}

    for name in ("few_images", "fresh_images", "dose_range", "still_atoms"):
        assert all(len(identities(name, test)) == 1 for test in studies[name].tests)
    fresh = studies["fresh_images"]
    assert training_experiment(fresh, "fresh images", "unet", 1).data.source == "fresh"
    assert scoring_experiment(fresh, "validation", "fresh images").data.source == "stored"
    # Atoms vibrate in one test as in the first arm's training images, in the other as in frames of
    # molecular dynamics that a camera averages over.
    still = studies["still_atoms"]
    moving, resting = (
        training_experiment(still, arm, "unet", still.seeds[0]) for arm in still.arms
    )
    assert identities("still_atoms", "vibrating atoms") == {moving.simulation.identity()}
    assert moving.simulation.identity() != resting.simulation.identity()
    frames = scoring_experiment(still, "molecular dynamics", still.first_arm)
    assert frames.vibrations.kind == "snapshots" and frames.vibrations.configurations >= 20
    doses = studies["dose_range"]
    above, below, outside = (
        support(scoring_experiment(doses, test, doses.first_arm).camera.dose)
        for test in doses.tests
    )
    all_doses = support(
        training_experiment(doses, doses.first_arm, "unet", doses.seeds[0]).camera.dose
    )
    assert above[0] == below[1] == 200 and below[0] == outside[1] == all_doses[0] == 100
    foci = studies["focal_series"]
    three, one, bright = (scoring_experiment(foci, "validation", arm) for arm in foci.arms)
    assert (three.focus_count, one.focus_count, bright.focus_count) == (3, 1, 1)
    assert three.camera == one.camera
    low, high = support(three.camera.dose)
    assert support(bright.camera.dose) == (3 * low, 3 * high)


def test_a_focal_series_and_one_image_show_the_same_specimens():
    foci = load_study(FOLDER / "studies" / "focal_series.yaml")
    three, one, bright = (scoring_experiment(foci, "validation", arm) for arm in foci.arms)
    for index in (0, 2):
        seen = [simulate_example(each, index, "validation") for each in (three, one, bright)]
        atoms = [
            draw_specimen(each.simulation, index, "validation")[1][0].atoms for each in (three, one)
        ]
        assert len(atoms[0]) > 100 and (atoms[0].positions == atoms[1].positions).all()
        assert seen[0].parameters["dose"] == seen[1].parameters["dose"]
        assert seen[2].parameters["dose"] == pytest.approx(3 * seen[0].parameters["dose"])
        assert seen[0].parameters["defocus"][:1] == seen[1].parameters["defocus"]


@pytest.mark.slow
def test_the_script_of_ones_own_training_learns(tmp_path, monkeypatch):
    monkeypatch.chdir(FOLDER.parent)
    script = runpy.run_path(str(FOLDER / "own_training.py"))
    script["main"].__globals__["FOLDER"] = tmp_path
    history = script["main"](epochs=2).history
    assert history["loss"][1] < history["loss"][0] and "peak_f1" in history
    assert {"best.keras", "log.csv", "state.json"} <= {path.name for path in tmp_path.iterdir()}


def test_the_comparison_of_speed_counts_the_columns_of_a_lattice(tmp_path):
    script = runpy.run_path(str(FOLDER / "compare_with_atomai.py"))
    image, mask = script["lattice"](192, np.random.default_rng(0))
    np.save(tmp_path / "lattice.npy", image)
    assert image[mask > 0].mean() > 1.5 * image[mask == 0].mean()
    find = script["temnet_finder"](script["DEFAULT_NETWORK"])
    assert find(str(tmp_path / "lattice.npy")) == pytest.approx(256, abs=32)


def test_the_study_of_strain_measures_a_known_error(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    study = runpy.run_path(str(FOLDER / "strain_study.py"))
    report = runpy.run_path(str(FOLDER / "strain_study_report.py"))
    points = crystal("fcc [110]", 12.0, 20) @ np.diag([1, -1])
    lattice = {"reference": "lattice", "lattice": CELLS["fcc [110]"][0].T}
    middle = study["SIDE"] / 2
    true, wide = (
        study["strain"](study["at"](points[:, ::-1] * scale + middle), **lattice)
        for scale in ([1, 1], [1.01, 1.01])
    )
    turned = study["strain"](study["at"](points[:, ::-1] * [1.01, 1] + middle), **lattice)
    rows = list(study["errors"](wide, true, ("Au", "tilt", 1.0, 40)))
    assert [row.layer for row in rows] == [1, 2, 3, 4]
    for row in rows:
        assert (row.radial_bias, row.tangential_bias) == pytest.approx((0.01, 0.01))
        assert row.held <= 1 / 3  # that of the shear at most
    assert all(row.spread < 1e-12 for row in study["errors"](true, true, ("Au", "none", 0.0, 40)))
    (high, *_) = study["errors"](turned, true, ("Au", "tilt", 1.0, 40))
    assert high.radial_bias + high.tangential_bias == pytest.approx(0.01, rel=0.05)
    x, y = np.array([0.6]), np.array([0.8])
    tensor = np.array([[0.01, 0.03, 0.02]])
    assert study["along"](tensor, x, y) == pytest.approx(0.36 * 0.01 + 0.64 * 0.03 + 0.96 * 0.02)
    both = study["together"]([rows[0], replace(rows[0], radial_bias=0.03, spread=0.0)])
    assert both.radial_bias == pytest.approx(0.02) and both.columns == 2 * rows[0].columns
    assert report["table"](rows, 40)[-1].startswith("| tilt | 1 | +1.00 | +1.00 | +1.00 |")
    held = [replace(row, held=0.25) for row in rows]
    beyond = [replace(row, setting="coma", value=900.0, radial_bias=9.0) for row in rows]
    assert "25.0 % in intervals" in report["summary"](held + beyond, 40)
    assert "+1.00 % (Au, tilt 1)" in report["summary"](held + beyond, 40)
