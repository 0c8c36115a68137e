"""Scores of the ideal observer where they are known otherwise."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from temnet.evaluation.limits.ideal_observer import Evidence, Place
from temnet.evaluation.limits.ideal_scores import (
    EMPTY,
    HIGHEST,
    PROBABLE,
    TRIALS,
    doses_of_trials,
    ideal_rows,
    thresholds,
)

CLASSES = ("Mo", "S2", "S")


def faint(distance):
    """Evidence of kinds whose images differ by (A, A) vectors ``distance`` apart, at 1 e/Å²."""
    points = np.asarray(distance, float)
    away = points[None, :] - points[:, None]  # (a, b, :)
    gram = np.einsum("abi,aci->abc", away, away)
    return Evidence(-0.5 * np.einsum("abb->ab", gram), gram)


def place(kind, weight=1.0, specimen=0, prior=()):
    return Place(specimen, specimen, np.zeros(2), kind, np.array(prior), weight)


def ask(places, evidences, prior, empty, doses, names=CLASSES, seed=0):
    rows, confusion = ideal_rows(
        [replace(place, prior=np.array(prior)) for place in places], evidences, empty,
        doses_of_trials(doses, np.array([1.0])), names, np.random.default_rng(seed),
    )  # fmt: skip
    scores = {(row.rule, row.dose, row.class_): row for row in rows}
    kinds = (*names, EMPTY)
    shares = {
        (row.dose, kinds.index(row.true_class), kinds.index(row.found_class)): row.share
        for row in confusion
    }
    return scores, shares


SQUARE = faint([[0, 0], [1, 0], [0, 1], [1, 1]])
FEW = [place(kind, weight, specimen) for kind, weight in ((0, 50), (1, 45), (2, 5))
       for specimen in range(4)]  # fmt: skip
PRIOR = (0.5, 0.45, 0.05)


def test_many_electrons_decide_and_few_leave_the_prior():
    scores, shares = ask(FEW, [SQUARE] * 12, PRIOR, 0.01, [1e-9, 1e4])
    for rule in (PROBABLE, HIGHEST):
        for name in (*CLASSES, "macro"):
            assert scores[rule, 1e4, name].f1 == pytest.approx(1, abs=1e-12)
    found = np.array([[shares[1e4, a, b] for b in range(4)] for a in range(4)])
    np.testing.assert_allclose(found, np.eye(4), atol=1e-12)
    # Without evidence all places are called Mo, of which 0.495 are.
    assert scores[PROBABLE, 1e-9, "Mo"].f1 == pytest.approx(2 * 0.495 / 1.495)
    assert scores[PROBABLE, 1e-9, "S2"].f1 == scores[PROBABLE, 1e-9, "S"].f1 == 0
    assert [shares[1e-9, a, 0] for a in range(4)] == pytest.approx([1] * 4)
    # The highest F1 without evidence is that of calling everything by the class's name.
    assert scores[HIGHEST, 1e-9, "S"].f1 == pytest.approx(2 * 0.0495 / 1.0495, rel=0.02)
    assert scores[PROBABLE, 1e4, "S"].columns == 4
    assert scores[PROBABLE, 1e4, "macro"].columns == 12


def test_the_confusion_of_two_classes_is_that_of_the_normal_law():
    # Two images at a distance d: ln(L_b / L_a) is normal with mean -d^2 / 2 and width d.
    given = faint([[0.0], [1.0], [50.0]])
    places = [place(kind, weight, specimen) for kind, weight in ((0, 9), (1, 1))
              for specimen in range(60)]  # fmt: skip
    for dose in (1.0, 4.0):
        scores, shares = ask(places, [given] * 120, (0.9, 0.1), 0.0, [dose], ("a", "b"))
        d = math.sqrt(dose)
        missed = norm.cdf((-(d**2) / 2 + math.log(9)) / d)
        false = norm.cdf((-(d**2) / 2 - math.log(9)) / d)
        assert shares[dose, 1, 0] == pytest.approx(missed, abs=0.01)
        assert shares[dose, 0, 1] == pytest.approx(false, abs=0.01)
        f1 = 2 * 0.1 * (1 - missed) / (0.1 + 0.1 * (1 - missed) + 0.9 * false)
        assert scores[PROBABLE, dose, "b"].f1 == pytest.approx(f1, abs=0.015)
        # The best threshold on the ratio, by trying them all.
        cuts = np.linspace(-8, 8, 2000)
        hit, wrong = norm.sf((cuts - d**2 / 2) / d), norm.sf((cuts + d**2 / 2) / d)
        best = np.max(2 * 0.1 * hit / (0.1 + 0.1 * hit + 0.9 * wrong))
        assert scores[HIGHEST, dose, "b"].f1 == pytest.approx(best, abs=0.015)
        assert best > f1 + 0.01  # else the two rules would be one


def test_more_electrons_never_give_a_lower_f1():
    doses = [0.3, 1, 3, 10, 30, 100]
    scores, _ = ask(FEW, [SQUARE] * 12, PRIOR, 0.01, doses)
    for rule in (PROBABLE, HIGHEST):
        f1 = [scores[rule, dose, "macro"].f1 for dose in doses]
        assert np.all(np.diff(f1) > -0.003) and f1[-1] > f1[0] + 0.3
    for dose in doses:
        for name in (*CLASSES, "macro"):
            highest, probable = (scores[rule, dose, name].f1 for rule in (HIGHEST, PROBABLE))
            assert highest >= probable - 1e-3


def test_the_prior_of_each_place_decides_where_electrons_do_not():
    rows, _ = ideal_rows(
        [place(0, prior=(0.9, 0.1)), place(1, prior=(0.2, 0.8)), place(0, prior=(0.4, 0.6))],
        [faint(np.zeros((3, 1)))] * 3, 0.0,
        doses_of_trials([1.0], np.ones(1)), ("a", "b"), np.random.default_rng(0),
    )  # fmt: skip
    found = {(row.rule, row.dose, row.class_): row.f1 for row in rows}
    # Predicted: a, b and b.
    assert found[PROBABLE, 1.0, "a"] == pytest.approx(2 / 3)
    assert found[PROBABLE, 1.0, "b"] == pytest.approx(2 / 3)


def test_empty_places_are_false_positives():
    given = faint([[0.0], [1.0]])
    places = [place(0, specimen=number) for number in range(50)]
    scores, shares = ask(places, [given] * 50, (1.0,), 0.4, [1e-9, 1.0, 1e4], ("C",))
    assert scores[PROBABLE, 1e-9, "C"].f1 == pytest.approx(2 * 0.6 / 1.6)
    assert 0 < shares[1.0, 1, 0] < 1 and 0 < shares[1.0, 0, 1] < 1
    assert scores[PROBABLE, 1e4, "C"].f1 == pytest.approx(1)
    # Without empty places one class is all that there is.
    scores, _ = ask(places, [given] * 50, (1.0,), 0.0, [1e-9], ("C",))
    assert scores[PROBABLE, 1e-9, "C"].f1 == 1


def test_a_class_that_does_not_occur_is_left_out_of_the_mean():
    given = faint([[0.0, 0], [30, 0], [0, 30], [30, 30]])
    places = [place(kind, 1, specimen) for kind in (0, 1) for specimen in range(3)]
    scores, _ = ask(places, [given] * 6, (0.6, 0.4, 0.0), 0.1, [1.0])
    for rule in (PROBABLE, HIGHEST):
        assert math.isnan(scores[rule, 1.0, "S"].f1)
        assert scores[rule, 1.0, "macro"].f1 == pytest.approx(1)


def test_intervals_come_from_specimens():
    weak, strong = faint([[0.0], [0.2], [9.0]]), faint([[0.0], [9.0], [20.0]])
    places = [place(kind, 1, specimen) for specimen in range(12) for kind in (0, 1)]
    mixed = [(weak, strong)[specimen % 2] for specimen in range(12) for _ in (0, 1)]
    scores, _ = ask(places, mixed, (0.5, 0.5), 0.0, [1.0], ("a", "b"))
    row = scores[PROBABLE, 1.0, "a"]
    assert row.f1_low < row.f1 - 0.05 and row.f1 + 0.05 < row.f1_high
    alone = [place(kind) for kind in (0, 1)]
    scores, _ = ask(alone, [weak] * 2, (0.5, 0.5), 0.0, [1.0], ("a", "b"))
    row = scores[PROBABLE, 1.0, "a"]
    assert math.isnan(row.f1_low) and math.isnan(row.f1_high) and row.f1 > 0


def test_no_places_have_no_rows():
    assert ideal_rows([], [], 0.1, [(1.0, np.ones(TRIALS))], CLASSES, None) == ([], [])


def test_thresholds_are_the_best_of_all():
    rng = np.random.default_rng(5)
    held = rng.dirichlet(np.ones(3), (6, 20)).round(1)  # many equal values
    true, weight = np.array([0, 1, 2, 0, 1, 1]), rng.uniform(0.5, 2, 6)
    held[np.arange(6), :, true] += 0.2

    def f1(kind, threshold):
        predicted = (held[..., kind] >= threshold).mean(axis=1)
        own = true == kind
        return 2 * np.sum(weight * predicted * own) / np.sum(weight * (predicted + own))

    for kind, found in enumerate(thresholds(held, true, weight)):
        best = max(f1(kind, value) for value in np.unique(held[..., kind]))
        assert f1(kind, found) == pytest.approx(best)
        assert f1(kind, 0.99) < best


def test_the_images_own_doses_are_drawn_as_they_occur():
    drawn = np.geomspace(100, 1e5, 500)
    *fixed, (name, mixed) = doses_of_trials([20, 50], drawn)
    assert [dose for dose, _ in fixed] == [20, 50]
    assert all(np.all(each == dose) and len(each) == TRIALS for dose, each in fixed)
    assert math.isnan(name) and len(mixed) == TRIALS
    assert np.median(mixed) == pytest.approx(np.median(drawn), rel=0.02)
    assert mixed.min() < 105 and mixed.max() > 9.5e4
