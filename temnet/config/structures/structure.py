"""Every kind of specimen."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from temnet.config.structures.crystal import Crystal
from temnet.config.structures.from_file import FromFile, FromFunction
from temnet.config.structures.graphene import DefectedGraphene
from temnet.config.structures.mos2 import MoS2
from temnet.config.structures.nanoparticle import Nanoparticle

StructureSettings = Annotated[
    MoS2 | Nanoparticle | DefectedGraphene | Crystal | FromFile | FromFunction,
    Field(discriminator="kind"),
]
