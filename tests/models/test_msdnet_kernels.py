"""The compiled network against the plain one: answers and gradients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

tf = pytest.importorskip("tensorflow")

from temnet.config.learning.models import MSDNetSettings  # noqa: E402
from temnet.models.msdnet import build_msdnet, has_kernels, plain_graph  # noqa: E402
from temnet.models.msdnet_kernels import tensorflow_operation as dense_tensorflow  # noqa: E402
from temnet.models.msdnet_kernels.backward import backward  # noqa: E402
from temnet.models.msdnet_kernels.forward import forward  # noqa: E402
from temnet.models.msdnet_kernels.plan import DensePlan  # noqa: E402
from temnet.models.msdnet_kernels.thread_teams import run_teams  # noqa: E402

pytestmark = pytest.mark.skipif(not has_kernels(), reason="the backend has no kernels")


def build(seed=0, focus=2, classes=3, **shape):
    model = build_msdnet(MSDNetSettings(sampling=0.1, **shape), focus, classes, 1, "float32")
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        variable.assign(rng.normal(0, 0.3, variable.shape))
    return model


def both_ways(model, images, weights):
    """Answer and gradients by images and all weights, of the kernels and of the plain graph."""
    found = []
    for plain in (False, True):
        with tf.GradientTape() as tape:
            given = tf.Variable(images)
            if plain:
                with plain_graph():
                    answer = model(given, training=True)
            else:
                answer = model(given, training=True)
            loss = tf.reduce_sum(answer * weights)
        sources = [given, *(variable.value for variable in model.trainable_variables)]
        found.append([answer, *tape.gradient(loss, sources)])
    return found


@settings(deadline=None, max_examples=25)
@given(
    depth=st.integers(1, 23),
    width=st.integers(1, 4),
    max_dilation=st.integers(1, 5),
    padding=st.sampled_from(["reflect", "zeros"]),
    rows=st.integers(6, 17),
    cols=st.integers(6, 17),
    batch=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_kernels_and_plain_graph_agree(
    depth, width, max_dilation, padding, rows, cols, batch, seed
):
    model = build(seed, depth=depth, width=width, max_dilation=max_dilation, padding=padding)
    rng = np.random.default_rng(seed)
    images = rng.normal(size=(batch, rows, cols, 2)).astype(np.float32)
    weights = rng.normal(size=(batch, rows, cols, 3)).astype(np.float32)
    for ours, plain in zip(*both_ways(model, images, weights), strict=True):
        scale = max(np.abs(plain).max(), 1e-3)
        np.testing.assert_allclose(ours / scale, plain / scale, atol=1e-4)


def test_one_layer_is_a_convolution_by_hand():
    """Depth 1, dilation 1, zeros beyond the border: written out with NumPy."""
    plan = DensePlan(inputs=1, outputs=2, depth=1, width=1, max_dilation=1, reflect=False)
    rng = np.random.default_rng(0)
    image, kernel = rng.normal(size=(4, 5)).astype(np.float32), rng.normal(size=(3, 3))
    kernels, biases = kernel.ravel().astype(np.float32), np.float32([0.1])
    out, out_bias = np.float32([[1, 2], [3, 4]]), np.float32([5, 6])
    found = forward(plan, image[None, ..., None], kernels, biases, out, out_bias)
    padded = np.pad(image, 1)
    layer = sum(kernel[i, j] * padded[i : i + 4, j : j + 5] for i in range(3) for j in range(3))
    layer = np.maximum(layer + 0.1, 0)
    np.testing.assert_allclose(found[0, ..., 0], image + 3 * layer + 5, atol=1e-5)
    np.testing.assert_allclose(found[0, ..., 1], 2 * image + 4 * layer + 6, atol=1e-5)


def test_gradients_of_one_layer_are_those_of_differences():
    plan = DensePlan(inputs=1, outputs=1, depth=1, width=1, max_dilation=1, reflect=True)
    rng = np.random.default_rng(1)
    image = rng.normal(size=(1, 4, 5, 1)).astype(np.float32)
    kernels, biases = rng.normal(size=9).astype(np.float32), np.float32([0.2])
    out, out_bias = np.float32([[1], [2]]), np.float32([0])
    kept = []
    forward(plan, image, kernels, biases, out, out_bias, keep=kept)
    weights = rng.normal(size=(1, 4, 5, 1)).astype(np.float32)
    found = backward(plan, weights, kept, kernels, out)[1]
    for number in range(9):
        step = np.zeros(9, np.float32)
        step[number] = 1e-2
        ends = [
            np.sum(weights * forward(plan, image, kernels + sign * step, biases, out, out_bias))
            for sign in (1, -1)
        ]
        assert found[number] == pytest.approx((ends[0] - ends[1]) / 2e-2, abs=0.05)


def test_a_wrong_dilation_would_be_seen():
    model, other = build(depth=5, max_dilation=3), build(depth=5, max_dilation=4)
    images = np.random.default_rng(1).normal(size=(1, 12, 12, 2)).astype(np.float32)
    assert np.abs(model(images) - other(images)).max() > 1e-2


def test_gradients_are_right_when_passes_cross():
    """Two forward passes, then two backward ones: only the last pass was kept."""
    model = build(depth=6)
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 1, 12, 12, 2)).astype(np.float32)

    def gradient(images):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(images, training=True) ** 2)
        return lambda: tape.gradient(loss, model.trainable_variables[0].value)

    alone = gradient(first)().numpy()
    earlier, later = gradient(first), gradient(second)
    other = later().numpy()
    np.testing.assert_allclose(earlier(), alone, rtol=1e-5)
    assert np.abs(other - alone).max() > 1e-3
    # Nor is anything kept for a prediction.
    before = dense_tensorflow.KEPT.give([])
    model(first, training=False)
    assert dense_tensorflow.KEPT.find(before) is not None


def test_a_training_step_in_a_graph_is_that_in_plain_operations():
    images = np.random.default_rng(1).normal(size=(2, 16, 16, 2)).astype(np.float32)
    labels = np.eye(3, dtype=np.float32)[np.random.default_rng(2).integers(3, size=(2, 16, 16))]
    after = []
    for plain in (False, True):
        model = build(depth=12)
        model.compile("sgd", "mse", jit_compile=False)
        if plain:
            with plain_graph():
                model.fit(images, labels, epochs=3, verbose=0)
        else:
            model.fit(images, labels, epochs=3, verbose=0)
        after.append(model.get_weights())
    start = build(depth=12).get_weights()
    for ours, plain, before in zip(*after, start, strict=True):
        np.testing.assert_allclose(ours, plain, atol=1e-4 * np.abs(plain).max())
        assert np.abs(ours - before).max() > 0


def test_gradients_are_the_same_bits_each_time():
    """However threads take turns, with more images than threads and with fewer."""
    model = build(depth=8)
    rng = np.random.default_rng(1)
    for batch in (1, 7):
        images = rng.normal(size=(batch, 70, 40, 2)).astype(np.float32)
        weights = rng.normal(size=(batch, 70, 40, 3)).astype(np.float32)
        first = both_ways(model, images, weights)[0]
        for _ in range(3):
            for one, other in zip(both_ways(model, images, weights)[0], first, strict=True):
                np.testing.assert_array_equal(one, other)


def test_an_error_in_a_thread_arrives():
    def work(member, arrays, image):
        if member.number == member.count - 1:
            raise ZeroDivisionError("here")
        member.wait()

    with pytest.raises(ZeroDivisionError, match="here"):
        run_teams(work, 1, 400)
    with pytest.raises(ZeroDivisionError, match="here"):
        run_teams(work, 5, 400)


def test_layers_are_grouped_without_a_gap():
    for depth, width in ((100, 1), (7, 3), (3, 40), (1, 1)):
        plan = DensePlan(3, 4, depth, width, 10, True)
        assert [layer for group in plan.groups for layer in group] == list(range(depth))
        assert plan.kernel_size == sum(9 * (3 + i * width) * width for i in range(depth))
