"""The card entries that follow from a network's settings."""

from __future__ import annotations

import math
from importlib.metadata import version
from typing import Any

from temnet.config.card import SCHEMA, Card, KnownLattice
from temnet.config.distributions import support
from temnet.config.experiment import Experiment
from temnet.errors import InputError
from temnet.models.parameters import parameter_count
from temnet.structures.lattices.known_lattices import known_lattices
from temnet.version import __version__

UNKNOWN_CHECKSUM = "0" * 64
"""Of a network that is not saved yet."""

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
"""Entries on which predictions, or messages about them, depend."""

TOLERANCE = 1e-6
"""Relative difference of numbers that are the same."""


def check_sections(experiment: Experiment) -> None:
    """Checks that an experiment has the sections that describe a network.

    Raises:
        InputError: If one of them is missing.
    """
    for section in ("model", "labels", "microscope"):
        if getattr(experiment, section) is None:
            raise InputError(
                f"A network needs the sections model, labels and microscope; {section} is missing. "
                f"Add `{section}:` to the experiment."
            )


def describe(name: str, experiment: Experiment, threshold: float) -> Card:
    """The card of a network that is not saved yet.

    Args:
        name: Its name.
        experiment: The settings that trained it.
        threshold: Lowest score of a column.
    """
    microscope, camera, model = experiment.microscope, experiment.camera, experiment.model
    assert microscope is not None and model is not None and experiment.labels is not None
    lowest, highest = zip(*microscope.defocus_spans, strict=True)
    return Card(
        name=name,
        kind=model.kind,
        structure=None if experiment.structure is None else experiment.structure.kind,
        classes=tuple(experiment.class_names),
        focus_count=experiment.focus_count,
        focus_steps=tuple(microscope.defocus.steps),
        sampling=model.sampling,
        label_width=experiment.labels.width,
        normalisation_width=experiment.labels.normalisation_width,
        energies=microscope.span(lambda one: one.energy),
        defocus=(min(lowest), max(highest)),
        Cs_um=microscope.span(lambda one: one.Cs_um),
        astigmatism=microscope.span(lambda one: one.astigmatism),
        focal_spread=microscope.span(lambda one: one.focal_spread),
        dose=None if camera is None else support(camera.dose),
        camera_sampling=None if camera is None else support(camera.sampling),
        seed=experiment.seed,
        parameters=parameter_count(model, experiment.focus_count, len(experiment.class_names) + 1),
        temnet=__version__,
        keras=version("keras"),
        threshold=threshold,
        materials=training_materials(experiment),
        sha256=UNKNOWN_CHECKSUM,
        schema=SCHEMA,
    )


def training_materials(experiment: Experiment) -> tuple[KnownLattice, ...] | None:
    """The crystals that the specimens show; None where they are not known."""
    try:
        return None if experiment.structure is None else known_lattices(experiment.structure)
    except InputError:  # the file of the specimens is not here
        return None


def contradiction(card: Card, expected: Card) -> str | None:
    """The first entry of a card, among `PREDICTED`, that the settings contradict, in words.

    An entry that the card lacks contradicts nothing.

    Args:
        card: The card.
        expected: The card by the settings, see `describe`.
    """
    for key in PREDICTED:
        own, other = getattr(card, key), getattr(expected, key)
        if own is not None and not _same(own, other):
            return f"{key} is {_short(own)} on the card and {_short(other)} in the settings"
    return None


def missing(card: Card, expected: Card) -> list[str]:
    """Names of the entries that a card lacks although the settings determine them.

    Args:
        card: The card.
        expected: The card by the settings, see `describe`.
    """
    return [
        key
        for key, value in vars(expected).items()
        if value is not None and getattr(card, key) is None
    ]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or math.isclose(one, other, rel_tol=TOLERANCE)
    return one == other


def _short(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
