import shutil

import pytest

from temnet.config.loading import validate


@pytest.fixture(scope="session")
def make_experiment():
    """A small experiment whose model section is given."""

    def make(**changes):
        values = {
            "seed": 3,
            "structure": {"kind": "mos2"},
            "microscope": {
                "energy": {"uniform": [50e3, 60e3]},
                "defocus": {"start": {"uniform": [-100, 100]}, "steps": [0, 50, 100]},
                "Cs_um": {"normal": [0, 5]},
                "aperture_mrad": 40,
            },
            "camera": {
                "sampling": {"uniform": [0.1, 0.12]},
                "dose": {"log_uniform": [1e2, 1e5]},
            },
            "labels": {"classes": ["Mo", "S2", "S"], "width": 0.35},
            "data": {"image_size": 32},
            "model": {"kind": "unet", "sampling": 0.12, "depth": 2, "filters": 4},
            "stages": ["simulate"],
        }
        return validate(values | changes, "test")

    return make


@pytest.fixture
def folder(network_folder, tmp_path):
    """A copy of a valid network that a test may damage."""
    shutil.copytree(network_folder / "tiny", tmp_path / "tiny")
    return tmp_path / "tiny"
