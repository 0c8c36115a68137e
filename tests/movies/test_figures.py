import numpy as np

from temnet.movies.comparison import ComparisonRow
from temnet.movies.figures import comparison_figure, dwell_figure, occupied_figure
from temnet.movies.transitions import Dwells


def test_occupied_sites_have_a_line_per_region_and_an_axis_of_time():
    figure = occupied_figure({"edge": np.array([1, np.nan, 3]), "interior": np.ones(3)}, 0.5)
    axes = figure.axes[0]
    assert [line.get_label() for line in axes.lines] == ["edge", "interior"]
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [1, np.nan, 3])
    (time,) = axes.child_axes
    figure.draw_without_rendering()
    np.testing.assert_allclose(time.get_xlim(), np.array(axes.get_xlim()) * 0.5)


def test_stays_are_counted_by_state_and_by_whether_they_were_cut_off():
    dwells = Dwells(
        frames=np.array([2, 2, 5, 7]), occupied=np.array([True, False, False, False]),
        complete=np.array([False, True, True, False]), site=np.zeros(4, int),
    )  # fmt: skip
    empty, occupied = dwell_figure(dwells).axes
    for axes, counts in ((empty, (2, 1)), (occupied, (0, 1))):
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        assert [label.endswith(f"({n})") for label, n in zip(labels, counts, strict=True)] == [
            True, True,
        ]  # fmt: skip
        assert sum(bar.get_height() for bar in axes.patches) == sum(counts)


def test_differences_are_drawn_in_percentage_points_with_their_intervals():
    row = ComparisonRow(
        "metal", "edge", "occupancy", 0.75, 0.5, -0.25, -0.3, -0.1, 0.02, 4, 4, 9, 2.0
    )
    left, right = comparison_figure([row], ("a", "b")).axes
    assert [line.get_xdata().item() for line in left.lines] == [75, 50]
    (bars,) = right.collections
    np.testing.assert_allclose(bars.get_segments()[0][:, 0], [-30, -10])
    assert left.get_yticklabels()[0].get_text() == "occupancy\nmetal, edge"
