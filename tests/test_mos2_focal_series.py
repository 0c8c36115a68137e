"""The shipped focal series of MoS2: species by the network against the truth beside it."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from temnet.run import main
from temnet.tables.csv_tables import read_table

YAML = Path("experiments/mos2_focal_series.yaml")
TRUTH = Path("experiments/images/mos2_focal_series_columns.csv")

RADIUS, BORDER, SIDE = 0.5, 1.5, 35.09
"""Å; the side is that of the image from the first pixel's centre to the last."""


def places(rows):
    return np.array([[row["row_angstrom"], row["col_angstrom"]] for row in rows], float)


def pairs(found):
    """How often each true class was found as which class, away from the border."""
    true = [
        row
        for row, place in zip(read_table(TRUTH), places(read_table(TRUTH)), strict=True)
        if np.all((place > BORDER) & (place < SIDE - BORDER))
    ]
    distance, nearest = cKDTree(places(found)).query(places(true))
    return Counter(
        (row["class"], found[index]["class"] if away < RADIUS else "missed")
        for row, index, away in zip(true, nearest, distance, strict=True)
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    root = tmp_path_factory.mktemp("series")
    assert main([str(YAML), "--output", str(root)]) == 0
    return read_table(root / "predict" / "columns.csv")


def test_species_are_distinguished(found):
    count = pairs(found)
    right = sum(number for (true, predicted), number in count.items() if true == predicted)
    assert right >= 0.95 * sum(count.values()) > 190
    assert count["S", "S"] >= 9
    # S is predicted where S is, and hardly elsewhere.
    assert sum(row["class"] == "S" for row in found) <= 16


def test_foci_in_the_wrong_order_give_the_species_away(tmp_path):
    command = [str(YAML), "--output", str(tmp_path), "--set", "images.focus_order=reversed"]
    assert main(command) == 0
    count = pairs(read_table(tmp_path / "predict" / "columns.csv"))
    right = sum(number for (true, predicted), number in count.items() if true == predicted)
    assert right < 0.8 * sum(count.values())
