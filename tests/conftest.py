"""What several test files share: small untrained networks, and images to show them."""

import io
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TEMNET_CACHE"] = "off"  # what one test chose is not to serve another

import numpy as np
import PIL.Image
import pytest

from temnet.config.loading import validate

TINY = {
    "structure": {"kind": "nanoparticle"},
    "microscope": {"energy": 300e3, "grid_sampling": 0.1, "aperture_mrad": 30},
    "camera": {"sampling": 0.2, "dose": 1000},
    "labels": {"classes": ["metal", "oxide"], "width": 0.4},
    "data": {"image_size": 32, "exit_wave_reuse": 1},
    "model": {"kind": "unet", "sampling": 0.2, "depth": 1, "filters": 2, "max_filters": 4},
    "stages": ["simulate", "train"],
}


LONGEST = (
    "test_run",
    "test_smoke",
    "test_presets",
    "test_publish",
    "test_cluster",
    "test_study",
    "test_fit",
)
"""Files that take longest start first, so that no processor waits for the other at the end."""


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.fixture(scope="session")
def network_folder(tmp_path_factory):
    """A folder with two networks: ``tiny`` takes single images, ``tiny-series`` three foci.

    They are hardly more than their initial weights: the logit of metal follows the image.
    """
    from temnet.models.checkpoint import save_network
    from temnet.models.description import describe
    from temnet.models.factory import build_model

    folder = tmp_path_factory.mktemp("pretrained")
    for name, steps in (("tiny", [0]), ("tiny-series", [0, 50, 100])):
        microscope = {**TINY["microscope"], "defocus": {"steps": steps}}
        experiment = validate({**TINY, "microscope": microscope}, name)
        card = describe(name, experiment, threshold=0.5)
        save_network(folder / name, build_model(experiment), experiment, card)
    return folder


@pytest.fixture
def pretrained(network_folder, monkeypatch):
    """The folder of the small networks, in which names are searched first."""
    monkeypatch.setenv("TEMNET_PRETRAINED", str(network_folder))
    return network_folder


@pytest.fixture
def undrawn(monkeypatch):
    """Empty pictures on the pages of runs, for tests of all else: drawing takes seconds."""
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (1, 1)).save(buffer, "PNG")

    def save_figure(figure, folder, name):
        for kind in ("png", "svg"):
            (folder / f"{name}.{kind}").write_bytes(buffer.getvalue())
        return buffer.getvalue()

    monkeypatch.setattr("temnet.reporting.run_results.save_figure", save_figure)


@pytest.fixture(scope="session")
def dots():
    """(row, col) float32 image of 64 x 48 pixels with bright dots 12 pixels apart, some noise."""
    rows, cols = np.mgrid[:64, :48]
    centres = [(r, c) for r in range(8, 64, 12) for c in range(6, 48, 12)]
    image = sum(np.exp(-((rows - r) ** 2 + (cols - c) ** 2) / 8) for r, c in centres)
    noise = np.random.default_rng(0).normal(0, 0.05, image.shape)
    return (10 + image + noise).astype(np.float32)


@pytest.fixture(scope="session")
def shifted_foci():
    """(focus, row, col) float32: three foci that lie 0, 4 and 2 pixels down, the second dark."""
    rng = np.random.default_rng(0)
    rows, cols = np.mgrid[:96, :96]
    places = [(r, c) for r in range(6, 96, 14) for c in range(6, 96, 14) if rng.random() > 0.2]

    def focus(drop, sign):
        dots = sum(np.exp(-((rows - r - drop) ** 2 + (cols - c) ** 2) / 8) for r, c in places)
        return 10 + sign * dots + rng.normal(0, 0.1, rows.shape)

    return np.stack([focus(0, 1), focus(4, -1), focus(2, 1)]).astype(np.float32)
