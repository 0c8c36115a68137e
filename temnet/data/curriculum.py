"""Curriculum: ranges of microscope and camera that widen from epoch to epoch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from temnet.config.distributions import LogUniform, Normal, Uniform
from temnet.config.instrument.microscope import FocalSeries, Microscope
from temnet.config.settings import Settings
from temnet.config.simulation import SimulationSettings


def narrowed(settings: SimulationSettings, fraction: float) -> SimulationSettings:
    """The settings with narrower ranges of microscope and camera.

    Every range keeps its middle (that of the logarithm for `log_uniform`); choices stay.

    Args:
        settings: The settings of the examples.
        fraction: Width of the new ranges as a fraction of the old ones.
    """
    if fraction == 1:
        return settings
    return replace(
        settings,
        microscope=_narrow(settings.microscope, fraction),
        camera=_narrow(settings.camera, fraction),
    )


def _narrow(value: Any, fraction: float) -> Any:
    """A setting with all its ranges narrowed."""
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
