"""Settings of networks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from temnet.config.settings import Settings


class UNetSettings(Settings):
    """A U-Net: Ronneberger et al., MICCAI 2015, or the residual variant of Madsen et al. 2018."""

    kind: Literal["unet"] = Field("unet", description="A U-Net.")
    sampling: float = Field(ge=0.02, le=1, description="Pixel size of the network's input [Å].")
    depth: int = Field(4, ge=1, le=6, description="Number of times that the image is halved.")
    stem: Literal[1, 2] = Field(
        1,
        exclude_if=lambda stem: stem == 1,
        description="Number of pixels along each axis that the first layer merges; the last one "
        "splits them again. With 2, nothing else is computed at full size.",
    )
    filters: int = Field(
        32, ge=1, le=256, description="Number of channels at the finest level of the blocks."
    )
    max_filters: int = Field(
        256, ge=1, le=2048, description="Number of channels at any level, at most."
    )
    skip: Literal["concatenate", "add"] = Field(
        "concatenate", description="How the encoder's channels join the decoder."
    )
    residual: bool = Field(False, description="Whether blocks are residual.")
    batch_norm: bool = Field(
        True, description="Whether batch normalisation follows each convolution."
    )


class MSDNetSettings(Settings):
    """A mixed-scale dense network: Pelt & Sethian, PNAS 115, 254 (2018)."""

    kind: Literal["msdnet"] = Field("msdnet", description="A mixed-scale dense network.")
    sampling: float = Field(ge=0.02, le=1, description="Pixel size of the network's input [Å].")
    depth: int = Field(100, ge=1, le=500, description="Number of layers.")
    width: int = Field(1, ge=1, le=64, description="Number of channels that each layer adds.")
    max_dilation: int = Field(
        10, ge=1, le=64, description="Largest dilation [pixels]; layers cycle from 1 to this one."
    )
    padding: Literal["reflect", "zeros"] = Field("reflect", description="Values beyond the border.")


ModelSettings = Annotated[UNetSettings | MSDNetSettings, Field(discriminator="kind")]
