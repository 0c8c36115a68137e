import tracemalloc

import h5py
import numpy as np
import pytest
import tifffile
from PIL import Image

from temnet.errors import InputError
from temnet.inference.reading import read_images as images
from temnet.inference.reading.formats import large_files
from temnet.inference.reading.read_images import read_images
from tests.inference.lattices import lattice

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


def test_bright_and_dark_are_exchanged_about_the_mean_of_each_image(tmp_path, monkeypatch):
    path = tiff(tmp_path / "movie.tif", MOVIE)
    expected = 2 * MOVIE.mean(axis=(1, 2), keepdims=True) - MOVIE
    whole = read_images(path, sampling=0.2, invert=True)
    np.testing.assert_allclose(whole.images[..., 0], expected, atol=1e-3)
    monkeypatch.setattr(images, "IN_MEMORY", 0)
    lazy = read_images(path, sampling=0.2, invert=True)
    np.testing.assert_array_equal(np.asarray(lazy.images), whole.images)


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


def test_files_that_are_not_images_are_refused_in_one_line(tmp_path):
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


def test_grey_images_stored_as_the_colours_of_one_are_refused(tmp_path):
    path = tiff(tmp_path / "a.tif", MOVIE[:3], photometric="rgb", planarconfig="separate")
    with pytest.raises(InputError, match="its 3 images are stored as red, green and blue"):
        read_images(path, sampling=0.2)
    plain = tiff(tmp_path / "b.tif", MOVIE[:3], photometric="minisblack")
    assert read_images(plain, sampling=0.2).images.shape == (3, 20, 30, 1)


def test_images_of_different_size_are_refused(tmp_path):
    paths = [tiff(tmp_path / "a.tif", MOVIE[0]), tiff(tmp_path / "b.tif", MOVIE[0].T)]
    with pytest.raises(InputError, match="20 x 30, 30 x 20"):
        read_images(paths, sampling=0.2)


def test_an_hdf5_file_that_is_not_an_emd_is_refused(tmp_path):
    with h5py.File(tmp_path / "other.emd", "w") as file:
        file["x"] = np.arange(3)
    with pytest.raises(InputError):
        read_images(tmp_path / "other.emd", sampling=0.2)


def hspy(path, data, axes):
    """A HyperSpy file with axes of given names, units and scales."""
    with h5py.File(path, "w") as file:
        file.attrs["file_format"], file.attrs["file_format_version"] = "HyperSpy", "3.3"
        group = file.create_group("Experiments/__unnamed__")
        group["data"] = data
        for name in ("metadata", "original_metadata", "learning_results", "attributes"):
            group.create_group(name)
        group["metadata"].create_group("General")
        for number, (name, units, scale) in enumerate(axes):
            axis = group.create_group(f"axis-{number}")
            values = {"name": name, "units": units, "scale": scale, "offset": 0.0}
            values |= {"size": data.shape[number], "navigate": number < data.ndim - 2}
            axis.attrs.update(values | {"_type": "UniformDataAxis"})
    return path


PIXELS = [("y", "nm", 0.02), ("x", "nm", 0.02)]


def test_the_header_names_the_axis_from_image_to_image(tmp_path):
    def shape(name, units="", focus_count=3, axes="auto"):
        path = hspy(tmp_path / "a.hspy", MOVIE, [(name, units, 1.0), *PIXELS])
        return read_images(path, axes=axes, focus_count=focus_count).images.shape[::3]

    assert shape("stack") == (2, 3)  # no meaning: two series for a network that takes three
    assert shape("time") == shape("z", "s") == (6, 1)
    assert shape("defocus", "nm") == (1, 6)
    assert shape("defocus", "nm", focus_count=1) == (6, 1)
    assert shape("time", axes="focus") == shape("defocus", axes="focus") == (2, 3)
    assert shape("defocus", axes="frames") == (6, 1)


def test_movies_of_focal_series(tmp_path):
    data = MOVIE.reshape(2, 3, 20, 30)
    swapped = data.transpose(1, 0, 2, 3)

    def read(data, *names, focus_count=3, **options):
        path = hspy(tmp_path / "a.hspy", data, [*((name, "", 1.0) for name in names), *PIXELS])
        return read_images(path, focus_count=focus_count, **options).images

    expected = np.moveaxis(data, 1, -1)
    for found in (
        read(data, "time", "defocus"),
        read(swapped, "defocus", "time"),
        read(data, "a", "b"),
        read(swapped, "a", "b"),
        read(data, "a", "b", axes="focus"),
        read(data, "time", "b", focus_count=1),
    ):
        np.testing.assert_array_equal(np.asarray(found), expected)
    frames = read(data, "a", "b", axes="frames")
    np.testing.assert_array_equal(np.asarray(frames)[..., 0], MOVIE)
    with pytest.raises(InputError, match="2 x 3.*images.axes to frames"):
        read(data, "a", "b", focus_count=4)


def test_a_folder_of_frames_is_sorted_by_numbers(tmp_path):
    for number in (1, 2, 10):
        tiff(tmp_path / f"frame_{number}.tif", MOVIE[number % 6])
    (tmp_path / "notes.txt").write_text("no image")
    series = read_images(tmp_path, sampling=0.2, axes="frames")
    np.testing.assert_array_equal(np.asarray(series.images)[..., 0], MOVIE[[1, 2, 4]])
    assert series.metadata["files"] == ["frame_1.tif", "frame_2.tif", "frame_10.tif"]


def test_a_file_of_many_frames_and_files_of_one_are_the_same_movie(tmp_path):
    paths = [tiff(tmp_path / "first.tif", MOVIE[0]), tiff(tmp_path / "rest.tif", MOVIE[1:])]
    joined = read_images(paths, sampling=0.2).images
    np.testing.assert_array_equal(np.asarray(joined)[..., 0], MOVIE)


def test_pixels_that_are_not_square_are_resampled_to_the_smaller_side(tmp_path):
    pixel = (0.3, 0.2)
    image = lattice((60, 80), pixel)
    rows_first = [("y", "nm", 0.03), ("x", "nm", 0.02)]
    series = read_images(hspy(tmp_path / "a.hspy", image, rows_first))
    assert series.sampling == pytest.approx(0.2) and series.pixel_size == pytest.approx(pixel)
    assert series.images.shape == (1, 89, 80, 1)
    found, expected = series.images[0, ..., 0], lattice((89, 80))
    assert np.abs(found - expected)[8:-8].max() < 1  # of 60 from least to largest
    turned = read_images(hspy(tmp_path / "b.hspy", image.T, rows_first[::-1]))
    np.testing.assert_allclose(turned.images[0, ..., 0], found.T, atol=1e-3)
    given = read_images(tmp_path / "a.hspy", sampling=0.25)  # a setting overrides the header
    assert given.images.shape == (1, 60, 80, 1) and given.pixel_size == (0.25, 0.25)


def test_files_whose_pixels_differ_are_refused(tmp_path):
    paths = [
        hspy(tmp_path / f"{scale}.hspy", MOVIE[0], [PIXELS[0], ("x", "nm", scale)])
        for scale in (0.02, 0.021)
    ]
    with pytest.raises(InputError, match="0.2 to 0.21 Å"):
        read_images(paths)
    assert read_images(paths, sampling=0.2).sampling == 0.2


def test_a_movie_of_several_files_records_the_file_of_each_frame(tmp_path):
    (tmp_path / "heating").mkdir()
    for number in range(4):
        tiff(tmp_path / "heating" / f"t{number}.tif", MOVIE[number])
    series = read_images(tmp_path / "heating", sampling=0.2, axes="frames", frames=(1, 3))
    assert series.name == "heating" and series.metadata["files"] == ["t1.tif", "t2.tif"]
    assert series.metadata["frame_files"] == [["t1.tif"], ["t2.tif"]]
    np.testing.assert_array_equal(series.images[0, ..., 0], MOVIE[1])
    one = read_images(tmp_path / "heating" / "t0.tif", sampling=0.2)
    assert one.name == "t0.tif" and one.metadata["frame_files"] is None


def test_a_tiff_whose_zero_is_white_is_inverted(tmp_path, caplog):
    path = tiff(tmp_path / "a.tif", MOVIE[:2], photometric="miniswhite")
    found = read_images(path, sampling=0.2).images[..., 0]
    np.testing.assert_array_equal(found, 255 - MOVIE[:2].astype(np.float32))
    np.testing.assert_array_equal(np.asarray(Image.open(path), np.float32), found[0])
    assert "0 is white" in caplog.text
    path = tiff(tmp_path / "c.tif", MOVIE[0] > 99, photometric="miniswhite")
    np.testing.assert_array_equal(read_images(path, sampling=0.2).images[0, ..., 0], MOVIE[0] <= 99)
    path = tiff(tmp_path / "b.tif", MOVIE[0].astype(np.float32), photometric="miniswhite")
    np.testing.assert_array_equal(
        read_images(path, sampling=0.2).images[0, ..., 0], -1.0 * MOVIE[0]
    )


@pytest.mark.parametrize(("size", "unit"), [(0.02, "nm"), (2.0e-5, None), (0.2, "Å")])
def test_the_pixel_size_of_an_ome_tiff_is_read(tmp_path, size, unit):
    units = {} if unit is None else {"PhysicalSizeXUnit": unit, "PhysicalSizeYUnit": unit}
    metadata = {"axes": "TYX", "PhysicalSizeX": size, "PhysicalSizeY": 1.5 * size, **units}
    path = tiff(tmp_path / "a.ome.tif", MOVIE, metadata=metadata)
    series = read_images(path)
    np.testing.assert_allclose(series.pixel_size, (0.3, 0.2))
    metadata |= {"PhysicalSizeXUnit": "pixel"}
    with pytest.raises(InputError, match="does not give its pixel size"):
        read_images(tiff(path, MOVIE, metadata=metadata))


def test_a_mask_hides_a_burnt_in_label(tmp_path, caplog):
    image, bar = lattice(), (50, 56, 10, 40)
    burnt = image.copy()
    burnt[50:56, 10:40] = 255
    np.save(tmp_path / "a.npy", burnt)
    found = read_images(tmp_path / "a.npy", sampling=0.2)
    assert "images.mask: [[50, 56, 10, 40]]" in caplog.text and len(found.unseen) == 1
    caplog.clear()
    series = read_images(tmp_path / "a.npy", sampling=0.2, mask=[bar])
    assert caplog.text == "" and series.masked == (bar,)
    found = series.images[0, ..., 0]
    outside = burnt != 255
    np.testing.assert_array_equal(found[outside], image[outside])
    assert found.max() <= image.max()
    np.save(tmp_path / "b.npy", np.where(outside, burnt, np.nan))  # NaN may be masked as well
    again = read_images(tmp_path / "b.npy", sampling=0.2, mask=[bar]).images[0, ..., 0]
    np.testing.assert_array_equal(again, found)


@pytest.mark.parametrize("box", [(0, 65, 0, 9), (5, 5, 0, 9), (-1, 5, 0, 9), (0, 64, 0, 80)])
def test_a_mask_that_does_not_fit_is_refused(tmp_path, box):
    np.save(tmp_path / "a.npy", lattice())
    with pytest.raises(InputError, match="images.mask"):
        read_images(tmp_path / "a.npy", sampling=0.2, mask=[box])


def test_a_movie_is_never_held_whole(tmp_path, monkeypatch):
    count = 64
    movie = np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.uint16, (count, 256, 256))
    movie[:] = np.random.default_rng(0).integers(90, 110, (256, 256))
    movie.flush()
    monkeypatch.setattr(large_files, "SMALL_FILE", 2**20)
    monkeypatch.setattr(images, "IN_MEMORY", 2**20)
    read_images(tmp_path / "a.npy", sampling=0.2, frames=(0, 1))  # imports and caches
    tracemalloc.start()
    series = read_images(tmp_path / "a.npy", sampling=0.2)
    for frame in series.images:
        assert frame.shape == (256, 256, 1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * 256 * 256 * 4 < movie.nbytes


@pytest.mark.parametrize("frames", [(3, 3), (-2, 0), (5, 2)])
def test_invalid_ranges_of_frames_are_refused(tmp_path, frames):
    np.save(tmp_path / "m.npy", np.random.default_rng(0).poisson(9, (8, 32, 32)))
    with pytest.raises(InputError, match="images.frames must be"):
        read_images(tmp_path / "m.npy", 0.2, frames=frames)


def test_a_range_of_frames_that_ends_too_late_is_warned_of(tmp_path, caplog):
    np.save(tmp_path / "m.npy", np.random.default_rng(0).poisson(9, (8, 32, 32)))
    assert len(read_images(tmp_path / "m.npy", 0.2, frames=(2, 100)).images) == 6
    assert "ends at 100, but there are only 8 frames" in caplog.text
