"""A small experiment whose examples take milliseconds."""

import pytest

from temnet.config.loading import validate

PLAIN = {
    "structure": {"kind": "mos2"},
    "microscope": {
        "energy": 80e3,
        "aperture_mrad": 30,
        "grid_sampling": 0.15,
        "defocus": {"steps": [0, 50]},
    },
    "camera": {"sampling": 0.2, "dose": 1000},
    "labels": {"classes": ["Mo", "S2", "S"], "width": 0.4},
    "data": {"image_size": 32, "training": 20, "selection": 6, "validation": 2, "workers": 0},
    "model": {"kind": "unet", "sampling": 0.25, "depth": 2},
    "training": {"batch_size": 4, "images_per_epoch": 8},
    "stages": ["simulate"],
}


def make_settings(**changes):
    data = {**PLAIN["data"], **changes.pop("data", {})}
    return validate({**PLAIN, **changes, "data": data}, "test")


@pytest.fixture(scope="session")
def settings():
    return make_settings
