from dataclasses import replace

import numpy as np

from temnet.inference.column_finder import FoundFrame
from temnet.records import ImageSeries, Peaks
from temnet.reporting.files.kept_frames import each_frame, read_index
from temnet.stages.prediction import kept_frames
from temnet.stages.prediction.kept_frames import keeping_frames


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
