import numpy as np
import pytest

from temnet.inference.focal_series.focus_order import find_focus_order
from temnet.inference.peak_finder import PeakFinder

PLACES = [(r, c) for r in range(8, 96, 10) for c in range(7, 96, 10)]


def series(foci=(1.0, 2.0, 3.0), places=PLACES, seed=0):
    """Dots whose brightness depends on the focus."""
    row, col = np.mgrid[:96, :96]
    dots = sum(np.exp(-((row - r) ** 2 + (col - c) ** 2) / 8) for r, c in places)
    noise = np.random.default_rng(seed).normal(0, 0.05, (96, 96, len(foci)))
    return dots[..., None] * np.array(foci) + noise


def predict(images):
    """Surer of columns that get brighter from image to image, though it sees any of them."""
    slope = images[..., -1] - images[..., 0]
    score = np.clip(images.mean(axis=-1) / 2 * (0.8 + 0.05 * slope), 0, 1)
    return np.stack([score * 0.7, score * 0.3, 1 - score], axis=-1)


def order(frames, predict=predict, threshold=0.4):
    return find_focus_order(predict, frames, PeakFinder(0.2, threshold, 1.0))


def test_both_orders_are_recognised():
    kept = order([series()])
    assert kept.decided and not kept.reversed and kept.difference > 3
    turned = order([series((3.0, 2.0, 1.0))])
    assert turned.decided and turned.reversed and turned.difference < -3
    # The scores are 0.8 +- 0.05 * 2 at the dots.
    assert kept.scores == pytest.approx((0.9, 0.7), abs=0.03)
    assert turned.scores == pytest.approx((0.7, 0.9), abs=0.03)
    assert "the network's order (mean score 0.9" in kept.sentence()
    assert "reversed order (mean score 0.9" in turned.sentence()


def test_alike_orders_keep_the_card_s_and_report_it():
    alike = order([series((2.0, 2.0, 2.0))])
    assert not alike.decided and not alike.reversed and abs(alike.difference) < 3
    assert "lack of a clear difference" in alike.sentence()
    same = order([np.repeat(series()[..., :1], 3, axis=-1)])
    assert not same.decided and same.difference == 0


def test_more_frames_decide_what_one_does_not():
    slight = [series((1.99, 2.0, 2.01), seed=seed) for seed in range(40)]
    one, many = order(slight[:1]), order(slight)
    assert abs(many.difference) > abs(one.difference)
    assert not one.decided and many.decided and not many.reversed


def test_few_columns_decide_nothing_and_none_in_one_order_do():
    few = order([series(places=PLACES[:5])])
    assert not few.decided and not few.reversed
    blank = order([series(places=PLACES[:1]) * 0])
    assert not blank.decided and np.isnan(blank.scores).all()
    # Above 0.8 only the right order has columns at all.
    turned = order([series((3.0, 2.0, 1.0))], threshold=0.8)
    assert turned.decided and turned.reversed and np.isnan(turned.scores[0])


def test_a_single_image_has_no_order():
    def never(_):
        raise AssertionError("nothing to predict")

    alone = order([series((1.0,))], never)
    assert not alone.decided and not alone.reversed
