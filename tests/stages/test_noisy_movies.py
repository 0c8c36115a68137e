"""Movies in which columns are often missed: refused, or followed by their images."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from temnet.config.analysis.images import Images
from temnet.config.analysis.occupancy import Occupancy
from temnet.config.analysis.prediction import Prediction
from temnet.errors import InputError
from temnet.inference.movie_drift.image_drift import ImageDrift
from temnet.inference.reading.image_file import ImageFile
from temnet.reporting.files.kept_images import write_images
from temnet.reporting.files.prediction_rows import ImageDriftRow
from temnet.reporting.files.series_file import SeriesRecord
from temnet.stages import noisy_movies
from temnet.stages.noisy_movies import check_detection, contradicted_by, image_drift, too_noisy
from temnet.stages.prediction.frame_averages import image_drift_rows
from temnet.tables.csv_rows import write_rows

MOVIE = SeriesRecord(
    file="m", frames=5, rows=64, cols=64, sampling=0.2, network="n", classes=("metal",)
)
PATH = np.outer(np.arange(5), [0.2, -0.1])


@pytest.mark.parametrize(
    ("average", "detection", "needed", "refused"),
    [
        (1, None, None, False),
        (1, 0.93, None, False),
        (1, 0.84, 4, True),
        (1, 0.84, None, False),  # columns come and go from frame to frame
        (1, 0.3, None, True),
        (8, 0.89, None, True),
        (8, 0.95, None, False),
    ],
)
def test_movies_are_refused_by_how_often_columns_are_found(average, detection, needed, refused):
    movie = replace(MOVIE, average=average, detection=detection, frames_to_average=needed)
    assert too_noisy(movie) is refused
    if not refused:
        check_detection(movie, Occupancy())
        return
    with pytest.raises(InputError) as error:
        check_detection(movie, Occupancy())
    assert str(error.value).count("\n") == 0
    assert (f"images.average to {needed} " in str(error.value)) is (needed is not None)
    check_detection(movie, Occupancy(few_columns="follow"))


def test_averaged_frames_have_the_drift_that_was_removed(tmp_path):
    (tmp_path / "predict").mkdir()
    work, movie = SimpleNamespace(root=tmp_path), replace(MOVIE, average=4, detection=0.99)
    path = tmp_path / "predict" / "image_drift.csv"
    drift = ImageDrift(PATH, np.full(5, 0.05), True, "")
    write_rows(path, image_drift_rows(drift, "m"), ImageDriftRow)
    np.testing.assert_allclose(image_drift(work, movie), PATH)
    unknown = ImageDrift(0 * PATH, np.full(5, np.nan), False, "")
    write_rows(path, image_drift_rows(unknown, "m"), ImageDriftRow)
    assert image_drift(work, movie) is None


def test_the_drift_by_the_images_is_taken_where_columns_are_missed(monkeypatch, tmp_path):
    work = SimpleNamespace(root=tmp_path)
    found = ImageDrift(PATH, np.full(5, 0.05), True, "")
    monkeypatch.setattr(noisy_movies, "_measured", lambda work, movie: found)
    assert image_drift(work, replace(MOVIE, detection=0.93)) is None
    np.testing.assert_array_equal(image_drift(work, replace(MOVIE, detection=0.2)), PATH)
    missed = replace(MOVIE, detection=0.9)
    assert contradicted_by(work, missed, PATH + [3.0, -2.0]) is None  # another origin
    np.testing.assert_array_equal(contradicted_by(work, missed, 0 * PATH), PATH)
    assert contradicted_by(work, replace(MOVIE, detection=0.99), 0 * PATH) is None
    found = replace(found, measured=False)
    assert contradicted_by(work, missed, 0 * PATH) is None
    unknown = image_drift(work, replace(MOVIE, detection=0.2))
    np.testing.assert_array_equal(unknown, 0 * PATH)


def test_images_are_read_again_with_the_pixel_size_that_was_measured(tmp_path, monkeypatch):
    """Of a file whose pixels are not square, with `sampling: auto`."""
    frames = np.random.default_rng(0).poisson(5, (4, 64, 48)).astype("f4")
    file = tmp_path / "a.hspy"
    write_images(file, ImageFile(file, ((4, "time"),), (64, 48), lambda n: frames[n], (0.2, 0.1)))
    monkeypatch.setattr(noisy_movies, "find_network", lambda name: None)
    monkeypatch.setattr(noisy_movies, "read_card", lambda folder: SimpleNamespace(focus_count=1))
    given = {}
    monkeypatch.setattr(noisy_movies, "measure_drift", lambda *arguments: given.update(
        shape=arguments[0].shape, sampling=arguments[1]))  # fmt: skip
    images = Images(files=(str(file),), sampling="auto", spacing=2.3)
    experiment = SimpleNamespace(images=images, prediction=Prediction(network="n"))
    movie = replace(MOVIE, sampling=0.105, pixel_size=(0.21, 0.105))
    noisy_movies._measured(SimpleNamespace(experiment=experiment), movie)
    assert given["sampling"] == pytest.approx(0.105)
    assert given["shape"][1:3] == (127, 48)  # 63 steps of 0.21 Å are 126 of 0.105 Å
