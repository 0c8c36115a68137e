"""Engines are compared by columns; what spoils them is noticed, and what does not is not."""

import numpy as np
import pytest

from temnet.config.loading import validate
from temnet.inference.engines.agreement import SCORE_TOLERANCE, agreement
from temnet.inference.engines.check_images import COUNT, SIZE, check_images, read_check_images
from temnet.models.description import describe
from temnet.models.network import Network
from temnet.records import IGNORED, Columns, Example

EXPERIMENT = validate(
    {
        "microscope": {"energy": 80e3},
        "labels": {"classes": ["C", "N"], "width": 0.4},
        "model": {"kind": "unet", "sampling": 0.2, "depth": 1, "filters": 2},
        "stages": ["report"],
    },
    "test",
)
NETWORK = Network("drawn", None, EXPERIMENT, describe("drawn", EXPERIMENT, 0.5))
PLACES = np.array([[2.0, 3.0], [5.0, 6.0], [3.0, 6.5], [6.0, 2.0]])


def maps(places=PLACES, heights=0.9, shares=1.0):
    """Probabilities with a spot at each place, the share of the first class in each."""
    row, col = np.mgrid[:40, :40] * 0.2
    found = np.zeros((40, 40, 3))
    for (y, x), height, share in zip(
        places, np.broadcast_to(heights, len(places)), np.broadcast_to(shares, len(places)),
        strict=True,
    ):  # fmt: skip
        spot = height * np.exp(-((row - y) ** 2 + (col - x) ** 2) / 0.32)
        found[..., 0] += share * spot
        found[..., 1] += (1 - share) * spot
    found[..., 2] = 1 - found.sum(axis=-1)
    return found


def test_the_same_maps_agree_and_the_columns_are_counted():
    found = agreement(NETWORK, [maps(), maps()], [maps(), maps()])
    assert (found.columns, found.f1, found.shift, found.score) == (8, 1, 0, 0) and found.same


def test_shifts_are_root_mean_squares_in_angstrom():
    moved = PLACES + [[0, 0.08], [0, 0], [0, 0], [0, 0]]
    found = agreement(NETWORK, [maps()], [maps(moved)])
    assert found.shift == pytest.approx(0.08 / 2, abs=0.004) and found.same
    assert not agreement(NETWORK, [maps()], [maps(PLACES + [0, 0.08])]).same


def test_a_missing_column_an_added_one_and_another_score_are_noticed():
    missing = agreement(NETWORK, [maps()], [maps(PLACES[:3])])
    assert missing.f1 == pytest.approx(6 / 7) and not missing.same
    assert agreement(NETWORK, [maps(PLACES[:3])], [maps()]).f1 == missing.f1
    other = agreement(NETWORK, [maps()], [maps(heights=0.87)])
    assert other.score == pytest.approx(0.03, abs=0.004) and other.f1 == 1 and not other.same
    nothing = agreement(NETWORK, [maps()], [maps(PLACES[:0])])
    assert nothing.f1 == 0 and not nothing.same
    assert agreement(NETWORK, [maps(PLACES[:0])], [maps(PLACES[:0])]).same


def test_one_score_of_many_may_differ_but_not_one_of_few():
    row, col = np.mgrid[1:8, 1:8]
    many = np.stack([row.ravel(), col.ravel()], axis=-1)[:40]
    heights = np.full(len(many), 0.9)
    other = np.append(heights[1:], 0.8)
    few = agreement(NETWORK, [maps(many, heights)], [maps(many, other)])
    assert few.f1 == 1 and not few.same
    images = [maps(many, heights)] * 5
    assert agreement(NETWORK, images, [*images[1:], maps(many, other)]).same


def test_a_column_at_the_threshold_may_be_there_or_not():
    at = np.array([0.9, 0.9, 0.9, 0.505]), np.array([0.9, 0.9, 0.9, 0.495])
    assert agreement(NETWORK, [maps(heights=at[0])], [maps(heights=at[1])]).f1 == 1


def test_classes_must_be_the_same_unless_they_are_equally_likely():
    swapped = agreement(NETWORK, [maps(shares=0.95)], [maps(shares=0.05)])
    assert swapped.f1 == 0 and not swapped.same
    shares = 0.5 + SCORE_TOLERANCE / 4, 0.5 - SCORE_TOLERANCE / 4
    found = agreement(NETWORK, *([maps(heights=1.0, shares=share)] for share in shares))
    assert found.f1 == 1


def example(number, side, class_index=None):
    images = np.random.default_rng(number).random((side, side, 2)).astype(np.float32)
    classes = np.array([] if class_index is None else [class_index], int)
    columns = Columns(np.ones((len(classes), 2)), classes, np.ones(len(classes), int))
    return Example(images, np.zeros((side, side, 3)), np.ones((side, side)), columns, {}, 0.2)


def test_check_images_are_few_small_and_spread_over_the_examples(tmp_path):
    examples = [example(number, SIZE + 24) for number in range(5 * COUNT)]
    images = check_images(examples, 12.0)
    assert images.shape == (COUNT, SIZE, SIZE, 2) and images.dtype == np.float16
    np.testing.assert_array_equal(images[1], check_images(examples[5:6], 12.0)[0])
    assert not np.array_equal(images[0], images[1])
    assert check_images([example(0, 40)], 12.0).shape == (1, 40, 40, 2)
    assert read_check_images(tmp_path) is None


def test_check_images_show_columns_where_some_do():
    kinds = (None, IGNORED, 0)
    examples = [example(number, SIZE, kinds[number % 3]) for number in range(3 * COUNT)]
    np.testing.assert_array_equal(check_images(examples, 12.0), check_images(examples[2::3], 12.0))
