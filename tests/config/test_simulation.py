"""The settings of an example, and the hash by which stored sets are found again."""

import pickle
from dataclasses import fields
from pathlib import Path

import pytest

from temnet.config.loading import load_experiment, validate
from temnet.config.simulation import SimulationSettings
from temnet.data.store import describe
from temnet.errors import InputError

EXPERIMENTS = Path(__file__).parents[2] / "experiments"

FROM_FILES = {
    "seed": 5,
    "structure": {"kind": "file", "path": "gold.xyz"},
    "vibrations": {"kind": "coordination", "table": ["gold_300K", "table.yaml"]},
    "microscope": {"energy": 300e3, "grid_sampling": 0.05, "aperture_mrad": 50},
    "camera": {"sampling": 0.2, "dose": 1000},
    "labels": {"classes": ["Au"], "width": 0.4},
    "data": {"image_size": [64, 48], "augment": False, "exit_wave_reuse": 2},
    "model": {"kind": "unet", "sampling": 0.2},
    "stages": ["simulate"],
}


@pytest.fixture
def from_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("gold.xyz").write_text("4\n\nAu 0 0 0\n")
    Path("table.yaml").write_text("sigma: 0.08\n")
    return validate(FROM_FILES, "test")


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("smoke", "fa1ba6e27eb35aee"),
        ("mos2_unet", "bbe19ee19b572418"),
        ("nanoparticle_unet", "385bc2510a14430d"),
        ("graphene_unet", "c26f0d8bb9dca70c"),
    ],
)
def test_stored_sets_of_shipped_experiments_are_found_again(name, identity):
    """If one fails, the sets that users have stored are simulated again."""
    assert load_experiment(EXPERIMENTS / f"{name}.yaml").simulation.identity() == identity


def test_the_content_of_external_files_is_part_of_the_hash(from_files):
    assert from_files.simulation.identity() == "9fe2ebd6e4fa27b4"
    Path("table.yaml").write_text("sigma: 0.09\n")
    assert from_files.simulation.identity() != "9fe2ebd6e4fa27b4"


def test_manifests_hold_every_setting(from_files):
    settings = from_files.simulation
    manifest = describe(settings, "training", 16)
    assert {field.name for field in fields(SimulationSettings)} < set(manifest)
    assert manifest["identity"] == settings.identity() and manifest["focus_count"] == 1
    assert (manifest["shape"], manifest["exit_wave_reuse"]) == ([64, 48], 2)
    assert [key for key in manifest if key.startswith("content of")] == [
        "content of vibrations.table table.yaml",
        "content of structure.path",
    ]


def test_the_extent_counts_from_the_first_to_the_last_pixel(from_files):
    assert from_files.simulation.extent == pytest.approx((63 * 0.2, 47 * 0.2))


def test_workers_receive_the_same_settings(from_files):
    assert pickle.loads(pickle.dumps(from_files.simulation)) == from_files.simulation


def test_missing_sections_are_named():
    values = {key: FROM_FILES[key] for key in ("structure", "camera", "labels", "data")}
    experiment = validate({**values, "stages": ["report"]}, "test")
    with pytest.raises(InputError, match="needs the section microscope and model; add it"):
        _ = experiment.simulation
