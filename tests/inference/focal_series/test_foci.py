from dataclasses import replace

import numpy as np
import pytest

from temnet.errors import InputError
from temnet.inference.focal_series.foci import align_foci, order_foci
from temnet.inference.focal_series.shifts import shifted
from temnet.inference.reading.lazy_frames import LazyFrames
from temnet.models.checkpoint import load_network
from temnet.records import ImageSeries

SAMPLING = 0.12
SHIFTS = np.array([[0, 0], [0.6, -0.9], [1.2, 0.5]])


def lattice(rng, noise=0.2):
    """A crystal with vacancies whose contrast turns from focus to focus."""
    rows, cols = np.mgrid[:160, :160] * SAMPLING
    points = [(r, c) for r in np.arange(1, 19, 2.7) for c in np.arange(1, 19, 2.7)]
    kept = [point for point in points if rng.random() > 0.15]
    image = sum(np.exp(-((rows - r) ** 2 + (cols - c) ** 2) / (2 * 0.4**2)) for r, c in kept)
    foci = [sign * image for sign in (1.0, -0.7, 0.9)]
    return np.stack([10 + focus + rng.normal(0, noise, image.shape) for focus in foci], axis=-1)


def moved(frame, shifts):
    images = [shifted(frame[..., k], shift / SAMPLING) for k, shift in enumerate(shifts)]
    return np.stack(images, axis=-1)


def series_of(*frames):
    return ImageSeries(np.stack(frames).astype(np.float32), SAMPLING, "a.tif", {})


def test_each_frame_of_a_movie_is_aligned_by_itself():
    rng = np.random.default_rng(0)
    still = lattice(rng)
    found, shifts = align_foci(series_of(moved(still, SHIFTS), moved(still, -SHIFTS)))
    np.testing.assert_allclose(shifts.shifts[0], SHIFTS, atol=0.05)
    np.testing.assert_allclose(shifts.shifts[1], -SHIFTS, atol=0.05)
    assert np.all(shifts.margin > 2)
    inner = (slice(16, -16), slice(16, -16))
    for frame in found.images:
        # The second image, turned, lies on the first again: the noise is all that is left.
        rest = frame[inner][..., 1] + 0.7 * frame[inner][..., 0]
        assert rest.std() < 0.27
    unaligned = moved(still, SHIFTS)[inner]
    assert (unaligned[..., 1] + 0.7 * unaligned[..., 0]).std() > 0.3


def test_frames_in_files_are_moved_when_they_are_asked_for():
    series = series_of(moved(lattice(np.random.default_rng(1)), SHIFTS))
    plain, _ = align_foci(series)
    asked = []

    def read(number):
        asked.append(number)
        return series.images[0, ..., number]

    lazy = LazyFrames(read, np.arange(3)[None], series.images.shape[1:3])
    found, _ = align_foci(replace(series, images=lazy))
    assert isinstance(found.images, LazyFrames) and len(asked) == 3
    np.testing.assert_array_equal(np.asarray(found.images), plain.images)


def test_a_frame_that_shares_nothing_is_left_and_a_movie_of_them_refused(caplog):
    rng = np.random.default_rng(2)
    noise = rng.normal(10, 1, (160, 160, 3))
    good = moved(lattice(rng), SHIFTS)
    found, shifts = align_foci(series_of(noise, good))
    assert "a.tif, frame 0 is left as it is" in caplog.text
    np.testing.assert_array_equal(found.images[0], noise.astype(np.float32))
    assert np.isnan(shifts.margin[0]) and not shifts.shifts[0].any()
    np.testing.assert_allclose(shifts.shifts[1], SHIFTS, atol=0.05)
    with pytest.raises(InputError, match=r"a.tif: The images .* share too little .*align: false"):
        align_foci(series_of(noise))


def test_single_images_stay_as_they_are():
    series = ImageSeries(np.ones((2, 20, 20, 1), np.float32), SAMPLING, "a.tif", {})
    assert align_foci(series)[0] is series


def test_order_of_foci(pretrained):
    network = load_network("tiny-series")
    frame = lattice(np.random.default_rng(3))
    series = series_of(frame, 2 * frame)
    same, sentence = order_foci(network, series, "card")
    assert same is series and sentence == ""
    turned, sentence = order_foci(network, series, "reversed")
    np.testing.assert_array_equal(turned.images, series.images[..., ::-1])
    assert sentence == "foci were taken last to first"
    lazy = LazyFrames(
        lambda number: series.images[number // 3, ..., number % 3],
        np.arange(6).reshape(2, 3),
        (160, 160),
    )
    from_file, _ = order_foci(network, replace(series, images=lazy), "reversed")
    np.testing.assert_array_equal(np.asarray(from_file.images), turned.images)
    # The tiny network has learnt nothing: it decides nothing, or reports the order it took.
    asked, sentence = order_foci(network, series, "auto")
    assert "foci were taken in" in sentence
    assert asked.images.shape == series.images.shape
