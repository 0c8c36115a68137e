import numpy as np

from temnet.config.analysis.movie import Movie
from temnet.movies.sections.simulated_movie import _rate_rows, frames_figure
from temnet.movies.simulated_truth import TruthRow


def truth(histories, changing):
    """Lines of truth.csv: the state of each column in each frame."""
    return [
        TruthRow(column, frame, 2.0 + 3 * column, 4.0, "metal", 5, changes, bool(state))
        for column, (states, changes) in enumerate(zip(histories, changing, strict=True))
        for frame, state in enumerate(states)
    ]


def test_changes_are_counted_per_frame_at_risk_in_changing_columns_only():
    rows = truth([[1, 0, 0, 1], [0, 0, 1, 1], [1, 1, 0, 1]], [True, True, False])
    movie = Movie(frames=4, appearance=0.2, disappearance=0.3)
    assert _rate_rows(rows, movie) == [
        ("an absent column appears", "0.2", "2 of 4 times"),
        ("a column vanishes", "0.3", "1 of 2 times"),
    ]


def test_frames_of_every_dose_and_once_more_with_the_true_columns():
    rows = truth([[1] * 5, [1, 1, 0, 0, 0]], [False, True])
    stacks = {dose: np.random.default_rng(0).random((5, 60, 60)) for dose in (200.0, 50.0)}
    axes = frames_figure(stacks, rows, 0.2).axes
    titles = [one.get_title(loc="left") for one in axes]
    frames = [f"frame {frame}" for frame in (0, 2, 4)]
    assert titles == [f"{dose} e/Å², {frame}" for dose in (50, 200, 200) for frame in frames]
    away = [line.get_xydata().tolist() for line in axes[-1].lines if line.get_marker() == "x"]
    assert away == [[[4.0, 5.0]]]  # x is the column, y the row
