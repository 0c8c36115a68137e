"""Inspection of every image: broken, blank or saturated pixels, regions without image."""

from pathlib import Path

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.images.unseen import unpack
from temnet.inference.bad_pixels.inspection import inspect
from temnet.inference.masks import seen
from temnet.inference.reading import read_images as images
from temnet.inference.reading.read_images import read_images
from tests.inference.lattices import lattice


def test_broken_pixels_are_replaced_with_a_warning_and_too_many_refused(tmp_path, caplog):
    image = lattice()
    broken = np.stack([image, image, image])
    broken[1, 30, 40], broken[1, 5, 6], broken[2, 0, 0] = np.nan, 1e6, -np.inf
    np.save(tmp_path / "a.npy", broken)
    found = np.asarray(read_images(tmp_path / "a.npy", sampling=0.2).images)[..., 0]
    assert "broken pixels in 2 of 3 images, at most 2 per image" in caplog.text
    np.testing.assert_array_equal(found[0], image)
    assert np.abs(found - image).max() < 20
    scattered = np.random.default_rng(0).random(image.shape) < 0.1
    for lost in (scattered, np.ones_like(scattered)):  # too many to be filled; nothing left
        broken[1] = np.where(lost, np.nan, image)
        np.save(tmp_path / "b.npy", broken)
        with pytest.raises(InputError, match="image 1 are NaN.*images.mask"):
            read_images(tmp_path / "b.npy", sampling=0.2, axes="focus")
        with pytest.raises(InputError, match="b.npy.*image 1 are NaN"):  # of the second file
            read_images([tmp_path / "a.npy", tmp_path / "b.npy"], sampling=0.2, axes="focus")


def test_regions_without_image_are_filled_and_known_for_each_frame(tmp_path, caplog):
    image = lattice()
    movie = np.stack([image] * 4)
    movie[1, :9], movie[1, :, :5] = 0, 0
    movie[2] = movie[1]
    movie[3, 20:32, 30:50] = np.nan
    np.save(tmp_path / "a.npy", movie)
    series = read_images(tmp_path / "a.npy", sampling=0.2, axes="frames")
    (note,) = series.metadata["notes"]
    assert "in 3 of 4 images, at most 995 pixels per image" in note and note in caplog.text
    assert len(series.unseen) == 3 and series.unseen.mask(0) is None
    for frame in (1, 2, 3):
        hidden = ~(movie[frame] == image)
        np.testing.assert_array_equal(series.unseen.mask(frame), hidden)
        found = series.images[frame, ..., 0]
        np.testing.assert_array_equal(found[~hidden], image[~hidden])
        assert image.min() <= found.min() and found.max() <= image.max()
        places = np.argwhere(np.ones_like(hidden)) * 0.2
        np.testing.assert_array_equal(seen(series, frame, places), ~hidden.ravel())
    assert seen(series, 0, places).all()
    assert series.unseen.packed[1][0] is series.unseen.packed[2][0]  # held once
    later = read_images(tmp_path / "a.npy", sampling=0.2, axes="frames", frames=(2, 4))
    np.testing.assert_array_equal(later.unseen.mask(1), series.unseen.mask(3))


def test_the_border_of_any_focus_hides_the_frame(tmp_path):
    foci = np.stack([lattice()] * 3)
    foci[1, :6], foci[2, :, -7:] = 0, 0
    np.save(tmp_path / "a.npy", foci)
    series = read_images(tmp_path / "a.npy", sampling=0.2, axes="focus", focus_count=3)
    expected = (foci == 0).any(axis=0)
    np.testing.assert_array_equal(series.unseen.mask(0), expected)
    moved = series.unseen.aligned(np.array([[[0, 0], [2, 0], [0, -3]]]))
    expected = np.zeros_like(expected)
    expected[:4] = expected[:, -4:] = True
    np.testing.assert_array_equal(moved.mask(0), expected)


@pytest.mark.parametrize("memory", [0, 2**27])
def test_a_frame_of_a_movie_that_is_broken_is_blank_and_the_others_are_read(
    tmp_path, caplog, monkeypatch, memory
):
    monkeypatch.setattr(images, "IN_MEMORY", memory)
    image = lattice()
    broken = np.stack([image] * 4)
    broken[1, ::3, ::2] = broken[3] = np.nan
    np.save(tmp_path / "a.npy", broken)
    found = np.asarray(read_images(tmp_path / "a.npy", sampling=0.2).images)[..., 0]
    assert (
        "image 1 are NaN" in caplog.text
        and "left blank, and so are 1 more: images 3" in caplog.text
    )
    np.testing.assert_array_equal(found[[0, 2]], broken[[0, 2]])
    assert not np.any(found[[1, 3]])
    later = read_images(tmp_path / "a.npy", sampling=0.2, frames=(2, 4))
    assert np.any(later.images[0]) and not np.any(later.images[1])
    broken[:, ::3, ::2] = np.nan
    np.save(tmp_path / "b.npy", broken)
    with pytest.raises(InputError, match="image 0 are NaN.*images.mask"):
        read_images(tmp_path / "b.npy", sampling=0.2)


def test_saturated_and_blank_images_are_warned_of(tmp_path, caplog):
    np.save(tmp_path / "a.npy", np.minimum(lattice(), 120))
    read_images(tmp_path / "a.npy", sampling=0.2)
    assert "of the pixels of an image are saturated" in caplog.text
    np.save(tmp_path / "b.npy", np.stack([lattice(), 0 * lattice()]))
    read_images(tmp_path / "b.npy", sampling=0.2)
    assert "b.npy[1]: blank" in caplog.text


def test_offset_and_negative_values_are_left_as_they_are(tmp_path, caplog):
    image = np.random.default_rng(0).normal(0, 1, (33, 47)).astype(np.float32)  # odd sides too
    np.save(tmp_path / "a.npy", image)
    found = read_images(tmp_path / "a.npy", sampling=0.2).images[0, ..., 0]
    np.testing.assert_array_equal(found, image)
    assert caplog.text == ""


def test_a_pedestal_is_warned_of(tmp_path, caplog):
    counts = np.random.default_rng(0).poisson(100, (64, 64))
    for name, pedestal in (("plain", 0), ("high", 32768)):
        np.save(tmp_path / f"{name}.npy", counts + pedestal)
        caplog.clear()
        read_images(tmp_path / f"{name}.npy", 0.2)
        assert ("subtract it" in caplog.text) == (name == "high")


def test_a_soft_spot_far_brighter_than_all_else_is_named_once(tmp_path, caplog):
    row, col = np.mgrid[:64, :80]
    film = np.random.default_rng(0).normal(100, 5, (3, 64, 80)).astype(np.float32)
    np.save(tmp_path / "plain.npy", film)
    read_images(tmp_path / "plain.npy", sampling=0.2)
    assert not caplog.text
    film[1:] += 5000 * np.exp(-((row - 20) ** 2 + (col - 31) ** 2) / 8)
    np.save(tmp_path / "film.npy", film)
    series = read_images(tmp_path / "film.npy", sampling=0.2, axes="frames")
    text = (
        "in 2 of 3 images a spot is far brighter or darker than the rest (in film.npy[1] at "
        "row 20, column 31)"
    )
    assert caplog.text.count(text) == 1 and text in series.metadata["notes"][0]
    assert series.images[2, 20, 31, 0] > 5000  # it may be an atom


def test_each_image_is_inspected_once_and_its_faults_are_known_by_its_number():
    good = np.random.default_rng(0).normal(100, 5, (40, 50)).astype(np.float32)
    border, hit, lost = good.copy(), good.copy(), np.full_like(good, np.nan)
    border[:8] = 0
    hit[20, 30] = 1e4
    stack = {3: good, 4: border, 7: lost, 9: hit}
    asked = []

    def read(number):
        asked.append(number)
        return stack[number]

    found = inspect(read, lambda number: (Path("m.npy"), number), np.array([[7], [3], [9], [4]]))
    assert asked == [7, 3, 9, 4]
    assert found.unusable == {7} and set(found.replaced) == {4, 9} and set(found.unseen) == {4}
    np.testing.assert_array_equal(unpack(found.unseen[4], good.shape), border == 0)
    np.testing.assert_array_equal(unpack(found.replaced[9], good.shape), hit == 1e4)
    assert len(found.notes) == 3  # region, broken pixel, blank frame
    with pytest.raises(InputError, match="m.npy: 100.00% of the pixels of image 7"):
        inspect(read, lambda number: (Path("m.npy"), number), np.array([[7, 3]]))  # a focal series
