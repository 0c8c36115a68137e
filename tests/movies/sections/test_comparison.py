import re
from dataclasses import replace

from temnet.movies.comparison import ComparisonRow
from temnet.movies.sections.comparison import _conclusions

ROW = ComparisonRow("metal", "edge", "occupancy", 0.7, 0.5, -0.2, -0.3, -0.1, 0.01, 4, 4, 20, 5.0)


def text(*rows):
    return " ".join(_conclusions(rows))


def test_only_differences_below_five_per_cent_are_significant():
    other = replace(ROW, quantity="transition_fraction", p_value=0.05)
    assert re.search(r"Significant.*: occupancy of metal \(edge\); 2 tests", text(ROW, other))
    assert "transition fraction" not in text(ROW, other)
    assert text(other).startswith("No difference is significant")


def test_movies_that_are_short_for_the_memory_of_sites_are_named_for_occupancy_only():
    short = replace(ROW, memory_frames=5.1)  # four memories are 20.4 frames
    assert "short" in text(short) and "short" not in text(ROW)
    assert "short" not in text(replace(short, quantity="transition_fraction"))


def test_untested_differences_are_counted_and_no_rows_are_a_sentence():
    untested = replace(ROW, p_value=float("nan"))
    assert "1 of 2 differences" in text(ROW, untested)
    assert "ignificant" not in text(untested)
    assert "no class and region in common" in text()
