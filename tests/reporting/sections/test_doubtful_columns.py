"""The paragraph on doubtful columns, and their crosses in the picture."""

import numpy as np
import pytest
from matplotlib.collections import EllipseCollection, LineCollection

from temnet.records import ColumnFlag
from temnet.reporting.figures.overlay import overlay_figure
from temnet.reporting.files.column_summary import ColumnSummary
from temnet.reporting.sections.doubtful_columns import MEANING, doubtful_columns


def test_every_flag_has_a_meaning():
    assert set(MEANING) == set(ColumnFlag)


def test_the_numbers_of_the_flags_stand_in_one_paragraph():
    flagged = {**dict.fromkeys(ColumnFlag, 0), ColumnFlag.RINGS: 30, ColumnFlag.ISOLATED: 4}
    summary = ColumnSummary(("a",), total=1000, doubtful=32, flagged=flagged)
    (part,) = doubtful_columns(summary)
    text = str(part)
    for words in ("32 columns (3.2 %)", "30 in rings", "(rings)", "4 without", "(isolated)"):
        assert words in text
    assert "fringes" not in text
    assert doubtful_columns(ColumnSummary(("a",), total=1000)) == []


@pytest.mark.parametrize(
    ("doubtful", "total", "words"),
    [
        (250, 250, "250 columns (100 %) are doubtful"),
        (249, 250, "249 columns (100 %) are"),
        (30, 250, "30 columns (12 %) are"),
        (1, 250, "1 column (0.4 %) is doubtful"),
    ],
)
def test_shares_and_numbers_are_written_as_people_write_them(doubtful, total, words):
    flagged = {**dict.fromkeys(ColumnFlag, 0), ColumnFlag.RINGS: doubtful}
    (part,) = doubtful_columns(
        ColumnSummary(("a",), total=total, doubtful=doubtful, flagged=flagged)
    )
    assert words in str(part)


def test_doubtful_columns_are_crosses_and_no_circles():
    places = np.array([[2.0, 2.0], [2.0, 6.0], [6.0, 2.0]])
    columns = np.array([0, 0, 1])
    doubtful = np.array([False, True, False])

    def drawn(crossed):
        figure = overlay_figure(
            np.zeros((80, 90)), 0.1, places, columns, ["a", "b"], doubtful=crossed
        )
        (axes,) = figure.axes
        circles = [one.get_offsets().tolist() for one in axes.collections
                   if isinstance(one, EllipseCollection)]  # fmt: skip
        strokes = [one.get_segments() for one in axes.collections
                   if isinstance(one, LineCollection)]  # fmt: skip
        labels = [text.get_text() for text in figure.legends[0].get_texts()]
        return circles, strokes, labels

    circles, strokes, labels = drawn(doubtful)
    assert [6.0, 2.0] not in sum(circles, []) and [2.0, 2.0] in sum(circles, [])
    assert len(strokes) == 2 and all(len(each) == 2 for each in strokes)  # rim and colour
    np.testing.assert_allclose(np.mean(strokes[0], axis=(0, 1)), [6.0, 2.0])
    assert labels == ["a: 2", "b: 1", "of these doubtful: 1"]
    assert drawn(None)[1:] == ([], ["a: 2", "b: 1"])
