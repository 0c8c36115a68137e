"""Networks from settings."""

from __future__ import annotations

from collections.abc import Callable

import keras

from temnet.config.experiment import Experiment
from temnet.models.blocks import DoubleSize, SplitPixels
from temnet.models.description import check_sections
from temnet.models.msdnet import MixedScaleDense, build_msdnet
from temnet.models.unet import build_unet

BUILDERS: dict[str, Callable[..., keras.Model]] = {"unet": build_unet, "msdnet": build_msdnet}
"""The function that builds each kind of network."""


def build_model(experiment: Experiment, precision: str | None = None) -> keras.Model:
    """The network of an experiment, with its initial weights.

    Args:
        experiment: Settings with the sections model, labels and microscope.
        precision: Keras policy of the layers; the experiment's own by default.  The outputs are
            float32 under any policy.

    Returns:
        A model from images (batch, row, col, focus) to logits (batch, row, col, class), of any
        size that the network can take; the last class is the background.

    Raises:
        InputError: If one of the sections is missing.
    """
    check_sections(experiment)
    model = experiment.model
    assert model is not None
    return BUILDERS[model.kind](
        model,
        focus_count=experiment.focus_count,
        class_count=len(experiment.class_names) + 1,
        seed=experiment.seed,
        dtype=precision or experiment.training.precision,
    )


def size_unit(model: keras.Model) -> int:
    """The number of which a network's image height and width must be multiples.

    A U-Net halves them as often as it doubles them, and merges as many pixels as it splits.
    """
    unit = 1
    for layer in model.layers:
        unit *= 2 if isinstance(layer, DoubleSize) else 1
        unit *= layer.factor if isinstance(layer, SplitPixels) else 1
    return unit


def smallest_size(model: keras.Model) -> int:
    """The smallest image height and width of a network.

    An image can be reflected at its border by at most its own size minus one pixel.
    """
    dense = [layer for layer in model.layers if isinstance(layer, MixedScaleDense)]
    return max([layer.max_dilation + 1 for layer in dense], default=1)
