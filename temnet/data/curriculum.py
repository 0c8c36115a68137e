"""Training that begins with images which are much alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from temnet.config.distributions import LogUniform, Normal, Uniform
from temnet.config.experiment import Experiment
from temnet.config.instrument.microscope import FocalSeries, Microscope
from temnet.config.settings import Settings

SECTIONS = ("microscope", "camera")
"""What is narrowed."""


def narrowed(experiment: Experiment, epoch: int) -> Experiment:
    """The experiment whose microscopes and cameras are drawn in an epoch of training.

    Every range keeps its middle (of the logarithm where it is uniform in that); choices stay.

    Args:
        experiment: The settings.
        epoch: Epochs that were trained before.
    """
    curriculum = experiment.training.curriculum
    fraction = 1.0 if curriculum is None else curriculum.fraction(epoch)
    if fraction == 1:
        return experiment
    sections = {name: _narrow(getattr(experiment, name), fraction) for name in SECTIONS}
    return experiment.model_copy(update=sections)


def _narrow(value: Any, fraction: float) -> Any:
    """A setting with all ranges in it narrowed."""
    match value:
        case Uniform(uniform=(low, high)):
            return Uniform(uniform=_ends(low, high, fraction))
        case LogUniform(log_uniform=(low, high)):
            ends = _ends(float(np.log(low)), float(np.log(high)), fraction)
            return LogUniform(log_uniform=(float(np.exp(ends[0])), float(np.exp(ends[1]))))
        case Normal(normal=(mean, sigma)):
            return Normal(normal=(mean, fraction * sigma))
        case Microscope() if value.variants:  # of which one is drawn whole
            variants = [_narrow(one, fraction) for one in value.every_variant]
            update = {
                "variants": tuple(one.model_dump(exclude={"variants"}) for one in variants),
                "defocus": FocalSeries(steps=value.defocus.steps),
            }
            return value.model_copy(update=update)
        case Settings():
            fields = {
                name: _narrow(getattr(value, name), fraction) for name in type(value).model_fields
            }
            return value.model_copy(update=fields)
        case tuple():
            return tuple(_narrow(item, fraction) for item in value)
    return value


def _ends(low: float, high: float, fraction: float) -> tuple[float, float]:
    middle, half = (low + high) / 2, fraction * (high - low) / 2
    return middle - half, middle + half
