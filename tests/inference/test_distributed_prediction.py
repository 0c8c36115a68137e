from dataclasses import replace

import numpy as np
import pytest

from temnet.data.cluster import Workers, open_workers
from temnet.inference.column_finder import ColumnFinder, Search, find_in_series
from temnet.inference.distributed_prediction import BLOCK, find_in_frames_with
from temnet.inference.masks import inside_boxes
from temnet.inference.reading.lazy_frames import LazyFrames
from temnet.models.checkpoint import load_network
from temnet.models.network_folders import find_network
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
    network, search = load_network(NETWORK), Search(threshold=0.2, maps=True)
    expected = list(ColumnFinder(network, search).find_in(series))
    assert sum(len(frame.peaks) for frame in expected) > 20
    with open_workers(Settings, "prediction") as workers:
        found = list(find_in_frames_with(workers, NETWORK, series, search))
    assert [frame.number for frame in found] == list(range(2 * BLOCK + 1))
    for mine, theirs in zip(found, expected, strict=True):
        assert not inside_boxes(mine.peaks.positions, [box], (0.2, 0.2)).any()
        np.testing.assert_array_equal(mine.peaks.frame, theirs.peaks.frame)
        np.testing.assert_allclose(mine.peaks.positions, theirs.peaks.positions, atol=1e-4)
        np.testing.assert_array_equal(mine.peaks.class_index, theirs.peaks.class_index)
        np.testing.assert_allclose(mine.probabilities, theirs.probabilities, atol=1e-5)
        np.testing.assert_array_equal(mine.image, theirs.image)
    whole = find_in_series(network, series, threshold=0.2)
    np.testing.assert_array_equal(whole.frame, np.concatenate([f.peaks.frame for f in expected]))


def test_frames_are_read_only_a_few_ahead(series):
    """A movie's memory is independent of its length."""
    read = []

    def image(number):
        read.append(number)
        return series.images[number % len(series.images), ..., 0]

    long = replace(series, images=LazyFrames(image, np.arange(1000)[:, None], (64, 64)))
    found = find_in_frames_with(Workers(None), NETWORK, long, Search())
    assert next(found).number == 0 and max(read) < 4 * BLOCK
    read.clear()
    found = ColumnFinder(load_network(NETWORK)).find_in(long)
    assert next(found).number == 0 and read == [0]


def test_an_error_in_a_worker_arrives(series):
    focal = ImageSeries(np.repeat(series.images[:2], 3, axis=-1), 0.2, "focal")
    with pytest.raises(ValueError, match="expects single images"):
        next(find_in_frames_with(Workers(None), NETWORK, focal, Search()))
