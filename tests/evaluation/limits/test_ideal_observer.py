"""Evidence of counted electrons on the class of a column, against closed forms and real counts."""

import numpy as np
import pytest
from scipy.stats import norm

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.limits.ideal_observer import (
    OTHERS,
    chosen_places,
    evidence,
    neighbour_classes,
    neighbour_counts,
    posterior,
)
from temnet.records import Columns, Peaks

SHAPE = (20, 25, 2)


def means(count=3, seed=0, difference=0.05):
    """Expected electrons of a few kinds whose images differ a little, (row, col, focus)."""
    rng = np.random.default_rng(seed)
    same = rng.uniform(0.6, 2.0, SHAPE)
    return [same * (1 + difference * rng.standard_normal(SHAPE)).clip(0.5) for _ in range(count)]


def log_likelihood(counts, mean):
    """Of Poisson counts (trial, pixel), without the factorials, which no ratio feels."""
    return counts @ np.log(mean.ravel()) - mean.sum()


@pytest.mark.parametrize("true", [0, 2])
def test_mean_and_covariance_are_those_of_real_counts(true):
    kinds = means()
    given = evidence(kinds)
    counts = np.random.default_rng(1).poisson(kinds[true].ravel(), (4000, kinds[0].size))
    drawn = np.stack([log_likelihood(counts, kind) for kind in kinds], axis=1)
    ratios = drawn - drawn[:, [true]]
    spread = np.sqrt(np.diag(given.covariance[true]))
    np.testing.assert_allclose(ratios.mean(axis=0), given.mean[true], atol=4 * spread.max() / 60)
    np.testing.assert_allclose(
        np.cov(ratios.T), given.covariance[true], atol=0.08 * spread.max() ** 2
    )
    # The counter-test: counts of another kind do not agree.
    assert np.abs(ratios.mean(axis=0) - given.mean[1]).max() > 10 * spread.max() / 60


def test_a_faint_difference_has_the_textbook_form():
    # For m_b = m_a (1 + x), x small: mean -d^2 / 2 and variance d^2, d^2 = sum m_a x^2.
    first, second = means(2, difference=0.004)
    square = np.sum((second - first) ** 2 / first)
    given = evidence([first, second])
    assert given.mean[0, 1] == pytest.approx(-square / 2, rel=0.02)
    assert given.mean[1, 0] == pytest.approx(-square / 2, rel=0.02)
    assert given.covariance[0, 1, 1] == pytest.approx(square, rel=0.02)


def test_twice_the_dose_gives_twice_the_evidence():
    kinds = means()
    once, twice = evidence(kinds), evidence([2 * kind for kind in kinds])
    np.testing.assert_allclose(twice.mean, 2 * once.mean, rtol=1e-9)
    np.testing.assert_allclose(twice.covariance, 2 * once.covariance, rtol=1e-9)
    np.testing.assert_allclose(twice.per_dose(2).covariance, once.covariance, rtol=1e-9)


def test_equal_images_hold_no_evidence():
    same = means(1)[0]
    given = evidence([same, same])
    assert np.all(given.mean == 0) and np.all(given.covariance == 0)
    prior = np.array([0.7, 0.3])
    held = posterior(given, 1, prior, np.full(5, 1e6), np.ones((5, 2)))
    np.testing.assert_allclose(held, np.tile(prior, (5, 1)))


def test_dark_pixels_are_left_out_and_what_is_not_offered_is_never_held():
    first, second = means(2)
    first[:5], second[3:9] = 0, 0
    given = evidence([first, None, second])
    lit = evidence([first[9:], second[9:]])
    np.testing.assert_allclose(given.mean[np.ix_([0, 2], [0, 2])], lit.mean)
    held = posterior(given, 2, np.full(3, 1 / 3), np.ones(50), np.zeros((50, 3)))
    assert np.all(held[:, 1] == 0) and np.all(np.isfinite(held))
    np.testing.assert_allclose(held.sum(axis=1), 1)


@pytest.mark.parametrize("rare", [0.5, 0.1])
def test_two_kinds_are_taken_for_each_other_as_often_as_by_the_normal_law(rare):
    given = evidence(means(2, difference=0.07))
    prior, dose = np.array([1 - rare, rare]), 1.3
    normals = np.random.default_rng(2).standard_normal((40000, 2))
    for true, other in ((0, 1), (1, 0)):
        held = posterior(given, true, prior, np.full(40000, dose), normals)
        wrong = np.mean(held[:, other] > held[:, true])
        # ln(L_b / L_a) + ln(p_b / p_a) > 0.
        middle = dose * given.mean[true, other] + np.log(prior[other] / prior[true])
        width = np.sqrt(dose * given.covariance[true, other, other])
        assert wrong == pytest.approx(norm.cdf(middle / width), abs=0.008)
    assert 0.01 < wrong < 0.9


def test_decisions_between_three_kinds_are_those_from_real_counts():
    kinds, prior, dose, true = means(difference=0.07), np.array([0.6, 0.3, 0.1]), 0.7, 1
    counts = np.random.default_rng(3).poisson(dose * kinds[true].ravel(), (4000, kinds[0].size))
    held = np.stack([log_likelihood(counts, dose * kind) for kind in kinds], axis=1)
    expected = np.bincount(np.argmax(held + np.log(prior), axis=1), minlength=3) / 4000
    normals = np.random.default_rng(4).standard_normal((40000, 3))
    ours = posterior(evidence(kinds), true, prior, np.full(40000, dose), normals)
    found = np.bincount(np.argmax(ours, axis=1), minlength=3) / 40000
    np.testing.assert_allclose(found, expected, atol=0.03)
    assert np.all(expected > 0.02)  # else it would be no test


def image(index, class_index, spacing=2.0, side=40.0, specimen=None):
    """An image with a row of columns of these classes."""
    count = len(class_index)
    places = np.stack([np.full(count, 20.0), 4 + spacing * np.arange(count)], axis=1)
    columns = Columns(places, np.array(class_index, np.int64), np.ones(count, np.int64))
    own = index if specimen is None else specimen
    return ImageResult(index, Peaks.empty(3), columns, (side, side), {}, own)


def test_the_nearest_other_column_gives_the_sublattice():
    columns = image(0, [0, 1, 2, -1]).columns
    columns = Columns(
        np.array([[0, 0], [0, 1.0], [0, 2.5], [0, 3.4]]), columns.class_index, columns.atom_count
    )
    assert neighbour_classes(columns).tolist() == [1, 0, -1, 2]
    assert neighbour_classes(image(0, [2]).columns).tolist() == [-1]
    assert neighbour_classes(Columns.empty()).tolist() == []


def pairs_of(index, pairs):
    """An image of pairs of columns 1 Å apart, 6 Å from each other."""
    places = [[20.0, 5 + 6 * i + j] for i in range(len(pairs)) for j in (0, 1)]
    kinds = np.array([kind for pair in pairs for kind in pair], np.int64)
    columns = Columns(np.array(places), kinds, np.ones(len(kinds), np.int64))
    return ImageResult(index, Peaks.empty(3), columns, (40.0, 40.0), {}, index)


def test_columns_are_counted_beside_each_class():
    shown = pairs_of(0, [(0, 1), (0, 1), (0, 2), (0, 1)])
    expected = [[0, 3, 1], [3, 0, 0], [1, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(neighbour_counts(shown, Evaluation(), 3), expected)
    # Columns beyond the border do not count, but stand beside others all the same.
    inner = neighbour_counts(shown, Evaluation(border=17), 3)
    np.testing.assert_array_equal(inner, [[0, 0, 1], [1, 0, 0], [1, 0, 0], [0, 0, 0]])
    alone = neighbour_counts(image(1, [2]), Evaluation(), 3)
    assert alone[-1].tolist() == [0, 0, 1] and alone.sum() == 1
    assert neighbour_counts(image(2, []), Evaluation(), 3).sum() == 0


def test_the_other_columns_give_the_prior():
    rich, poor = pairs_of(0, [(0, 1), (0, 2), (0, 2)]), pairs_of(1, [(0, 1)] * 5)
    places = chosen_places([rich, poor], Evaluation(), 1, 3, images=2, columns=9)
    pooled = np.array([0, 6 / 8, 2 / 8])  # beside class 0, of both images
    for place in places:
        if place.class_index == 0:
            continue
        others = np.array([[0, 1, 2], [0, 5, 0]])[place.index]
        others = others - (np.arange(3) == place.class_index)
        expected = (others + OTHERS * pooled) / (others.sum() + OTHERS)
        np.testing.assert_allclose(place.prior, expected)
    assert len(places) == 16 and all(place.prior.sum() == pytest.approx(1) for place in places)
    first = next(place for place in places if place.class_index == 1)
    last = places[-1]
    assert first.index == 0 and last.index == 1 and first.prior[2] > last.prior[2] > 0


def test_places_stand_for_all_columns_of_their_class():
    results = [image(i, [0] * 6 + [1] * (i % 3), specimen=i // 2) for i in range(8)]
    results.append(image(8, []))
    places = chosen_places(results, Evaluation(), 1, 3, images=9, columns=2)
    assert {place.index for place in places} == set(range(8))
    for kind, total in ((0, 48), (1, 7)):
        own = [place for place in places if place.class_index == kind]
        assert sum(place.weight for place in own) == pytest.approx(total)
        numbers = np.bincount([place.index for place in own])
        assert numbers.max() == 2
    # With half of the images the weights are larger, and add up to the same.
    fewer = chosen_places(results, Evaluation(), 1, 3, images=5, columns=2)
    assert {place.index for place in fewer} == {0, 2, 4, 6}
    assert sum(place.weight for place in fewer if place.class_index == 1) == pytest.approx(7)
    for place in places:
        columns = results[place.index].columns
        (column,) = np.flatnonzero(np.all(columns.positions == place.position, axis=1))
        assert columns.class_index[column] == place.class_index
        assert place.specimen == place.index // 2
    again = chosen_places(results, Evaluation(), 1, 3, images=9, columns=2)
    others = chosen_places(results, Evaluation(), 2, 3, images=9, columns=2)
    first, second, third = (
        np.array([place.position for place in one]) for one in (places, again, others)
    )
    np.testing.assert_array_equal(first, second)
    assert np.any(first != third)
    assert chosen_places([image(0, [])], Evaluation(), 1, 3, 5, 2) == []
