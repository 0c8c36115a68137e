import numpy as np
import pytest

from temnet.movies.mean_image import mean_image
from temnet.reporting.files.kept_frames import FrameIndex, open_frames


def drifting(folder, drift_pixels, numbers=None):
    """Frames of one bright pixel at (3, 4) that moves by the drift, which is non-square."""
    frames = np.zeros((len(drift_pixels), 8, 10), np.float32)
    for frame, (row, col) in zip(frames, drift_pixels, strict=True):
        frame[3 + row, 4 + col] = 1
    numbers = np.arange(len(frames)) if numbers is None else numbers
    index = FrameIndex(("a",) * len(frames), numbers, np.full(len(frames), 0.2))
    with open_frames(folder / "images.npz", index, (8, 10)) as writer:
        for frame in frames:
            writer.add(frame)
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
