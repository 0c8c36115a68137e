"""What an engine is: a function that runs a network, and the sizes of images that it takes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from temnet.errors import InputError

LOGGER = logging.getLogger(__name__)

Run = Callable[[np.ndarray], np.ndarray]
"""Function from normalised images (row, col, focus), of a size that the network takes, to
probabilities (row, col, class + 1) float32."""


class Untranslatable(Exception):
    """The network has a layer that cannot be translated; the message names it."""


@dataclass(frozen=True)
class ImageLimits:
    """Sizes of images that a network takes, and how far its predictions reach.

    Attributes:
        unit: Rows and columns are multiples of this.
        smallest: Least number of rows and columns.
        radius: Largest distance of an image pixel on which a prediction depends [pixels].
        channels: Number of classes, the background included.
    """

    unit: int
    smallest: int
    radius: float
    channels: int


@dataclass(frozen=True)
class Engine:
    """An engine that runs a network.

    Attributes:
        name: Its name, such as ``Keras`` or ``OpenVINO in bfloat16``.
        reason: Reason for the choice.
        run: The engine itself; it refuses probabilities that are not finite.
        limits: Sizes of images that it takes.
    """

    name: str
    reason: str
    run: Run
    limits: ImageLimits


def checked(name: str, run: Run) -> Run:
    """Wraps ``run`` to refuse probabilities that are not finite: they contain no columns.

    Finite weights can still give NaN, when they are too large.  Weights that are all zero give the
    same everywhere, which is logged once.

    Args:
        name: Name of the network.
        run: Runs it.
    """

    def checked_run(images: np.ndarray) -> np.ndarray:
        probabilities = run(images)
        if np.isfinite(probabilities).all():  # 5 ms at 2048²
            if _is_same_everywhere(probabilities) and not _is_same_everywhere(images):
                warn_of_nothing(name)
            return probabilities
        if not np.isfinite(images).all():
            raise InputError(f"The image that the network {name} was given holds NaN or infinity.")
        raise InputError(
            f"The network {name} predicts probabilities that are not finite, so that its weights "
            "are damaged or its training diverged. Copy the network's folder again, or choose "
            "another network."
        )

    return checked_run


@cache
def warn_of_nothing(name: str) -> None:
    """Warns, once for each network, that it finds nothing in any image."""
    LOGGER.warning(
        "the network %s predicts the same at every pixel, whatever the image shows: it was not "
        "trained, or its weights are damaged",
        name,
    )


def _is_same_everywhere(values: np.ndarray) -> bool:
    """Whether (row, col, ...) values are those of the first pixel at all pixels."""
    first = values[0, 0]
    return bool((values[::8, ::8] == first).all() and (values == first).all())
