"""Class maps as TIFF: other programs read them with their pixel size."""

import numpy as np
import pytest
import tifffile

from temnet.inference.reading.read_images import read_images
from temnet.records import Peaks
from temnet.reporting.files.map_files import write_maps
from temnet.reporting.files.peaks_files import read_peaks, write_peaks

CLASSES = ("metal", "oxide:1-3")


@pytest.fixture
def maps(tmp_path):
    probabilities = np.random.default_rng(0).random((20, 31, 3)).astype(np.float32)
    return write_maps(tmp_path / "maps", "0003", probabilities, 0.07, CLASSES), probabilities


def test_one_image_per_class_without_the_background(maps):
    paths, probabilities = maps
    assert [path.name for path in paths] == ["0003_metal.tif", "0003_oxide-1-3.tif"]
    for index, path in enumerate(paths):
        np.testing.assert_array_equal(tifffile.imread(path), probabilities[..., index])


def test_rosettasciio_reads_the_pixel_size(maps):
    from rsciio.tiff import file_reader

    (signal,) = file_reader(str(maps[0][1]))
    assert [axis["units"] for axis in signal["axes"]] == ["Å", "Å"]
    assert [axis["scale"] for axis in signal["axes"]] == pytest.approx([0.07, 0.07], rel=1e-7)
    assert [axis["offset"] for axis in signal["axes"]] == [0, 0]
    assert [axis["size"] for axis in signal["axes"]] == [20, 31]


def test_imagej_reads_the_pixel_size(maps):
    """ImageJ takes the unit from the description and pixels per unit from the resolution."""
    with tifffile.TiffFile(maps[0][0]) as file:
        tags = file.pages[0].tags
        assert file.is_imagej and "unit=angstrom" in tags["ImageDescription"].value
        pixels, units = tags["XResolution"].value
        assert units / pixels == pytest.approx(0.07, rel=1e-7)


def test_our_reader_takes_them_too(maps):
    assert read_images(maps[0][0]).sampling == pytest.approx(0.07, rel=1e-7)


def test_hyperspy_opens_them_and_atomap_takes_the_columns(maps, tmp_path):
    """The lines of the README."""
    hyperspy = pytest.importorskip("hyperspy.api")
    atomap = pytest.importorskip("atomap.api")
    peaks = Peaks(
        np.zeros(2, np.int64), np.array([[0.14, 0.7], [0.77, 1.4]]), np.zeros(2, np.int64),
        np.ones(2), np.ones((2, 1)), np.ones(2),
    )  # fmt: skip
    write_peaks(tmp_path / "columns.h5", peaks, 0.14, ["metal"])
    image = hyperspy.load(maps[0][0])
    assert [axis.units for axis in image.axes_manager.signal_axes] == ["Å", "Å"]
    peaks, sampling, classes = read_peaks(tmp_path / "columns.h5")
    scale = image.axes_manager[0].scale
    sublattice = atomap.Sublattice(peaks.positions[:, ::-1] / scale, image)
    np.testing.assert_allclose(sublattice.x_position, [10, 20])  # 0.7 and 1.4 Å by 0.07 Å
    np.testing.assert_allclose(sublattice.y_position, [2, 11])
