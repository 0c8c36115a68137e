import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from PIL import Image

from temnet.errors import InputError
from temnet.inference.images import read_images

MOVIE = np.random.default_rng(0).integers(0, 255, (6, 20, 30), dtype=np.uint8)


def tiff(path, data, **options):
    tifffile.imwrite(path, data, **options)
    return path


def test_a_tiff_movie_with_a_given_pixel_size(tmp_path):
    series = read_images(tiff(tmp_path / "movie.tif", MOVIE), sampling=0.2)
    assert series.images.shape == (6, 20, 30, 1) and series.images.dtype == np.float32
    np.testing.assert_array_equal(series.images[..., 0], MOVIE)
    assert series.sampling == 0.2 and series.name == "movie.tif"


def test_a_single_image_of_each_kind(tmp_path):
    image = MOVIE[0]
    tiff(tmp_path / "a.tif", image)
    np.save(tmp_path / "a.npy", image.astype(np.float64))
    Image.fromarray(image).save(tmp_path / "a.png")
    for name in ("a.tif", "a.npy", "a.png"):
        series = read_images(tmp_path / name, sampling=0.1)
        np.testing.assert_array_equal(series.images[0, ..., 0], image)


def test_pixel_size_comes_from_the_header_in_any_unit(tmp_path):
    for unit, scale in (("nm", 0.02), ("pm", 20.0), ("angstrom", 0.2), ("\\u00C5", 0.2)):
        path = tiff(
            tmp_path / "a.tif",
            MOVIE[0].astype(np.float32),
            imagej=True,
            resolution=(1 / scale, 1 / scale),
            metadata={"unit": unit, "axes": "YX"},
        )
        assert read_images(path).sampling == pytest.approx(0.2, rel=1e-4)


def test_a_header_without_a_length_is_refused_and_a_setting_goes_before_it(tmp_path):
    path = tiff(tmp_path / "a.tif", MOVIE[0])
    with pytest.raises(InputError, match="how large its pixels"):
        read_images(path)
    with pytest.raises(InputError, match="cannot be that"):
        read_images(path, sampling=-0.2)
    with pytest.raises(InputError, match="cannot be that"):
        read_images(path, sampling=200)


def test_files_in_a_row_are_a_movie_or_a_focal_series(tmp_path):
    paths = [tiff(tmp_path / f"{k}.tif", MOVIE[k]) for k in range(6)]
    movie = read_images(paths, sampling=0.2)
    assert movie.images.shape == (6, 20, 30, 1)
    series = read_images(paths[:3], sampling=0.2, focus_count=3)
    assert series.images.shape == (1, 20, 30, 3)
    np.testing.assert_array_equal(series.images[0, ..., 2], MOVIE[2])
    two = read_images(paths, sampling=0.2, focus_count=3)
    assert two.images.shape == (2, 20, 30, 3)
    np.testing.assert_array_equal(two.images[1, ..., 0], MOVIE[3])
    assert read_images(paths, sampling=0.2, axes="focus").images.shape == (1, 20, 30, 6)
    assert read_images(paths, sampling=0.2, axes="frames", focus_count=3).images.shape[0] == 6


def test_frames_can_be_chosen(tmp_path):
    path = tiff(tmp_path / "movie.tif", MOVIE)
    np.testing.assert_array_equal(
        read_images(path, sampling=0.2, frames=(2, 4)).images[..., 0], MOVIE[2:4]
    )
    with pytest.raises(InputError, match="only 6 frames"):
        read_images(path, sampling=0.2, frames=(6, 9))


def test_what_is_no_image_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "text.tif").write_text("not an image")
    (tmp_path / "empty.tif").write_bytes(b"")
    tiff(tmp_path / "whole.tif", MOVIE)
    cut = (tmp_path / "whole.tif").read_bytes()[:500]
    (tmp_path / "cut.tif").write_bytes(cut)
    (tmp_path / "notes.docx").write_text("x")
    (tmp_path / "folder").mkdir()
    np.save(tmp_path / "vector.npy", np.arange(5.0))
    np.save(tmp_path / "wave.npy", np.ones((20, 20), complex))
    np.save(tmp_path / "none.npy", np.zeros((0, 20, 20)))
    np.save(tmp_path / "tiny.npy", np.eye(8))
    np.save(tmp_path / "flat.npy", np.ones((20, 20)))
    np.save(tmp_path / "nan.npy", np.where(np.eye(20) > 0, np.nan, 1.0))
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, 20, 3), np.uint8)).save(
        tmp_path / "colour.png"
    )
    expected = {
        "missing.tif": "no such file",
        "folder": "no images in this folder",
        "text.tif": "not an image",
        "empty.tif": "not an image",
        "cut.tif": "not an image",
        "notes.docx": "cannot be read",
        "vector.npy": "no image",
        "wave.npy": "complex",
        "none.npy": "no",
        "tiny.npy": "8 x 8 pixels",
        "flat.npy": "same value",
        "nan.npy": "NaN",
        "colour.png": "colour",
    }
    for name, words in expected.items():
        with pytest.raises(InputError, match=words) as caught:
            read_images(tmp_path / name, sampling=0.2)
        assert str(caught.value).count("\n") == 0


def test_grey_pictures_in_colour_are_read(tmp_path):
    grey = np.repeat(MOVIE[0][..., None], 3, axis=-1)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(
        read_images(tmp_path / "grey.png", sampling=0.2).images[0, ..., 0], MOVIE[0]
    )


def test_images_of_different_size_are_refused(tmp_path):
    paths = [tiff(tmp_path / "a.tif", MOVIE[0]), tiff(tmp_path / "b.tif", MOVIE[0].T)]
    with pytest.raises(InputError, match="20 x 30, 30 x 20"):
        read_images(paths, sampling=0.2)


def test_an_hdf5_file_that_is_no_emd_is_refused(tmp_path):
    with h5py.File(tmp_path / "other.emd", "w") as file:
        file["x"] = np.arange(3)
    with pytest.raises(InputError):
        read_images(tmp_path / "other.emd", sampling=0.2)


@pytest.mark.skipif("TEMNET_TEST_IMAGES" not in os.environ, reason="needs the format samples")
@pytest.mark.parametrize("name", ["tem_acquire_1.ser", "tem_acquire.emi"])
def test_files_of_instruments(name):
    folder = Path(os.environ["TEMNET_TEST_IMAGES"])
    with pytest.raises(InputError, match="214.8 Å"):
        read_images(folder / name)
    assert min(read_images(folder / name, sampling=0.2).images.shape[1:3]) > 16
