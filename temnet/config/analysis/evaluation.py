"""Settings of scoring."""

from __future__ import annotations

from pydantic import AliasChoices, Field, field_validator

from temnet.config.analysis.scoring import CramerRao, IdealObserver, ParameterSweep
from temnet.config.analysis.subsets import Subset
from temnet.config.analysis.threshold import OF_THE_CARD, Threshold
from temnet.config.names import PathName
from temnet.config.settings import Settings, shown


class Evaluation(Settings):
    """How predictions are scored."""

    radius: float = Field(
        0.5, gt=0, le=5, description="Distance within which a peak matches a column [Å]."
    )
    border: float = Field(
        1.5,
        ge=0,
        le=20,
        description="Distance from the border within which columns and peaks are not scored [Å].",
    )
    networks: tuple[PathName, ...] = Field(
        (),
        description="Names of shipped networks or folders of networks that are scored on the same "
        "images: beside the network of this run, or alone if the run does not train "
        "one.",
    )
    threshold: Threshold = Field(
        OF_THE_CARD,
        exclude_if=lambda threshold: threshold == OF_THE_CARD,
        description="Lowest score of a column, or `card` for each network's own.",
    )
    subsets: dict[str, Subset] = Field(
        {},
        exclude_if=lambda subsets: not subsets,
        description="Subsets of the images that are also scored by themselves: by name, for each "
        "condition of conditions.csv its lowest and highest value in the unit of the condition, "
        "null for no limit. All conditions must hold.",
    )
    sweep: ParameterSweep | None = Field(
        None,
        validation_alias=AliasChoices("sweep", "series"),  # old key
        serialization_alias="series",  # old key
        description="Scores against one parameter at fixed values, for the same specimens.",
    )
    cramer_rao: CramerRao | None = Field(
        None,
        description="Position error against the Cramér-Rao bound, the least that the electrons "
        "allow.",
    )
    ideal_observer: IdealObserver | None = Field(
        None,
        description="F1 of each class against that of the ideal observer, the highest that the "
        "electrons allow.",
    )

    @field_validator("networks")
    @classmethod
    def _once_each(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(networks)) != len(networks):
            raise ValueError(f"expected each network once; got {shown(networks)}")
        return networks
