"""Images that are no raw HR-TEM images are named for what they look like."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy import ndimage

from temnet.inference.checks.signs import signs_of
from temnet.inference.checks.technique import TechniqueCheck, name_technique
from temnet.inference.column_finder import FoundFrame
from temnet.records import ImageSeries, Peaks

IMAGES = Path(__file__).parents[3] / "experiments/images"

SAMPLING, SIDE = 0.2, 240
ROW, COL = np.mgrid[:SIDE, :SIDE] * SAMPLING
RADIUS = np.hypot(ROW - 24, COL - 24)


def dots(spacing=2.3, width=0.4, radius=15.0):
    """Columns of brightness 1 in a particle, 0 around."""
    image = np.zeros(ROW.shape)
    for row in np.arange(1, 48, spacing):
        for col in np.arange(1, 48, spacing):
            if np.hypot(row - 24, col - 24) < radius:
                image += np.exp(-((ROW - row) ** 2 + (COL - col) ** 2) / (2 * width**2))
    return image


def hrtem(rng, dose=40):
    """Bright columns with dark gaps around the level of the vacuum, in counts."""
    columns = dots()
    columns -= ndimage.gaussian_filter(columns, 5)
    return rng.poisson(dose * (1 + 0.4 * columns)).astype(float)


def stem(rng):
    return rng.poisson(60 * dots() + 1).astype(float)


def scanned(rng):
    """Lines that lie half a pixel beside each other, on a bright offset."""
    shifts = rng.normal(0, 0.5, SIDE)
    lines = [
        np.interp(np.arange(SIDE) + shift, np.arange(SIDE), line)
        for shift, line in zip(shifts, dots(radius=99), strict=True)
    ]
    image = rng.poisson(40 * np.stack(lines) + 20).astype(float)
    return ndimage.uniform_filter1d(image, 2, axis=1)


def shaken(rng):
    """Lines that lie 0.4 pixels beside each other, with weak streaks of the detector."""
    columns = dots(radius=21)
    columns -= ndimage.gaussian_filter(columns, 5)
    shifts = rng.normal(0, 0.4, SIDE)
    lines = [
        np.interp(np.arange(SIDE) + shift, np.arange(SIDE), line)
        for shift, line in zip(shifts, columns, strict=True)
    ]
    image = rng.poisson(600 * (1 + 0.4 * np.stack(lines))).astype(float)
    return 0.94 * image + 0.06 * np.roll(image, 1, axis=1)


def diffraction(rng):
    pattern = np.abs(np.fft.fftshift(np.fft.fft2(1 + 0.3 * dots()))) ** 2
    pattern = ndimage.gaussian_filter(pattern, 1.5)
    return rng.poisson(1e6 * pattern / pattern.sum()).astype(float)


def soot(rng):
    """Rings around a point outside of the image."""
    fringes = np.cos(2 * np.pi * np.hypot(ROW + 15, COL + 20) / 3.5)
    return rng.poisson(40 * (1 + 0.15 * fringes)).astype(float)


def particles(rng):
    hill = np.exp(-((ndimage.gaussian_filter(rng.normal(size=ROW.shape), 16) * 30) ** 2))
    return rng.poisson(40 * (1 + 0.5 * ndimage.gaussian_filter(hill, 8))).astype(float)


def noise(rng):
    return rng.poisson(20, ROW.shape).astype(float)


def masked(rng):
    spectrum = np.fft.fft2(hrtem(rng))
    strong = np.abs(spectrum) >= np.quantile(np.abs(spectrum), 0.98)
    return np.fft.ifft2(np.where(strong, spectrum, 0)).real


def jpeg(rng):
    grey = np.clip(ndimage.gaussian_filter(hrtem(rng), 0.5) * 3, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "JPEG", quality=40)
    return np.asarray(Image.open(stream), float)


KINDS = {
    hrtem: None,
    stem: "STEM",
    scanned: "STEM",
    shaken: "STEM",
    diffraction: "diffraction",
    soot: "graphitic",
    particles: "low magnification",
    noise: "noise",
    masked: "filtered",
}


@pytest.mark.parametrize(
    ("draw", "name"), KINDS.items(), ids=lambda one: getattr(one, "__name__", one)
)
@pytest.mark.parametrize("seed", range(3))
def test_each_kind_is_named_whatever_gain_and_offset(draw, name, seed):
    image = draw(np.random.default_rng(seed))
    for changed in (image, 7.5 * image):
        technique = name_technique(signs_of(changed.astype(np.float32), SAMPLING))
        assert (technique and technique.name) == name


def test_reflections_of_a_crystal_near_graphite_are_no_soot():
    """Those of CeO2 {111}, 3.12 Å, stand out in the mean of the movie."""
    movie = tifffile.imread(IMAGES / "pt_ceo2_raw.tif")
    signs = signs_of(movie.mean(axis=0).astype(np.float32), 0.202)
    assert signs.ring > 0.6 and signs.finer > 0.3 and name_technique(signs) is None
    assert name_technique(replace(signs, finer=-0.1)).name == "graphitic"


@pytest.mark.parametrize("turned", [False, True])
def test_shifted_rows_are_a_sign_beside_weak_streaks_along_them(turned):
    image = shaken(np.random.default_rng(2))
    signs = signs_of(image.T if turned else image, SAMPLING)
    assert 0.04 < abs(signs.lines) < 0.1 and abs(signs.shaken) > 0.55
    assert (signs.shaken < 0) == turned and name_technique(signs).name == "STEM"
    for other in ({"lines": -signs.lines}, {"lines": 0.0}, {"shaken": 0.0}):
        assert name_technique(replace(signs, **other)) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda image: ndimage.gaussian_filter(image, 1.5),
        lambda image: ndimage.median_filter(image.astype(np.float32) + 0.001 * image**1.5, 5),
    ],
)
def test_filters_are_noticed(change):
    image = change(hrtem(np.random.default_rng(0)))
    assert name_technique(signs_of(image, SAMPLING)).name == "filtered"


def test_blocks_of_a_compressed_picture_are_noticed():
    assert name_technique(signs_of(jpeg(np.random.default_rng(0)), SAMPLING)).name in (
        "JPEG",
        "filtered",
    )


@pytest.mark.parametrize("slope", [(0.3, 0.0), (0.0, 0.3), (0.2, -0.2)])
def test_uneven_light_has_no_name(slope):
    rng = np.random.default_rng(0)
    light = 1 + slope[0] * (ROW / 24 - 1) + slope[1] * (COL / 24 - 1)
    assert name_technique(signs_of(hrtem(rng) * light, SAMPLING)) is None


def check_of(image, sampling=SAMPLING, columns=5, coarsest=0.0, **metadata):
    """The findings on one frame with some columns."""
    frame = image.astype(np.float32)[..., None]
    series = ImageSeries(frame[None], sampling, "a.tif", metadata)
    check = TechniqueCheck(series, coarsest)
    check.add(FoundFrame(0, frame, Peaks.empty(1) if columns == 0 else _peaks(columns)))
    return check.findings()


def _peaks(count):
    zero = np.zeros(count)
    return Peaks(
        zero.astype(int), np.zeros((count, 2)), zero.astype(int), zero, zero[:, None], zero
    )


def test_frames_of_one_technique_count_together_whatever_their_severity(monkeypatch):
    rng = np.random.default_rng(0)
    sure, unsure = name_technique(signs_of(stem(rng), SAMPLING)), None
    frames = np.zeros((5, 64, 64, 1), np.float32)
    check = TechniqueCheck(ImageSeries(frames, SAMPLING, "a.tif", {}))
    severities = ["warning", "out of distribution", "warning", "out of distribution", "warning"]
    check._found = [(sure, severity) for severity in severities[:4]] + [(unsure, "note")]
    (finding,) = check.findings()
    assert finding.severity in severities and finding.sentence == sure.sentence
    check._found = [(sure, "warning")] * 2 + [(unsure, "note")] * 3
    assert check.findings() == ()


def test_severity_depends_on_how_sure_the_signs_are():
    rng = np.random.default_rng(0)
    assert [one.severity for one in check_of(stem(rng))] == ["out of distribution"]
    assert [one.severity for one in check_of(soot(rng))] == ["warning"]
    assert check_of(hrtem(rng)) == ()
    assert [one.severity for one in check_of(noise(rng))] == ["warning"]
    # Noise without columns is as it should be.
    assert [one.severity for one in check_of(noise(rng), columns=0)] == ["note"]


def test_the_header_and_the_pixel_size_name_a_technique_too():
    image = hrtem(np.random.default_rng(0))
    (stated,) = check_of(image, technique="HAADF")
    assert (stated.kind, stated.severity) == ("technique", "out of distribution")
    assert "HAADF" in stated.sentence
    (coarse,) = check_of(image, sampling=0.86)
    assert coarse.severity == "out of distribution" and "0.86 Å" in coarse.sentence


def test_an_inverted_image_is_judged_as_it_was():
    image = stem(np.random.default_rng(0))
    inverted = 2 * image.mean() - image
    (found,) = check_of(inverted, inverted=True)
    assert found.severity == "out of distribution"


def test_an_image_of_one_value_and_a_tiny_one_do_no_harm():
    assert check_of(np.ones((64, 64))) == ()
    assert isinstance(check_of(np.eye(16)), tuple)
    assert isinstance(check_of(np.eye(17)[:, :16] - 0.5), tuple)


@pytest.mark.parametrize(("coarsest", "coarse"), [(0.25, True), (0.7, True), (0.9, False)])
def test_coarse_pixels_are_reported_unless_the_network_was_trained_on_them(coarsest, coarse):
    found = check_of(hrtem(np.random.default_rng(0)), sampling=0.8, coarsest=coarsest)
    assert any("pixels of 0.8 Å hardly resolve" in one.sentence for one in found) == coarse


def test_coarse_pixels_of_the_training_show_no_sign_of_a_technique():
    """At such pixels STEM, soot and film cannot be distinguished from bright columns."""
    for number in range(3):
        scan = stem(np.random.default_rng(number))
        assert check_of(scan) and not check_of(scan, sampling=0.8, coarsest=0.9)
