from dataclasses import replace

import numpy as np
import pytest

from temnet.inference.column_finder import FoundFrame
from temnet.movies.mean_image import mean_image
from temnet.records import ImageSeries, Peaks
from temnet.reporting.files.kept_frames import FrameIndex, each_frame, read_index, write_frames
from temnet.stages import kept_frames
from temnet.stages.kept_frames import keeping_frames


def series(count, shape=(4, 5), name="a", focus=2):
    images = np.zeros((count, *shape, focus), np.float32)
    images += np.arange(count)[:, None, None, None]
    images[..., 1:] = -1
    return ImageSeries(images, 0.2, name)


def kept(path, parts):
    """What is kept of all frames of some series: the frames, and which they are."""
    with keeping_frames(path / "images.npz", parts) as keep:
        for number, part in enumerate(parts):
            for frame, image in enumerate(part.images):
                keep(number, FoundFrame(frame, image, Peaks.empty(1)))
    return np.stack(list(each_frame(path / "images.npz"))), read_index(path / "images.npz")


def test_all_frames_of_a_short_movie_are_kept_with_their_first_focus(tmp_path):
    frames, index = kept(tmp_path, [series(3)])
    assert frames.shape == (3, 4, 5)
    np.testing.assert_array_equal(frames[:, 0, 0], [0, 1, 2])
    np.testing.assert_array_equal(index.numbers, [0, 1, 2])
    assert index.names == ("a",) * 3 and index.sampling.tolist() == [0.2] * 3


def test_frames_of_a_long_movie_are_left_out_evenly(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_frames, "KEPT_PIXELS", 3 * 20)
    frames, index = kept(tmp_path, [series(7)])
    np.testing.assert_array_equal(index.numbers, [0, 3, 6])
    np.testing.assert_array_equal(frames[:, 0, 0], [0, 3, 6])


def test_an_image_larger_than_the_limit_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_frames, "KEPT_PIXELS", 3)
    assert kept(tmp_path, [series(2)])[0].shape == (1, 4, 5)


def test_files_of_another_shape_are_left_out(tmp_path):
    parts = [series(1), series(2, (6, 6), "b"), replace(series(2, name="c"), sampling=0.1)]
    _, index = kept(tmp_path, parts)
    assert index.sampling.tolist() == [0.2, 0.1, 0.1]
    assert index.names == ("a", "c", "c")
    np.testing.assert_array_equal(index.numbers, [0, 0, 1])


def drifting(folder, drift_pixels, numbers=None):
    """Frames of one bright pixel at (3, 4) that moves by the drift, which is non-square."""
    frames = np.zeros((len(drift_pixels), 8, 10), np.float32)
    for frame, (row, col) in zip(frames, drift_pixels, strict=True):
        frame[3 + row, 4 + col] = 1
    numbers = np.arange(len(frames)) if numbers is None else numbers
    index = FrameIndex(("a",) * len(frames), numbers, np.full(len(frames), 0.2))
    write_frames(folder / "images.npz", frames, index)
    return folder / "images.npz"


def test_the_mean_puts_the_specimen_where_the_sites_are(tmp_path):
    pixels = np.array([[0, 0], [2, -1], [-3, 3]])
    mean = mean_image(drifting(tmp_path, pixels), pixels * 0.2, np.ones(3, bool))
    assert mean[3, 4] == pytest.approx(1, abs=1e-5)
    assert np.nansum(mean) == pytest.approx(1, abs=1e-4)
    # The wrong sign smears it out.
    wrong = mean_image(drifting(tmp_path, pixels), -pixels * 0.2, np.ones(3, bool))
    assert np.nanmax(wrong) < 0.9


def test_the_mean_leaves_out_frames_that_are_not_usable(tmp_path):
    pixels = np.array([[0, 0], [0, 3]])
    mean = mean_image(drifting(tmp_path, pixels), np.zeros((2, 2)), np.array([True, False]))
    assert mean[3, 4] == 1 and mean[3, 7] == 0
    assert mean_image(drifting(tmp_path, pixels), np.zeros((2, 2)), np.zeros(2, bool)) is None


def test_the_mean_is_nan_where_no_frame_reaches(tmp_path):
    pixels = np.array([[0, 0]])
    mean = mean_image(drifting(tmp_path, pixels), np.array([[0.4, 0]]), np.ones(1, bool))
    assert np.isnan(mean[-2:]).all() and np.isfinite(mean[:-2]).all()


def test_kept_frames_of_a_movie_use_the_drift_of_their_own_number(tmp_path):
    chosen = drifting(tmp_path, np.array([[2, 2]]), np.array([5]))
    drift = np.zeros((6, 2))
    drift[5] = 0.4
    assert mean_image(chosen, drift, np.ones(6, bool))[3, 4] == pytest.approx(1, abs=1e-5)
