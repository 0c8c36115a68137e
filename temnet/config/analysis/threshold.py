"""The lowest score of a column as a setting."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator

from temnet.config.distributions import number_or

OF_THE_CARD: Final = "card"
"""Takes the threshold that was chosen at the end of the network's training."""


def _a_fraction(threshold: str | float) -> str | float:
    if not isinstance(threshold, str) and not 0 < threshold < 1:
        raise ValueError(f"expected more than 0 and less than 1; got {threshold:g}")
    return threshold


Threshold = Annotated[Literal["card"] | float, number_or(OF_THE_CARD), AfterValidator(_a_fraction)]
"""A score, or `card` for the network's own threshold."""


def as_number(threshold: str | float) -> float | None:
    """A threshold as a number; None stands for the network's own."""
    return None if isinstance(threshold, str) else float(threshold)
