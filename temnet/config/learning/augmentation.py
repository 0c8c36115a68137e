"""Settings of augmentation."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from temnet.config.settings import Settings


class Augmentation(Settings):
    """Changes of training images; `true` draws symmetries, `false` changes nothing."""

    symmetries: bool = Field(
        True, description="Whether one of the eight symmetries of the square is drawn."
    )
    crop: int | None = Field(
        None,
        ge=16,
        le=4096,
        description="Side of a square at a random position that is used instead of the image "
        "[pixels].",
    )
    brightness: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Standard deviation of an offset of the normalised images, a fraction of "
        "their own; one offset for each series.",
    )
    contrast: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Standard deviation of the natural logarithm of a random factor on them.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_a_word(cls, value: Any) -> Any:
        plain = isinstance(value, bool | str)  # a text on the command line
        return {"symmetries": value} if plain else value
