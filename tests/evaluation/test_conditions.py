import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temnet.evaluation.conditions import BINS, CONDITIONS, ConditionRow, conditions, equal_bins
from temnet.evaluation.metrics import image_counts
from temnet.evaluation.score_curves import dependence_rows
from tests.evaluation.made_rows import score_row


def test_drawn_parameters_become_numbers_in_the_units_of_their_names():
    found = conditions({"dose": 200, "defocus": [-50.0, 0.0], "C30": 2e4, "beam_tilt": 0.003})
    assert found["dose"] == 200 and found["defocus"] == -50
    assert found["Cs_um"] == pytest.approx(2) and found["beam_tilt_mrad"] == pytest.approx(3)
    assert math.isnan(found["astigmatism"])


def test_the_table_has_a_column_for_each_condition():
    names = [condition.name for condition in CONDITIONS]
    assert [field.name for field in fields(ConditionRow)] == ["index", "specimen", *names]


@given(st.lists(st.sampled_from([0.0, 1.0, 2.5, 7.0, math.nan]), max_size=60))
def test_bins_part_the_images_by_rising_value(values):
    bins = equal_bins(values)
    chosen = np.concatenate([np.zeros(0, int), *bins])
    known = np.flatnonzero(np.isfinite(values))
    assert sorted(chosen) == (known.tolist() if bins else [])
    parts = [np.array(values)[part] for part in bins]
    assert all(a.max() < b.min() for a, b in zip(parts, parts[1:], strict=False))
    if len({value for value in values if math.isfinite(value)}) < 2:
        assert bins == []


def test_bins_of_many_different_values_are_of_equal_size():
    bins = equal_bins(np.random.default_rng(0).permutation(100.0 * np.arange(203)))
    assert len(bins) == BINS and {len(part) for part in bins} <= {40, 41}
    assert len(equal_bins(np.arange(10.0))) == 1  # too few images to be parted


def test_scores_follow_what_they_depend_on():
    # Ten columns an image; those above a dose of 500 are found, else half of them.
    doses = np.linspace(100, 900, 40)
    rows = [
        score_row(index, name, found, 0, 10 - found, error=20.0 - found)
        for index, found in enumerate(np.where(doses > 500, 10, 5).tolist())
        for name in ("C", "any", "all")
    ]
    images = image_counts(rows, ("C",), {index: index for index in range(40)})
    drawn = [conditions({"dose": dose, "defocus": -50.0}) for dose in doses]
    found = dependence_rows(images, drawn, np.random.default_rng(0))
    assert {row.parameter for row in found} == {"dose"}  # the defocus never differs
    curve = [row for row in found if row.class_ == "C"]
    assert len(curve) == 5 and sum(row.images for row in curve) == 40
    assert curve[0].f1 == pytest.approx(2 / 3) and curve[-1].f1 == 1
    assert curve[0].rms_error_pm == pytest.approx(15) and curve[-1].rms_error_pm == 10
    middle = curve[2]
    assert middle.f1_low < middle.f1 < middle.f1_high
    assert curve[0].low == 100 and curve[-1].high == 900
    macro = [row for row in found if row.class_ == "macro"]
    assert [row.f1 for row in macro] == [row.f1 for row in curve]
    assert math.isnan(macro[0].rms_error_pm)


def test_the_mean_score_of_an_image_is_a_condition_too():
    doses = [conditions({"dose": 200.0}) for _ in range(20)]
    rows = [
        score_row(index, name, found, 1 - found, 1 - found, error=5.0)
        for index, found in enumerate(10 * [0] + 10 * [1])
        for name in ("C", "any", "all")
    ]  # fmt: skip
    images = image_counts(rows, ("C",), {index: index for index in range(20)})
    scored = [{**one, "mean_score": 0.6 + 0.01 * k} for k, one in enumerate(doses)]
    found = dependence_rows(images, scored, np.random.default_rng(0))
    curve = [row for row in found if row.class_ == "C"]
    assert [row.parameter for row in curve] == 2 * ["mean_score"]
    assert [row.f1 for row in curve] == [0, 1]
    assert dependence_rows(images, doses, np.random.default_rng(0)) == []
