import math
from dataclasses import replace

import numpy as np
import pytest

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.baselines import (
    baseline,
    baselines,
    by_chance,
    never_predicting,
    rarest_class,
)
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.metrics import counts_of, image_counts
from temnet.evaluation.scores import score_images
from temnet.records import Columns, Peaks

CLASSES = ("Mo", "S2", "S")
SETTINGS = Evaluation()


def sheet(rare=0):
    """MoS2 (a = 3.16 Å), all columns found, ``rare`` of the S2 columns being S."""
    a = 3.16
    shape = (a * math.sqrt(3) * 14, a * 24)
    cells = np.stack(np.mgrid[:14, :24], axis=-1).reshape(-1, 2) * [a * math.sqrt(3), a]
    basis = np.array([[0, 0], [0.5, 0.5], [1 / 3, 0], [5 / 6, 0.5]]) * [a * math.sqrt(3), a]
    places = (cells[:, None] + basis).reshape(-1, 2)
    classes = np.tile([0, 0, 1, 1], len(cells))
    classes[np.flatnonzero(classes == 1)[100 : 100 + rare]] = 2
    count = len(places)
    probabilities = np.full((count, 3), 0.1)
    probabilities[np.arange(count), classes] = 0.6
    probabilities[:, 1] += 0.15  # the second most probable class of all others is S2
    peaks = Peaks(
        np.zeros(count, np.int64), places, classes, np.ones(count), probabilities,
        np.full(count, np.nan),
    )  # fmt: skip
    return ImageResult(0, peaks, Columns(places, classes, np.ones(count, np.int64)), shape)


def test_random_places_score_what_their_density_gives():
    # The chance of a point within 0.5 Å of a column is 1 - exp(-pi 0.25 * 2 / (a^2 sqrt(3) / 2))
    # = 0.166, and half of that within 0.5 Å of one of its class.
    image = sheet()
    rows = score_images(by_chance([image], np.random.default_rng(0)), CLASSES, SETTINGS)
    of = {name: [row.f1 for row in rows if row.class_ == name] for name in ("any", "all")}
    assert np.mean(of["any"]) == pytest.approx(0.166, abs=0.015)
    assert np.mean(of["all"]) == pytest.approx(0.166 / 2, abs=0.015)
    counts = counts_of(by_chance([image], np.random.default_rng(0)), CLASSES, SETTINGS)
    assert len(counts) == len(of["any"]) == 4  # all draws count, not the last one alone
    again = score_images(by_chance([image], np.random.default_rng(0)), CLASSES, SETTINGS)
    assert [row.f1 for row in again if row.class_ == "any"] == of["any"]
    # The counter-test: the true places are no chance.
    assert baseline([image], CLASSES, SETTINGS).macro_f1 == 1


def test_an_image_is_counted_once():
    rows = score_images([sheet()], CLASSES, SETTINGS)
    with pytest.raises(ValueError, match="image 0 has several scores"):
        image_counts([*rows, *rows], CLASSES, {0: 0})


def test_nothing_stays_nothing():
    peaks, columns = Peaks.empty(3), Columns.empty()
    empty = ImageResult(0, peaks, columns, (20.0, 30.0))
    found = baselines([empty], CLASSES, SETTINGS, np.random.default_rng(0))
    assert math.isnan(found.chance.macro_f1) and found.never_rarest is None
    assert rarest_class([empty], 3, SETTINGS) is None
    assert len(never_predicting(peaks, 1)) == 0


def test_the_rarest_class_is_the_one_with_fewest_columns_that_count():
    image = sheet(rare=30)
    assert rarest_class([image], 3, SETTINGS) == 2
    assert rarest_class([sheet()], 3, SETTINGS) in (0, 1)  # class 2 does not occur
    only = replace(image, columns=replace(image.columns, class_index=np.zeros_like(
        image.columns.class_index)))  # fmt: skip
    assert rarest_class([only], 3, SETTINGS) is None
    # Columns that are ignored, or in the border, do not count.
    class_index = np.where(image.columns.class_index == 0, -1, image.columns.class_index)
    ignored = replace(image, columns=replace(image.columns, class_index=class_index))
    assert rarest_class([ignored], 3, SETTINGS) == 2


def test_a_network_that_does_not_know_a_class_still_finds_its_columns():
    image = sheet(rare=30)
    peaks = never_predicting(image.peaks, 2)
    assert not np.any(peaks.class_index == 2)
    f1 = baseline([replace(image, peaks=peaks)], CLASSES, SETTINGS).classes
    assert f1["Mo"] == 1 and f1["S"] == 0
    s2 = int(np.sum((image.columns.class_index == 1) & image.columns.inside(
        *image.extent, SETTINGS.border)))  # fmt: skip
    # The thirty S all became S2: false positives there, missed here.
    assert f1["S2"] == pytest.approx(2 * s2 / (2 * s2 + 30))
    assert f1["any"] == 1
    found = baselines([image], CLASSES, SETTINGS, np.random.default_rng(0)).never_rarest
    assert found.rarest == "S" and found.classes == f1
