"""The weights that a training starts from: those of another network, as far as they fit."""

from __future__ import annotations

import logging

import keras
import numpy as np

from temnet.config.experiment import Experiment, required
from temnet.config.learning.models import UNetSettings
from temnet.errors import InputError
from temnet.models.checkpoint import load_network
from temnet.models.factory import build_model

LOGGER = logging.getLogger(__name__)

LAST_LAYER = "logits"
"""Name of the layer whose outputs are the classes."""


def first_weights(experiment: Experiment) -> list[np.ndarray]:
    """The weights of the network that `training.start_from` names.

    The last layer keeps its random weights if the classes differ.  The first layer of a U-Net is
    spread over the images if their number differs: a series of equal images gives what one image
    of the other network gives.

    Raises:
        InputError: If the network does not exist, or has another model, or focal images that its
            model cannot exchange, or other classes or foci where `training.start_share` is set.
    """
    network = load_network(required(experiment.training.start_from, "training.start_from"))
    model = required(experiment.model, "model")
    other = required(network.experiment.model, "model")
    if model.model_dump() != other.model_dump():
        raise InputError(
            f"training.start_from: the network {network.name} has another model than this "
            f"experiment ({other.model_dump()}, not {model.model_dump()}); start from a network "
            "with the same, or from random weights."
        )
    focus, other_focus = experiment.focus_count, network.experiment.focus_count
    if focus != other_focus and not isinstance(model, UNetSettings):
        raise InputError(
            f"training.start_from: the network {network.name} takes {other_focus} focal image(s), "
            f"this experiment {focus}, and every layer of an MSD-net sees them; start from a "
            "network with the same number, or from random weights."
        )
    own, found = list(experiment.class_names), list(network.experiment.class_names)
    if experiment.training.start_share and (own, focus) != (found, other_focus):
        raise InputError(
            f"training.start_share: the network {network.name} finds {', '.join(found)} in "
            f"{other_focus} focal image(s), this experiment {', '.join(own)} in {focus}; leave "
            "start_share out, or start from a network with the same classes and foci."
        )
    if own != found:
        LOGGER.info(
            "%s finds %s; the last layer starts from random weights for %s",
            network.name, ", ".join(found), ", ".join(own),
        )  # fmt: skip
    return fitted(network.model, build_model(experiment), same_classes=own == found)


def with_start(model: keras.Model, experiment: Experiment) -> keras.Model:
    """A trained model, whose weights are mixed with those that its training started from.

    Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022.

    Args:
        model: The model, which is changed.
        experiment: Settings; uses `training.start_share`.
    """
    share = experiment.training.start_share
    if share:
        pairs = zip(first_weights(experiment), model.get_weights(), strict=True)
        model.set_weights([share * start + (1 - share) * end for start, end in pairs])
    return model


def fitted(source: keras.Model, model: keras.Model, same_classes: bool) -> list[np.ndarray]:
    """Weights for a model from one that may differ in its first and its last layer.

    Args:
        source: The model whose weights are taken.
        model: The model that they are for, which is not changed.
        same_classes: Whether the last layer is taken as well.
    """
    weights = []
    for layer, other in zip(model.layers, source.layers, strict=True):
        own, given = layer.get_weights(), other.get_weights()
        if layer.name == LAST_LAYER and not same_classes:
            given = own
        weights += [_spread(value, wanted.shape) for value, wanted in zip(given, own, strict=True)]
    return weights


def _spread(kernel: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A kernel whose input channels are spread evenly over another number of them.

    >>> _spread(np.full((1, 1, 1, 2), 3.0), (1, 1, 3, 2))[0, 0, :, 0]
    array([1., 1., 1.])
    """
    if kernel.shape == shape:
        return kernel
    total = kernel.sum(axis=-2, keepdims=True)
    return np.broadcast_to(total / shape[-2], shape).copy()
