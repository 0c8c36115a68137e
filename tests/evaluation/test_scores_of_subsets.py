"""Scores of subsets, counted by hand."""

from typing import get_args

import numpy as np
import pytest
from pydantic import ValidationError

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.analysis.subsets import ConditionName
from temnet.evaluation.conditions import CONDITIONS
from temnet.evaluation.metrics import ImageCounts
from temnet.evaluation.scores_of_subsets import subset_rows

NONE = np.nan


def _images():
    """Four images of two classes; the last two show one specimen."""
    # Of each image: Mo, S2, any, all; true positives, false positives, false negatives.
    counts = np.array(
        [
            [[4, 0, 0], [2, 0, 2], [6, 0, 2], [6, 0, 2]],
            [[0, 2, 4], [0, 0, 4], [2, 0, 6], [0, 2, 8]],
            [[3, 1, 1], [4, 0, 0], [7, 1, 1], [7, 1, 1]],
            [[4, 0, 0], [4, 0, 0], [8, 0, 0], [8, 0, 0]],
        ]
    )
    none = np.zeros(counts.shape[:2])
    specimen = np.array([0, 1, 2, 2])
    return ImageCounts(("Mo", "S2", "any", "all"), counts, none, none, np.full(4, NONE), specimen)


DRAWN = [
    {"dose": 400.0, "column_contrast": 30.0},
    {"dose": 500.0, "column_contrast": NONE},
    {"dose": 500.0, "column_contrast": 30.0},
    {"dose": 9000.0, "column_contrast": 20.0},
]


def _rows(**subsets):
    return subset_rows(_images(), DRAWN, subsets, np.random.default_rng(1), "net")


def test_counts_are_added_over_the_images_where_all_conditions_hold():
    (row,) = _rows(good={"dose": (500, None), "column_contrast": (20, None)})
    assert (row.network, row.subset) == ("net", "good")
    # Images 2 and 3, which show one specimen.
    assert (row.images, row.specimens, row.columns) == (2, 1, 16)
    assert (row.precision, row.recall, row.f1) == pytest.approx((15 / 16, 15 / 16, 15 / 16))
    assert row.macro_f1 == pytest.approx((14 / 16 + 16 / 16) / 2)
    assert np.isnan(row.f1_low)  # one specimen has no interval


def test_the_ends_belong_to_the_range_and_open_ends_have_no_limit():
    low, between, all_ = _rows(
        low={"dose": (None, 400)}, between={"dose": (500, 500)}, all={"dose": (0, None)}
    )
    assert (low.images, between.images, all_.images) == (1, 2, 4)
    assert all_.f1_low <= all_.f1 <= all_.f1_high
    assert all_.macro_f1_low < all_.macro_f1_high


def test_a_subset_without_images_has_a_line_without_scores():
    (row,) = _rows(none={"dose": (1e5, None)})
    assert (row.images, row.specimens, row.columns) == (0, 0, 0)
    assert np.isnan([row.precision, row.recall, row.f1, row.macro_f1, row.f1_low]).all()


def test_an_unknown_condition_belongs_to_no_subset():
    (row,) = _rows(known={"column_contrast": (0, None)})
    assert row.images == 3


def test_settings_know_every_condition():
    assert get_args(ConditionName) == tuple(condition.name for condition in CONDITIONS)


@pytest.mark.parametrize(
    ("subset", "wrong"),
    [
        ({"doze": (1, 2)}, "doze"),
        ({"dose": (2, 1)}, "lowest value first"),
        ({"dose": (None, None)}, "a lowest or a highest value"),
        ({}, "at least 1"),
    ],
)
def test_wrong_subsets_are_named(subset, wrong):
    with pytest.raises(ValidationError, match=wrong):
        Evaluation(subsets={"mine": subset})
