"""A real image of graphene, compared with centres of rings that its authors found by other means.

See experiments/images/README.md for where they come from.
"""

import logging
from pathlib import Path

import numpy as np
import pytest

import temnet
from temnet.config.loading import load_experiment
from temnet.evaluation.matching import match
from temnet.inference.rings import find_rings
from temnet.tables.csv_tables import read_table
from tests.evaluation.ring_atoms import atoms_between

LOGGER = logging.getLogger(__name__)

FOLDER = Path(__file__).parents[1] / "experiments"
EXPERIMENT = load_experiment(FOLDER / "graphene_flower.yaml")
SAMPLING = EXPERIMENT.images.sampling
BOND = EXPERIMENT.prediction.rings.bond

RADIUS = 0.5
"""Farthest that a found point may lie from the reference [Å]."""

LONGEST_SIDE = 3.3
"""Distance of neighbouring rings [Å]: two heptagons of graphene lie 2.95 Å apart."""


def reference():
    """(R, 2) centres of rings, (row, col) [Å]."""
    rows = read_table(FOLDER / "images" / "graphene_flower_centres.csv")
    return np.array([(row["row_pixel"], row["col_pixel"]) for row in rows]) * SAMPLING


def shares(atoms):
    """Which shares of the reference's rings and of the atoms between them are found.

    A ring counts whose centre lies at a reference; each found point serves one reference.
    """
    centres = reference()
    between = atoms_between(centres, LONGEST_SIDE)
    rings = find_rings(atoms, BOND)
    return {
        "rings": len(match(rings.centres, centres, RADIUS)[0]) / len(centres),
        "atoms": len(match(atoms, between, RADIUS)[0]) / len(between),
    }


def test_the_reference_is_that_of_its_authors():
    centres = reference()
    assert len(centres) == 545
    edge = np.minimum(centres, 255 * SAMPLING - centres).min(axis=1)
    assert edge.min() > 1
    assert np.sum(edge < 1.23) == 2  # rings that reach over the image's border
    # Most rings have six neighbours at the lattice constant of graphene, 2.46 Å.
    middle = np.argmin(np.linalg.norm(centres - [45, 45], axis=1))
    distance = np.sort(np.linalg.norm(centres - centres[middle], axis=1))[1:8]
    assert np.mean(distance[:6]) == pytest.approx(2.46, rel=0.02) and distance[6] > 3.5


def test_the_shares_see_what_is_missing_and_what_is_shifted():
    atoms = atoms_between(reference(), LONGEST_SIDE)
    whole = shares(atoms)
    # Rings at the border of the reference lack neighbours, and so atoms of their own.
    assert whole["atoms"] == 1 and 0.8 < whole["rings"] < 0.9
    rng = np.random.default_rng(0)
    near = shares(atoms + rng.normal(0, 0.05, atoms.shape))
    assert near["atoms"] > 0.99 and near["rings"] > whole["rings"] - 0.02
    away = shares(atoms + [0.6, 0.0])
    assert away["atoms"] < 0.3 and away["rings"] < 0.1
    # Each missing atom takes three rings with it.
    fewer = shares(atoms[np.arange(len(atoms)) % 10 > 0])
    assert fewer["atoms"] == pytest.approx(0.9, abs=0.01)
    assert fewer["rings"] < 0.65 * whole["rings"]
    assert shares(np.zeros((0, 2))) == {"rings": 0, "atoms": 0}


def test_the_network_finds_the_rings_of_the_reference():
    (file,) = EXPERIMENT.images.files
    series = temnet.read_images(file, sampling=SAMPLING)
    network = temnet.load_network(EXPERIMENT.prediction.network)
    peaks = temnet.find_columns(network, series)
    found = shares(peaks.positions)
    LOGGER.info("of the reference are found: %s", found)
    # Of the 545 rings two reach over the border, and two lie 1.1 Å and 1.3 Å from another.
    assert found["rings"] >= 0.98
    assert found["atoms"] >= 0.95
    # The closed boundary.
    sizes = find_rings(peaks.positions, BOND).atoms.tolist()
    assert (sizes.count(5), sizes.count(7)) == (12, 12)
