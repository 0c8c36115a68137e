"""Cards as records: round trips, keys of earlier cards, sums of costs."""

import json
from dataclasses import replace
from math import nan

import pytest

from temnet.config.card import (
    Card,
    Cost,
    EarlierCost,
    InvalidEntries,
    card_of,
    entries_of,
    parse_card,
)
from temnet.config.card_scores import SelectionScores
from temnet.score_records import Calibration, ClassScores

CARD = Card(
    name="tiny", classes=("Mo", "S2"), focus_count=1, sampling=0.2, threshold=0.4,
    sha256="0" * 64, schema=1, score_calibration=Calibration(slope=2.0),
    metrics=SelectionScores(images=2, macro_f1=nan, classes={"Mo": ClassScores(*[1] * 6, nan)}),
)  # fmt: skip

COST = Cost(epochs=2, images_per_epoch=8, images_seen=16, training_images=8, specimens=4)

OLD_STATISTICS = {
    "spectrum": [[0.0], [1.0], [2.0]], "bin_edges": [0.1, 0.2], "limit": 1.0, "noise_dose": None,
    "spots": [], "spot_images": 0, "spot_limit": None, "lattice_fraction": 0.0,
}  # fmt: skip

OLD_VALIDATION = {
    "split": "validation", "threshold": 0.5, "images": 2, "macro_f1": None, "classes": {},
    "baselines": {"chance": {"macro_f1": 0.1, "mean_image_f1": 0.1, "classes": {}}},
    "without_columns": {"images": 1, "invented": 3}, "radius": 0.5, "border": 1.5,  # old key
    "invented_share": 0.25,  # old key
    "confusion": {"invented": {"Mo": 1}},  # old key
    "curves": {"drawn": [], "series": [
        {"parameter": "dose", "low": 1, "middle": 1, "high": 1, "images": 2, "f1": None},
    ]},
}  # fmt: skip


def test_a_card_is_read_as_it_was_written():
    entries = entries_of(CARD)
    assert "cost" not in entries and entries["metrics"]["macro_f1"] is None
    again = card_of(parse_card(json.dumps(entries)))
    assert entries_of(again) == entries and again.score_calibration == Calibration(slope=2.0)


def test_keys_of_earlier_cards_are_read():
    cost = {
        **entries_of(replace(CARD, cost=COST))["cost"],
        "start": {"network": "a", "presentations": 5},  # old key
    }
    cost["presentations"] = cost.pop("images_seen")  # old key
    old = {"cost": cost, "taught_images": OLD_STATISTICS, "validation": OLD_VALIDATION}  # old key
    card = card_of({**entries_of(CARD), **old})
    assert card.cost.images_seen == 16 and card.cost.total_images_seen() == 21
    assert card.image_statistics.bin_edges == (0.1, 0.2)
    assert card.validation.false_positive_share == 0.25
    assert card.validation.without_columns.false_positives == 3
    assert card.validation.confusion == {"false positive": {"Mo": 1}}
    assert card.validation.curves.sweep[0].parameter == "dose"


def test_invalid_entries_are_named():
    with pytest.raises(InvalidEntries) as caught:
        card_of({**entries_of(CARD), "threshold": 2, "classes": ["Mo", "Mo"], "more": 1})
    assert caught.value.names == ["classes", "threshold"]


def test_costs_add_up_where_all_are_known():
    assert COST.total_images_seen() == 16 and COST.total_seconds() is None
    start = EarlierCost(network="a", images_seen=4, seconds=2.0)
    timed = replace(COST, seconds=3.0, start=start)
    assert (timed.total_images_seen(), timed.total_seconds()) == (20, 5.0)
    unknown = replace(timed, start=EarlierCost(network="a"))
    assert (unknown.total_images_seen(), unknown.total_seconds()) == (None, None)


def test_entries_by_name_are_read_with_a_warning():
    with pytest.warns(FutureWarning, match=r"card\.threshold"):
        assert CARD["threshold"] == 0.4
    with pytest.warns(FutureWarning), pytest.raises(KeyError):
        CARD["thresholds"]
