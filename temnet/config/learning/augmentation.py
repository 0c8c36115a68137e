"""Settings of augmentation."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from temnet.config.settings import Settings


class Augmentation(Settings):
    """What is done to training images; `true` draws symmetries, `false` does nothing."""

    symmetries: bool = Field(True, description="Draw one of the square's eight symmetries.")
    crop: int | None = Field(
        None, ge=16, le=4096, description="Show a square of so many pixels, at a random place."
    )
    brightness: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Standard deviation of what is added to the normalised images of a series.",
    )
    contrast: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Standard deviation of the logarithm of the factor on them.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_a_word(cls, value: Any) -> Any:
        plain = isinstance(value, bool | str)  # on the command line it is a text
        return {"symmetries": value} if plain else value
