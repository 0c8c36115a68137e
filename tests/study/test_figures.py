"""The figure of a study, judged by what it holds."""

import numpy as np
import pytest

from temnet.study.figures import Panel, study_figure
from temnet.study.intervals import Estimate

ARMS, NETWORKS = ["$three foci", "one"], ["unet", "msdnet"]


def panel(title="F1"):
    trainings = {(arm, net): [0.8, np.nan, 0.9] for arm in ARMS for net in NETWORKS}
    means = {key: Estimate(0.85, 0.8, 0.95) for key in trainings}
    means["one", "unet"] = Estimate(0.85, np.nan, np.nan)
    means["one", "msdnet"] = Estimate(np.nan, np.nan, np.nan)
    return Panel(title, "F1", trainings, means)


def test_every_training_is_a_dot_and_every_mean_has_its_interval():
    figure = study_figure([panel(), panel("second"), panel("third")], ARMS, NETWORKS)
    figure.canvas.draw()
    assert len(figure.axes) == 3
    axes = figure.axes[0]
    dots = [line for line in axes.lines if line.get_alpha() is not None]
    assert len(dots) == 4 and all(len(line.get_ydata()) == 3 for line in dots)
    # Dots stand beside the mean that they belong to, and networks beside each other.
    places = [line.get_xdata()[0] for line in dots]
    assert len(set(places)) == 4 and all(abs(x - round(x)) < 0.4 for x in places)
    unet, msdnet = axes.containers
    np.testing.assert_allclose(unet.lines[0].get_ydata(), [0.85, 0.85])
    first, second = unet.lines[2][0].get_segments()
    assert first[:, 1] == pytest.approx([0.8, 0.95])
    assert second[:, 1] == pytest.approx([0.85, 0.85])  # its interval is unknown
    assert np.isnan(msdnet.lines[0].get_ydata()[1])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == NETWORKS
    assert [text.get_text() for text in axes.get_xticklabels()] == ARMS
    assert figure.axes[2].get_title(loc="left") == "third"


def test_of_one_training_the_score_alone_is_shown():
    trainings = {(arm, net): [0.85] for arm in ARMS for net in NETWORKS}
    means = {key: Estimate(0.85, np.nan, np.nan) for key in trainings}
    figure = study_figure([Panel("t", "F1", trainings, means, 0.1)], ARMS, NETWORKS)
    axes = figure.axes[0]
    assert not axes.containers and [len(line.get_ydata()) for line in axes.lines] == [2, 2]
    low, high = axes.get_ylim()
    assert high - low == pytest.approx(0.1) and (low + high) / 2 == pytest.approx(0.85)


def test_one_panel_and_long_names():
    arms = ["a name of an arm that is far too long for a single line", "one"]
    trainings = {(arm, "net"): [] for arm in arms}
    means = {key: Estimate(np.nan, np.nan, np.nan) for key in trainings}
    figure = study_figure([Panel("t", "F1", trainings, means)], arms, ["net"])
    figure.canvas.draw()
    first, second = figure.axes[0].get_xticklabels()
    assert max(map(len, first.get_text().split("\n"))) <= 16
    ends = [text.get_window_extent() for text in (first, second)]
    assert ends[0].x1 < ends[1].x0
