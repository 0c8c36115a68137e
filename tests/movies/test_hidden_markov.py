"""The hidden Markov model against brute force, closed forms and simulated truth."""

import tracemalloc
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temnet.movies.hidden_markov import (
    MISSING,
    HiddenMarkov,
    Observations,
    fit,
    rate_intervals,
    smooth,
)


def one(appearance, disappearance, initial, hit, false):
    """A model of one group of sites."""
    return HiddenMarkov(
        *(np.array([[x]]) for x in (appearance, disappearance, initial, hit, false))
    )


def observed(symbols, group=None):
    symbols = np.array(symbols)
    return Observations(symbols, np.zeros(len(symbols), int) if group is None else np.array(group))


def draw(rng, sites, frames, appearance, disappearance, hit, false, initial=None):
    """(sites, frames) states and what is seen of them."""
    total = appearance + disappearance
    initial = (appearance / total if total else 1.0) if initial is None else initial
    state = np.empty((sites, frames), bool)
    state[:, 0] = rng.random(sites) < initial
    for frame in range(1, frames):
        chance = rng.random(sites)
        stays = chance >= disappearance
        state[:, frame] = np.where(state[:, frame - 1], stays, chance < appearance)
    seen = rng.random(state.shape) < np.where(state, hit, false)
    return state, seen.astype(int)


def brute_force(model, symbols):
    """Likelihood, chance of being occupied and of both changes, over all paths."""
    a, b, start = (part[0, 0] for part in (model.appearance, model.disappearance, model.initial))
    step = np.array([[1 - a, a], [b, 1 - b]])
    frames = len(symbols)
    total, occupied = 0.0, np.zeros(frames)
    appeared, disappeared = np.zeros(frames - 1), np.zeros(frames - 1)
    for path in product((0, 1), repeat=frames):
        chance = start if path[0] else 1 - start
        for frame, state in enumerate(path):
            if frame:
                chance *= step[path[frame - 1], state]
            if symbols[frame] != MISSING:
                found = (model.hit if state else model.false)[0, 0]
                chance *= found if symbols[frame] else 1 - found
        total += chance
        occupied += chance * np.array(path)
        change = np.diff(path)
        appeared += chance * (change == 1)
        disappeared += chance * (change == -1)
    return total, occupied / total, appeared / total, disappeared / total


chances = st.floats(0.02, 0.98)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(chances, chances, chances, chances, chances),
    st.lists(st.sampled_from([MISSING, 0, 1]), min_size=2, max_size=7),
)
def test_forward_backward_is_the_sum_over_all_paths(parameters, symbols):
    model = one(*parameters)
    posterior = smooth(model, observed([symbols]))
    total, occupied, appeared, disappeared = brute_force(model, symbols)
    assert posterior.log_likelihood[0] == pytest.approx(np.log(total), abs=1e-9)
    np.testing.assert_allclose(posterior.occupied[0, 0], occupied, atol=1e-9)
    np.testing.assert_allclose(posterior.appeared[0, 0], appeared, atol=1e-9)
    np.testing.assert_allclose(posterior.disappeared[0, 0], disappeared, atol=1e-9)


def test_an_impossible_state_does_no_harm():
    model = one(0.0, 0.0, 1.0, 0.9, 0.1)
    posterior = smooth(model, observed([[0, 1, 0]]))
    np.testing.assert_array_equal(posterior.occupied[0, 0], [1, 1, 1])
    assert posterior.log_likelihood[0] == pytest.approx(np.log(0.1 * 0.9 * 0.1))


def test_each_round_raises_the_likelihood_and_the_last_finds_the_truth():
    rng = np.random.default_rng(0)
    _, seen = draw(rng, 400, 60, 0.1, 0.05, 0.9, 0.05)
    seen = observed(seen)
    model, posterior = fit(seen)
    truth = one(0.1, 0.05, 2 / 3, 0.9, 0.05)
    assert posterior.log_likelihood[0] > smooth(truth, seen).log_likelihood[0]
    assert model.appearance[0, 0] == pytest.approx(0.1, rel=0.1)
    assert model.disappearance[0, 0] == pytest.approx(0.05, rel=0.1)
    assert model.hit[0, 0] == pytest.approx(0.9, abs=0.01)
    assert model.false[0, 0] == pytest.approx(0.05, abs=0.01)


def test_without_errors_rates_are_changes_per_frame_at_risk():
    rng = np.random.default_rng(1)
    state, seen = draw(rng, 50, 80, 0.2, 0.1, 1.0, 0.0)
    model, _ = fit(observed(seen))
    left = np.sum(state[:, :-1] & ~state[:, 1:]) / state[:, :-1].sum()
    came = np.sum(~state[:, :-1] & state[:, 1:]) / (~state[:, :-1]).sum()
    assert model.disappearance[0, 0] == pytest.approx(left, rel=0.05)
    assert model.appearance[0, 0] == pytest.approx(came, rel=0.05)


def test_random_misses_do_not_turn_into_diffusion():
    rng = np.random.default_rng(2)
    _, still = draw(rng, 80, 40, 0.0, 0.0, 0.85, 0.0)
    seen = observed(still)
    model, posterior = fit(seen)
    # Counted as found, one in four frame pairs shows a change.
    assert np.abs(np.diff(still, axis=1)).mean() == pytest.approx(0.255, abs=0.02)
    counted = np.sum(np.diff(still, axis=1) == -1)
    assert posterior.disappeared.sum() < 0.07 * counted
    assert model.hit[0, 0] == pytest.approx(0.85, abs=0.015)
    low, high = rate_intervals(model, seen)[1, 0]
    assert low == 0 and high < 0.03
    # The counter-test: the same number of empty frames, but in one stay for each site.
    stays = np.ones((80, 40), int)
    for site, first in enumerate(rng.integers(2, 32, 80)):
        stays[site, first : first + 6] = 0
    seen = observed(stays)
    model, posterior = fit(seen)
    assert posterior.disappeared.sum() == pytest.approx(80, abs=2)
    assert rate_intervals(model, seen)[1, 0, 0] > 0.01


def test_a_gap_that_was_not_observed_is_no_departure():
    symbols = np.ones((30, 20), int)
    symbols[:, 5:12] = MISSING
    _, posterior = fit(observed(symbols))
    assert posterior.occupied.min() > 0.98
    symbols[:, 5:12] = 0
    _, posterior = fit(observed(symbols))
    assert posterior.occupied[:, :, 5:12].max() < 0.01


def test_rates_of_an_unseen_state_have_an_interval_from_0_to_1():
    seen = observed(np.ones((20, 30), int))
    model, _ = fit(seen)
    appearance, disappearance = rate_intervals(model, seen)[:, 0]
    np.testing.assert_array_equal(appearance, [0, 1])
    # 580 pairs without a change, exp(-1.92) = (1 - p)^580, unless 20 % were false positives.
    assert disappearance[0] == 0 and 0.0033 < disappearance[1] < 0.0033 / 0.8**2


def test_groups_have_parameters_of_their_own():
    rng = np.random.default_rng(3)
    _, often = draw(rng, 60, 40, 0.1, 0.1, 0.75, 0.02)
    _, rarely = draw(rng, 60, 40, 0.0, 0.0, 0.99, 0.02)
    together = np.concatenate([often, rarely])
    model, _ = fit(observed(together, np.repeat([0, 1], 60)))
    np.testing.assert_allclose(model.hit[0], [0.75, 0.99], atol=0.03)
    assert model.disappearance[0, 0] == pytest.approx(0.1, abs=0.03)


def held_fraction(movies, sites=60, frames=40):
    """How often intervals hold the truth of movies of edge sites among still ones."""
    truth = {"appearance": 0.12, "disappearance": 0.08}
    held = []
    for number in range(movies):
        rng = np.random.default_rng(1000 + number)
        _, edge = draw(rng, sites, frames, *truth.values(), 0.9, 0.04)
        _, still = draw(rng, sites, frames, 0.0, 0.0, 0.9, 0.04)
        seen = observed(np.concatenate([edge, still]), np.repeat([0, 1], sites))
        ends = rate_intervals(fit(seen)[0], seen)
        held.append([
            ends[0, 0, 0] <= truth["appearance"] <= ends[0, 0, 1],
            ends[1, 0, 0] <= truth["disappearance"] <= ends[1, 0, 1],
            ends[1, 1, 0] == 0,
        ])  # fmt: skip
    return np.mean(held, axis=0)


def test_intervals_hold_the_true_rates():
    # Five movies: at 95 % fewer than three have a chance of 1 in 1,000.
    assert np.all(held_fraction(5, sites=30) >= 0.6)


@pytest.mark.long
def test_intervals_of_a_hundred_movies_hold_95_per_cent_of_the_true_rates():
    held = held_fraction(100)
    assert np.all(held >= 0.90)


def test_the_intervals_of_a_group_are_those_of_its_sites_alone():
    rng = np.random.default_rng(3)
    _, slow = draw(rng, 30, 60, 0.05, 0.03, 0.95, 0.02)
    _, fast = draw(rng, 20, 60, 0.2, 0.3, 0.9, 0.03)
    both = observed(np.concatenate([slow, fast]), [0] * 30 + [1] * 20)
    together = rate_intervals(fit(both)[0], both)
    for number, alone in enumerate((slow, fast)):
        seen = observed(alone)
        np.testing.assert_allclose(
            together[:, number], rate_intervals(fit(seen)[0], seen)[:, 0], atol=2e-3
        )
    assert together[0, 0, 1] < together[0, 1, 0]  # they differ


def test_the_memory_of_intervals_does_not_grow_with_the_number_of_groups():
    """Each group was searched with the sites of all others."""
    rng = np.random.default_rng(4)
    _, found = draw(rng, 48, 40, 0.1, 0.1, 0.95, 0.02)
    most = []
    for groups in (1, 12):
        seen = observed(found, np.arange(48) % groups)
        model = fit(seen)[0]
        tracemalloc.start()
        rate_intervals(model, seen)
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] < most[0]
