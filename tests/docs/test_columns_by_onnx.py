"""The program in the documentation that needs no temnet: it and the metadata are complete."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy.spatial import cKDTree

from temnet import export
from temnet.inference.column_finder import find_in_series
from temnet.models.checkpoint import load_network
from temnet.records import ImageSeries

REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("onnx", "onnxruntime")),
    reason="needs temnet[onnx]",
)


@pytest.fixture(scope="module")
def guide():
    path = REPOSITORY / "docs" / "how_to" / "columns_by_onnx.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "file", "sampling"),
    [
        ("nanoparticle-msdnet", "pt_ceo2_raw.tif", 0.202),
        ("mos2-msdnet", "mos2_focal_series.tif", 0.11),
    ],
)
def test_the_columns_are_those_of_temnet(guide, name, file, sampling, tmp_path):
    image = tifffile.imread(REPOSITORY / "experiments" / "images" / file)
    image = image[0] if name.startswith("nano") else np.moveaxis(image, 0, -1)
    written = tmp_path / "network.onnx"
    assert export.main([name, "--onnx", str(written)]) == 0
    positions, scores, classes = guide.find_columns(str(written), image, sampling)

    network = load_network(name)
    frames = image.reshape(1, *image.shape[:2], -1).astype(np.float32)
    found = find_in_series(network, ImageSeries(frames, sampling), engine="keras")
    distance, other = cKDTree(found.positions).query(positions)
    assert len(positions) == len(found.positions) > 50
    assert distance.max() < 1e-4  # Å; 2e-6 was measured
    np.testing.assert_allclose(scores, found.score[other], atol=1e-4)
    theirs = np.array(network.card.classes)[found.probabilities[other].argmax(axis=1)]
    assert classes == theirs.tolist()
