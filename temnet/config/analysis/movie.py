"""Settings of simulated movies."""

from __future__ import annotations

from pydantic import Field, model_validator

from temnet.config.settings import Settings, shown


class Movie(Settings):
    """A simulated movie whose edge columns appear and disappear at known rates."""

    frames: int = Field(40, ge=2, le=10_000, description="Number of frames.")
    changing: str = Field(
        "metal", max_length=100, description="Class of the columns that appear and disappear."
    )
    most_neighbours: int = Field(
        4,
        ge=0,
        le=12,
        description="Number of neighbours in projection up to which columns of that class appear "
        "and disappear; the others stay.",
    )
    appearance: float = Field(
        0.1, ge=0, le=1, description="Probability per frame that a missing column appears."
    )
    disappearance: float = Field(
        0.1, ge=0, le=1, description="Probability per frame that a column disappears."
    )
    drift: float = Field(
        0.1, ge=0, le=2, description="Standard deviation of the drift per frame and axis [Å]."
    )
    doses: tuple[float, ...] = Field(
        (1000.0,),
        min_length=1,
        description="Electron doses of a frame [e/Å²]; the same movie is recorded at each.",
    )

    @model_validator(mode="after")
    def _doses_are_positive(self) -> Movie:
        if min(self.doses) <= 0 or max(self.doses) > 1e7:
            raise ValueError(
                f"doses: expected more than 0 and at most 1e7 e/Å²; got {shown(self.doses)}"
            )
        if len({f"{dose:g}" for dose in self.doses}) < len(self.doses):  # names of files
            raise ValueError(
                f"doses: expected doses that differ in six digits; got {shown(self.doses)}"
            )
        return self
