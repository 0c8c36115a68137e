"""The frames that a run keeps: written and read one by one, readable by numpy."""

import tracemalloc

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.reporting.files.kept_frames import (
    FrameIndex,
    MeanImage,
    each_frame,
    open_frames,
    read_index,
    read_mean,
    write_mean,
)

INDEX = FrameIndex(("a", "b", "b"), np.array([0, 0, 7]), np.array([0.2, 0.1, 0.1]))


def frames(count=3, shape=(3, 4)):
    return np.random.default_rng(0).normal(size=(count, *shape)).astype(np.float32)


def write_frames(path):
    with open_frames(path, INDEX, (3, 4)) as writer:
        for frame in frames():
            writer.add(frame)


def test_frames_come_back_all_or_some(tmp_path):
    path = tmp_path / "f.npz"
    write_frames(path)
    found = read_index(path)
    assert found.names == INDEX.names and found.numbers.tolist() == [0, 0, 7]
    assert found.sampling.tolist() == [0.2, 0.1, 0.1] and len(found) == 3
    np.testing.assert_array_equal(np.stack(list(each_frame(path))), frames())
    np.testing.assert_array_equal(np.stack(list(each_frame(path, [0, 2]))), frames()[[0, 2]])
    assert list(each_frame(path, [])) == []
    with np.load(path) as archive:  # as numpy reads it
        np.testing.assert_array_equal(archive["frames"], frames())


def test_frames_of_numpys_own_archive_are_read(tmp_path):
    """Run folders of temnet 0.1 are made so."""
    names, numbers = np.array(["a", "a"]), np.arange(2)
    np.savez_compressed(
        tmp_path / "f.npz", frames=frames(2), names=names, numbers=numbers, sampling=[0.2, 0.2],
        mean=frames(1)[0],
    )  # fmt: skip
    np.testing.assert_array_equal(next(each_frame(tmp_path / "f.npz", [1])), frames(2)[1])
    mean = read_mean(tmp_path / "f.npz")
    np.testing.assert_array_equal(mean.image, frames(1)[0])
    assert mean.index.names == ("a", "a")


def test_a_frame_is_all_that_is_held(tmp_path):
    path, size = tmp_path / "f.npz", 4 * 256 * 256
    image = frames(1, (256, 256))[0]
    index = FrameIndex(("a",) * 60, np.arange(60), np.full(60, 0.2))
    tracemalloc.start()
    with open_frames(path, index, image.shape) as writer:
        for _ in range(60):
            writer.add(image)
    assert sum(frame[0, 0] == image[0, 0] for frame in each_frame(path, range(0, 60, 7))) == 9
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * size


def test_a_file_that_lacks_frames_does_not_appear(tmp_path):
    with (
        pytest.raises(ValueError, match="expected 3 frames, got 1"),
        open_frames(tmp_path / "f.npz", INDEX, (3, 4)) as writer,
    ):
        writer.add(frames()[0])
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="pixel size"):
        FrameIndex(("a",), np.arange(2), np.ones(2))


@pytest.mark.parametrize("image", [np.full((3, 4), np.nan, np.float32), None])
def test_the_time_average_comes_back(tmp_path, image):
    write_mean(tmp_path / "m.npz", MeanImage(image, INDEX))
    found = read_mean(tmp_path / "m.npz")
    assert found.index.names == INDEX.names
    assert found.image is None if image is None else np.isnan(found.image).all()


@pytest.mark.parametrize(
    "read",
    [read_index, read_mean, lambda path: list(each_frame(path))],
    ids=["index", "mean", "frames"],
)
def test_damaged_files_are_named(tmp_path, read):
    path = tmp_path / "x.npz"
    path.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(InputError, match="x.npz: these images cannot be read"):
        read(path)
    np.savez(path, other=1)
    with pytest.raises(InputError, match="x.npz: expected the kept frames"):
        read(path)


def test_a_cut_off_file_of_frames_is_named(tmp_path):
    path = tmp_path / "x.npz"
    write_frames(path)
    content = bytearray(path.read_bytes())
    place = content.index(b"frames.npy") + 60
    content[place : place + 40] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(InputError, match="x.npz: these images cannot be read"):
        list(each_frame(path))
