"""Molecular dynamics from a YAML file to a table that structures can use."""

import json
from pathlib import Path

import pytest

from temnet import run
from temnet.config.loading import load_experiment
from temnet.config.structures.molecular_dynamics import MolecularDynamics
from temnet.simulation.example import simulate_example
from temnet.stages.vibrations import specimen_sizes
from temnet.structures.vibrations.displacements import find_table

YAML = """
seed: 1
molecular_dynamics:
  material: Au
  sizes: [5]
  runs: 1
  equilibration: 0.1
  length: 0.4
  interval: 20
stages: [vibrations, report]
"""


@pytest.mark.slow
def test_a_table_comes_out_and_runs_are_not_made_twice(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "temnet.structures.vibrations.md_specimens.BULK_CELLS",
        2,  # the periodic piece
    )
    Path("gold.yaml").write_text(YAML)
    assert run.main(["gold.yaml"]) == 0
    folder = Path("runs/gold/vibrations")
    table = find_table(str(folder / "table.yaml"))
    assert table.material == "Au" and "EMT" in table.provenance["engine"]
    assert "Thermal vibration" in Path("runs/gold/index.html").read_text()
    # Its frames move the specimen that they are of, turned and moved as it may be.
    example = simulate_example(load_experiment(_imaging(folder), {}), index=0)
    assert example.parameters["structure"] == "specimen-000.xyz" and example.images.std() > 0
    # A stopped run resumes with the runs that were finished.
    record = json.loads((folder / "stage.json").read_text())
    (folder / "stage.json").write_text(json.dumps({**record, "status": "running"}))
    first = (folder / "run-000.json").read_text().replace('"temperature": ', '"temperature": 9')
    (folder / "run-000.json").write_text(first)
    (folder / "run-001.json").unlink()
    capsys.readouterr()
    assert run.main(["gold.yaml"]) == 0
    assert "vibrations: resumed" in capsys.readouterr().err
    assert (folder / "run-000.json").read_text() == first and (folder / "run-001.json").exists()


def _imaging(folder):
    """An experiment that images the specimen of the first run with its frames."""
    path = Path("image.yaml")
    path.write_text(f"""
structure: {{kind: file, path: {folder}/specimen-000.xyz, negatives: {{probability: 0}}}}
vibrations: {{kind: snapshots, file: {folder}/snapshots-000.npz, configurations: 3}}
microscope: {{energy: 300e3, aperture_mrad: 20, grid_sampling: 0.1}}
camera: {{sampling: 0.2, dose: 1e4}}
labels: {{classes: [Au], width: 0.4}}
data: {{image_size: 64}}
model: {{kind: unet, sampling: 0.2}}
stages: [gallery]
""")
    return path


def test_check_prints_what_would_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("gold.yaml").write_text(YAML)
    assert run.main(["gold.yaml", "--check"]) == 0
    text = capsys.readouterr().out
    assert "Au at 300 K by ASE" in text and "2 runs of 0.4 ps" in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gold.yaml"]


@pytest.mark.parametrize(
    ("material", "sizes"),
    [("Au", [12, 12, 8, 8, None, None]), ("mos2", [12, 12, 8, 8])],
)
def test_metals_have_a_periodic_piece_besides_their_particles(material, sizes):
    dynamics = MolecularDynamics(material=material, sizes=(12, 8), runs=2)
    assert specimen_sizes(dynamics) == sizes


@pytest.mark.parametrize(
    ("material", "size", "message"),
    [
        ("Au", 2, "radii of particles from 3 to 60 Å"),
        ("Au", 70, "radii of particles from 3 to 60 Å"),
        ("mos2_graphene", 4, "sides of sheets of at least 8 Å"),
    ],
)
def test_sizes_that_cannot_be_built_are_refused(material, size, message):
    with pytest.raises(ValueError, match=message):
        MolecularDynamics(material=material, sizes=[size])
