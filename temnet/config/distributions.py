"""Numbers that may be distributions, and how they are drawn."""

from __future__ import annotations

import math
import types
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

import numpy as np
from annotated_types import GroupedMetadata
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

NORMAL_TRUNCATION = 3.0
"""A normal distribution is cut at this many standard deviations, so that it has bounds."""


class InsideError(ValueError):
    """What is wrong with settings that are only checked together with those around them.

    Attributes:
        place: Keys from the section that is checked to these settings.
        section: What the settings are of.
        error: What is wrong with them.
    """

    def __init__(
        self, place: tuple[int | str, ...], section: type[Settings], error: ValidationError
    ) -> None:
        first = error.errors()[0]
        key = ".".join(map(str, (*place, *first["loc"])))
        super().__init__(f"{key}: {first['msg'].removeprefix('Value error, ')}")
        self.place, self.section, self.error = place, section, error


class Settings(BaseModel):
    """Base of all settings: frozen, unknown keys refused, NaN and infinity refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=False
    )

    @model_validator(mode="before")
    @classmethod
    def _truth_and_texts_are_no_numbers(cls, values: Any) -> Any:
        # pydantic takes True for the number 1: where no switch is asked for it is a word.
        if not isinstance(values, Mapping):
            return values
        switches, numbers = _sorts_of_fields(cls)
        return {
            key: value if key in switches else _as_written(value, numbers.get(key))
            for key, value in values.items()
        }


@cache
def _sorts_of_fields(section: type[Settings]) -> tuple[frozenset[str], dict[str, bool]]:
    """The names of a section's switches, and of its numbers with whether they are a list."""
    kinds = {name: field.annotation for name, field in section.model_fields.items()}
    switches = frozenset(name for name, kind in kinds.items() if kind is bool)
    return switches, {name: _is_list(kind) for name, kind in kinds.items() if of_numbers(kind)}


def _as_written(value: Any, of_list: bool | None) -> Any:
    """A value of no switch, of which pydantic makes nothing that was not written.

    Args:
        value: The plain value.
        of_list: Whether the setting is a list of numbers, or one number; None for others.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if of_list is None or (of_list and isinstance(value, str)):
        return value
    return _kept(value)


class _Word:
    """A text where a number is wanted, which pydantic would else read as one ('1e3')."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return repr(self.text)


def _kept(value: Any) -> Any:
    """A value of a number's setting, whose texts stay texts."""
    if isinstance(value, str):
        return _Word(value)
    if isinstance(value, list | tuple):
        return [_kept(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _kept(item) for key, item in value.items()}
    return value


def of_numbers(annotation: Any) -> bool:
    """Whether a setting is a number, or numbers in a list or by name, and can be no text.

    >>> of_numbers(float | None), of_numbers(tuple[int, int]), of_numbers(int | str)
    (True, True, False)
    """
    if annotation in (int, float):
        return True
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return not any(isinstance(part, BeforeValidator) for part in parts) and of_numbers(parts[0])
    if origin in (Union, types.UnionType):
        return all(of_numbers(part) for part in parts if part is not type(None))
    if origin is dict:
        return of_numbers(parts[1])
    return origin is tuple and all(of_numbers(part) for part in parts if part is not Ellipsis)


class Uniform(Settings):
    """Uniform between two bounds."""

    uniform: tuple[float, float] = Field(description="Lowest and highest value.")

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

    log_uniform: tuple[float, float] = Field(description="Lowest and highest value, both > 0.")

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

    normal: tuple[float, float] = Field(description="Mean and standard deviation (>= 0).")

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


class Choice(Settings):
    """One of a list, each as likely."""

    choice: tuple[float, ...] = Field(min_length=1, description="The values.")

    def support(self) -> tuple[float, float]:
        """Lowest and highest value that can be drawn."""
        return min(self.choice), max(self.choice)

    def sample(self, rng: np.random.Generator) -> float:
        """One value."""
        return float(self.choice[int(rng.integers(len(self.choice)))])


class TextChoice(Settings):
    """One of a list of words, each as likely."""

    choice: tuple[str, ...] = Field(min_length=1, description="The words.")


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
    "{normal: [mean, sigma]}, {choice: [a, b, ...]}"
)


def is_number(value: Any) -> bool:
    """Whether ``value`` is a finite number; true and false are none.

    >>> is_number(1), is_number(True), is_number(math.inf), is_number("1")
    (True, False, False, False)
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def _parse_number(value: Any) -> Any:
    # A union would report every branch; this says in one sentence what is wrong.
    if isinstance(value, Settings):
        return value
    if is_number(value):
        return float(value)
    if not isinstance(value, Mapping) or len(value) != 1:
        raise ValueError(f"{_NUMBER_FORMS}; got {shown(value)}")
    name, numbers = next(iter(value.items()))
    if name not in DISTRIBUTIONS:
        raise ValueError(f"{_NUMBER_FORMS}; got {shown(value)}")
    if not isinstance(numbers, list | tuple) or not numbers or not all(map(is_number, numbers)):
        raise ValueError(f"{name} needs a list of numbers; got {shown(numbers)}")
    if name != "choice" and len(numbers) != 2:
        raise ValueError(f"{name} needs two numbers; got {shown(numbers)}")
    try:
        return DISTRIBUTIONS[name](**{name: numbers})
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ValueError(message) from None


def _parse_text(value: Any) -> Any:
    if isinstance(value, Settings):
        return value
    words = value["choice"] if isinstance(value, Mapping) and list(value) == ["choice"] else [value]
    if (
        not isinstance(words, list | tuple)
        or not words
        or not all(isinstance(word, str | int) and not isinstance(word, bool) for word in words)
    ):
        raise ValueError(f"expected a word or {{choice: [one, another]}}; got {shown(value)}")
    texts_ = [str(word) for word in words]  # YAML reads zone_axis: 110 as a number
    return {"choice": texts_} if isinstance(value, Mapping) else texts_[0]


def shown(value: Any) -> str:
    """``value`` as a user may have typed it, shortened for a message.

    >>> shown(None), shown(True), shown({"a": [1, "b"]})
    ('nothing', 'true', "{a: [1, 'b']}")
    """
    if value is None:
        return "nothing"
    text = _yaml_like(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _yaml_like(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml_like(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_yaml_like, value)) + "]"
    return repr(value)


Number = Annotated[float | Distribution, BeforeValidator(_parse_number)]
Text = Annotated[str | TextChoice, BeforeValidator(_parse_text)]


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


def _is_list(annotation: Any) -> bool:
    """Whether a setting is a list, which a text is not: some are read from the file it names."""
    if get_origin(annotation) in (Union, types.UnionType):
        return any(map(_is_list, get_args(annotation)))
    return get_origin(annotation) is tuple


class _Together(GroupedMetadata):
    """Several annotations of a type, given as one."""

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
        unit: For the message.
        above: The value ``low`` itself is not allowed.
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

    limits: dict[str, Any] = {} if low == -math.inf else {"minimum": low}
    limits |= {} if high == math.inf else {"maximum": high}
    return _Together(AfterValidator(check), Field(json_schema_extra=limits))


Angle = Annotated[Number, bounded(-3600, 3600, unit="deg")]
"""A direction [deg]."""
