"""Settings of examples that show no columns."""

from __future__ import annotations

from pydantic import Field

from temnet.config.distributions import Settings


class Empty(Settings):
    """How often the specimen is left out, so that a network learns what noise looks like."""

    probability: float = Field(
        0.05, ge=0, le=1, description="Fraction of examples that show no specimen at all."
    )
