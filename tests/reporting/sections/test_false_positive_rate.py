"""Rates of false positives in a sentence."""

from temnet.reporting.sections.false_positive_rate import ELSEWHERE, rates_text
from temnet.score_records import FalsePositiveRate, FalsePositiveRates


def text(**rates):
    kinds = {
        name.replace("_", " "): FalsePositiveRate(1, per_100_nm2=rate)
        for name, rate in rates.items()
    }
    return rates_text(FalsePositiveRates(5, per_100_nm2=1234.0, low=0.0, high=2345.6, kinds=kinds))


def test_the_total_has_its_interval_and_each_kind_its_rate():
    assert text(off_axis=0.0, graphitic=12.345) == (
        "1,230 [0, 2,350] (on crystals off their axes 0, on graphitic carbon 12.3)"
    )


def test_one_kind_or_none_is_the_total():
    assert text() == text(empty=7.0) == "1,230 [0, 2,350]"


def test_a_kind_without_words_of_its_own_is_a_specimen_beyond_the_image():
    assert text(mos2=0.5, empty=1.0).endswith(f"({ELSEWHERE} 0.5, in vacuum 1)")
