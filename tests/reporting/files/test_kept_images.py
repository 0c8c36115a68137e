"""Images in memory, as files that are read again."""

import dask.array
import numpy as np
import pytest

from temnet.inference.reading.image_array import array_file
from temnet.inference.reading.image_file import ImageFile, open_images
from temnet.reporting.files.kept_images import write_images

IMAGES = np.random.default_rng(0).integers(0, 1000, (5, 20, 24, 3), np.int16)


@pytest.mark.parametrize(
    "file",
    [
        array_file(IMAGES, "a"),
        array_file(IMAGES[..., 0], "a"),
        array_file(IMAGES[0, ..., 0].astype(np.float32), "a"),
        array_file(dask.array.from_array(IMAGES), "a", ("frame", "col", "row", "focus")),
    ],
    ids=["movie of focal series", "movie", "image", "lazy"],
)
def test_values_and_axes_come_back(tmp_path, file):
    sized = ImageFile(file.path, file.axes, file.shape, file.read, (0.2, 0.1))
    write_images(tmp_path / "a.hspy", sized)
    back = open_images(tmp_path / "a.hspy")
    assert back.axes == file.axes and back.shape == file.shape
    assert back.pixel_size == pytest.approx((0.2, 0.1), rel=1e-12)
    for number in range(len(file)):
        values = back.read(number)
        np.testing.assert_array_equal(values, file.read(number))
        assert values.dtype == file.read(number).dtype


def test_a_file_without_pixel_size_has_none(tmp_path):
    write_images(tmp_path / "a.hspy", array_file(IMAGES[0, ..., 0], "a"))
    assert open_images(tmp_path / "a.hspy").pixel_size is None


def test_the_same_images_make_the_same_file(tmp_path):
    for name in ("a", "b"):
        write_images(tmp_path / f"{name}.hspy", array_file(IMAGES, "a"))
    assert (tmp_path / "a.hspy").read_bytes() == (tmp_path / "b.hspy").read_bytes()
