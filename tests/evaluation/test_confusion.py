import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.confusion import (
    OLD_FALSE_POSITIVE,
    ConfusionRow,
    confusion_matrix,
    confusion_rows,
    false_positive_rates,
    read_confusion,
)
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.scores import score_image
from temnet.records import Columns, Peaks
from temnet.tables.csv_rows import write_rows

SHAPE = (20.0, 30.0)
SETTINGS = Evaluation(radius=0.5, border=0)
RNG = np.random.default_rng(0)


def image_result(found, found_class, true, true_class):
    found, true = (np.array(places, float).reshape(-1, 2) for places in (found, true))
    count = len(found)
    peaks = Peaks(
        np.zeros(count, np.int64), found, np.array(found_class, np.int64), np.ones(count),
        np.ones((count, 2)) / 2, np.full(count, np.nan),
    )  # fmt: skip
    columns = Columns(true, np.array(true_class, np.int64), np.ones(len(true), np.int64))
    return ImageResult(0, peaks, columns, SHAPE)


def test_each_column_and_each_false_positive_has_its_cell():
    true = [[3, 3], [3, 6], [3, 9], [9, 9], [12, 12]]
    found = [[3.1, 3], [3.1, 6], [3.3, 9.2], [12, 12.1], [15, 15], [16, 20]]
    image = image_result(found, [0, 0, 1, 1, 1, 1], true, [0, 1, 1, 1, -1])
    # One of class 0 right; of class 1 one right, one taken for 0, one missed; two false positives.
    expected = [[1, 0, 0], [1, 1, 1], [0, 2, 0]]
    assert confusion_matrix([image], 2, SETTINGS).tolist() == expected
    assert (
        confusion_matrix([image, image], 2, SETTINGS).tolist() == (2 * np.array(expected)).tolist()
    )
    assert not confusion_matrix([], 2, SETTINGS).any()
    # The inner row of one of them is out of a border of 4 Å: only what lies inside is counted.
    inner = confusion_matrix([image], 2, Evaluation(radius=0.5, border=4))
    assert inner.tolist() == [[0, 0, 0], [0, 0, 1], [0, 2, 0]]


@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.integers(0, 40))
def test_rows_are_columns_and_columns_are_peaks(seed, found, there):
    rng = np.random.default_rng(seed)
    places = [rng.uniform(0, 1, (count, 2)) * SHAPE for count in (found, there)]
    classes = [rng.integers(0, 2, count) for count in (found, there)]
    image = image_result(places[0], classes[0], places[1], classes[1])
    matrix = confusion_matrix([image], 2, Evaluation(radius=2, border=0))
    assert matrix[:2].sum(axis=1).tolist() == [int(np.sum(classes[1] == i)) for i in (0, 1)]
    assert matrix[:, :2].sum(axis=0).tolist() == [int(np.sum(classes[0] == i)) for i in (0, 1)]
    rows = score_image(image, ("a", "b"), Evaluation(radius=2, border=0))
    assert matrix[:2, :2].sum() == rows[-2].true_positives
    assert np.trace(matrix) <= rows[-1].true_positives


def test_peaks_on_images_without_columns_are_counted_by_area():
    empty = [image_result([[5, 5], [9, 9]], [0, 1], [], []), image_result([[7, 7]], [0], [], [])]
    others = [
        image_result([[5, 5]], [0], [[9, 9]], [0]),
        image_result([[5, 5]], [0], [[9, 9]], [-1]),
    ]
    settings = Evaluation(radius=0.5, border=1.5)
    found = false_positive_rates([*empty, *others], settings, RNG)
    unit = 1e4 / (2 * 17 * 27)
    assert (found.images, found.false_positives) == (2, 3)
    assert found.area_nm2 == pytest.approx(2 * 17 * 27 / 100)
    # Exact Poisson limits of 3 (0.6187 and 8.7673) and of 0 (3.6889), from tables.
    assert found.per_100_nm2 == pytest.approx(3 * unit)
    assert found.low == pytest.approx(0.6187 * unit, rel=1e-4)
    assert found.high == pytest.approx(8.7673 * unit, rel=1e-4)
    none = false_positive_rates([image_result([], [], [], [])], settings, RNG)
    assert none.low == none.per_100_nm2 == 0
    assert none.high == pytest.approx(2 * 3.6889 * unit, rel=1e-4)
    assert math.isnan(false_positive_rates(others, settings, RNG).per_100_nm2)


def test_patches_of_one_specimen_are_not_counted_as_independent_events():
    # Fifty specimens of two images, in a fifth of which 30 false positives lie together.
    peaks = [[[2 + i % 6 * 2, 3 + i // 6 * 2] for i in range(30 if k % 5 == 0 else 0)]
             for k in range(50)]  # fmt: skip
    images = [
        replace(image_result(one, [0] * len(one), [], []), specimen=number)
        for number, one in enumerate(peaks)
        for _ in range(2)
    ]
    found = false_positive_rates(images, Evaluation(radius=0.5, border=1.5), RNG)
    assert found.false_positives == 2 * 10 * 30
    error = found.per_100_nm2 * math.sqrt(0.8 / 0.2 / 50)  # of a share of 0.2 of 50
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert found.low < found.per_100_nm2 < found.high


def test_they_are_also_counted_by_kind_of_specimen():
    images = [
        image_result([[5, 5]], [0], [], []),
        image_result([], [], [], []),
        image_result([[7, 7]], [0], [], []),
    ]
    kinds = ("off axis", "empty", "off axis")
    kinds = [
        replace(image, parameters={"structure": kind})
        for image, kind in zip(images, kinds, strict=True)
    ]
    found = false_positive_rates(kinds, Evaluation(radius=0.5, border=1.5), RNG)
    assert found.false_positives == 2 and list(found.kinds) == ["empty", "off axis"]
    empty, off_axis = found.kinds.values()
    assert (empty.images, empty.false_positives, empty.per_100_nm2) == (1, 0, 0)
    assert (off_axis.images, off_axis.false_positives) == (2, 2)
    assert off_axis.per_100_nm2 == pytest.approx(2 * 1e4 / (2 * 17 * 27))


def test_the_table_is_the_matrix_and_old_names_are_read(tmp_path):
    image = image_result(
        [[3, 3], [9, 9], [15, 15]], [0, 0, 1], [[3, 3], [9, 9], [12, 12]], [0, 1, 1]
    )
    rows = confusion_rows([image], ("a", "b"), SETTINGS, "net")
    found = {(row.true_class, row.found_class): row.columns for row in rows}
    assert found == {
        ("a", "a"): 1, ("a", "b"): 0, ("a", "missed"): 0,
        ("b", "a"): 1, ("b", "b"): 0, ("b", "missed"): 1,
        ("false positive", "a"): 0, ("false positive", "b"): 1,
    }  # fmt: skip
    path = tmp_path / "confusion.csv"
    write_rows(path, rows, ConfusionRow)
    assert read_confusion(path) == rows
    old = path.read_text().replace("false positive", OLD_FALSE_POSITIVE)
    path.write_text(old)
    assert read_confusion(path) == rows and old.count(OLD_FALSE_POSITIVE) == 2
