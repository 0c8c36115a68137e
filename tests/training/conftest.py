import keras
import numpy as np
import pytest
import tensorflow as tf

from temnet.config.loading import validate
from temnet.records import Columns, Example
from temnet.training.averaging import averaged_weights

SIZE, BATCH = 16, 4


@pytest.fixture(scope="session")
def make_experiment():
    """An experiment of two epochs of three steps, its training section changed as given."""

    def make(**training):
        values = {
            "seed": 3,
            "structure": {"kind": "mos2"},
            "microscope": {"energy": 50e3, "aperture_mrad": 40},
            "camera": {"sampling": 0.12, "dose": 1e4},
            "labels": {"classes": ["Mo", "S2"], "width": 0.35},
            "data": {"image_size": SIZE, "training": 3 * BATCH},
            "model": {"kind": "unet", "sampling": 0.12, "depth": 1, "filters": 2},
            "training": {
                "epochs": 2,
                "images_per_epoch": 3 * BATCH,
                "batch_size": BATCH,
                "ema": 0.5,
                **training,
            },
            "evaluation": {"border": 0},
            "stages": ["simulate"],
        }
        return validate(values, "test")

    return make


def random_batch(number):
    """Batch ``number`` of a training: a function of its number alone."""
    rng = np.random.default_rng(number)
    labels = rng.random((BATCH, SIZE, SIZE, 3), dtype=np.float32)
    labels /= labels.sum(-1, keepdims=True)
    images = rng.normal(size=(BATCH, SIZE, SIZE, 1)).astype(np.float32)
    return images, labels, np.ones((BATCH, SIZE, SIZE), np.float32)


@pytest.fixture(scope="session")
def make_dataset():
    """The function that `fit` wants: batches without end from a given epoch on."""

    def make(start_epoch, clock=None):
        def batches():
            number = 3 * start_epoch
            while True:
                yield random_batch(number)
                number += 1

        shapes = (1,), (3,), ()
        signature = tuple(tf.TensorSpec((None, SIZE, SIZE, *s), tf.float32) for s in shapes)
        return tf.data.Dataset.from_generator(batches, output_signature=signature).prefetch(2)

    return make


@pytest.fixture(scope="session")
def selection():
    """Two examples of noise in which a column is claimed to be."""

    def example(seed):
        images = np.random.default_rng(seed).random((SIZE, SIZE, 1)).astype(np.float32) + 1
        columns = Columns(np.array([[1.0, 1.0]]), np.array([0]), np.array([1]))
        labels = np.zeros((SIZE, SIZE, 3), np.float32)
        return Example(images, labels, labels[..., 0], columns, {}, 0.12)

    return [example(1), example(2)]


class GivenScores(keras.callbacks.Callback):
    """Puts given scores into the logs; keeps the rate and the averaged weight of each epoch."""

    def __init__(self, scores):
        super().__init__()
        self.scores, self.rates, self.averages = scores, [], []

    def on_epoch_end(self, epoch, logs=None):
        logs["peak_f1"] = self.scores[epoch]
        self.rates.append(round(float(self.model.optimizer.learning_rate), 6))
        with averaged_weights(self.model):
            self.averages.append(self.model.get_weights()[0].item())


@pytest.fixture(scope="session")
def given_scores():
    """The callback that gives a training its scores."""
    return GivenScores


@pytest.fixture
def one_weight():
    """A user's model of one weight: nothing of it comes from this package."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.5), "mse")
    return model
