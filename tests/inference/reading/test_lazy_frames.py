import numpy as np
import pytest

from temnet.inference.reading.lazy_frames import LazyFrames

STACK = np.random.default_rng(0).random((6, 4, 5)).astype(np.float32)


def lazy(order):
    asked = []

    def read(number):
        asked.append(number)
        return STACK[number]

    return LazyFrames(read, np.asarray(order), (4, 5)), asked


@pytest.mark.parametrize(
    "key",
    [0, -1, np.int64(1), slice(None), slice(1, None), slice(None, None, -1), slice(5, 9), ...]
    + [(1, 2), (0, ..., 1), (slice(None, 1), slice(1, 3)), (..., 0), [1, 0]],
)
def test_they_are_indexed_like_an_array(key):
    frames, _ = lazy([[0, 1], [2, 3], [5, 4]])
    whole = np.moveaxis(STACK[[[0, 1], [2, 3], [5, 4]]], 1, -1)
    np.testing.assert_array_equal(frames[key], whole[key])
    assert frames[key].dtype == np.float32


def test_they_have_the_shape_of_an_array_and_become_one():
    frames, _ = lazy([[0], [1], [2], [3], [4], [5]])
    assert (len(frames), frames.shape, frames.ndim) == (6, (6, 4, 5, 1), 4)
    np.testing.assert_array_equal(np.asarray(frames)[..., 0], STACK)
    assert np.asarray(frames, np.float64).dtype == np.float64
    np.testing.assert_array_equal(np.stack(list(frames))[..., 0], STACK)
    with pytest.raises(IndexError):
        frames[6]


def test_only_what_is_asked_for_is_read():
    frames, asked = lazy([[0, 1], [2, 3], [4, 5]])
    assert asked == []
    frames[1]
    frames[2:]
    assert asked == [2, 3, 4, 5]


def test_no_frames():
    frames, _ = lazy(np.zeros((0, 3), int))
    assert len(frames) == 0 and np.asarray(frames).shape == (0, 4, 5, 3) and list(frames) == []


def test_changes_follow_each_other_frame_by_frame():
    frames, asked = lazy([[0, 1], [2, 3], [5, 4]])
    turned = frames.changed(lambda number, frame: frame[..., ::-1])
    scaled = turned.changed(lambda number, frame: frame * (1 + number))
    assert asked == []
    np.testing.assert_array_equal(scaled[-1], 3 * np.moveaxis(STACK[[4, 5]], 0, -1))
    assert asked == [5, 4]  # each image once
    np.testing.assert_array_equal(frames[-1], np.moveaxis(STACK[[5, 4]], 0, -1))
