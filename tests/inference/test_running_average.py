"""Running averages of frames, compared with means of shifted arrays."""

from dataclasses import replace

import numpy as np
import pytest

from temnet.images.unseen import UnseenRegions, pack
from temnet.inference.reading.lazy_frames import LazyFrames
from temnet.inference.running_average import hidden_pixels, running_average, window
from temnet.records import ImageSeries

COUNT, SHAPE, SAMPLING = 9, (24, 30), 0.5


@pytest.fixture
def frames():
    return np.random.default_rng(1).normal(5, 1, (COUNT, *SHAPE, 1)).astype(np.float32)


@pytest.fixture
def drift():
    """Whole pixels, so that moved arrays are exact."""
    whole = np.random.default_rng(2).integers(-2, 3, (COUNT, 2))
    return whole * SAMPLING


def lazily(frames):
    order = np.arange(len(frames))[:, None]
    return LazyFrames(lambda number: frames[number, ..., 0], order, frames.shape[1:3])


def expected(frames, drift, averaged, number):
    """Mean of the frames that have a pixel, each moved by whole pixels."""
    total, weight = np.zeros(SHAPE), np.zeros(SHAPE)
    first = min(max(number - (averaged - 1) // 2, 0), COUNT - averaged)
    for other in range(first, first + averaged):
        row, col = np.rint((drift[number] - drift[other]) / SAMPLING).astype(int)
        for i in range(SHAPE[0]):
            for j in range(SHAPE[1]):
                if 0 <= i - row < SHAPE[0] and 0 <= j - col < SHAPE[1]:
                    total[i, j] += frames[other, i - row, j - col, 0]
                    weight[i, j] += 1
    return total / weight


@pytest.mark.parametrize("averaged", [2, 3, 4, 9])
def test_frames_are_means_of_those_around_them_where_they_lie(frames, drift, averaged):
    series = running_average(ImageSeries(frames, SAMPLING), averaged, drift)
    assert series.images.shape == frames.shape
    for number in (0, 1, 4, 7, 8):
        wanted = expected(frames, drift, averaged, number)
        np.testing.assert_allclose(series.images[number, ..., 0], wanted, atol=2e-4)


def test_no_average_changes_nothing(frames, drift):
    series = ImageSeries(frames, SAMPLING)
    assert running_average(series, 1, drift) is series


def test_a_fraction_of_a_pixel_moves_a_wave_by_that():
    rows = np.arange(64) * 0.3
    waves = [np.cos(2 * np.pi * (rows - shift) / 2.4) for shift in (0.0, 0.1, 0.25)]
    frames = np.stack([np.tile(wave[:, None], (1, 64)) for wave in waves])[..., None]
    drift = np.array([[0, 0], [0.1, 0], [0.25, 0]])
    series = running_average(ImageSeries(frames.astype(np.float32), 0.3), 3, drift)
    inner = np.s_[:, 8:-8, 8:-8]
    np.testing.assert_allclose(np.asarray(series.images)[inner], frames[inner], atol=0.01)


def test_averages_of_frames_in_files_read_one_window_at_a_time(frames, drift):
    read = []

    def reading(number):
        read.append(number)
        return frames[number, ..., 0]

    images = LazyFrames(reading, np.arange(COUNT)[:, None], SHAPE)
    lazy = running_average(ImageSeries(images, SAMPLING), 3, drift)
    assert read == [] and isinstance(lazy.images, LazyFrames)
    there = running_average(ImageSeries(frames, SAMPLING), 3, drift)
    np.testing.assert_array_equal(lazy.images[5], there.images[5])
    assert set(read) == {4, 5, 6}
    read.clear()
    for number, frame in enumerate(lazy.images):
        np.testing.assert_array_equal(frame, there.images[number])
    assert len(read) <= 2 * COUNT


def test_what_a_frame_does_not_show_does_not_count(frames):
    hidden = np.zeros(SHAPE, bool)
    hidden[:5] = True
    regions = UnseenRegions(SHAPE, {4: {0: pack(hidden)}})
    series = running_average(ImageSeries(frames, SAMPLING, unseen=regions), 3, np.zeros((COUNT, 2)))
    np.testing.assert_allclose(series.images[4, :5], (frames[3, :5] + frames[5, :5]) / 2, rtol=1e-6)
    np.testing.assert_allclose(series.images[4, 5:], frames[3:6, 5:].mean(axis=0), rtol=1e-6)
    assert series.unseen is None  # frames 3 and 5 show it


def test_what_no_frame_shows_stays_unseen_where_the_specimen_lies(frames):
    hidden = np.zeros(SHAPE, bool)
    hidden[:5] = True
    regions = UnseenRegions(SHAPE, {number: {0: pack(hidden)} for number in range(COUNT)})
    drift = np.zeros((COUNT, 2))
    drift[4, 0] = 2 * SAMPLING  # rows 0 to 6 of this frame hold what is hidden in the others
    series = running_average(ImageSeries(frames, SAMPLING, unseen=regions), 3, drift)
    rows = [np.flatnonzero(series.unseen.mask(number).any(axis=1)).max() for number in (0, 4)]
    assert rows == [4, 4]
    np.testing.assert_array_equal(series.unseen.mask(5).any(axis=1).nonzero()[0], range(3))


def test_blank_frames_and_masked_boxes_are_left_out(frames):
    frames[3] = 0
    series = ImageSeries(frames, SAMPLING, masked=((0, 4, 0, 4),))
    averaged = running_average(series, 3, np.zeros((COUNT, 2)))
    outside = np.s_[4:, 4:]
    wanted = frames[4:6].mean(axis=0)
    np.testing.assert_allclose(averaged.images[4][outside], wanted[outside], rtol=1e-5)
    np.testing.assert_array_equal(averaged.images[4, :4, :4], frames[4, :4, :4])
    assert hidden_pixels(series)(0).sum() == 16
    drift = np.zeros((COUNT, 2))
    drift[4] = 4 * SAMPLING
    moved = running_average(series, 3, drift).images[4]
    # The box of frame 5 comes to rows and columns 4 to 7, where only frame 4 counts.
    np.testing.assert_allclose(moved[4:8, 4:8], frames[4, 4:8, 4:8], rtol=1e-5)


def test_focal_series_are_averaged_focus_by_focus():
    frames = np.random.default_rng(3).normal(5, 1, (4, 20, 20, 3)).astype(np.float32)
    series = running_average(ImageSeries(frames, 0.2), 2, np.zeros((4, 2)))
    np.testing.assert_allclose(series.images[1], frames[1:3].mean(axis=0), rtol=1e-6)


def test_windows_are_of_one_length():
    assert [list(window(frame, 3, 5)) for frame in range(5)] == [
        [0, 1, 2], [0, 1, 2], [1, 2, 3], [2, 3, 4], [2, 3, 4],
    ]  # fmt: skip
    assert list(window(2, 10, 3)) == [0, 1, 2]


def test_pixels_that_are_not_square_have_their_own_mask():
    hidden = np.zeros((10, 40), bool)
    hidden[2] = True
    series = ImageSeries(np.ones((1, 30, 40, 1), np.float32), 0.2, pixel_size=(0.6, 0.2))
    series = replace(series, unseen=UnseenRegions((10, 40), {0: {0: pack(hidden)}}))
    np.testing.assert_array_equal(hidden_pixels(series)(0).any(axis=1).nonzero()[0], [5, 6, 7])
