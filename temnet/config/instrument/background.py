"""Settings of slow variations of the intensity over an image."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from temnet.config.distributions import Number, bounded
from temnet.config.settings import Settings


class Background(Settings):
    """Smooth hills of light, and absorption by the specimen.

    Both multiply the electrons that reach the camera.  Ramps and parabolas over the whole image
    are `camera.uneven_illumination`.
    """

    hills: Annotated[Number, bounded(0, 20)] = Field(
        0.0,
        description="Number of Gaussian hills of light, at random places in the image; rounded to "
        "a whole number.",
    )
    hill_height: Annotated[Number, bounded(-0.95, 5)] = Field(
        {"uniform": (-0.5, 0.5)},
        validate_default=True,
        description="Height of a hill, a fraction of the light elsewhere; negative for a shadow.",
    )
    hill_width: Annotated[Number, bounded(2, 1000, unit="Å")] = Field(
        {"log_uniform": (6, 60)},
        validate_default=True,
        description="Standard deviation of a hill [Å].",
    )
    absorption: Annotated[Number, bounded(0, 0.95)] = Field(
        0.0,
        description="Fraction of the electrons that do not reach the camera where the specimen is "
        "thickest, beyond those that the simulation itself scatters outside the aperture.",
    )
    absorption_width: Annotated[Number, bounded(0.5, 100, unit="Å")] = Field(
        {"log_uniform": (2, 8)},
        validate_default=True,
        description="Standard deviation of the Gaussian by which the specimen's thickness is "
        "smoothed [Å], so that absorption shows no columns.",
    )
