"""Thermal displacements of the atoms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from temnet.config.distributions import draw
from temnet.config.vibrations import EinsteinVibrations, NoVibrations, VibrationSettings
from temnet.errors import InputError
from temnet.records import Structure
from temnet.structures.columns import moved


def displace(
    structure: Structure, settings: VibrationSettings, rng: np.random.Generator
) -> Structure:
    """The structure with its atoms displaced; columns follow the mean of their atoms.

    Args:
        structure: The resting structure.
        settings: The model of vibration.
        rng: Draws the displacements.
    """
    return MODELS[settings.kind](structure, settings, rng)


def _rest(structure: Structure, settings: NoVibrations, rng: np.random.Generator) -> Structure:
    return structure


def _einstein(
    structure: Structure, settings: EinsteinVibrations, rng: np.random.Generator
) -> Structure:
    """Three independent normals per atom with the standard deviation of its element."""
    scale = draw(settings.scale, rng)
    symbols = structure.atoms.get_chemical_symbols()
    of_element = {name: draw(value, rng) for name, value in sorted(settings.sigma.items())}
    missing = set(symbols) - set(of_element)
    if missing and "default" not in of_element:
        raise InputError(
            f"vibrations.sigma has no value for {', '.join(sorted(missing))}; add it, or "
            "`default` for all elements that are not named."
        )
    sigma = np.array([of_element.get(name, of_element.get("default", 0.0)) for name in symbols])
    displacement = rng.standard_normal((len(symbols), 3)) * (scale * sigma)[:, None]
    return moved(structure, structure.atoms.positions + displacement)


MODELS: dict[str, Callable[..., Structure]] = {"none": _rest, "einstein": _einstein}
"""The function of each model of vibration."""
