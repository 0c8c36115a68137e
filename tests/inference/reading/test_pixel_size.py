from pathlib import Path

import numpy as np
import pytest
import tifffile

from temnet.errors import InputError
from temnet.inference.reading.image_file import ImageFile
from temnet.inference.reading.pixel_size import given_pixel_size, plausible
from temnet.inference.reading.read_images import read_images

IMAGE = np.random.default_rng(0).integers(0, 255, (20, 30), dtype=np.uint8)


def test_pixel_size_comes_from_the_header_in_any_unit(tmp_path):
    for unit, scale in (("nm", 0.02), ("pm", 20.0), ("angstrom", 0.2), ("\\u00C5", 0.2)):
        path = tmp_path / "a.tif"
        tifffile.imwrite(
            path,
            IMAGE.astype(np.float32),
            imagej=True,
            resolution=(1 / scale, 1 / scale),
            metadata={"unit": unit, "axes": "YX"},
        )
        assert read_images(path).sampling == pytest.approx(0.2, rel=1e-4)


def test_a_header_without_a_length_is_refused_and_a_setting_overrides_it(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, IMAGE)
    with pytest.raises(InputError, match="does not give its pixel size"):
        read_images(path)
    with pytest.raises(InputError, match="out of range"):
        read_images(path, sampling=-0.2)
    with pytest.raises(InputError, match="out of range"):
        read_images(path, sampling=200)


def planes(pixel, noise, spacing=2.1, shape=(150, 170)):
    """Three families of planes, 60 degrees apart, in noise."""
    row, col = np.indices(shape) * np.reshape(pixel, (2, 1, 1))
    waves = [
        np.cos(2 * np.pi / spacing * (row * np.cos(angle) + col * np.sin(angle)))
        for angle in np.deg2rad([10, 70, 130])
    ]
    rng = np.random.default_rng(0)
    return (100 + 5 * np.sum(waves, axis=0) + rng.normal(0, noise, shape)).astype(np.float32)


def test_the_pixel_size_is_measured_on_lattice_planes(tmp_path):
    np.save(tmp_path / "a.npy", planes([0.17, 0.17], 5))
    found = read_images(tmp_path / "a.npy", sampling="auto", spacing=2.1)
    calibration = found.metadata["calibration"]
    assert found.sampling == pytest.approx(0.17, rel=2e-3)
    assert abs(found.sampling - 0.17) < 4 * calibration["uncertainty"]
    assert found.pixel_size == (found.sampling, found.sampling)
    assert calibration["taken"] and calibration["spots"] == 3 and calibration["spacing"] == 2.1
    with pytest.raises(InputError, match=r"a.npy: .*distance between the lattice planes"):
        read_images(tmp_path / "a.npy", sampling="auto")


def test_a_given_pixel_size_is_checked_by_the_planes(tmp_path, caplog):
    np.save(tmp_path / "a.npy", planes([0.17, 0.17], 5))
    good = read_images(tmp_path / "a.npy", sampling=0.171, spacing=2.1)
    assert good.sampling == 0.171 and caplog.text == ""
    wrong = read_images(tmp_path / "a.npy", sampling=0.18, spacing=2.1)
    assert wrong.sampling == 0.18 and "0.18 Å, but the lattice gives 0.1699 ±" in caplog.text
    assert not wrong.metadata["calibration"]["taken"]


def test_the_lattice_scales_pixels_that_are_not_square(tmp_path):
    height, width = 0.16, 0.2
    image = planes([0.16, 0.2], 3)
    path = tmp_path / "a.tif"
    per_cm = (1e8 / (1.06 * width), 1e8 / (1.06 * height))  # the header is 6 % off
    tifffile.imwrite(path, image, resolution=per_cm, resolutionunit="CENTIMETER")
    found = read_images(path, sampling="auto", spacing=2.1)
    assert found.pixel_size == pytest.approx((height, width), rel=4e-3)
    assert found.sampling == min(found.pixel_size)


def test_noise_has_no_lattice(tmp_path, caplog):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).normal(9, 1, (150, 150)))
    with pytest.raises(InputError, match=r"a.npy: "):
        read_images(tmp_path / "a.npy", sampling="auto", spacing=2.1)
    found = read_images(tmp_path / "a.npy", sampling=0.2, spacing=2.1)
    assert found.sampling == 0.2 and "could not be checked" in caplog.text


def test_a_pixel_size_in_words_is_refused(tmp_path):
    np.save(tmp_path / "m.npy", np.random.default_rng(0).poisson(9, (32, 32)))
    with pytest.raises(InputError, match="a number in Å or auto"):
        read_images(tmp_path / "m.npy", "0.2 A")


def files(*pixel_sizes):
    return [
        ImageFile(Path(f"{n}.tif"), (), (20, 30), lambda number: IMAGE, size)
        for n, size in enumerate(pixel_sizes)
    ]


@pytest.mark.parametrize(
    ("sizes", "sampling", "expected"),
    [
        (((0.2, 0.2), (0.2001, 0.2)), None, (0.2, 0.2)),  # equal within 0.1 %
        (((0.3, 0.2),), None, (0.3, 0.2)),
        (((0.2001, 0.2),), None, (0.2001, 0.2001)),  # square within 0.1 %
        ((None, (3.0, 2.0)), 0.25, (0.25, 0.25)),  # the setting overrides all headers
    ],
)
def test_the_pixel_size_of_all_files(sizes, sampling, expected):
    assert given_pixel_size(files(*sizes), sampling) == expected


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        (((0.2, 0.2), (0.2, 0.201)), "0.2 to 0.201"),
        (((0.2, 0.2), None), "1.tif: the file does not give"),
        (((0.2, 11.0),), "11 Å is out of range"),
    ],
)
def test_pixel_sizes_that_cannot_be_used(sizes, words):
    with pytest.raises(InputError, match=words):
        given_pixel_size(files(*sizes), None)


def test_plausible_pixel_sizes_are_those_of_atomic_resolution():
    assert plausible((0.005, 10.0)) and plausible((0.3, 0.2))
    assert not any(map(plausible, (None, (0.004, 0.2), (0.2, 11.0), (float("nan"), 0.2))))
