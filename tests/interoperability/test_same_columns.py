"""An array, a signal and a file of the same image have the same columns to the last digit."""

import numpy as np
import pytest
import tifffile

import temnet
from temnet.errors import InputError
from temnet.interoperability.found_columns import FoundColumns
from temnet.records import Peaks

GIVEN = {"sampling": 0.2, "threshold": 0.4}


@pytest.fixture
def here(tmp_path, monkeypatch, pretrained, undrawn):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def movie(dots):
    return np.stack([dots, dots[::-1], dots + 1])


def assert_same(*found):
    for other in found[1:]:
        assert isinstance(other, FoundColumns) and len(other) == len(found[0]) > 0
        for name, values in Peaks.arrays(other).items():
            np.testing.assert_array_equal(values, getattr(found[0], name), name)


def test_a_name_a_folder_and_a_network_are_the_same(here, pretrained, dots):
    networks = "tiny", str(pretrained / "tiny"), pretrained / "tiny", temnet.load_network("tiny")
    assert_same(*(temnet.find_columns(one, dots, **GIVEN) for one in networks))
    series = temnet.records.ImageSeries(dots[None, ..., None], 0.2)
    found = temnet.find_columns("tiny", series, threshold=0.4)
    assert_same(temnet.find_columns("tiny", dots, **GIVEN), found)
    assert found.classes == ("metal", "oxide") and found.pixel_size == (0.2, 0.2)
    with pytest.raises(InputError, match="sampling"):
        temnet.find_columns("tiny", series, sampling=0.2)


def test_arrays_files_and_movies(here, movie):
    tifffile.imwrite("a.tif", movie[0])
    np.save("movie.npy", movie)
    done = []
    image = temnet.find_columns("tiny", movie[0], progress=done.append, **GIVEN)
    assert_same(
        image,
        temnet.find_columns("tiny", "a.tif", **GIVEN),
        temnet.find_columns("tiny", movie[0].tolist(), **GIVEN),
        temnet.analyse("a.tif", "tiny", **GIVEN).peaks,
    )
    assert done == [1] and image.frames == 1
    whole = temnet.find_columns("tiny", movie, **GIVEN)
    assert_same(
        whole,
        temnet.find_columns("tiny", "movie.npy", **GIVEN),
        temnet.find_columns("tiny", movie[..., None], **GIVEN),
        temnet.find_columns(
            "tiny", np.moveaxis(movie, 0, 1), axes=("row", "frame", "col"), **GIVEN
        ),
        temnet.analyse(movie[..., None], "tiny", output="out", **GIVEN).peaks,
    )
    assert whole.frames == 3 and set(whole.frame) == {0, 1, 2}


def test_focal_series_in_every_form(here, shifted_foci):
    given = {"sampling": 0.2}
    behind = np.moveaxis(shifted_foci, 0, -1)[None]
    found = [
        temnet.find_columns("tiny-series", shifted_foci, **given),
        temnet.find_columns("tiny-series", shifted_foci, axes="focus", **given),
        temnet.find_columns("tiny-series", shifted_foci, axes=("focus", "row", "col"), **given),
        temnet.find_columns("tiny-series", behind, **given),
    ]
    assert_same(*found)
    assert found[0].frames == 1 and found[0].foci == 3
    two = temnet.find_columns("tiny-series", np.concatenate([behind, behind + 1]), **given)
    assert two.frames == 2
    for count in (0, 1):
        mine = two.in_frame(count)
        np.testing.assert_allclose(mine.positions, found[0].positions, atol=1e-3)
    with pytest.raises(InputError, match="focal series of 3"):
        temnet.find_columns("tiny-series", shifted_foci, axes=("frame", "row", "col"), **given)


@pytest.mark.interoperability
def test_hyperspy_signals(here, movie, shifted_foci):
    hs = pytest.importorskip("hyperspy.api")
    signal = hs.signals.Signal2D(movie)
    for axis in signal.axes_manager.signal_axes:
        axis.scale, axis.units = 0.02, "nm"
    signal.axes_manager.navigation_axes[0].name = "time"
    signal.metadata.General.title = "film"
    signal.save("film.hspy")
    found = temnet.find_columns("tiny", signal, threshold=0.4)
    assert_same(
        found,
        temnet.find_columns("tiny", signal.as_lazy(), threshold=0.4),
        temnet.find_columns("tiny", "film.hspy", threshold=0.4),
        temnet.find_columns("tiny", movie, **GIVEN),
        temnet.analyse(signal, "tiny", output="out", threshold=0.4).peaks,
        temnet.analyse(signal, "tiny", output="out", threshold=0.4).peaks,
    )
    assert found.file == "film" and found.pixel_size == (0.2, 0.2)
    assert_same(
        temnet.find_columns("tiny", movie[1], **GIVEN),
        temnet.find_columns("tiny", signal.inav[1], threshold=0.4),
    )
    foci = hs.signals.Signal2D(shifted_foci)
    foci.axes_manager.navigation_axes[0].name = "defocus"
    assert_same(
        temnet.find_columns("tiny-series", foci, sampling=0.2),
        temnet.find_columns("tiny-series", shifted_foci, sampling=0.2),
    )


@pytest.mark.parametrize(
    "images",
    [
        np.full((40, 40), None),
        np.ones((40, 40), complex),
        np.full((40, 40), np.nan),
        np.full((3, 40, 40), np.nan),
        np.zeros((40, 40)),
        np.ones((0, 40)),
        np.ones(40),
        np.ones((1, 1, 1, 40, 40)),
        np.ones((4, 4)),
        [],
        object(),
    ],
)
def test_bad_arrays_are_one_sentence(here, images):
    with pytest.raises(InputError) as raised:
        temnet.find_columns("tiny", images, **GIVEN)
    assert str(raised.value).count("\n") == 0


def test_an_array_without_a_pixel_size_is_refused(here, dots):
    for call in (
        lambda: temnet.find_columns("tiny", dots),
        lambda: temnet.analyse(dots, "tiny"),
        lambda: temnet.find_columns("tiny", dots, sampling="auto"),
        lambda: temnet.find_columns("tiny", dots, sampling=200),
        lambda: temnet.find_columns("tiny", dots, sampling=0.2, axes="rows"),
        lambda: temnet.find_columns("tiny", dots, sampling=0.2, treshold=0.5),
        lambda: temnet.find_columns("tinny", dots, sampling=0.2),
    ):
        with pytest.raises(InputError):
            call()
