"""What a network's card tells of it that its settings say too."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import keras

from temnet.config.distributions import support
from temnet.config.experiment import Experiment
from temnet.models.parameters import parameter_count

PREDICTED = (
    "kind",
    "classes",
    "focus_count",
    "focus_steps",
    "sampling",
    "label_width",
    "normalisation_width",
    "camera_sampling",
    "parameters",
)
"""Entries that predictions depend on, or what is told of them."""

TOLERANCE = 1e-6
"""Relative difference of numbers that are the same."""


def described(experiment: Experiment) -> dict[str, Any]:
    """The entries of a card that follow from a network's settings."""
    microscope, camera = experiment.microscope, experiment.camera
    lowest, highest = zip(*microscope.defocus_spans, strict=True)
    return {
        "kind": experiment.model.kind,
        "structure": None if experiment.structure is None else experiment.structure.kind,
        "classes": list(experiment.class_names),
        "focus_count": experiment.focus_count,
        "focus_steps": list(microscope.defocus.steps),
        "sampling": experiment.model.sampling,
        "label_width": experiment.labels.width,
        "normalisation_width": experiment.labels.normalisation_width,
        "energies": list(microscope.span(lambda one: one.energy)),
        "defocus": [min(lowest), max(highest)],
        "Cs_um": list(microscope.span(lambda one: one.Cs_um)),
        "astigmatism": list(microscope.span(lambda one: one.astigmatism)),
        "focal_spread": list(microscope.span(lambda one: one.focal_spread)),
        "dose": None if camera is None else list(support(camera.dose)),
        "camera_sampling": None if camera is None else list(support(camera.sampling)),
        "seed": experiment.seed,
        "parameters": parameter_count(experiment),
    }


def describe(name: str, experiment: Experiment) -> dict[str, Any]:
    """The entries of a new network's card but those that its training gave."""
    made_by = {"temnet": _package_version(), "keras": keras.__version__}
    return {"name": name, **described(experiment), **made_by}


def contradiction(card: Mapping[str, Any], experiment: Experiment) -> str | None:
    """The first entry of a card that predictions depend on and the settings contradict, in words.

    An entry that is not on the card contradicts nothing.
    """
    expected = described(experiment)
    for key in PREDICTED:
        if key in card and not _same(card[key], expected[key]):
            there = f"{_short(card[key])} on the card"
            return f"{key} is {there} and {_short(expected[key])} in the settings"
    return None


def missing(card: Mapping[str, Any], experiment: Experiment) -> list[str]:
    """Names of the entries that a card lacks."""
    return [key for key in described(experiment) if key not in card]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or math.isclose(one, other, rel_tol=TOLERANCE)
    return type(one) is type(other) and one == other


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _package_version() -> str:
    try:
        return version("temnet")
    except PackageNotFoundError:  # run from a source tree that was not installed
        return "unknown"
