"""summary.json: values that come back, and files of earlier versions."""

import json
import math
from dataclasses import replace

import pytest

from temnet.errors import InputError
from temnet.evaluation.summary import NetworkPair, Summary, read_summary
from temnet.score_records import Calibration, FalsePositiveRate, FalsePositiveRates
from temnet.tables.json_records import write_record
from tests.evaluation.made_summary import network_summary

RATE = FalsePositiveRate(2, 4.0, 3, 75.0, 10.0, 200.0)
PAIR = NetworkPair(9, 8, 0.02, 0.01, 0.04, better=6, worse=2, p=0.03, first="a", second="b")
SUMMARY = Summary(
    split="validation",
    networks={
        "a": network_summary(
            without_columns=FalsePositiveRates(**vars(RATE), kinds={"empty": RATE}),
            score_calibration=Calibration(2.0, 0.5),
        )
    },
    paired=[PAIR],
    sha256={"a": "0" * 64},
)


@pytest.fixture
def path(tmp_path):
    write_record(tmp_path / "summary.json", SUMMARY)
    return tmp_path / "summary.json"


def test_a_summary_comes_back(path):
    found = read_summary(path)
    assert found.networks["a"].without_columns == SUMMARY.networks["a"].without_columns
    assert found.networks["a"].score_calibration == Calibration(2.0, 0.5)
    assert found.paired == [PAIR]
    values = json.loads(path.read_text())
    assert values["networks"]["a"]["mean_image_f1"] is None  # not known
    assert math.isnan(found.networks["a"].mean_image_f1)


def test_false_positives_had_another_key(path):
    old = path.read_text().replace('"false_positives": 3', '"invented": 3')  # old key
    path.write_text(old)
    rates = read_summary(path).networks["a"].without_columns
    assert rates.false_positives == rates.kinds["empty"].false_positives == 3
    assert old.count("invented") == 2  # old key


def test_a_damaged_summary_names_the_remedy(path):
    values = json.loads(path.read_text())
    del values["networks"]["a"]["baselines"]
    path.write_text(json.dumps(values))
    with pytest.raises(InputError, match=r"networks\.a\.baselines.*--overwrite"):
        read_summary(path)
    path.write_text("{}")
    with pytest.raises(InputError, match="--overwrite"):
        read_summary(path)


def test_a_swapped_pair_is_swapped_back():
    swapped = PAIR.swapped()
    assert (swapped.first, swapped.mean, swapped.better) == ("b", -0.02, 2)
    assert (swapped.low, swapped.high) == (-0.04, -0.01)
    assert swapped.swapped() == PAIR
    assert replace(swapped, p=1) != PAIR.swapped()
