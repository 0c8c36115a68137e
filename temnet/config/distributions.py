"""Numbers that may be distributions, and how they are drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import numpy as np
from annotated_types import GroupedMetadata
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic.json_schema import JsonSchemaValue

from temnet.config.settings import Settings, is_number, is_whole, shown

NORMAL_TRUNCATION = 3.0
"""A normal distribution is cut at this many standard deviations, so that it has bounds."""

ROUNDING = 1e-9
"""Fractions that add up to one may miss it by this."""

MOST_WEIGHT = 1000
"""Largest weight of one value of a choice."""


class Uniform(Settings):
    """Uniform between two bounds."""

    uniform: tuple[float, float] = Field(
        description="Lowest and highest value, in the unit of the setting."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        if self.uniform[0] > self.uniform[1]:
            raise ValueError(f"uniform needs [low, high]; got {shown(self.uniform)}")
        return self

    def support(self) -> tuple[float, float]:
        """Lowest and highest value that can be drawn."""
        return self.uniform

    def sample(self, rng: np.random.Generator) -> float:
        """One value."""
        return float(rng.uniform(*self.uniform))


class LogUniform(Settings):
    """Uniform in the logarithm between two positive bounds."""

    log_uniform: tuple[float, float] = Field(
        description="Lowest and highest value, both positive, in the unit of the setting."
    )

    @model_validator(mode="after")
    def _ordered(self) -> LogUniform:
        if not 0 < self.log_uniform[0] <= self.log_uniform[1]:
            raise ValueError(
                f"log_uniform needs [low, high], both positive; got {shown(self.log_uniform)}"
            )
        return self

    def support(self) -> tuple[float, float]:
        """Lowest and highest value that can be drawn."""
        return self.log_uniform

    def sample(self, rng: np.random.Generator) -> float:
        """One value."""
        low, high = self.log_uniform
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))


class Normal(Settings):
    """Normal, cut at three standard deviations."""

    normal: tuple[float, float] = Field(
        description="Mean and standard deviation (0 or more), in the unit of the setting."
    )

    @model_validator(mode="after")
    def _positive(self) -> Normal:
        if self.normal[1] < 0:
            raise ValueError(f"normal needs [mean, sigma >= 0]; got {shown(self.normal)}")
        return self

    def support(self) -> tuple[float, float]:
        """Lowest and highest value that can be drawn."""
        mean, sigma = self.normal
        return mean - NORMAL_TRUNCATION * sigma, mean + NORMAL_TRUNCATION * sigma

    def sample(self, rng: np.random.Generator) -> float:
        """One value."""
        mean, sigma = self.normal
        while True:
            standard = rng.standard_normal()
            if abs(standard) <= NORMAL_TRUNCATION:
                return float(mean + sigma * standard)


def whole_weight(weight: Any, of: str) -> int:
    """A weight: the value that it belongs to counts as if it were written so many times.

    Args:
        weight: The plain value.
        of: What has this weight, for the message.

    Raises:
        ValueError: If it is not a whole number from 1 to `MOST_WEIGHT`.
    """
    if not is_whole(weight) or not 1 <= weight <= MOST_WEIGHT:
        raise ValueError(
            f"expected a whole number from 1 to {MOST_WEIGHT} as the weight of {of}; got "
            f"{shown(weight)}"
        )
    return int(weight)


def listed(values: Any) -> Any:
    """The values of a choice, each repeated by its weight where weights are given.

    Raises:
        ValueError: If a weight is not a whole number.

    >>> listed({"110": 3, "100": 1})
    ['110', '110', '110', '100']
    """
    if not isinstance(values, Mapping):
        return values
    weights = {value: whole_weight(weight, shown(value)) for value, weight in values.items()}
    return [value for value, weight in weights.items() for _ in range(weight)]


def _or_weights(schema: JsonSchemaValue) -> None:
    """Adds the form with weights to the JSON schema of a choice."""
    values = {key: schema.pop(key) for key in ("type", "items", "minItems") if key in schema}
    weight = {"type": "integer", "minimum": 1, "maximum": MOST_WEIGHT}
    schema["anyOf"] = [values, {"type": "object", "additionalProperties": weight}]


class Choice(Settings):
    """One of several numbers, equally likely or by weights: `{choice: {0: 3, 0.005: 1}}`."""

    choice: tuple[float, ...] = Field(
        min_length=1,
        description="The values, in the unit of the setting: a list, or `{value: weight}` with "
        "whole numbers as weights.",
        json_schema_extra=_or_weights,
    )

    def support(self) -> tuple[float, float]:
        """Lowest and highest value that can be drawn."""
        return min(self.choice), max(self.choice)

    def sample(self, rng: np.random.Generator) -> float:
        """One value."""
        return float(self.choice[int(rng.integers(len(self.choice)))])


class TextChoice(Settings):
    """One of several words, equally likely or by weights: `{choice: {"110": 3, "100": 1}}`."""

    choice: tuple[str, ...] = Field(
        min_length=1,
        description="The words: a list, or `{word: weight}` with whole numbers as weights.",
        json_schema_extra=_or_weights,
    )


Distribution = Uniform | LogUniform | Normal | Choice

DISTRIBUTIONS: dict[str, type[Distribution]] = {
    "uniform": Uniform,
    "log_uniform": LogUniform,
    "normal": Normal,
    "choice": Choice,
}
"""Every distribution by the key that it is written with."""

_NUMBER_FORMS = (
    "expected a number or one of {uniform: [low, high]}, {log_uniform: [low, high]}, "
    "{normal: [mean, sigma]}, {choice: [a, b, ...]}, {choice: {a: weight, b: weight}}"
)


def _parse_number(value: Any) -> Any:
    # A union would report every branch; this gives one sentence.
    if isinstance(value, Settings):
        return value
    if is_number(value):
        return float(value)
    if not isinstance(value, Mapping) or len(value) != 1:
        raise ValueError(f"{_NUMBER_FORMS}; got {shown(value)}")
    name, numbers = next(iter(value.items()))
    if name not in DISTRIBUTIONS:
        raise ValueError(f"{_NUMBER_FORMS}; got {shown(value)}")
    values = listed(numbers) if name == "choice" else numbers
    if not isinstance(values, list | tuple) or not values or not all(map(is_number, values)):
        weighted = isinstance(numbers, Mapping) and name == "choice"
        form = "{number: weight} without quotes" if weighted else "a list of numbers"
        raise ValueError(f"{name} needs {form}; got {shown(numbers)}")
    if name != "choice" and len(values) != 2:
        raise ValueError(f"{name} needs two numbers; got {shown(numbers)}")
    try:
        return DISTRIBUTIONS[name](**{name: values})
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ValueError(message) from None


def _parse_text(value: Any) -> Any:
    if isinstance(value, Settings):
        return value
    given = value["choice"] if isinstance(value, Mapping) and list(value) == ["choice"] else [value]
    words = listed(given)
    if (
        not isinstance(words, list | tuple)
        or not words
        or not all(isinstance(word, str | int) and not isinstance(word, bool) for word in words)
    ):
        raise ValueError(
            "expected a word, {choice: [one, another]} or {choice: {one: weight, another: weight}}"
            f"; got {shown(value)}"
        )
    if isinstance(given, Mapping) and len(set(map(str, given))) < len(given):
        raise ValueError(f"expected each word once; got {shown(given)}")
    texts_ = [str(word) for word in words]  # YAML reads zone_axis: 110 as a number
    return {"choice": texts_} if isinstance(value, Mapping) else texts_[0]


Number = Annotated[float | Distribution, BeforeValidator(_parse_number)]
Text = Annotated[str | TextChoice, BeforeValidator(_parse_text)]


def words(*known: str) -> AfterValidator:
    """An annotation of ``Text``, whose words are out of ``known``."""

    def check(text: Text) -> Text:
        for word in texts(text):
            if word not in known:
                raise ValueError(f"expected one of {', '.join(known)}; got {shown(word)}")
        return text

    return AfterValidator(check)


def number_or(*words: str) -> BeforeValidator:
    """An annotation of a number or one of ``words``, with one message for all."""

    def parse(value: Any) -> Any:
        if (isinstance(value, str) and value in words) or is_number(value):
            return value
        choices = ", ".join(f"`{word}`" for word in words[:-1])
        either = f"{choices} or `{words[-1]}`" if choices else f"`{words[-1]}`"
        between = ", " if choices else " or "
        raise ValueError(f"expected a number{between}{either}; got {shown(value)}")

    return BeforeValidator(parse)


def support(number: Number) -> tuple[float, float]:
    """Lowest and highest value that ``number`` can take.

    >>> support(3.0), support(Normal(normal=(1.0, 0.5)))
    ((3.0, 3.0), (-0.5, 2.5))
    """
    if isinstance(number, int | float):
        return float(number), float(number)
    return number.support()


def draw(number: Number, rng: np.random.Generator) -> float:
    """One value of ``number``: itself, or a draw from its distribution.

    >>> draw(2.0, np.random.default_rng(0))
    2.0
    """
    if isinstance(number, int | float):
        return float(number)
    return number.sample(rng)


def texts(text: Text) -> tuple[str, ...]:
    """Every word that ``text`` can take."""
    return (text,) if isinstance(text, str) else text.choice


def draw_text(text: Text, rng: np.random.Generator) -> str:
    """One value of ``text``: itself, or one of its choices."""
    words = texts(text)
    return words[0] if len(words) == 1 else words[int(rng.integers(len(words)))]


class _Together(GroupedMetadata):
    """Several annotations of a type as one."""

    def __init__(self, *annotations: Any) -> None:
        self.annotations = annotations

    def __iter__(self) -> Iterator[Any]:
        return iter(self.annotations)


def bounded(
    low: float = -math.inf, high: float = math.inf, *, unit: str = "", above: bool = False
) -> GroupedMetadata:
    """An annotation of ``Number``, whose values lie in [low, high].

    Args:
        low: Lowest value allowed.
        high: Highest value allowed.
        unit: Unit of the values, for messages and the JSON schema; empty for plain numbers.
        above: Whether the value ``low`` itself is excluded.
    """

    def check(number: Number) -> Number:
        least, most = support(number)
        if least < low or most > high or (above and least <= low):
            span = f"{least:g}" if least == most else f"{least:g} to {most:g}"
            bracket = "more than" if above else "at least"
            ends = [f"{bracket} {low:g}"] if low > -math.inf else []
            ends += [f"at most {high:g}"] if high < math.inf else []
            raise ValueError(f"expected {' and '.join(ends)} {unit}".rstrip() + f"; got {span}")
        return number

    limits: JsonSchemaValue = {} if low == -math.inf else {"minimum": low}
    limits |= {} if high == math.inf else {"maximum": high}
    limits |= {"unit": unit} if unit else {}
    return _Together(AfterValidator(check), Field(json_schema_extra=limits))


Angle = Annotated[Number, bounded(-3600, 3600, unit="deg")]
"""A direction [deg]."""
