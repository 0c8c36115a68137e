"""The networks that the stage `evaluate` scores on one set of images."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from temnet.config.analysis.threshold import OF_THE_CARD, as_number
from temnet.config.learning.labels import COLUMN
from temnet.config.simulation import SimulationSettings
from temnet.errors import InputError
from temnet.models.checkpoint import check_files, load_network
from temnet.models.network import Network
from temnet.models.network_folders import find_network, fingerprint, read_card


def trains(stages: Collection[str], networks: Collection[str]) -> bool:
    """Whether a trained network of this run is scored: unless only other networks are given."""
    return "train" in stages or not networks


def fingerprints(names: Sequence[str]) -> dict[str, str]:
    """The checksum of each network, by its name.

    Args:
        names: Names in pretrained/, or folders.

    Raises:
        InputError: If a network does not exist.
    """
    return {name: fingerprint(read_card(find_network(name))) for name in names}


def check_networks(names: Sequence[str], simulation: SimulationSettings) -> None:
    """Checks that networks fit the simulated images.

    Args:
        names: Names in pretrained/, or folders.
        simulation: Settings of the images.

    Raises:
        InputError: If one has other classes, other pixels or another number of focal images, or is
            damaged.
    """
    own_classes, own_sampling = simulation.labels.classes, simulation.sampling
    for name in names:
        card, _ = check_files(find_network(name))
        classes, sampling = tuple(card.classes), float(card.sampling)
        if own_classes not in ((COLUMN,), classes):
            raise InputError(
                f"evaluation.networks: {name} finds the classes {', '.join(classes)}, but "
                f"labels.classes are {', '.join(own_classes)}; give networks of the "
                f"same classes in the same order, or score places alone with labels.classes: "
                f"[{COLUMN}]."
            )
        if not np.isclose(sampling, own_sampling, rtol=1e-6, atol=0):
            raise InputError(
                f"evaluation.networks: {name} was trained on pixels of {sampling:g} Å, but "
                f"model.sampling is {own_sampling:g} Å; give networks of the same "
                f"pixels, or set model.sampling to {sampling:g} and simulate again."
            )
        if card.focus_count != simulation.focus_count:
            raise InputError(
                f"evaluation.networks: {name} expects {card.focus_count} focal image(s), but "
                f"microscope.defocus.steps gives {simulation.focus_count}; give networks for that "
                "many."
            )


def competitors(
    folders: Sequence[str | Path], threshold: str | float = OF_THE_CARD
) -> dict[str, Network]:
    """The networks that are scored, by the names on their cards.

    A second network of the same name is called ``NAME (2)``.

    Args:
        folders: Names in pretrained/, or folders; the trained network's first.
        threshold: Lowest score of a column, or `card` for each network's own.

    Raises:
        InputError: If one is missing or damaged.
    """
    networks = [load_network(folder) for folder in folders]
    if (lowest := as_number(threshold)) is not None:
        networks = [replace(one, card=replace(one.card, threshold=lowest)) for one in networks]
    found: dict[str, Network] = {}
    for number, network in enumerate(networks):
        earlier = sum(other.name == network.name for other in networks[:number])
        found[f"{network.name} ({earlier + 1})" if earlier else network.name] = network
    return found
