import keras
import numpy as np
import pytest
import scipy.special

from temnet.config.loading import validate
from temnet.errors import InputError
from temnet.images.normalize import normalize
from temnet.images.resample import square_pixels
from temnet.inference.column_finder import ColumnFinder, find_in_series
from temnet.inference.engines.keras_engine import keras_engine
from temnet.inference.probability_maps import (
    pad_to_size,
    predict_probabilities,
)
from temnet.inference.reading.read_images import read_images
from temnet.models.description import describe
from temnet.models.factory import build_model
from temnet.models.network import Network
from temnet.records import ImageSeries
from temnet.reporting.files.column_table import ColumnTableWriter, read_columns

EXPERIMENT = validate(
    {
        "structure": {"kind": "graphene"},
        "microscope": {"energy": 80e3, "aperture_mrad": 30},
        "camera": {"sampling": 0.2, "dose": 1000},
        "labels": {"classes": ["C"], "width": 0.4, "normalisation_width": 3.0},
        "model": {"kind": "unet", "sampling": 0.2, "depth": 2},
        "stages": ["report"],
    },
    "test",
)


def brightness_model(focus_count=1):
    """A network that calls bright pixels columns: logits (x - 3, 0)."""
    inputs = keras.Input((None, None, focus_count))
    first = keras.layers.Conv2D(2, 1, name="logits")
    model = keras.Model(inputs, first(inputs))
    kernel = np.zeros((1, 1, focus_count, 2))
    kernel[..., 0, 0] = 1
    first.set_weights([kernel, np.array([-3.0, 0.0])])
    return model


def network(focus_count=1):
    foci = {"defocus": {"steps": list(range(focus_count))}}
    microscope = EXPERIMENT.microscope.model_dump() | foci
    experiment = validate(EXPERIMENT.model_dump() | {"microscope": microscope}, "test")
    return Network(
        "bright", brightness_model(focus_count), experiment, describe("bright", experiment, 0.4)
    )


def spots(places, sampling, shape):
    row, col = np.mgrid[: shape[0], : shape[1]] * sampling
    image = np.ones(shape)
    for place in places:
        image += 2 * np.exp(-((row - place[0]) ** 2 + (col - place[1]) ** 2) / 0.32)
    return image.astype(np.float32)


PLACES = [[3.1, 4.9], [7.2, 10.1], [9.9, 3.3]]


@pytest.mark.parametrize("sampling", [0.1, 0.2, 0.3])
def test_positions_are_those_of_the_image_at_any_pixel_size(sampling):
    shape = (int(13 / sampling), int(15 / sampling))
    series = ImageSeries(spots(PLACES, sampling, shape)[None, ..., None], sampling)
    peaks = find_in_series(network(), series)
    order = np.argsort(peaks.positions[:, 0])
    np.testing.assert_allclose(peaks.positions[order], PLACES, atol=0.05)


def test_each_peak_knows_its_frame():
    frames = np.stack([spots(PLACES, 0.2, (65, 75)), spots(PLACES[:1], 0.2, (65, 75))])
    done = []
    peaks = find_in_series(network(), ImageSeries(frames[..., None], 0.2), progress=done.append)
    assert np.bincount(peaks.frame).tolist() == [3, 1]
    assert done == [1, 1]


def test_threshold_and_distance_can_be_given():
    series = ImageSeries(spots(PLACES, 0.2, (65, 75))[None, ..., None], 0.2)
    assert len(find_in_series(network(), series, threshold=0.9999)) == 0
    assert len(find_in_series(network(), series, min_distance=20.0)) == 1


@pytest.mark.parametrize("shape", [(5, 7), (64, 64), (65, 130)])
def test_padding_is_cut_off_again(shape):
    image = normalize(np.random.default_rng(0).random((*shape, 1)), 0.2, 3.0)
    probabilities = predict_probabilities(keras_engine(brightness_model()), image)
    assert probabilities.shape == (*shape, 2)
    expected = scipy.special.softmax(np.concatenate([image - 3, 0 * image], axis=-1), axis=-1)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_padding_reflects():
    image = np.arange(5.0)[:, None, None] * np.ones((1, 8, 1))
    padded, origin = pad_to_size(image, 8, 1)
    assert origin == (1, 0)
    assert padded[:, 0, 0].tolist() == [0, 0, 1, 2, 3, 4, 4, 3]


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "unet", "sampling": 0.2, "depth": 3, "filters": 2},
        {"kind": "msdnet", "sampling": 0.2, "depth": 3, "max_dilation": 9},
    ],
)
@pytest.mark.parametrize("shape", [(5, 7), (33, 40)])
def test_networks_predict_images_of_any_size(settings, shape):
    model = build_model(validate(EXPERIMENT.model_dump() | {"model": settings}, "test"))
    image = np.random.default_rng(0).normal(size=(*shape, 1))
    assert predict_probabilities(keras_engine(model), image).shape == (*shape, 2)


def test_a_frame_is_resampled_then_normalised_as_in_training():
    image = spots(PLACES, 0.2, (65, 75))[..., None]
    direct = predict_probabilities(keras_engine(brightness_model()), normalize(image, 0.2, 3.0))
    finder = ColumnFinder(network())
    np.testing.assert_allclose(finder.find(image, 0.2)[1], direct, atol=1e-6)
    assert finder.find(image, 0.1)[1].shape == (33, 38, 2)


def test_a_file_and_its_array_have_the_same_columns_and_masked_ones_are_left_out(tmp_path):
    frames = np.stack([spots(PLACES, 0.2, (65, 75)), spots(PLACES[:1], 0.2, (65, 75))])
    np.save(tmp_path / "a.npy", frames)
    peaks = find_in_series(network(), ImageSeries(frames[..., None], 0.2))
    found = find_in_series(network(), read_images(tmp_path / "a.npy", sampling=0.2))
    np.testing.assert_array_equal(found.positions, peaks.positions)
    np.testing.assert_array_equal(found.frame, [0, 0, 0, 1])
    array = ImageSeries(frames[..., None], 0.2, masked=((14, 18, 23, 27),))  # around the first
    assert find_in_series(network(), array).frame.tolist() == [0, 0]


def test_positions_in_pixels_that_are_not_square(tmp_path):
    image = spots(PLACES, 0.1, (130, 150))[::2]  # 0.2 Å high, 0.1 Å wide
    square = square_pixels(image[..., None], (0.2, 0.1))
    series = ImageSeries(square[None], 0.1, pixel_size=(0.2, 0.1))
    peaks = find_in_series(network(), series)
    with ColumnTableWriter(tmp_path / "columns.csv", ["C"]) as writer:
        writer.write(peaks, series.pixel_size, "a.npy")
    table = read_columns(tmp_path / "columns.csv")
    expected = sorted((row / 0.2, col / 0.1) for row, col in PLACES)
    np.testing.assert_allclose(sorted(table.pixels.tolist()), expected, atol=0.4)
    found = sorted(table.peaks.positions[:, 0])
    np.testing.assert_allclose(found, sorted(place[0] for place in PLACES), atol=0.05)


def test_no_frames_and_a_wrong_number_of_foci_are_refused():
    with pytest.raises(InputError, match="no frames"):
        find_in_series(network(), ImageSeries(np.zeros((0, 64, 64, 1), np.float32), 0.2))
    with pytest.raises(InputError, match="3"):
        find_in_series(network(3), ImageSeries(np.ones((1, 64, 64, 1), np.float32), 0.2))


def test_symmetries_give_the_mean_and_a_spread():
    series = ImageSeries(spots(PLACES, 0.2, (65, 75))[None, ..., None], 0.2)
    plain, steady = (find_in_series(network(), series, symmetries=given) for given in (False, True))
    assert len(plain) == len(steady) == len(PLACES)
    # This network sees the same in every symmetry.
    np.testing.assert_allclose(steady.positions, plain.positions, atol=1e-4)
    assert np.isnan(plain.spread).all()
    np.testing.assert_allclose(steady.spread, 0, atol=1e-4)
