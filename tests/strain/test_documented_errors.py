"""The table of standard errors in the documentation, against straight lines through points."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.strain.crystals import CELLS, crystal

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "strain.md"

NAMES = {"gold [110], x along [001]": "fcc [110]", "gold [100]": "fcc [100]"}


def documented():
    """Lattice, neighbours, reach and three errors of each line of the table."""
    name = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and re.fullmatch(r"\d+", cells[1]):
            name = cells[0] or name
            yield NAMES.get(name, name), int(cells[1]), *map(float, cells[2:])


def test_the_table_is_there():
    assert {row[0] for row in documented()} == set(CELLS) - {"fcc [111]"}


@pytest.mark.parametrize("row", list(documented()))
def test_errors_of_a_line_through_points(row):
    """Errors s of points around their mean give a slope the error s / |x - mean|.

    Each site of a cell has its own mean.
    """
    name, count, reach, e_xx, e_yy, turn = row
    vectors, sites = CELLS[name]
    parts = [crystal(name, reach + 0.1, centre=(0, 0))]
    if len(sites) > 1:  # around a column of the first site, site by site
        steps = np.stack(np.meshgrid(*2 * [np.arange(-9, 10)]), axis=-1).reshape(-1, 2)
        parts = [(steps + np.subtract(site, sites[0])) @ vectors.T for site in sites]
    near = [part[np.linalg.norm(part, axis=1) < reach + 0.1] for part in parts]
    assert sum(map(len, near)) == count + 1
    squares = sum(((part - part.mean(axis=0)) ** 2).sum(axis=0) for part in near)
    errors = 0.1 / np.sqrt(squares)
    assert (e_xx, e_yy) == pytest.approx(100 * errors, abs=0.006)
    assert turn == pytest.approx(np.degrees(np.linalg.norm(errors) / 2), abs=0.006)
