"""A network in the folder of pretrained networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from temnet.config.card import Card, Cost, Span
from temnet.config.distributions import texts
from temnet.config.experiment import Experiment
from temnet.config.structures.from_file import FromFile, FromFunction
from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.config.structures.structure import StructureSettings
from temnet.config.structures.supports import AmorphousCarbon, Graphene, Oxide
from temnet.publishing.training_cost import planned_cost
from temnet.reporting.page import UNKNOWN
from temnet.reporting.wording import in_words, span

KINDS = {"unet": "U-Net", "msdnet": "MSD-net"}
"""Names of the kinds of network."""


@dataclass(frozen=True)
class Pretrained:
    """A network in the folder of pretrained networks.

    Attributes:
        name: Name of its folder.
        card: Its card.
        experiment: The settings that trained it.
        size: Size of model.keras [bytes].
        figures: Names of its figures.
        notes: Remarks of people, Markdown.
    """

    name: str
    card: Card
    experiment: Experiment
    size: int
    figures: Sequence[str] = ()
    notes: str = ""

    @property
    def kind(self) -> str:
        """The name of its kind."""
        return KINDS.get(self.card.kind or "", self.card.kind or UNKNOWN)

    @property
    def megabytes(self) -> str:
        """The size of model.keras."""
        return f"{self.size / 1e6:.1f} MB"

    @property
    def weights(self) -> str:
        """The number of weights."""
        return UNKNOWN if self.card.parameters is None else f"{self.card.parameters:,}"

    @property
    def energies(self) -> str:
        """Electron energies of the training."""
        energies = self.card.energies
        return span_text(energies and (energies[0] / 1e3, energies[1] / 1e3), "keV")

    @property
    def dose(self) -> str:
        """Dose of an image in the training."""
        return span_text(self.card.dose, "e/Å²")

    @property
    def cost(self) -> Cost | None:
        """The cost of its training; None if unknown."""
        return self.card.cost or planned_cost(self.experiment.data, self.experiment.training)

    @property
    def images_seen(self) -> int | None:
        """Images seen in its training, from the first network on; None if unknown."""
        return None if self.cost is None else self.cost.total_images_seen()

    @property
    def seconds(self) -> float | None:
        """Time of its training, from the first network on [s]; None if unknown."""
        return None if self.cost is None else self.cost.total_seconds()


def span_text(values: Span | None, unit: str) -> str:
    """A range with its unit; a dash if it is unknown."""
    return UNKNOWN if values is None else f"{span(*values)} {unit}"


def specimen(structure: StructureSettings | None) -> str:
    """The specimens of a structure in a few words."""
    if structure is None:
        return "specimens that are not recorded"
    names = {
        "mos2": "MoS2",
        "graphene": "graphene with defects",
        "crystal": "crystals of many materials",
    }
    if isinstance(structure, Nanoparticle):
        name = f"particles of {in_words(texts(structure.element))}"
    elif isinstance(structure, FromFile):
        name = Path(structure.path).stem
    elif isinstance(structure, FromFunction):
        name = structure.function
    else:
        name = names[structure.kind]
    support = getattr(structure, "support", None)
    if support is None:
        return name
    partly = "partly " if support.probability < 1 else ""
    return f"{name}, {partly}on {_carrier(support)}"


def _carrier(support: object) -> str:
    """The support of a specimen in a few words.

    >>> _carrier(Oxide()), _carrier(Oxide(others={"MgO": 0.3})), _carrier(AmorphousCarbon())
    ('CeO2', 'CeO2 or MgO', 'amorphous carbon')
    """
    if isinstance(support, Oxide):
        return " or ".join(support.kinds)
    if isinstance(support, Graphene | AmorphousCarbon):
        return support.kind.replace("_", " ")
    return "other crystals"
