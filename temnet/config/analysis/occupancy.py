"""Settings of the analysis of movies."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from temnet.config.analysis.images import MOST_FRAMES
from temnet.config.names import PathName
from temnet.config.settings import Settings, shown


class Occupancy(Settings):
    """How sites are followed through a movie."""

    tolerance: float = Field(
        0.7, gt=0, le=5, description="A site is one place within this distance [Å]."
    )
    classes: tuple[str, ...] | None = Field(
        None,
        description="Sites whose columns are mostly of these classes are followed; all where it is "
        "not given. A column of another class at such a site counts as being there.",
    )
    min_occupancy: float = Field(
        0.1, ge=0, le=1, description="Places occupied in fewer of the frames are no sites."
    )
    max_drift: float = Field(
        5.0, gt=0, le=100, description="Largest drift between consecutive frames [Å]."
    )
    model: Literal["threshold", "hidden_markov"] = Field(
        "threshold",
        description="`threshold`: a site is empty where no column was found; `hidden_markov`: a "
        "hidden Markov model tells missed columns from those that left.",
    )
    frame_time: float | None = Field(
        None, gt=0, le=1e6, description="Time from frame to frame [s]."
    )


class Compare(Settings):
    """Two movies whose sites are compared."""

    runs: tuple[PathName, PathName] = Field(
        description="Two finished run folders with the stage `occupancy`; relative paths count "
        "from the working folder. Differences are the second minus the first."
    )
    block_frames: int | None = Field(
        None,
        ge=1,
        le=MOST_FRAMES,
        description="Consecutive frames that make a block; by default four times the time in which "
        "a site's state is forgotten, at least 5, and so that there are at least 4 blocks.",
    )

    @field_validator("runs")
    @classmethod
    def _differ(cls, runs: tuple[str, str]) -> tuple[str, str]:
        if runs[0] == runs[1]:
            raise ValueError(f"expected two different folders; got {shown(runs[0])} twice")
        return runs
