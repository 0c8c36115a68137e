import keras
import numpy as np
import pytest

from temnet.training.averaging import averaged_weights

MOMENTUM = 0.8


def trained(steps, **ema):
    """A line through the origin after some steps, and its slope after each of them."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.1, **ema), "mse")
    slopes = []
    for _ in range(steps):
        model.train_on_batch(np.ones((4, 1)), 3 * np.ones((4, 1)))
        slopes.append(model.get_weights()[0].item())
    return model, slopes


def test_average_is_that_of_the_formula_and_weights_come_back():
    model, slopes = trained(5, use_ema=True, ema_momentum=MOMENTUM)
    expected = slopes[0]
    for slope in slopes[1:]:
        expected = MOMENTUM * expected + (1 - MOMENTUM) * slope
    optimizer = [keras.ops.convert_to_numpy(variable) for variable in model.optimizer.variables]
    with averaged_weights(model):
        assert model.get_weights()[0].item() == pytest.approx(expected, rel=1e-5)
        assert model.get_weights()[0].item() != pytest.approx(slopes[-1], rel=1e-3)
    assert model.get_weights()[0].item() == slopes[-1]
    for before, after in zip(optimizer, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(before, keras.ops.convert_to_numpy(after))


def test_weights_come_back_after_an_error():
    model, slopes = trained(3, use_ema=True, ema_momentum=MOMENTUM)
    with pytest.raises(RuntimeError), averaged_weights(model):
        raise RuntimeError
    assert model.get_weights()[0].item() == slopes[-1]


@pytest.mark.parametrize(("steps", "ema"), [(3, {}), (0, {"use_ema": True})])
def test_nothing_happens_without_an_average(steps, ema):
    model, _ = trained(steps, **ema)
    before = model.get_weights()[0].item()
    with averaged_weights(model):
        assert model.get_weights()[0].item() == before != 0


def test_a_model_that_was_not_compiled():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    with averaged_weights(model):
        pass
