"""`temnet new`: settings that train a network for a material."""

import json
import shutil
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, mx2

from temnet import new, run
from temnet.command_line.command import DONE, WRONG_INPUT
from temnet.config.loading import load_experiment
from temnet.electrons import wavelength
from temnet.errors import InputError
from temnet.models.checkpoint import load_network
from temnet.models.network_folders import find_network
from temnet.new_experiment import Material, parse_zone
from temnet.simulation.example import simulate_example
from temnet.training.first_weights import first_weights


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A working folder with structure files."""
    monkeypatch.chdir(tmp_path)
    scaled = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]
    ase.io.write("SrTiO3.cif", Atoms("SrTiO3", scaled_positions=scaled, cell=[3.905] * 3, pbc=True))
    ase.io.write("Si.cif", bulk("Si", a=5.431, cubic=True))
    ase.io.write("WSe2.cif", mx2("WSe2", vacuum=10))
    return tmp_path


def test_classes_and_distances_are_those_of_the_crystal(files, capsys):
    command = ["SrTiO3.cif", "--zone", "001", "--voltage", "300", "--corrected"]
    assert new.main(command) == DONE
    experiment = load_experiment("SrTiO3_001_300kV.yaml")
    assert experiment.class_names == ("Sr", "OTi", "O")  # by falling weight
    assert experiment.microscope.energy == 300e3
    assert capsys.readouterr().out.count("(1.95 Å") == 3  # a / 2
    examples = [simulate_example(experiment, index) for index in (0, 4)]  # one may be a negative
    assert {0, 1, 2} <= {n for one in examples for n in one.columns.class_index.tolist()}


def test_columns_that_cannot_be_separated_are_named(files, capsys):
    assert new.main(["Si.cif", "--zone", "3 1 1", "--voltage", "300"]) == DONE
    (note,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("Note"))
    assert "1.16 Å" in note and "1.30 Å" in note


def test_columns_closer_than_pixels_get_labels_of_a_pixel(files):
    """Of diamond along [112] dumbbells are 0.51 Å apart, which no pixel of 0.15 Å resolves."""
    ase.io.write("diamond.cif", bulk("C", a=3.567, cubic=True))
    command = ["diamond.cif", "--zone", "112", "--voltage", "300", "--corrected"]
    assert new.main(command) == DONE
    assert load_experiment("diamond_112_300kV.yaml").labels.width == 0.15
    command[0] = "diamond2.cif"
    ase.io.write("diamond2.cif", bulk("C", a=3.567, cubic=True))
    assert new.main([*command, "--start-from", "columns-unet"]) == DONE
    assert load_experiment("diamond2_112_300kV.yaml").labels.width == 0.2


def test_settings_that_are_refused_leave_no_file(files, monkeypatch, capsys):
    def refused(path):
        raise InputError("no")

    monkeypatch.setattr(new, "load_experiment", refused)
    assert new.main(["Si.cif", "--zone", "001", "--voltage", "300"]) == WRONG_INPUT
    assert not list(files.glob("*.yaml"))


def test_a_sheet_is_named_by_its_atoms(files):
    assert new.main(["WSe2.cif", "--zone", "001", "--voltage", "80", "--output", "w.yaml"]) == DONE
    experiment = load_experiment("w.yaml")
    assert experiment.class_names == ("W", "Se2")
    assert simulate_example(experiment, 0).images.max() > 0


def test_the_path_counts_from_the_yaml(files):
    (files / "yaml").mkdir()
    where = ["--output", "yaml/a.yaml"]
    assert new.main(["Si.cif", "--zone", "110", "--voltage", "200", *where]) == DONE
    assert "../Si.cif" in Path("yaml/a.yaml").read_text(encoding="utf-8")
    assert run.main(["yaml/a.yaml", "--check"]) == DONE


def test_a_training_can_start_from_a_network(files):
    start = ["--start-from", "nanoparticle-unet"]
    command = ["SrTiO3.cif", "--zone", "001", "--voltage", "300", "--corrected", *start]
    assert new.main(command) == DONE
    experiment = load_experiment("SrTiO3_001_300kV.yaml")
    # Another number of classes: only the last layer starts from random weights.
    weights, own = first_weights(experiment), load_network("nanoparticle-unet").model.get_weights()
    assert [w.shape for w in weights[:-2]] == [w.shape for w in own[:-2]]
    np.testing.assert_array_equal(weights[0], own[0])
    assert weights[-1].shape == (4,)


def test_a_folder_of_a_network_counts_from_the_yaml(files):
    shutil.copytree(find_network("graphene-unet"), files / "mine")
    command = ["Si.cif", "--zone", "110", "--voltage", "200", "--start-from", "mine"]
    (files / "yaml").mkdir()
    for output in ("yaml/a.yaml", "b.yaml"):
        assert new.main([*command, "--output", output]) == DONE
        assert Path(load_experiment(output).training.start_from).resolve() == files / "mine"
    assert "./mine" in Path("b.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["nowhere.cif", "--zone", "001", "--voltage", "300"], "does not exist"),
        (["notes.txt", "--zone", "001", "--voltage", "300"], "notes.txt"),
        (["Si.cif", "--zone", "0x1", "--voltage", "300"], "three indices"),
        (["Si.cif", "--zone", "000", "--voltage", "300"], "three indices"),
        (["Si.cif", "--zone", "001", "--voltage", "300000"], "20 to 1500 kV"),
        (["Si.cif", "--zone", "001", "--voltage", "nan"], "20 to 1500 kV"),
        (["Si.cif", "--zone", "001", "--voltage", "80", "--output", "there.yaml"], "exists"),
        (["Si.cif", "--zone", "001", "--voltage", "80", "--start-from", "graphen-unet"], "did you"),
    ],
)
def test_wrong_input_is_one_sentence_and_writes_nothing(files, capsys, arguments, part):
    Path("notes.txt").write_text("no structure")
    Path("there.yaml").write_text("mine")
    before = sorted(path.name for path in files.iterdir())
    assert new.main(arguments) == WRONG_INPUT
    error = capsys.readouterr().err
    assert part in error and "Traceback" not in error
    assert sorted(path.name for path in files.iterdir()) == before
    assert Path("there.yaml").read_text() == "mine"


@pytest.mark.parametrize("text", ["", "12", "1234", "1 2", "a b c", "99 0 0"])
def test_what_is_no_zone_axis(text):
    with pytest.raises(InputError, match="three indices"):
        parse_zone(text)


@pytest.mark.parametrize(("voltage", "mrad"), [(300, 25), (80, 45), (50, 60)])
def test_the_aperture_is_near_those_of_the_shipped_presets(voltage, mrad):
    material = Material(Path("a.cif"), (0, 0, 1), voltage, True)
    assert material.aperture == pytest.approx(mrad, rel=0.04)
    spacing = 1e3 * wavelength(voltage * 1e3) / material.aperture
    assert material.resolution == pytest.approx(spacing)


@pytest.mark.slow
def test_the_network_finds_the_columns_of_the_crystal(files):
    command = ["SrTiO3.cif", "--zone", "001", "--voltage", "300", "--corrected"]
    assert new.main([*command, "--size", "quick"]) == DONE
    assert run.main(["SrTiO3_001_300kV.yaml"]) == DONE
    summary = json.loads(Path("runs/SrTiO3_001_300kV/evaluate/summary.json").read_text())
    (scores,) = summary["networks"].values()
    assert set(scores["classes"]) >= {"Sr", "OTi", "O"}
    assert scores["macro_f1"] > 0.9
