from dataclasses import replace

import numpy as np
import pytest

from temnet.data.cluster import Workers, open_workers
from temnet.inference.frames import LazyFrames
from temnet.inference.masks import inside_boxes
from temnet.inference.predict import find_columns
from temnet.inference.shared import BLOCK, find_columns_with
from temnet.models.checkpoint import find_network, load_network
from temnet.records import ImageSeries

NETWORK = find_network("nanoparticle-unet")


@pytest.fixture(scope="module")
def series():
    """A lattice of bright columns that moves from frame to frame."""
    row, col = np.mgrid[:64, :64] * 0.2
    frames = [
        np.cos(2 * np.pi * (row + 0.1 * k) / 2.3) + np.cos(2 * np.pi * (col + 0.05 * k) / 2.3)
        for k in range(2 * BLOCK + 1)
    ]
    return ImageSeries(np.stack(frames)[..., None].astype(np.float32) + 3, 0.2, "lattice")


def in_files(images):
    """The same frames, read when they are asked for."""
    order = np.arange(len(images))[:, None]
    return LazyFrames(lambda number: images[number, ..., 0], order, images.shape[1:3])


@pytest.mark.parametrize("count", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_shared_frames_have_the_same_columns(series, count):
    class Settings:
        workers, scheduler = count, None

    box = (30, 64, 0, 64)
    series = replace(series, images=in_files(series.images), masked=(box,))
    expected = find_columns(load_network(NETWORK), series, threshold=0.2)
    assert not inside_boxes(expected.positions, [box], (0.2, 0.2)).any()
    frames = []
    with open_workers(Settings, "prediction") as workers:
        found = find_columns_with(workers, NETWORK, series, 0.2, progress=frames.append)
    assert frames == [BLOCK, BLOCK, 1]
    assert len(expected) > 20
    np.testing.assert_array_equal(found.frame, expected.frame)
    np.testing.assert_allclose(found.positions, expected.positions, atol=1e-4)
    np.testing.assert_array_equal(found.class_index, expected.class_index)


def test_an_error_in_a_worker_arrives(series):
    focal = ImageSeries(np.repeat(series.images[:2], 3, axis=-1), 0.2, "focal")
    with pytest.raises(ValueError, match="expects single images"):
        find_columns_with(Workers(None), NETWORK, focal)
