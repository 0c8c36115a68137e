"""What the images that a network was taught on look like, for its card."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from temnet.config.experiment import Experiment
from temnet.config.loading import load_experiment
from temnet.inference.appearance import example_appearance
from temnet.inference.familiarity import reference
from temnet.models.checkpoint import SETTINGS_FILE, find_network, update_card
from temnet.records import Example
from temnet.simulation.example import simulate_example
from temnet.stages.stage import Progress, silent

FEWEST_IMAGES = 30
"""Of fewer images an image of the same kind would often be called unlike."""

SPECIMENS = 150
"""Images, each of another specimen, that are simulated for a card without their description."""


def describe_images(
    examples: Iterable[Example], experiment: Experiment, fewest: int = FEWEST_IMAGES
) -> dict[str, Any] | None:
    """The entry ``taught_images`` of a network's card; see ``familiarity.reference``.

    Args:
        examples: Selection images, none of which the network was taught on.
        experiment: The network's settings.
        fewest: Of fewer images there is no description: None.
    """
    width = experiment.labels.normalisation_width
    seen = [example_appearance(example, width) for example in examples]
    return reference(seen, experiment.model.sampling) if len(seen) >= fewest else None


def add_taught_images(
    network: str | Path, count: int = SPECIMENS, progress: Progress = silent
) -> None:
    """Simulates selection images and describes them in the card of a network that lacks it.

    Args:
        network: Name or folder of the network.
        count: Images, each of another specimen.
        progress: Shows how far the work is.

    Raises:
        InputError: There is no such network.
    """
    folder = find_network(network)
    experiment = load_experiment(folder / SETTINGS_FILE)
    step = experiment.data.exit_wave_reuse

    def examples(done) -> Iterable[Example]:
        for number in range(count):
            yield simulate_example(experiment, number * step, "selection")
            done(1)

    with progress("taught images", count) as done:
        update_card(
            folder, {"taught_images": describe_images(examples(done), experiment, fewest=1)}
        )
