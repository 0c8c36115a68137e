"""Networks run by Keras itself."""

from __future__ import annotations

import keras
import numpy as np

from temnet.inference.engines.engine import Engine, ImageLimits, Run, checked
from temnet.models.factory import size_unit, smallest_size
from temnet.models.receptive_field import receptive_radius


def keras_engine(model: keras.Model, name: str = "", reason: str = "as set") -> Engine:
    """The engine that runs a model by Keras.

    Args:
        model: From normalised images (batch, row, col, focus) to logits.
        name: Name of the network, for messages; by default that of the model.
        reason: Reason for the choice.
    """
    return Engine("Keras", reason, checked(name or model.name, _run(model)), limits_of(model))


def limits_of(model: keras.Model) -> ImageLimits:
    """Sizes of images that a model takes."""
    return ImageLimits(
        size_unit(model),
        smallest_size(model),
        receptive_radius(model),
        int(model.output_shape[-1]),
    )


def probabilities_of(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Probabilities (batch, row, col, class + 1) of a batch of normalised images.

    Unlike an engine's run it makes no graph of the images' size, which takes seconds.
    """
    logits = model(np.asarray(images, np.float32), training=False)
    return keras.ops.convert_to_numpy(keras.ops.softmax(logits, axis=-1))


def _run(model: keras.Model) -> Run:
    def run(images: np.ndarray) -> np.ndarray:
        logits = model.predict_on_batch(np.asarray(images, np.float32)[None])
        return keras.ops.convert_to_numpy(keras.ops.softmax(logits, axis=-1))[0]

    return run
