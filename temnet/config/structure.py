"""Every kind of specimen."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from temnet.config.from_file import FromFile, FromFunction
from temnet.config.graphene import DefectedGraphene
from temnet.config.mos2 import MoS2
from temnet.config.nanoparticle import Nanoparticle

StructureSettings = Annotated[
    MoS2 | Nanoparticle | DefectedGraphene | FromFile | FromFunction, Field(discriminator="kind")
]
