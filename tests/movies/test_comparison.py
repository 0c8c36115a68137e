import numpy as np
import pytest
from scipy.stats import permutation_test, ttest_ind

from temnet.movies.blocks import (
    Blocks,
    block_length,
    memory,
    occupancy_blocks,
    transition_blocks,
)
from temnet.movies.comparison import compare
from temnet.movies.occupancy import Histories


def histories(state, observed=None):
    state = np.array(state, float)
    observed = np.ones(state.shape, bool) if observed is None else np.array(observed, bool)
    pairs = observed[:, 1:] & observed[:, :-1]
    step = np.diff(state, axis=1)
    return Histories(state, observed, np.maximum(step, 0) * pairs, np.maximum(-step, 0) * pairs)


ALL = np.ones(1, bool)


def test_blocks_by_hand():
    movie = histories([[1, 1, 0, 0, 1, 1, 1]])
    blocks = occupancy_blocks(movie, ALL, 3)  # the seventh frame joins the last block
    assert (blocks.counts.tolist(), blocks.trials.tolist()) == ([2, 3], [3, 4])
    assert blocks.fraction == pytest.approx(5 / 7)
    blocks = transition_blocks(movie, ALL, 3)
    assert (blocks.counts.tolist(), blocks.trials.tolist()) == ([1, 1], [3, 3])


def test_blocks_without_an_observation_are_left_out():
    movie = histories([[1, 1, 1, 1]], [[1, 1, 0, 0]])
    blocks = occupancy_blocks(movie, ALL, 2)
    assert (blocks.counts.tolist(), blocks.trials.tolist()) == ([2], [2])
    assert np.isnan(transition_blocks(movie, ~ALL, 2).fraction)


def test_the_test_and_the_interval_are_those_of_scipy():
    rng = np.random.default_rng(0)
    first, second = rng.uniform(0.1, 0.3, 5), rng.uniform(0.2, 0.4, 6)
    ones = [Blocks(part, np.ones(len(part))) for part in (first, second)]
    difference = compare(*ones, rng)
    expected = permutation_test(
        (second, first), lambda x, y: abs(np.mean(x) - np.mean(y)), alternative="greater"
    )
    assert difference.p_value == pytest.approx(expected.pvalue)
    interval = ttest_ind(second, first, equal_var=False).confidence_interval(0.95)
    assert (difference.low, difference.high) == pytest.approx((interval.low, interval.high))
    assert difference.value == pytest.approx(second.mean() - first.mean())


def test_random_permutations_agree_with_all_of_them():
    rng = np.random.default_rng(1)
    ones = [Blocks(rng.uniform(0, 1, 9) + shift, np.ones(9)) for shift in (0, 0.25)]
    expected = permutation_test(
        [part.counts for part in ones], lambda x, y: abs(np.mean(x) - np.mean(y)),
        alternative="greater", n_resamples=20_000, rng=0,
    )  # fmt: skip
    assert compare(*ones, rng).p_value == pytest.approx(expected.pvalue, abs=0.02)


def test_one_block_has_no_interval():
    one, two = Blocks(np.array([1.0]), np.array([2.0])), Blocks(np.ones(2), np.full(2, 4.0))
    difference = compare(one, two, np.random.default_rng(0))
    assert difference.value == pytest.approx(-0.25)
    assert np.isnan([difference.low, difference.high, difference.p_value]).all()


def test_memory_is_that_of_the_chain(movies):
    rng = np.random.default_rng(2)
    state = movies.markov(rng, 400, 100, 0.5, 0.1)  # empties and fills with 0.1
    # 1 + 2 (0.8 + 0.8^2 + ...) = 9
    assert memory(histories(state), np.ones(400, bool)) == pytest.approx(9, rel=0.05)
    still = histories(np.ones((3, 10)))
    assert memory(still, np.ones(3, bool)) == np.inf
    assert block_length(np.nan, [40, 40]) == 5 and block_length(9.0, [40, 80]) == 10


def outcomes(movies, pairs, flips, frames=60, sites=40):
    """p of occupancy and of transitions for pairs of movies with given chances to empty."""
    found = []
    everyone = np.ones(sites, bool)
    for number in range(pairs):
        rng = np.random.default_rng(number)
        two = [histories(movies.markov(rng, sites, frames, 0.6, flip)) for flip in flips]
        length = block_length(max(memory(movie, everyone) for movie in two), [frames, frames])
        found.append([
            compare(*(blocks(movie, everyone, length) for movie in two), rng).p_value
            for blocks in (occupancy_blocks, transition_blocks)
        ])  # fmt: skip
    return np.array(found)


def test_movies_of_the_same_rates_rarely_differ(movies):
    false_alarms = np.mean(outcomes(movies, 200, (0.15, 0.15)) < 0.05, axis=0)
    # At 5 % more than 9 % of 200 have a chance of 1 %.
    assert np.all(false_alarms <= 0.09)


def test_different_rates_of_two_movies_are_found(movies):
    p = outcomes(movies, 40, (0.08, 0.16))
    assert np.mean(p[:, 1] < 0.05) > 0.9
    # The occupancy of both is the same: that is not mistaken for a difference.
    assert np.mean(p[:, 0] < 0.05) < 0.2
