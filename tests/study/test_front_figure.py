"""The figure of scores against time."""

from math import nan

import pytest

from temnet.study.front_figure import FrontPoint, front_figure

POINTS = [
    FrontPoint("slow", "few", 8.0, 0.7, nan, nan),
    FrontPoint("fast", "few", 1.0, 0.6, nan, nan),
    FrontPoint("worse", "few", 2.0, 0.5, nan, nan),
    FrontPoint("fast", "many", 1.0, 0.8, 0.75, 0.9),
    FrontPoint("slow", "many", 8.0, 0.75, 0.7, 0.8),
]


def test_a_line_joins_the_networks_that_no_faster_one_beats():
    axes = front_figure(POINTS, ["few", "many"]).axes[0]
    fronts = {line.get_label(): line for line in axes.lines if line.get_label() in ("few", "many")}
    assert fronts["few"].get_xdata() == pytest.approx([1.0, 8.0])
    assert fronts["few"].get_ydata() == pytest.approx([0.6, 0.7])
    assert fronts["many"].get_xdata() == pytest.approx([1.0])


def test_every_network_is_drawn_with_its_interval_and_named():
    figure = front_figure(POINTS, ["few", "many"])
    figure.canvas.draw()
    axes = figure.axes[0]
    assert len(axes.containers) == len(POINTS)
    ends = [part.lines[2][0].get_segments()[0][:, 1] for part in axes.containers]
    assert ends[3] == pytest.approx([0.75, 0.9])
    assert ends[0] == pytest.approx([0.6, 0.6])  # its interval is unknown
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["few", "many", "slow", "fast", "worse"]
    assert axes.get_xscale() == "log"
