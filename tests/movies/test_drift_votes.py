import numpy as np
import pytest

from temnet.movies.drift_votes import BIN, LEAST_OVERLAP, SCATTER, count_votes, overlap, peaks_of

REACH = 1.5


def votes_by_hand(reference, points, shifts):
    """A Gaussian of height one in each difference of two positions, averaged over frames."""
    votes = np.zeros((len(shifts), len(shifts)))
    for frame in reference:
        for point in points:
            for known in frame:
                row, col = (
                    np.exp(-((point[axis] - known[axis] - shifts) ** 2) / (2 * SCATTER**2))
                    for axis in (0, 1)
                )
                votes += np.outer(row, col)
    return votes / len(reference)


def test_votes_are_gaussians_in_the_differences_of_positions():
    rng = np.random.default_rng(0)
    reference = [rng.uniform(0, 8, (5, 2)), rng.uniform(0, 8, (3, 2))]
    points = rng.uniform(0, 8, (4, 2))
    votes = count_votes(reference, points, REACH)
    shifts = (np.arange(len(votes)) - len(votes) // 2) * BIN
    assert shifts[-1] >= REACH
    expected = votes_by_hand(reference, points, shifts)
    # Sharing a point among four bins widens the Gaussian a little.
    np.testing.assert_allclose(votes, expected, atol=0.1 * expected.max())
    assert np.corrcoef(votes.ravel(), expected.ravel())[0, 1] > 0.998
    assert np.corrcoef(votes.T.ravel(), expected.ravel())[0, 1] < 0.9


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.33, -0.71), (-1.2, 0.04)])
def test_the_highest_peak_is_the_shift_between_bins_too(shift):
    places = np.random.default_rng(1).uniform(0, 40, (60, 2))
    shifts, heights = peaks_of(count_votes([places], places + shift, REACH))
    np.testing.assert_allclose(shifts[np.argmax(heights)], shift, atol=0.01)
    assert heights.max() == pytest.approx(len(places), rel=0.15)


def test_no_votes_have_no_peaks():
    shifts, heights = peaks_of(np.zeros((5, 5)))
    assert shifts.shape == (0, 2) and heights.shape == (0,)


def test_overlap_is_the_common_part_of_two_frames():
    shared = overlap(np.array([[1.0, 0.0]]), 3, (4.0, 2.0))
    # At the middle bin only the known shift counts: 3 of 4 Å and all of 2 Å.
    assert shared[1, 1] == pytest.approx(0.75)
    assert shared[2, 0] == pytest.approx((1 - (1 + BIN) / 4) * (1 - BIN / 2))
    assert overlap(np.array([[9.0, 9.0]]), 3, (4.0, 2.0)).max() == LEAST_OVERLAP
    assert overlap(np.zeros((1, 2)), 3, None) == 1.0
