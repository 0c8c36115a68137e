import keras
import numpy as np
import pytest

from temnet.models.blocks import DoubleSize


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (16, 5)])
def test_doubling_is_bilinear_interpolation(shape):
    maps = np.random.default_rng(0).normal(size=(2, *shape, 3)).astype(np.float32)
    expected = keras.layers.UpSampling2D(2, interpolation="bilinear")(maps)
    np.testing.assert_allclose(DoubleSize()(maps), expected, atol=1e-6)
    nearest = keras.layers.UpSampling2D(2)(maps)
    if shape != (1, 1):
        assert np.abs(np.asarray(nearest) - np.asarray(expected)).max() > 0.1


def test_images_of_several_sizes_pass_through_one_compiled_function():
    inputs = keras.Input((None, None, 1))
    model = keras.Model(inputs, DoubleSize()(inputs))
    assert model.output_shape == (None, None, None, 1)
    for rows, cols in ((8, 8), (16, 8), (8, 24), (32, 32)):
        image = np.ones((1, rows, cols, 1), np.float32)
        assert model.predict_on_batch(image).shape == (1, 2 * rows, 2 * cols, 1)


def test_doubling_is_saved_by_name(tmp_path):
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, DoubleSize(name="grow")(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    image = np.random.default_rng(0).normal(size=(1, 4, 6, 2)).astype(np.float32)
    np.testing.assert_array_equal(loaded(image), model(image))
