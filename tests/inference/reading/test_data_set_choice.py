"""The measurement among several data sets."""

from itertools import permutations

import pytest

from temnet.inference.reading.formats.data_set_choice import Candidate, choice_note, measurements

DATA = Candidate(512, 512, 16)
BETTER_FIRST = [
    (DATA, Candidate(512, 512, 8)),  # a picture of it in 8 bits
    (DATA, Candidate(255, 256, 16)),  # less than a quarter of its pixels
    (Candidate(64, 64, 8), Candidate(512, 512, 16, reduced=True)),  # marked as a thumbnail
    (Candidate(64, 64, 8, reduced=True), Candidate(512, 512, 16, coloured=True)),
]


@pytest.mark.parametrize(("better", "worse"), BETTER_FIRST)
def test_the_better_one_is_the_measurement_in_any_order(better, worse):
    for order in permutations([better, worse, worse]):
        assert [order[number] for number in measurements(order)] == [better]


def test_equal_data_sets_are_all_candidates():
    assert measurements([DATA, Candidate(256, 256, 16), DATA]) == [0, 1, 2]  # a quarter is enough


def test_the_note_names_the_choice_and_the_others():
    note = choice_note([Candidate(64, 48, 8, coloured=True), Candidate(64, 48, 16, count=5)], 1)
    assert "of 2 data sets number 2" in note and "5 of 64 x 48 pixels, 16 bit" in note
    assert "1 more left out (64 x 48 pixels, 8 bit, colours)" in note
