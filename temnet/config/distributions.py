"""Numbers that may be distributions, and how they are drawn."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

NORMAL_TRUNCATION = 3.0
"""A normal distribution is cut at this many standard deviations, so that it has bounds."""


class Settings(BaseModel):
    """Base of all settings: frozen, unknown keys refused, NaN and infinity refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=False
    )


class Uniform(Settings):
    """Uniform between two bounds."""

    uniform: tuple[float, float] = Field(description="Lowest and highest value.")

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        if self.uniform[0] > self.uniform[1]:
            raise ValueError(f"uniform needs [low, high]; got {list(self.uniform)}")
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
                f"log_uniform needs [low, high], both positive; got {list(self.log_uniform)}"
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
            raise ValueError(f"normal needs [mean, sigma >= 0]; got {list(self.normal)}")
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
Number = float | Distribution
Text = str | TextChoice


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


def bounded(
    low: float = -math.inf, high: float = math.inf, *, unit: str = "", above: bool = False
) -> Any:
    """The type of a number or distribution whose values lie in [low, high].

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
            limits = [f"{bracket} {low:g}"] if low > -math.inf else []
            limits += [f"at most {high:g}"] if high < math.inf else []
            raise ValueError(f"expected {' and '.join(limits)} {unit}".rstrip() + f"; got {span}")
        return number

    return Annotated[Number, AfterValidator(check)]
