"""Networks of any classes are scored by place where `labels.classes` is `column` alone."""

from pathlib import Path

import numpy as np
import pytest

from temnet.config.loading import load_experiment
from temnet.errors import InputError
from temnet.evaluation.evaluate import evaluate_image, find_in_example
from temnet.models.checkpoint import load_network
from temnet.simulation.example import simulate_example
from temnet.stages.compared_networks import check_networks

CRYSTALS = Path(__file__).parents[2] / "experiments" / "columns_unet.yaml"
NAME = "nanoparticle-msdnet"


def _experiment(*classes):
    changes = {
        "structure": {"compounds": ["Au [110]"], "shape": "field", "negatives": {"probability": 0}},
        "camera": {"dose": 1e4, "sampling": 0.2},
        "labels": {"classes": list(classes)},
        "data": {"image_size": 64},
    }
    return load_experiment(CRYSTALS, changes)


def test_only_with_the_class_column_do_other_classes_fit():
    check_networks([NAME], _experiment("column").simulation)
    with pytest.raises(InputError, match=r"labels.classes: \[column\]"):
        check_networks([NAME], _experiment("strong", "weak").simulation)


def test_peaks_keep_their_places_and_lose_their_classes():
    network, example = load_network(NAME), simulate_example(_experiment("column"), 0)
    own = find_in_example(network, example)
    found = evaluate_image(network, 0, example, class_names=("column",)).peaks
    assert len(found) > 10
    np.testing.assert_array_equal(found.positions, own.positions)
    np.testing.assert_array_equal(found.class_index, 0)
    np.testing.assert_allclose(found.probabilities[:, 0], own.probabilities.sum(axis=1))
    # Without it the classes are those of the network.
    assert evaluate_image(network, 0, example).peaks.probabilities.shape[1] == 2
