"""Findings by the number of flagged columns."""

from types import SimpleNamespace

import numpy as np
import pytest

from temnet.inference.checks.plausibility import FEWEST_COLUMNS, Plausibility
from temnet.inference.column_finder import FoundFrame
from temnet.records import ColumnFlag, Peaks

SAMPLING = 0.2
NETWORK = SimpleNamespace(sampling=SAMPLING, labels=SimpleNamespace(normalisation_width=12.0))


def found(shares, count=1000, dose=1000.0, frames=1):
    """Kinds and severities of a series whose columns have flags, by their shares."""
    check = Plausibility(NETWORK, SAMPLING)
    frame = np.random.default_rng(0).poisson(dose * SAMPLING**2, (160, 160, 1))
    flags = np.zeros(count, np.int64)
    start = 0
    for flag, share in shares.items():
        flags[start : start + round(share * count)] = flag
        start += round(share * count)
    empty = Peaks.empty(1)
    values = {name: np.resize(each, (count, *each.shape[1:])) for name, each in
              empty.arrays().items()} | {"flags": flags}  # fmt: skip
    for number in range(frames):
        check.add(FoundFrame(number, frame.astype(np.float32), Peaks(**values)))
    return [(one.kind, one.severity) for one in check.findings()]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({}, []),
        ({ColumnFlag.NO_LATTICE: 0.45}, []),
        ({ColumnFlag.NO_LATTICE: 0.55}, [("lattice", "out of distribution")]),
        ({ColumnFlag.FRINGES: 0.05}, []),
        ({ColumnFlag.FRINGES: 0.2}, [("fringes", "warning")]),
        ({ColumnFlag.FRINGES: 0.2, ColumnFlag.NO_LATTICE: 0.4},
         [("fringes", "out of distribution")]),
        ({ColumnFlag.REFLECTIONS: 0.004}, []),
        ({ColumnFlag.REFLECTIONS: 0.03}, [("structure", "warning")]),
        ({ColumnFlag.RINGS: 0.2, ColumnFlag.TOO_CLOSE: 0.2}, [("structure", "warning")]),
        ({ColumnFlag.RINGS: 0.3}, []),
        ({ColumnFlag.ISOLATED: 1.0}, []),
    ],
)  # fmt: skip
def test_findings_by_the_share_of_flagged_columns(shares, expected):
    assert found(shares) == expected
    assert found(shares, frames=3) == expected


def test_few_columns_have_no_findings():
    assert found({ColumnFlag.NO_LATTICE: 1.0}, FEWEST_COLUMNS - 1) == []
    assert found({}, 0) == []


def test_noise_may_hide_the_lattice():
    assert found({ColumnFlag.NO_LATTICE: 1.0}, dose=15.0) == [("lattice", "note")]
    assert found({ColumnFlag.FRINGES: 1.0}, dose=15.0) == [("fringes", "note")]
