"""Stored sets know what their specimens were made of, and bad specimens are refused at once."""

import json
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase.build import bulk

from temnet import run
from temnet.data.store import open_set
from temnet.stages import simulate

YAML = """
structure: {kind: file, path: gold.cif, thickness: 8, negatives: {probability: 0}}
vibrations: {kind: coordination, table: table.yaml}
microscope: {energy: 300e3, grid_sampling: 0.15, aperture_mrad: 20}
camera: {sampling: 0.2, dose: 1000}
labels: {classes: [Au], width: 0.4}
data: {image_size: 32, training: 1, selection: 1, validation: 1, workers: 0, exit_wave_reuse: 1}
model: {kind: unet, sampling: 0.25}
stages: [simulate]
"""

TABLE = """
material: Au
temperature: 300
cutoffs: {Au-Au: 4.0}
rows: [{element: Au, coordination: 12, atoms: 9, in_plane: SIGMA, along_beam: 0.1}]
provenance: {}
"""


def write_crystal(lattice_constant):
    ase.io.write("gold.cif", bulk("Au", a=lattice_constant, cubic=True))


def write_table(sigma):
    Path("table.yaml").write_text(TABLE.replace("SIGMA", sigma))


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(YAML)
    write_crystal(4.08)
    write_table("0.05")
    return tmp_path


def stored():
    """The images of every stored validation set."""
    manifests = Path("runs/sets").glob("*/validation/manifest.json")
    return [open_set(manifest.parent).example(0).images for manifest in manifests]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda: write_crystal(5.20), "structure.path"),
        (lambda: write_table("0.15"), "vibrations.table table.yaml"),
    ],
    ids=["structure", "table"],
)
def test_a_file_that_was_changed_makes_other_images(here, capsys, change, key):
    assert run.main(["a.yaml"]) == 0
    assert run.main(["a.yaml", "--check"]) == 0
    assert "simulate: already done" in capsys.readouterr().out
    change()
    assert run.main(["a.yaml"]) == 2
    message = capsys.readouterr().err
    assert f"run with other settings (content of {key} was '" in message
    assert run.main(["a.yaml", "--overwrite"]) == 0
    first, second = stored()
    assert np.abs(first - second).max() > 0.1


def test_images_of_another_simulation_are_other_images(here, capsys, monkeypatch):
    assert run.main(["a.yaml"]) == 0
    record = Path("runs/a/simulate/stage.json")
    values = json.loads(record.read_text())
    assert values["settings"].pop("simulation") == 3
    record.write_text(json.dumps(values))  # as an earlier temnet wrote it
    capsys.readouterr()
    assert run.main(["a.yaml", "--check"]) == 0
    assert "simulate: already done" in capsys.readouterr().out
    monkeypatch.setattr("temnet.config.simulation.SIMULATION_VERSION", 4)
    assert run.main(["a.yaml"]) == 2
    assert "(simulation was 3, is 4)" in capsys.readouterr().err
    assert run.main(["a.yaml", "--overwrite"]) == 0
    assert len(stored()) == 2


def test_a_set_in_a_named_folder_is_not_taken_for_that_of_another_file(here, capsys):
    arguments = ["a.yaml", "--set", "data.folder=sets"]
    assert run.main(arguments) == 0
    write_crystal(5.20)
    capsys.readouterr()
    assert run.main([*arguments, "--overwrite"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("sets/training: the stored set was made with other settings")
    assert "content of structure.path was '" in message


@pytest.mark.parametrize(("key", "file"), [("structure.path", "gold.cif"), ("table", "table.yaml")])
def test_a_file_that_was_removed_is_named_in_one_line(here, capsys, key, file):
    assert run.main(["a.yaml"]) == 0
    Path(file).unlink()
    capsys.readouterr()
    assert run.main(["a.yaml"]) == 2
    message = capsys.readouterr().err
    assert key in message and repr(file) in message and message.count("\n") == 1


def test_rare_elements_are_checked_before_the_run(here, capsys):
    """One specimen in a hundred is a particle of one of seven metals, which the table lacks."""
    seldom = "structure.negatives={off_axis: 0.01, probability: 0}"
    assert run.main(["a.yaml", "--check", "--set", seldom]) == 2
    message = capsys.readouterr().err
    assert "vibrations.sigma has no value for Ag, Al, Cu, Ni, Pd, Pt, which" in message
    assert message.count("\n") == 1
    assert not Path("runs").exists()
    given = "vibrations.sigma={default: 0.1}"
    assert run.main(["a.yaml", "--check", "--set", seldom, given]) == 0


def test_classes_that_no_column_has_are_warned_of(here, capsys):
    ase.io.write("salt.cif", bulk("NaCl", "rocksalt", a=5.64, cubic=True))
    settings = ["structure.path=salt.cif", "vibrations={kind: none}"]
    assert run.main(["a.yaml", "--check", "--set", *settings, "labels.classes=[Na, ClNa]"]) == 0
    captured = capsys.readouterr()
    assert "salt.cif, a crystal" in captured.out and "match no class" not in captured.err
    assert run.main(["a.yaml", "--set", *settings, "labels.classes=[Na, Cl]"]) == 0
    assert "none of 4 test specimens has a column of class Na or Cl" in capsys.readouterr().err
    assert "class Na or Cl" in Path("runs/a/log.txt").read_text()


def test_check_makes_each_specimen_once_and_measures_the_time_once(here, capsys, monkeypatch):
    monkeypatch.setattr(simulate, "_KNOWN", {})
    drawn, timed = [], []
    draw, block = simulate.draw_specimen, simulate.simulate_block
    monkeypatch.setattr(
        simulate, "draw_specimen", lambda *about: (drawn.append(about[1]), draw(*about))[1]
    )
    monkeypatch.setattr(
        simulate, "simulate_block", lambda *about: (timed.append(about[1:3]), block(*about))[1]
    )
    Path("a.yaml").write_text(YAML.replace("[simulate]", "[simulate, train, evaluate]"))
    assert run.main(["a.yaml", "--check"]) == 0
    asked = capsys.readouterr().out
    assert asked.count("time: ") == 2 and " of no class in 4 specimens" in asked
    assert drawn == [0, 1, 2, 3]
    assert timed[:2] == [(0, 1), (0, 1)] and len(timed) == len(set(timed)) + 1
    write_crystal(5.20)  # other specimens, which take another time
    assert run.main(["a.yaml", "--check"]) == 0
    assert drawn == [0, 1, 2, 3] * 2 and timed.count((0, 1)) == 4
