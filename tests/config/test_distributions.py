import math
from typing import Annotated

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from temnet.config.distributions import (
    Choice,
    LogUniform,
    Normal,
    Number,
    Text,
    Uniform,
    bounded,
    draw,
    draw_text,
    support,
    texts,
)

finite = st.floats(-1e6, 1e6)
NUMBER, TEXT = TypeAdapter(Number), TypeAdapter(Text)


@st.composite
def numbers(draw_):
    low, high = sorted((draw_(finite), draw_(finite)))
    positive = sorted(draw_(st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=2)))
    return draw_(
        st.sampled_from(
            [
                low,
                Uniform(uniform=(low, high)),
                LogUniform(log_uniform=tuple(positive)),
                Normal(normal=(low, positive[0])),
                Choice(choice=(low, high, 0.0)),
            ]
        )
    )


@given(numbers(), st.integers(0, 2**32))
def test_draws_lie_within_the_support_and_depend_on_the_generator_alone(number, seed):
    low, high = support(number)
    value = draw(number, np.random.default_rng(seed))
    slack = 1e-9 * max(abs(low), abs(high))
    assert low - slack <= value <= high + slack
    assert value == draw(number, np.random.default_rng(seed))


@given(numbers())
def test_numbers_survive_their_dump(number):
    assert NUMBER.validate_python(NUMBER.dump_python(number, mode="json")) == number


@pytest.mark.parametrize(
    ("number", "mean", "deviation"),
    [
        (Uniform(uniform=(2, 6)), 4, 4 / math.sqrt(12)),
        (
            LogUniform(log_uniform=(1, math.e)),
            math.e - 1,
            math.sqrt((math.e**2 - 1) / 2 - (math.e - 1) ** 2),
        ),
        # A normal cut at 3 sigma: variance 1 - 6 phi(3) / (2 Phi(3) - 1) = 0.97334.
        (Normal(normal=(1, 2)), 1, 2 * math.sqrt(0.97334)),
        (Choice(choice=(0, 0, 3)), 1, math.sqrt(2)),
    ],
)
def test_moments_are_those_of_the_closed_forms(number, mean, deviation):
    rng = np.random.default_rng(0)
    values = np.array([draw(number, rng) for _ in range(20000)])
    assert values.mean() == pytest.approx(mean, abs=4 * deviation / math.sqrt(20000))
    assert values.std() == pytest.approx(deviation, rel=0.02)


def test_degenerate_distributions():
    rng = np.random.default_rng(0)
    assert draw(Uniform(uniform=(2, 2)), rng) == 2
    assert draw(Normal(normal=(2, 0)), rng) == 2
    assert draw(Choice(choice=(2,)), rng) == 2


def test_a_plain_number_uses_up_no_draw():
    rng, other = np.random.default_rng(0), np.random.default_rng(0)
    assert draw(3.0, rng) == 3.0 and rng.random() == other.random()


def test_whole_numbers_become_floats_so_that_their_spelling_does_not_matter():
    assert isinstance(NUMBER.validate_python(5), float)
    assert NUMBER.validate_python({"choice": [1, 2]}).choice == (1.0, 2.0)


@pytest.mark.parametrize("value", [True, "5", None, [1], math.nan, {"uniform": [0, math.inf]}, {}])
def test_other_values_are_no_numbers(value):
    with pytest.raises(ValidationError):
        NUMBER.validate_python(value)


def test_words_may_look_like_numbers():
    assert TEXT.validate_python(110) == "110"
    choice = TEXT.validate_python({"choice": [110, "100"]})
    assert texts(choice) == ("110", "100")
    assert {draw_text(choice, np.random.default_rng(i)) for i in range(20)} == {"110", "100"}
    assert draw_text("Au", np.random.default_rng(0)) == "Au"


@pytest.mark.parametrize(
    "value", [1.5, True, None, [], {"choice": []}, {"choice": "Au"}, {"a": ["b"]}]
)
def test_other_values_are_no_words(value):
    with pytest.raises(ValidationError):
        TEXT.validate_python(value)


def test_bounds_hold_for_the_whole_support():
    adapter = TypeAdapter(Annotated[Number, bounded(0, 10, above=True)])
    assert adapter.validate_python(10) == 10
    adapter.validate_python({"normal": [5, 1.6]})
    for value in (0, 10.1, {"uniform": [0, 1]}, {"normal": [5, 1.7]}, {"choice": [1, 11]}):
        with pytest.raises(ValidationError, match="more than 0 and at most 10"):
            adapter.validate_python(value)


@pytest.mark.parametrize(
    ("adapter", "weights", "repeated"),
    [
        (TEXT, {"110": 3, 100: 1, "111": 1.0}, ["110", "110", "110", "100", "111"]),
        (NUMBER, {0: 3, 0.005: 1}, [0, 0, 0, 0.005]),
        (NUMBER, {60e3: 1, 80e3: 2}, [60e3, 80e3, 80e3]),
    ],
)
def test_a_choice_by_weights_is_the_repeated_list_to_the_last_draw(adapter, weights, repeated):
    new, old = (adapter.validate_python({"choice": form}) for form in (weights, repeated))
    assert new == old and adapter.dump_python(new) == adapter.dump_python(old)
    draw_one = draw_text if adapter is TEXT else draw
    draws = [[draw_one(one, np.random.default_rng(i)) for i in range(40)] for one in (new, old)]
    assert draws[0] == draws[1] and len(set(draws[0])) > 1


@pytest.mark.parametrize(
    ("weights", "part"),
    [
        ({0: 0}, "from 1 to 1000 as the weight of 0; got 0"),
        ({0: 1.5}, "whole number"),
        ({0: True}, "got true"),
        ({0: "2"}, "got '2'"),
        ({0: None}, "got nothing"),
        ({0: 10**9}, "from 1 to 1000"),
        ({None: 1}, "{null: 1}"),
        ({True: 1}, "{true: 1}"),
        ({}, "{}"),
    ],
)
@pytest.mark.parametrize("adapter", [NUMBER, TEXT])
def test_weights_that_cannot_be_are_one_sentence(adapter, weights, part):
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python({"choice": weights})
    assert caught.value.error_count() == 1 and part in caught.value.errors()[0]["msg"]


def test_numbers_in_quotes_are_words_and_words_stand_once():
    with pytest.raises(ValidationError, match="without quotes; got {'7': 1}"):
        NUMBER.validate_python({"choice": {"7": 1}})
    with pytest.raises(ValidationError, match="each word once"):
        TEXT.validate_python({"choice": {"110": 1, 110: 2}})


def test_the_schema_offers_both_forms_of_a_choice():
    forms = NUMBER.json_schema()["$defs"]["Choice"]["properties"]["choice"]["anyOf"]
    assert [form["type"] for form in forms] == ["array", "object"]
