import keras
import numpy as np
import pytest
import tensorflow as tf

from temnet.models.blocks import BatchNorm, DoubleSize, SplitPixels
from temnet.models.factory import build_model


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


def test_pixels_are_split_as_tensorflow_does():
    maps = np.random.default_rng(0).normal(size=(2, 3, 5, 8)).astype(np.float32)
    split = np.asarray(SplitPixels(2)(maps))
    np.testing.assert_array_equal(split, tf.nn.depth_to_space(maps, 2))
    # The four channels of a pixel, at its four places.
    own = SplitPixels(2)(np.arange(4, dtype=np.float32).reshape(1, 1, 1, 4))
    assert np.asarray(own)[0, :, :, 0].tolist() == [[0, 1], [2, 3]]
    assert np.asarray(SplitPixels(1)(maps)).tolist() == maps.tolist()


def test_merged_pixels_follow_steps_of_the_coarsest_pixel(make_experiment):
    model = {"kind": "unet", "sampling": 0.12, "stem": 2, "depth": 1, "filters": 4}
    network = build_model(make_experiment(model=model), "float32")
    images = np.random.default_rng(0).normal(size=(1, 96, 96, 3))
    before, inside = network.predict_on_batch(images), np.s_[:, 40:56, 40:56]
    for step, same in ((4, True), (1, False)):
        after = network.predict_on_batch(np.roll(images, step, axis=1))
        assert np.allclose(np.roll(before, step, axis=1)[inside], after[inside], atol=1e-5) == same


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_batch_normalisation_is_keras_own(policy):
    rng = np.random.default_rng(0)
    maps = rng.normal(1.0, 2.0, size=(2, 6, 5, 3)).astype(np.float32)
    wanted = rng.normal(size=maps.shape).astype(np.float32)
    results = []
    for kind in (keras.layers.BatchNormalization, BatchNorm):
        inputs = keras.Input((None, None, 3))
        norm = kind(momentum=0.9, dtype=policy)
        model = keras.Model(
            inputs, keras.layers.Activation("linear", dtype="float32")(norm(inputs))
        )
        norm.set_weights([np.full(3, value) for value in (2.0, 0.5, 0.0, 1.0)])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        loss = float(model.train_on_batch(maps, wanted))
        results.append([loss, *norm.get_weights(), model.predict_on_batch(maps)])
    for expected, found in zip(*results, strict=True):
        tolerance = 1e-5 if policy == "float32" else 2e-2
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    assert np.abs(results[1][3]).max() > 0.01, "the statistics have not moved"


def test_frozen_batch_normalisation_keeps_its_statistics():
    norm = BatchNorm()
    norm.build((None, None, None, 2))
    norm.trainable = False
    maps = np.random.default_rng(0).normal(3.0, size=(1, 4, 4, 2)).astype(np.float32)
    before = norm.get_weights()
    norm(maps, training=True)
    for old, new in zip(before, norm.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
