"""Scores by material, counted by hand."""

import numpy as np
import pytest

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.scores_by_material import material_rows
from temnet.records import Columns, Peaks

SETTINGS = Evaluation(radius=0.5, border=0.0)


def _image(index, true, found, material="MgO", **changes):
    """An image with columns (row, col, class) and peaks (row, col, class)."""
    true, found = np.array(true, float).reshape(-1, 3), np.array(found, float).reshape(-1, 3)
    columns = Columns(true[:, :2], true[:, 2].astype(int), np.ones(len(true), int))
    peaks = Peaks(
        frame=np.zeros(len(found), int),
        positions=found[:, :2],
        class_index=found[:, 2].astype(int),
        score=np.ones(len(found)),
        probabilities=np.ones((len(found), 2)) / 2,
        spread=np.full(len(found), np.nan),
    )
    parameters = {"structure": material, "prototype": "rocksalt", "zone_axis": "100", **changes}
    return ImageResult(index, peaks, columns, (20.0, 20.0), parameters)


def test_columns_count_by_place_and_their_recall_by_what_they_are():
    images = [
        # Two strong columns, one found as weak; a weak one, missed; a false positive.
        _image(0, [(2, 2, 0), (5, 5, 0), (8, 8, 1)], [(2, 2.1, 0), (5, 5, 1), (15, 15, 0)]),
        _image(1, [(3, 3, 0)], [], ),
        _image(2, [(4, 4, 0)], [(4, 4, 0)], material="Au"),
    ]  # fmt: skip
    gold, oxide = material_rows(images, ["strong", "weak"], SETTINGS, "net")
    assert (gold.material, gold.images, gold.columns, gold.recall, gold.f1) == ("Au", 1, 1, 1, 1)
    assert (oxide.network, oxide.prototype, oxide.zone_axis) == ("net", "rocksalt", "100")
    assert (oxide.images, oxide.columns) == (2, 4)
    assert oxide.recall == pytest.approx(2 / 4)
    assert oxide.precision == pytest.approx(2 / 3)
    assert oxide.f1 == pytest.approx(2 * 2 / (2 * 2 + 1 + 2))
    assert oxide.strong_recall == pytest.approx(2 / 3)
    assert oxide.weak_recall == 0


def test_ignored_columns_do_not_count():
    (row,) = material_rows([_image(0, [(2, 2, -1), (5, 5, 0)], [(5, 5, 0)])], ["strong"], SETTINGS)
    assert (row.columns, row.recall, row.precision) == (1, 1, 1)


def test_zone_axes_are_apart_and_other_specimens_are_left_out():
    images = [
        _image(0, [(2, 2, 0)], [(2, 2, 0)]),
        _image(1, [(2, 2, 0)], [], zone_axis="110"),
        ImageResult(2, *_parts(_image(2, [(2, 2, 0)], []))),
    ]
    rows = material_rows(images, ["column"], SETTINGS)
    assert [(row.zone_axis, row.recall) for row in rows] == [("100", 1.0), ("110", 0.0)]
    assert all(np.isnan(row.strong_recall) for row in rows)


def _parts(image):
    return image.peaks, image.columns, image.extent, {"structure": "empty"}
