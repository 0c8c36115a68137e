"""Headers of the tables of movies, which stored runs have too."""

import pytest

from temnet.movies.comparison import ComparisonRow
from temnet.movies.drift import DriftRow
from temnet.movies.rates import RateRow
from temnet.movies.simulated_truth import TruthRow
from temnet.movies.site_tables import FrameRow, SiteRow
from temnet.movies.transitions import TransitionRow
from temnet.tables.csv_rows import column_help, header

HEADERS = {
    SiteRow: """
        site row_angstrom col_angstrom class frames occupancy occupancy_low occupancy_high
        appearances disappearances transition_fraction edge_distance_angstrom region neighbours
        inferred_occupancy inferred_appearances inferred_disappearances inferred_transition_fraction
        detection corrected_occupancy
    """,
    TransitionRow: "frame site from to",
    RateRow: """
        by group class sites occupancy appearances disappearances transition_fraction appearance
        appearance_low appearance_high appearance_per_s appearance_low_per_s appearance_high_per_s
        disappearance disappearance_low disappearance_high disappearance_per_s
        disappearance_low_per_s disappearance_high_per_s mean_empty_frames mean_occupied_frames hit
        false at_bound
    """,
    FrameRow: "frame usable columns_Mo columns_S2 occupied_interior occupied_edge",
    DriftRow: "frame row_angstrom col_angstrom usable",
    ComparisonRow: """
        class region quantity first second difference difference_low difference_high p_value
        blocks_first blocks_second block_frames memory_frames
    """,
    TruthRow: "column frame row_angstrom col_angstrom class atoms changing present",
}


@pytest.mark.parametrize("row_type", HEADERS, ids=lambda row_type: row_type.__name__)
def test_the_header_of_a_table_stays_and_every_column_is_explained(row_type):
    names = ("Mo", "S2") if row_type is FrameRow else ()
    assert header(row_type, names) == tuple(HEADERS[row_type].split())
    assert all(len(text) > 10 for text in column_help(row_type).values())
