"""Whether columns depend on a slow variation, by counts of columns made up by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from temnet.inference.grey_values.background import judge_background
from temnet.records import Peaks

SLOW = np.cos(2 * np.pi * np.arange(128) / 128)[:, None, None] * np.ones((128, 128, 1))
FLAT = np.zeros((128, 128, 1))


def peaks(places):
    """Columns at whole numbers, 1 Å apart."""
    points = np.stack([np.asarray(places, float), np.zeros(len(places))], axis=-1)
    index, one = np.zeros(len(points), np.int64), np.ones(len(points))
    return Peaks(index, points, index, one, one[:, None], one)


class Trial:
    """Prepared images with a slow part or without, and the columns in them."""

    sampling = 0.2

    def __init__(self, before, after, slow=SLOW):
        self.before, self.after, self.slow, self.runs = before, after, slow, 0

    def prepared(self, frame, flat):
        return FLAT if flat else self.slow

    def both(self, plain, flat):
        self.runs += 1
        return peaks(self.before), peaks(self.after)


def network(most=None):
    statistics = None if most is None else SimpleNamespace(slow_variation=most)
    return SimpleNamespace(sampling=0.2, card=SimpleNamespace(image_statistics=statistics))


def judged(trial, wanted="auto", most=None, frame=100 + FLAT):
    return judge_background(network(most), frame, wanted, trial)


@pytest.mark.parametrize(
    ("before", "after", "depends"),
    [
        (range(20), range(20), False),
        (range(20), range(11), False),  # 9 of 20 vanish: less than half
        (range(20), range(10), True),
        (range(10), range(3), False),  # 7 of 10 vanish: most of them, but only 7
        (range(10), range(2), True),
        (range(3), [], True),  # none is left
        (range(2), [], False),
        (range(40), range(49), False),  # 9 of 49 are new
        (range(40), range(51), True),  # 11 of 51
        (range(12), [place + 0.4 for place in range(12)], False),  # the same, 0.4 Å away
        (range(12), [place + 100 for place in range(12)], True),
        ([], [], False),
    ],
)
def test_columns_that_vanish_or_appear_by_flattening_show_a_background(before, after, depends):
    found = judged(Trial(list(before), list(after)))
    assert found.flatten == depends == (found.finding is not None)
    if depends:
        assert (found.finding.kind, found.finding.severity) == ("background", "note")


def test_without_a_slow_part_the_network_is_not_run():
    trial = Trial([], list(range(30)), slow=0.01 * SLOW)
    assert not judged(trial).flatten and trial.runs == 0
    assert judged(Trial([], list(range(30)))).flatten


@pytest.mark.parametrize(("slope", "beyond"), [(0.1, False), (0.3, True)])
def test_more_slow_variation_than_in_training_is_a_warning(slope, beyond):
    # A ramp from 1 - slope to 1 + slope has a standard deviation of slope / √3: 0.058 and 0.173.
    ramp = (1 + slope * np.linspace(-1, 1, 128))[:, None, None] + FLAT
    trial = Trial([], [], slow=FLAT)
    found = judged(trial, most=0.1, frame=100 * ramp)
    assert found.flatten == beyond and not judged(trial, frame=100 * ramp).flatten
    if beyond:
        assert found.finding.severity == "warning" and "17%" in found.finding.detail
        # Grey values below zero have no such fraction.
        assert not judged(trial, most=0.1, frame=100 * ramp - 100).flatten


def test_what_was_asked_for_is_done():
    trial = Trial(list(range(20)), [])
    assert judged(trial, True).flatten and trial.runs == 0
    left = judged(trial, False)
    assert not left.flatten and left.finding.severity == "out of distribution"
    assert not judged(Trial([1], [1]), False).finding
