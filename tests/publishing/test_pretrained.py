"""The shipped networks: complete, small, and as good as on their cards."""

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from temnet.config.loading import load_experiment
from temnet.config.simulation import SIMULATION_VERSION
from temnet.images.resample import resample
from temnet.models.checkpoint import load_network
from temnet.models.network_folders import file_hash, read_card
from temnet.publishing.figures import LARGEST
from temnet.publishing.overview_page import pretrained_pages
from temnet.publishing.publish import read_pretrained
from temnet.publishing.publish_study import read_published
from temnet.publishing.reference_scores import (
    example_rows,
    frozen_examples,
    frozen_scores,
)
from tests.publishing.tolerances import disagreements

PRETRAINED = Path(__file__).parents[2] / "pretrained"
FOLDERS = sorted(path.parent for path in PRETRAINED.glob("*/card.json"))
NAMES = [folder.name for folder in FOLDERS]

SPOILT = "nanoparticle-unet"
"""The network that is shown wrong images: a particle and the vacuum beside it are normalised
differently by another width."""

LARGEST_NETWORK, LARGEST_OF_ALL = 40e6, 150e6
"""Bytes of a network's weights, and of everything."""


@lru_cache(maxsize=1)
def frozen_images(name):
    """A network and its frozen images."""
    network = load_network(PRETRAINED / name)
    return network, tuple(frozen_examples(network.experiment.simulation))


def scores(network, examples):
    return frozen_scores(example_rows(network, examples), network.experiment.class_names)


def differences(network, examples):
    return disagreements(network.card.frozen, scores(network, examples))


def test_there_are_networks():
    assert SPOILT in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_weights_are_whole_and_small(name):
    model = PRETRAINED / name / "model.keras"
    assert file_hash(model) == read_card(model.parent).sha256
    assert model.stat().st_size < LARGEST_NETWORK
    assert all(path.stat().st_size <= LARGEST for path in model.parent.glob("*.png"))


def test_all_of_it_is_small():
    files = [path for path in PRETRAINED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LARGEST_OF_ALL


def test_the_pages_are_made_of_the_cards():
    pages = pretrained_pages(read_pretrained(PRETRAINED), read_published(PRETRAINED))
    assert {f"{name}/README.md" for name in NAMES} < set(pages)
    for place, page in pages.items():
        assert (PRETRAINED / place).read_text(encoding="utf-8") == page, (
            f"pretrained/{place} is written by `python -m temnet.publish`; run it, and add text to "
            "notes.md in the folder of the network."
        )


def test_every_link_of_the_pages_leads_somewhere():
    for page in PRETRAINED.glob("**/README.md"):
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).is_file(), (page, target)


@pytest.mark.parametrize("name", NAMES)
def test_its_experiment_scores_it_without_training(name):
    """As `--stage evaluate report` does in an empty folder."""
    path = PRETRAINED.parent / "experiments" / f"{name.replace('-', '_')}.yaml"
    assert name in load_experiment(path).evaluation.networks


BY_DEFAULT = ("mos2-msdnet", SPOILT)
"""Networks of both kinds whose images are made again in the default tier; CI does it for all."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in BY_DEFAULT else pytest.mark.slow)
        for name in sorted(NAMES, key=lambda name: name == SPOILT)
    ],
)
def test_it_finds_what_it_found_when_it_was_published(name):
    frozen = read_card(PRETRAINED / name).frozen
    assert frozen is not None and frozen.simulation == SIMULATION_VERSION, (
        f"The card of {name} has no frozen scores of this simulation; run `python -m "
        "temnet.publish`, and check what changes."
    )
    network, examples = frozen_images(name)
    assert len(examples) == frozen.images == 20
    assert differences(network, examples) == []


FEW = 6
"""Images that are spoilt; a difference that they show, twenty show all the more."""


@pytest.fixture(scope="module")
def noticed():
    """A network, some of its frozen images, and what differs in other scores of as many."""
    network, examples = frozen_images(SPOILT)
    before = scores(network, examples[:FEW])

    def found(other, images):
        return disagreements(before, scores(other, images))

    assert found(network, examples[:FEW]) == []
    return network, examples[:FEW], found


@pytest.mark.parametrize("factor", [3, 1 / 3])
def test_another_normalisation_is_noticed(noticed, factor):
    network, examples, found = noticed
    labels = network.experiment.labels
    width = factor * labels.normalisation_width
    labels = labels.model_copy(update={"normalisation_width": width})
    experiment = network.experiment.model_copy(update={"labels": labels})
    assert found(replace(network, experiment=experiment), examples)


def test_wrong_pixels_are_noticed(noticed):
    network, examples, found = noticed
    pixel = 1.1 * network.experiment.model.sampling
    wrong = [replace(one, images=resample(one.images, one.sampling, pixel)) for one in examples]
    assert any(text.startswith("macro_f1") for text in found(network, wrong))


def test_a_shift_by_half_a_pixel_is_noticed(noticed):
    network, examples, found = noticed
    half = network.experiment.model.sampling / 2
    # Peaks half a pixel too far are columns half a pixel too near.
    wrong = [
        replace(one, columns=replace(one.columns, positions=one.columns.positions - half))
        for one in examples
    ]
    assert any(text.startswith("shift_pm") for text in found(network, wrong))
