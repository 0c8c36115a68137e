"""Figures of scores, judged by their content."""

import math
from dataclasses import replace

import numpy as np
import pytest

from temnet.evaluation.limits.cramer_rao import BoundRow
from temnet.evaluation.limits.ideal_scores import IdealRow
from temnet.evaluation.precision_recall import ThresholdRow
from temnet.evaluation.reliability import ReliabilityRow
from temnet.evaluation.score_curves import CurveRow
from temnet.reporting.figures.condition_figures import condition_figure
from temnet.reporting.figures.score_figures import (
    bound_figure,
    confusion_figure,
    difference_figure,
    ideal_figure,
    reliability_figure,
    threshold_figure,
)


def labels(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_confusion_has_numbers_and_shares_of_rows():
    matrix = np.array([[3.0, 1.0], [5.0, math.nan]])
    figure = confusion_figure({"net": matrix}, ["$a", "missed"], ["$a", "false positive"])
    figure.canvas.draw()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["3\n75.0 %", "1\n25.0 %", "5\n100.0 %"]
    empty = confusion_figure({"net": np.zeros((2, 2))}, ["a", "missed"], ["a", "false positive"])
    assert "0.0 %" in empty.axes[0].texts[0].get_text()


def curve_row(network, parameter, middle, name, f1, error):
    return CurveRow(
        network, parameter, middle, middle, middle, name, 9, f1, f1 - 0.1, f1 + 0.1, error
    )


def test_a_quantity_of_both_signs_has_no_logarithm():
    rows = [
        replace(curve_row("net", "column_contrast", middle, "C", 0.7, 9.0), low=low)
        for low, middle in ((-40.0, 0.1), (1.0, 20.0), (22.0, 70.0))
    ]
    figure = condition_figure(rows, {}, {})
    assert {axes.get_xscale() for axes in figure.axes} == {"linear"}


def condition_rows(*networks):
    return [
        curve_row(network, parameter, value, name, f1, error)
        for network in networks
        for parameter, values in (("dose", (10, 1e4)), ("defocus", (0, -50)))
        for value in values
        for name, f1, error in (("C", 0.7, 9.0), ("any", 0.8, 8.0), ("all", 0.7, 9.0),
                                ("macro", 0.6, math.nan))
    ]  # fmt: skip


def test_one_network_has_a_line_for_each_class_and_several_one_each():
    figure = condition_figure(condition_rows("net"), {"chance": 0.1}, {"dose": (100, 1000)})
    figure.canvas.draw()
    assert labels(figure) == ["chance", "C"]  # the others would lie over the only class
    rows = condition_rows("net")
    rows += [replace(row, class_="N") for row in rows if row.class_ == "C"]
    several = condition_figure(rows, {}, {})
    assert labels(several) == ["C", "any class (localisation)", "mean over the classes", "N"]
    assert len(several.axes[1].containers) == 3  # position errors have no mean over classes
    left, right, lower = figure.axes[:3]
    assert left.get_xscale() == right.get_xscale() == "log" and lower.get_xscale() == "linear"
    assert left.get_xlabel() == "dose (e/Å²)" and right.get_ylabel() == "position error (pm)"
    first = left.containers[0]
    np.testing.assert_allclose(first.lines[0].get_ydata(), [0.7, 0.7])
    # Points stand by rising value, whatever the order of the rows.
    np.testing.assert_allclose(lower.containers[0].lines[0].get_xdata(), [-50, 0])
    both = condition_figure(condition_rows("one", "two"), {}, {})
    assert labels(both) == ["one", "two"]
    np.testing.assert_allclose(both.axes[0].containers[1].lines[0].get_ydata(), [0.6, 0.6])
    np.testing.assert_allclose(both.axes[1].containers[1].lines[0].get_ydata(), [8, 8])


def test_differences_of_zero_have_a_bin_about_it():
    figure = difference_figure(
        {"b minus a": np.array([0.0, 0.0, 0.3, -0.1, math.nan])}, {"b minus a": (0.01, 0.2)}
    )
    bars = [patch for patch in figure.axes[0].containers[0] if patch.get_height() == 2]
    assert any(bar.get_x() < 0 < bar.get_x() + bar.get_width() for bar in bars)
    same = difference_figure({"b minus a": np.zeros(5)}, {"b minus a": (math.nan, math.nan)})
    assert max(patch.get_height() for patch in same.axes[0].containers[0]) == 5
    assert (
        len(difference_figure({"n": np.array([math.nan])}, {"n": (math.nan, math.nan)}).axes) == 1
    )


def test_the_ring_stands_at_the_networks_own_threshold():
    rows = [
        ThresholdRow("net", name, t, 1, 1, 1, precision=t, recall=1 - t, f1=0.5)
        for name in ("any", "all")
        for t in (0.2, 0.5, 0.8)
    ]
    figure = threshold_figure(rows, {"net": 0.52})
    ring = figure.axes[0].lines[1]
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (0.5, 0.5)
    nothing = [replace(row, precision=math.nan, recall=math.nan) for row in rows]
    assert len(threshold_figure(nothing, {"net": 0.5}).axes[0].lines) == 1


def test_reliability_and_bounds_are_drawn():
    rows = [ReliabilityRow("net", name, 0.8, 0.9, 10, 0.85, 0.4) for name in ("any", "all")]
    figure = reliability_figure(rows, ["net"])
    assert figure.axes[0].lines[1].get_ydata().tolist() == [0.4]
    assert len(reliability_figure([], ["net"]).axes) == 4
    bounds = [
        BoundRow("net", 0, 0, "C", 1.0, 1.0, bound_pm=1.0, error_pm=error)
        for error in (2.0, 3.0, math.nan)
    ]
    figure = bound_figure(bounds, ["net"])
    figure.canvas.draw()
    assert labels(figure) == ["net: 2 of 3 columns found", "error equal to the bound"]
    assert figure.axes[0].lines[0].get_ydata().tolist() == pytest.approx([2, 3])


def test_networks_stand_beside_the_ideal_observer_at_each_dose():
    ideal = [
        IdealRow(rule, dose, name, 9, f1 * part, math.nan, 1.0)
        for rule, part in (("most probable", 0.5), ("highest F1", 1.0))
        for dose, f1 in ((1e4, 1.0), (100, 0.6))
        for name in ("S2", "S", "macro")
    ]  # fmt: skip
    sweep = [
        curve_row("net", "dose", dose, name, f1, math.nan)
        for dose, f1 in ((1000, 0.4), (100, 0.2))
        for name in ("S2", "S", "macro", "any", "all")
    ]
    figure = ideal_figure(ideal, sweep)
    figure.canvas.draw()
    assert labels(figure) == [
        "ideal observer, most probable", "ideal observer, highest F1", "net",
    ]  # fmt: skip
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == ["S2", "S", "mean over the classes"]
    for axes in shown:
        lines = [container.lines[0] for container in axes.containers]
        assert [line.get_xdata().tolist() for line in lines] == [[100, 1e4]] * 2 + [[100, 1000]]
        assert lines[0].get_ydata().tolist() == pytest.approx([0.3, 0.5])
        assert lines[1].get_ydata().tolist() == pytest.approx([0.6, 1.0])
        assert lines[2].get_ydata().tolist() == pytest.approx([0.2, 0.4])
        assert axes.get_xscale() == "log"
        low, high = axes.get_xlim()
        assert 50 < low < 100 and 1e4 < high < 2e4
    alone = ideal_figure(ideal, [])
    assert len(alone.axes[0].containers) == 2
