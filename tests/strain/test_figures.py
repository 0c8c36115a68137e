"""Maps of strain: colours by sign, one scale, circles where there is no value."""

import numpy as np
import pytest
from matplotlib.collections import EllipseCollection

from temnet.strain.figures import AXES_TEXT, profile_figure, scale_of, strain_figure

NAMES = ("e_xx", "e_yy", "e_xy", "rotation_deg")


def figure(**change):
    positions = np.array([[2.0, 2.0], [2.0, 6.0], [6.0, 2.0], [6.0, 6.0]])
    values = {name: np.array([0.02, -0.02, 0.0, np.nan]) for name in NAMES}
    values["rotation_deg"] = np.array([1.0, -1.0, 0.0, np.nan])
    errors = {name: np.zeros(4) for name in NAMES}
    values |= change.get("values", {})
    errors |= change.get("errors", {})
    image = np.random.default_rng(0).normal(size=(40, 40))
    return strain_figure(image, 0.2, positions, values, errors, "a.tif", change.get("scale"))


def discs(one, panel):
    filled, empty = (
        each for each in one.axes[panel].collections if isinstance(each, EllipseCollection)
    )
    return filled.get_facecolors(), len(empty.get_offsets())


def test_longer_is_red_shorter_is_blue_and_zero_white():
    for panel in range(4):
        colours, empty = discs(figure(), panel)
        red, blue, white = colours[:, :3]
        assert red[0] > red[2] + 0.2 and blue[2] > blue[0] + 0.2
        assert white.min() > 0.95
        assert empty == 1


def test_strains_share_a_scale_and_every_picture_states_the_axes():
    one = figure(values={"e_xy": np.full(4, 0.045)})
    limits = [axes.get_ylim() for axes in one.axes[4:]]
    assert limits[:3] == [(-5, 5)] * 3 and limits[3] == (-1, 1)
    assert AXES_TEXT in one.get_suptitle()
    assert figure(scale=7.0).axes[4].get_ylim() == (-7, 7)


def test_values_with_errors_beyond_the_scale_are_circles():
    _, empty = discs(figure(errors={"e_yy": np.array([0.5, 0.0, 0.0, 0.0])}, scale=2.0), 1)
    assert empty == 2


@pytest.mark.parametrize(
    ("values", "errors", "end"),
    [
        ([0.2] * 10, [0.0] * 10, 0.5),
        ([0.2] * 9 + [40.0], [0.0] * 10, 0.5),  # one outlier
        ([0.2] * 10, [1.5] * 10, 2.0),  # a scale below the errors would be empty
        ([90.0] * 10, [0.0] * 10, 20.0),
    ],
)
def test_the_scale_holds_nearly_all_values(values, errors, end):
    assert scale_of(np.array(values), np.array(errors)) == end


def test_a_profile_has_a_line_for_each_quantity():
    means = {"e_xx": np.array([-0.01, 0.0]), "e_yy": np.array([0.02, 0.0])}
    errors = {name: np.full(2, 0.001) for name in means}
    axes = profile_figure([1, 2], means, errors).axes[0]
    heights = [line.get_ydata() for line in axes.lines if len(line.get_ydata()) == 2]
    assert any(np.allclose(each, [-1.0, 0.0]) for each in heights)
    assert any(np.allclose(each, [2.0, 0.0]) for each in heights)
