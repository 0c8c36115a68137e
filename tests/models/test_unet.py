import keras
import numpy as np
import pytest

from temnet.config.learning.models import UNetSettings
from temnet.models.unet import build_unet


def build(dtype="float32", focus_count=1, class_count=3, seed=1, **settings):
    settings = UNetSettings(sampling=0.1, **settings)
    return build_unet(settings, focus_count, class_count, seed, dtype)


def randomize(model, seed=0):
    """Random weights, so that every layer matters, with variances above zero."""
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        value = rng.normal(0, 0.3, variable.shape)
        variable.assign(np.abs(value) + 0.5 if "variance" in variable.path else value)
    return model


def answer(model, images):
    return keras.ops.convert_to_numpy(model(images, training=False))


def formula(channels, focus, classes, skip="concatenate", residual=False, norm=True):
    """Number of variables, counted from the drawing in Ronneberger et al."""

    def convolution(size, before, after):
        return size * size * before * after + after

    def unit(before, after):
        return 9 * before * after + (4 * after if norm else after)

    def block(before, after):
        count = unit(before, after) + unit(after, after)
        return count + (convolution(1, before, after) if residual and before != after else 0)

    total, before = 0, focus
    for after in channels:
        total, before = total + block(before, after), after
    for after in reversed(channels[:-1]):
        total += convolution(1, before, after)
        total += block(2 * after if skip == "concatenate" else after, after)
        before = after
    return total + convolution(1, before, classes)


def test_parameters_are_pinned():
    assert build(depth=4, filters=32).count_params() == 4_819_299
    assert formula([32, 64, 128, 256, 256], 1, 3) == 4_819_299


@pytest.mark.parametrize("skip", ["concatenate", "add"])
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("norm", [False, True])
def test_parameters_follow_the_drawing(skip, residual, norm):
    model = build(
        depth=2, filters=4, max_filters=8, skip=skip, residual=residual, batch_norm=norm,
        focus_count=3, class_count=4,
    )  # fmt: skip
    assert model.count_params() == formula([4, 8, 8], 3, 4, skip, residual, norm)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("shape", [(16, 24), (32, 8)])
def test_logits_are_float32_at_any_size(dtype, shape):
    model = build(dtype, depth=3, filters=2, focus_count=2)
    logits = model(np.zeros((2, *shape, 2), np.float32))
    assert logits.shape == (2, *shape, 3)
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert {variable.dtype for variable in model.variables} == {"float32"}
    assert model.layers[2].compute_dtype == ("float32" if dtype == "float32" else "bfloat16")
    assert keras.config.dtype_policy().name == "float32"  # nothing global is left behind


def test_bfloat16_is_close_to_float32():
    images = np.random.default_rng(2).normal(size=(1, 16, 16, 1)).astype(np.float32)
    exact, rough = build(depth=2, filters=4), build("mixed_bfloat16", depth=2, filters=4)
    rough.set_weights(exact.get_weights())
    error = np.abs(answer(exact, images) - answer(rough, images)).max()
    assert 0 < error < 0.05 * np.abs(answer(exact, images)).max()


def test_seed_decides_the_weights():
    def weights(seed):
        return np.concatenate(
            [w.ravel() for w in build(depth=2, filters=4, seed=seed).get_weights()]
        )

    np.testing.assert_array_equal(weights(1), weights(1))
    assert np.mean(weights(1) != weights(2)) > 0.5  # biases and norms start alike
    first, second = (
        build(depth=2, filters=4).get_layer(f"encoder_{level}_2_conv").get_weights()[0]
        for level in (0, 1)
    )
    assert not np.array_equal(first, second[..., :4, :4])  # layers differ from each other


def test_a_step_of_the_coarsest_pixel_moves_the_answer():
    model = randomize(build(depth=1, filters=4))
    images = np.random.default_rng(1).normal(size=(1, 48, 48, 1)).astype(np.float32)
    inside = slice(16, 32)  # farther from the border than the field of view
    straight = answer(model, images)[:, inside, inside]

    def shifted(step):
        moved = answer(model, np.roll(images, (step, -step), axis=(1, 2)))
        return np.roll(moved, (-step, step), axis=(1, 2))[:, inside, inside]

    np.testing.assert_allclose(shifted(2), straight, atol=1e-5)
    assert np.abs(shifted(1) - straight).max() > 1e-3  # pooling sees only every second pixel


def test_field_of_view():
    model = randomize(build(depth=1, filters=4))
    images = np.random.default_rng(1).normal(size=(1, 64, 64, 1)).astype(np.float32)
    changed = images.copy()
    changed[0, 32, 32] += 10
    where = np.argwhere(np.abs(answer(model, images) - answer(model, changed))[0].max(-1) > 1e-5)
    reach = np.abs(where - 32).max()
    # 2 convolutions, pooling, 2 at half size, interpolation, 2 convolutions: 2 + 1 + 4 + 2 + 2.
    assert 8 <= reach <= 11


def test_saved_and_loaded(tmp_path):
    model = randomize(build(depth=2, filters=2, residual=True, skip="add"))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    images = np.random.default_rng(1).normal(size=(1, 8, 8, 1)).astype(np.float32)
    np.testing.assert_array_equal(answer(model, images), answer(again, images))
