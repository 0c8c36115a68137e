from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from temnet.errors import InputError
from temnet.training.losses import ColumnLoss, class_weights


def batch(seed=0, shape=(2, 3, 4, 3)):
    rng = np.random.default_rng(seed)
    labels = rng.random(shape)
    labels /= labels.sum(-1, keepdims=True)
    logits = rng.normal(0, 3, shape)
    weights = rng.integers(0, 2, shape[:-1])
    return labels.astype(np.float32), logits.astype(np.float32), weights.astype(np.float32)


def by_hand(labels, logits, weights, peak_weight):
    total = count = 0.0
    for index in np.ndindex(weights.shape):
        exponentials = [np.exp(float(value)) for value in logits[index]]
        entropy = -sum(
            float(label) * np.log(value / sum(exponentials))
            for label, value in zip(labels[index], exponentials, strict=True)
        )
        total += weights[index] * entropy * (1 + peak_weight * (1 - float(labels[index][-1])))
        count += weights[index]
    return total / count


@pytest.mark.parametrize("peak_weight", [0.0, 10.0])
def test_like_the_formula(peak_weight):
    labels, logits, weights = batch()
    value = float(ColumnLoss(peak_weight)(labels, logits, weights))
    assert value == pytest.approx(by_hand(labels, logits, weights, peak_weight), rel=1e-5)
    assert value != pytest.approx(by_hand(labels, logits, weights, peak_weight + 1), rel=1e-2)


@given(st.integers(0, 1000), st.floats(0, 20))
def test_never_less_than_for_the_labels_themselves(seed, peak_weight):
    labels, logits, weights = batch(seed)
    loss = ColumnLoss(peak_weight)
    assert float(loss(labels, logits, weights)) >= float(loss(labels, np.log(labels), weights))


def test_pixels_of_no_weight_do_not_count():
    labels, logits, weights = batch()
    other = np.where(weights[..., None] > 0, logits, 7 * logits[::-1])
    loss = ColumnLoss(10)
    assert float(loss(labels, other, weights)) == float(loss(labels, logits, weights))
    assert float(loss(labels, other)) != float(loss(labels, logits))


def test_nothing_to_judge_is_zero():
    labels, logits, weights = batch()
    assert float(ColumnLoss(10)(labels, logits, 0 * weights)) == 0


def test_far_logits_stay_finite():
    labels = np.array([[[[1.0, 0.0]]]])
    value = float(ColumnLoss()(labels, np.array([[[[-1e4, 1e4]]]])))
    assert value == pytest.approx(2e4)


def test_half_precision_is_summed_in_float32():
    labels, logits, _ = batch(shape=(1, 64, 64, 3))
    exact = float(ColumnLoss()(labels, logits))
    rough = ColumnLoss()(labels, keras.ops.cast(logits, "bfloat16"))
    assert keras.backend.standardize_dtype(rough.dtype) == "float32"
    assert float(rough) == pytest.approx(exact, rel=2e-3)


def test_made_again_from_its_settings():
    loss = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(ColumnLoss(4.0, name="mine"))
    )
    assert isinstance(loss, ColumnLoss)
    assert (loss.peak_weight, loss.name) == (4.0, "mine")
    labels, logits, weights = batch()
    assert float(loss(labels, logits, weights)) == float(ColumnLoss(4)(labels, logits, weights))


def test_classes_have_their_weights():
    labels, logits, _ = batch()
    plain = [float(ColumnLoss(w)(labels, logits)) for w in (0, 5)]
    assert float(ColumnLoss(5, [1, 1])(labels, logits)) == pytest.approx(plain[1], rel=1e-6)
    assert float(ColumnLoss(5, [0, 0])(labels, logits)) == pytest.approx(plain[0], rel=1e-6)
    single = [float(ColumnLoss(5, w)(labels, logits)) for w in ([1, 0], [0, 1])]
    assert sum(single) - plain[0] == pytest.approx(plain[1], rel=1e-5)


def test_focal_loss_by_hand():
    labels = np.array([[[[1.0, 0.0]]]])
    for logit in (-1.0, 0.0, 2.0):
        share = 1 / (1 + np.exp(-logit))
        expected = -((1 - share) ** 2) * np.log(share)
        logits = np.array([[[[logit, 0.0]]]])
        assert float(ColumnLoss(focal=2)(labels, logits)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("focal", [0.5, 1, 2])
def test_a_certain_pixel_has_a_finite_focal_slope(focal):
    labels = np.array([[[[1.0, 0.0], [0.0, 1.0]]]], np.float32)
    logits = tf.constant([[[[50.0, -50.0], [50.0, -50.0]]]])  # right, and wrong
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = ColumnLoss(focal=focal)(labels, logits)
    slope = tape.gradient(value, logits).numpy()
    assert np.isfinite(slope).all() and slope[0, 0, 1, 0] > 0.1
    assert float(value) == pytest.approx(50, rel=0.01)  # 100 per pixel that is wrong


def test_dice_loss_by_hand():
    """One class with y = (1, 0), p = (1/2, 1/2): 1 - 2 * 0.5 / (1 + 1), added to the rest."""
    labels = np.array([[[[1.0, 0.0], [0.0, 1.0]]]])
    logits = np.zeros((1, 1, 2, 2))
    rest = float(ColumnLoss()(labels, logits))
    assert float(ColumnLoss(dice_weight=3)(labels, logits)) - rest == pytest.approx(1.5, rel=1e-5)
    weights = np.array([[[1.0, 0.0]]])  # y = 1, p = 1/2
    rest = float(ColumnLoss()(labels, logits, weights))
    found = float(ColumnLoss(dice_weight=3)(labels, logits, weights)) - rest
    assert found == pytest.approx(3 * (1 - 1 / 1.5), rel=1e-5)


def test_class_weights(make_experiment):
    names = make_experiment().class_names
    labels = np.zeros((2, 6, len(names) + 1))
    labels[0, :, 0], labels[1, :2, 1] = 1, 1  # three times as much of the first
    examples = [SimpleNamespace(labels=labels)]
    assert class_weights(make_experiment().training, names, examples) is None
    chosen = make_experiment(class_weights={names[0]: 3}).training
    assert class_weights(chosen, names, ()) == [3.0, *[1.0] * (len(names) - 1)]
    balanced = make_experiment(class_weights="balanced").training
    np.testing.assert_allclose(class_weights(balanced, names, examples)[:2], [2 / 3, 2])
    assert class_weights(balanced, names, [SimpleNamespace(labels=0 * labels)]) is None
    with pytest.raises(InputError, match="need examples"):
        class_weights(balanced, names, ())
