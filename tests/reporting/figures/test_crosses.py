"""Crosses by their geometry and colours."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from temnet.reporting.figures.crosses import cross_legend, draw_crosses
from temnet.reporting.figures.drawing import MOST_VECTORS, class_colour


def strokes(positions, classes, radius=0.5):
    """From each collection's colour to its (N, 2, 2) strokes, ends as (x, y)."""
    axes = Figure().add_subplot()
    draw_crosses(axes, np.array(positions, float), np.array(classes), radius, width=2)
    return axes.collections, [
        (tuple(one.get_colors()[0][:3]), np.array(one.get_segments())) for one in axes.collections
    ]


def test_two_strokes_as_long_as_the_circle_cross_at_right_angles_on_the_column():
    _, ((_, shadow), (_, lines)) = strokes([(3, 7)], [0])
    np.testing.assert_array_equal(shadow, lines)
    assert lines.shape == (2, 2, 2)
    np.testing.assert_allclose(lines.mean(axis=1), [(7, 3), (7, 3)])  # x is the column
    along = lines[:, 1] - lines[:, 0]
    np.testing.assert_allclose(np.linalg.norm(along, axis=1), 2 * 0.5)
    assert along[0] @ along[1] == pytest.approx(0)


def test_each_class_has_its_colour_on_a_dark_rim():
    collections, drawn = strokes([(3, 7), (1, 2), (5, 5)], [1, 0, 1])
    assert [colour for colour, _ in drawn] == [
        (0, 0, 0), to_rgb(class_colour(0)), (0, 0, 0), to_rgb(class_colour(1))
    ]  # fmt: skip
    assert [len(lines) for _, lines in drawn] == [2, 2, 4, 4]
    rim, line = (one.get_linewidth()[0] for one in collections[:2])
    assert rim > line == 2
    assert strokes(np.zeros((0, 2)), [])[1] == []


@pytest.mark.parametrize(("count", "pixels"), [(MOST_VECTORS, False), (MOST_VECTORS + 1, True)])
def test_many_crosses_are_pixels_in_the_file(count, pixels):
    collections, _ = strokes(np.zeros((count, 2)), np.zeros(count, int))
    assert {one.get_rasterized() for one in collections} == {pixels}


def test_the_legend_counts_doubtful_columns():
    (entry,) = cross_legend(7)
    assert entry.get_label().endswith("7") and entry.get_marker() == "x"
    assert cross_legend(0) == []
