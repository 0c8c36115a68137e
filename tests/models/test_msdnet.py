import keras
import numpy as np
import pytest

from temnet.config.learning.models import MSDNetSettings
from temnet.models.msdnet import build_msdnet, plain_graph


def build(dtype="float32", focus_count=1, class_count=3, seed=1, **settings):
    settings = MSDNetSettings(sampling=0.1, **settings)
    return build_msdnet(settings, focus_count, class_count, seed, dtype)


def randomize(model, seed=0, low=-0.4, high=0.4):
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        variable.assign(rng.uniform(low, high, variable.shape))
    return model


def answer(model, images):
    return keras.ops.convert_to_numpy(model(images))


def named(model):
    return {v.path.split("/")[-1]: keras.ops.convert_to_numpy(v) for v in model.weights}


def by_hand(images, weights, depth, width, max_dilation, mode):
    """The network written as in the paper, one pixel shift at a time."""
    rows, cols = images.shape[1:3]
    maps = [images[..., channel].astype(np.float64) for channel in range(images.shape[-1])]
    first = 0
    for layer in range(depth):
        last = first + 9 * len(maps) * width
        kernel = weights["kernels"][first:last].reshape(3, 3, len(maps), width)
        first = last
        fresh = []
        for channel in range(width):
            step = (layer * width + channel) % max_dilation + 1
            total = np.full(images.shape[:3], weights["bias"][layer * width + channel], float)
            for source, earlier in enumerate(maps):
                padded = np.pad(earlier, ((0, 0), (step, step), (step, step)), mode=mode)
                for u in range(3):
                    for v in range(3):
                        part = padded[:, u * step : u * step + rows, v * step : v * step + cols]
                        total += kernel[u, v, source, channel] * part
            fresh.append(np.maximum(total, 0))
        maps += fresh
    assert first == len(weights["kernels"])
    return np.stack(maps, -1) @ weights["output_kernel"] + weights["output_bias"]


@pytest.mark.parametrize(
    ("depth", "width", "max_dilation", "padding"),
    [(5, 2, 3, "reflect"), (7, 1, 4, "reflect"), (3, 5, 2, "reflect"), (4, 1, 3, "zeros")],
)
def test_like_the_paper(depth, width, max_dilation, padding):
    model = build(
        depth=depth, width=width, max_dilation=max_dilation, padding=padding, focus_count=2
    )
    randomize(model)
    images = np.random.default_rng(1).normal(size=(2, 9, 11, 2)).astype(np.float32)
    mode = {"reflect": "reflect", "zeros": "constant"}[padding]
    expected = by_hand(images, named(model), depth, width, max_dilation, mode)
    np.testing.assert_allclose(answer(model, images), expected, rtol=1e-4, atol=1e-4)
    with plain_graph():
        np.testing.assert_allclose(answer(model, images), expected, rtol=1e-4, atol=1e-4)
    other = by_hand(images, named(model), depth, width, max_dilation + 1, mode)
    assert np.abs(answer(model, images) - other).max() > 1e-2


def test_parameters_are_pinned():
    assert build(depth=100, width=1, focus_count=3, class_count=4).count_params() == 47_766


@pytest.mark.parametrize("focus", [1, 3])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize(("depth", "width"), [(1, 1), (6, 1), (4, 3), (2, 12)])
def test_parameters_follow_the_formula(focus, classes, depth, width):
    kernels = sum(9 * (focus + layer * width) * width for layer in range(depth))
    maps = depth * width
    expected = kernels + maps + classes * (focus + maps) + classes
    model = build(depth=depth, width=width, focus_count=focus, class_count=classes)
    assert model.count_params() == expected


def test_first_answer_is_undecided_and_first_weights_are_spread():
    model = build(depth=30, width=1, focus_count=3, class_count=4)
    images = np.random.default_rng(1).normal(size=(1, 16, 16, 3)).astype(np.float32)
    assert not answer(model, images).any()
    kernels = named(model)["kernels"]
    assert len(kernels) == 9 * (30 * 3 + 30 * 29 // 2)
    assert np.std(kernels) == pytest.approx(np.sqrt(2 / (9 * (3 + 29) + 4)), rel=0.05)
    assert not any(w.any() for k, w in named(model).items() if "bias" in k)


@pytest.mark.parametrize(("depth", "width", "reach"), [(5, 1, 15), (12, 1, 58), (3, 2, 12)])
def test_field_of_view_is_the_sum_of_dilations(depth, width, reach):
    # Positive weights let every path through, and without biases the rest stays exactly zero.
    model = randomize(build(depth=depth, width=width), low=0.05, high=0.1)
    for variable in model.variables:
        if "bias" in variable.path:
            variable.assign(np.zeros(variable.shape))
    images = np.zeros((1, 131, 131, 1), np.float32)
    images[0, 65, 65] = 1
    reached = np.argwhere(answer(model, images)[0].max(-1) > 0)
    assert np.abs(reached - 65).max() == reach


def test_a_shift_of_one_pixel_moves_the_answer():
    model = randomize(build(depth=6, max_dilation=3))
    images = np.random.default_rng(1).normal(size=(1, 48, 48, 1)).astype(np.float32)
    inside = slice(16, 32)
    moved = np.roll(answer(model, np.roll(images, (1, -1), (1, 2))), (-1, 1), (1, 2))
    np.testing.assert_allclose(
        moved[:, inside, inside], answer(model, images)[:, inside, inside], atol=1e-4
    )


def test_the_border_of_a_flat_image_is_as_its_middle():
    images = np.ones((1, 24, 24, 1), np.float32)
    flat = answer(randomize(build(depth=6)), images)
    np.testing.assert_allclose(flat, flat[:, 12:13, 12:13] + 0 * flat, rtol=1e-5)
    dark = answer(randomize(build(depth=6, padding="zeros")), images)
    assert np.abs(dark - dark[:, 12:13, 12:13]).max() > 1e-2


def test_logits_are_float32_under_bfloat16():
    model = build("mixed_bfloat16", depth=4)
    randomize(model)
    images = np.random.default_rng(1).normal(size=(1, 12, 12, 1)).astype(np.float32)
    assert model.get_layer("mixed_scale").precision == "bfloat16"
    exact = answer(build_like(model, "float32"), images)
    np.testing.assert_allclose(answer(model, images), exact, rtol=1e-5)  # kernels are float32
    with plain_graph():
        rounded = answer(model, images)
    assert rounded.dtype == np.float32
    np.testing.assert_allclose(rounded, exact, atol=0.05 * np.abs(exact).max())
    assert np.abs(rounded - exact).max() > 0


def build_like(model, dtype):
    other = build(dtype, depth=4)
    other.set_weights(model.get_weights())
    return other


def test_saved_and_loaded(tmp_path):
    model = randomize(build(depth=5, width=2, max_dilation=4, padding="zeros"))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    images = np.random.default_rng(1).normal(size=(1, 8, 8, 1)).astype(np.float32)
    np.testing.assert_array_equal(answer(model, images), answer(again, images))


def test_it_learns():
    model = build(depth=4, class_count=2)
    images = np.random.default_rng(1).normal(size=(4, 16, 16, 1)).astype(np.float32)
    labels = np.concatenate([images > 0, images <= 0], axis=-1).astype(np.float32)
    model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True))
    first = model.train_on_batch(images, labels)
    for _ in range(20):
        last = model.train_on_batch(images, labels)
    assert first == pytest.approx(np.log(2), abs=1e-4)
    assert last < 0.98 * first
