"""Scores of the columns that have at least so many atoms."""

from dataclasses import replace

import numpy as np
import pytest

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.structures.mos2 import MoS2
from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.config.structures.supports import AmorphousCarbon, Graphene, Oxide
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.metrics import counts_of
from temnet.evaluation.score_curves import Point, curve_rows
from temnet.evaluation.scores import score_image
from temnet.evaluation.scores_by_atom_count import atom_count_rows, in_vacuum, with_atoms
from temnet.randomness import generator
from temnet.records import IGNORED, Columns, Peaks
from temnet.structures.factory import build_structure
from temnet.structures.geometry import Field

CLASSES = ("metal", "oxide")
SETTINGS = Evaluation(border=0)
POINT = Point.fixed("dose", 50.0)
PLACES = ([5.0, 5.0], [5.0, 9.0], [9.0, 5.0])
NOTHING_THERE = [20.0, 20.0]


def image(index, atoms, found, **parameters):
    """Metal columns of these numbers of atoms at `PLACES`, and peaks at ``found``."""
    count = len(found)
    peaks = Peaks(
        np.zeros(count, np.int64), np.array(found, float).reshape(-1, 2), np.zeros(count, np.int64),
        np.ones(count), np.ones((count, 2)) / 2, np.full(count, np.nan),
    )  # fmt: skip
    true = np.array(PLACES[: len(atoms)], float).reshape(-1, 2)
    columns = Columns(true, np.zeros(len(atoms), np.int64), np.array(atoms, np.int64))
    return ImageResult(index, peaks, columns, (30.0, 40.0), parameters, specimen=index)


def f1(rows, surroundings="all", name="all"):
    return {
        row.atoms: row.f1 for row in rows if (row.surroundings, row.class_) == (surroundings, name)
    }


def test_low_columns_that_were_missed_count_no_more():
    # One atom: missed; two and five: found; one peak is false.
    results = [image(0, (1, 2, 5), [PLACES[1], PLACES[2], NOTHING_THERE])]
    found = f1(atom_count_rows(results, CLASSES, SETTINGS, POINT, [1, 2, 3, 6], seed=1))
    # 2 TP / (2 TP + FP + FN), by hand; of six atoms there is nothing but the false positive.
    assert found == pytest.approx({1: 4 / 6, 2: 4 / 5, 3: 2 / 3, 6: 0})
    # The counter-test: where the column of five atoms is missed, it still counts.
    results = [image(0, (1, 2, 5), [PLACES[0], PLACES[1], NOTHING_THERE])]
    found = f1(atom_count_rows(results, CLASSES, SETTINGS, POINT, [1, 2, 3], seed=1))
    assert found == pytest.approx({1: 4 / 6, 2: 2 / 4, 3: 0})


def test_a_peak_on_a_low_column_is_neither_found_nor_false():
    whole = image(0, (1, 2, 5), PLACES)
    seen = with_atoms(whole, 3)
    assert seen.columns.class_index.tolist() == [IGNORED, IGNORED, 0]
    (row,) = [r for r in score_image(seen, CLASSES, SETTINGS) if r.class_ == "any"]
    assert (row.true_positives, row.false_positives, row.false_negatives) == (1, 0, 0)
    # Were the columns taken away instead, the peaks would be false.
    high = whole.columns.atom_count >= 3
    gone = replace(whole, columns=whole.columns.select(high))
    (row,) = [r for r in score_image(gone, CLASSES, SETTINGS) if r.class_ == "any"]
    assert row.false_positives == 2
    assert whole.columns.class_index.tolist() == [0, 0, 0]


def test_columns_that_were_ignored_stay_so():
    whole = image(0, (1, 9), [])
    columns = replace(whole.columns, class_index=np.array([0, IGNORED]))
    seen = with_atoms(replace(whole, columns=columns), 1)
    assert seen.columns.class_index.tolist() == [0, IGNORED]


def test_one_atom_or_more_gives_the_rows_of_the_series():
    rng = np.random.default_rng(0)
    results = [
        image(i, (1, 2, 3), [place for place in PLACES if rng.random() < 0.7], support="CeO2")
        for i in range(12)
    ]
    rows = atom_count_rows(results, CLASSES, SETTINGS, POINT, [1, 3], seed=4)
    counts = counts_of(results, CLASSES, SETTINGS)
    wanted = curve_rows(counts, POINT, generator(4, "evaluation/series"))
    keys = {"surroundings": "all", "atoms": 1}
    for found, one in zip(rows[: len(wanted)], wanted, strict=True):
        np.testing.assert_equal(vars(found), {**keys, **vars(one)})
    total = next(row for row in rows if row.class_ == "all")
    assert total.f1_low < total.f1 < total.f1_high
    # All of them have a support.
    assert {row.surroundings for row in rows} == {"all"}


def test_vacuum_is_a_specimen_with_columns_and_without_a_support():
    bare = image(0, (2, 2, 2), PLACES[:2])
    carried = image(1, (2, 2, 2), [], support="CeO2")
    empty = image(2, (), [NOTHING_THERE], structure="empty")
    assert [in_vacuum(one) for one in (bare, carried, empty)] == [True, False, False]
    rows = atom_count_rows([bare, carried, empty], CLASSES, SETTINGS, POINT, [2], seed=1)
    images = {row.surroundings: row.images for row in rows}
    assert images == {"all": 3, "vacuum": 1}
    assert f1(rows) == pytest.approx({2: 4 / (4 + 1 + 4)})
    assert f1(rows, "vacuum") == pytest.approx({2: 4 / 5})
    assert atom_count_rows([], CLASSES, SETTINGS, POINT, [2], seed=1) == []


@pytest.mark.parametrize(
    ("settings", "alone"),
    [
        (Nanoparticle(radius=7), True),
        (Nanoparticle(radius=7, support=Oxide(probability=1)), False),
        (Nanoparticle(radius=7, support=AmorphousCarbon(thickness=5)), False),
        (Nanoparticle(empty={"probability": 1}), False),
        (Nanoparticle(empty={"probability": 0, "amorphous": 1}), False),
        (Nanoparticle(empty={"probability": 0, "off_axis": 1}), False),
        (MoS2(), True),
        (MoS2(support=Graphene()), False),
        (MoS2(support=AmorphousCarbon(thickness=5)), False),
    ],
)
def test_drawn_parameters_show_which_specimens_are_in_vacuum(settings, alone):
    if "negatives" not in settings.model_fields_set:
        settings = settings.model_copy(
            update={"negatives": settings.negatives.__class__(probability=0)}
        )
    classes = ("metal", "oxide") if settings.kind == "nanoparticle" else ("Mo", "S2", "S")
    structure = build_structure(settings, Field(30.0, 30.0, 3.0), classes, np.random.default_rng(3))
    nothing = Peaks.empty(len(classes))
    seen = ImageResult(0, nothing, structure.columns, (30.0, 30.0), structure.parameters)
    assert in_vacuum(seen) is alone
