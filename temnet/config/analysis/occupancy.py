"""Settings of the analysis of movies."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from temnet.config.analysis.images import MOST_FRAMES
from temnet.config.names import PathName
from temnet.config.settings import Settings, shown


class Occupancy(Settings):
    """Sites of columns that are followed through a movie."""

    tolerance: float = Field(
        0.7,
        gt=0,
        le=5,
        description="Distance within which columns of different frames are the same site [Å].",
    )
    classes: tuple[str, ...] | None = Field(
        None,
        description="Classes of the sites that are followed, by most of their columns; all by "
        "default. A column of another class at such a site counts as present.",
    )
    min_occupancy: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Fraction of the frames in which a site must be occupied at least.",
    )
    max_drift: float = Field(
        5.0, gt=0, le=100, description="Largest drift between consecutive frames [Å]."
    )
    model: Literal["threshold", "hidden_markov"] = Field(
        "threshold",
        description="`threshold`: a site is empty in frames without a detected column; "
        "`hidden_markov`: a hidden Markov model distinguishes missed columns from "
        "absent ones.",
    )
    few_columns: Literal["refuse", "follow"] = Field(
        "refuse",
        description="What to do where columns that are there are often missed, so that occupancy "
        "and rates would be wrong: `refuse` and name the number of frames to average, or `follow` "
        "them, with the drift that the images show.",
    )
    frame_time: float | None = Field(
        None, gt=0, le=1e6, description="Time from one frame to the next [s]."
    )


class Compare(Settings):
    """Two movies whose sites are compared."""

    runs: tuple[PathName, PathName] = Field(
        description="Folders of two finished runs of the stage `occupancy`. Differences are the "
        "second minus the first."
    )
    block_frames: int | None = Field(
        None,
        ge=1,
        le=MOST_FRAMES,
        description="Number of consecutive frames in a block; by default four times the frames "
        "after which a site's state is forgotten, at least 5, and so that there are "
        "at least 4 blocks.",
    )

    @field_validator("runs")
    @classmethod
    def _differ(cls, runs: tuple[str, str]) -> tuple[str, str]:
        if runs[0] == runs[1]:
            raise ValueError(f"expected two different folders; got {shown(runs[0])} twice")
        return runs
