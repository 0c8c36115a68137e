"""Settings of the microscope: energy, aberrations, coherence and the focal series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from temnet.config.distributions import Angle, Number, bounded, support, whole_weight
from temnet.config.settings import InsideError, Settings
from temnet.config.yaml_text import Values
from temnet.electrons import scherzer_defocus
from temnet.units import MICROMETRE


class FocalSeries(Settings):
    """Defocus of each image of a series: start + scherzer * Scherzer defocus + step.

    ``defocus`` has abTEM's sign (defocus = -C10) and counts from the specimen's mid-plane.
    """

    start: Annotated[Number, bounded(-5000, 5000, unit="Å")] = Field(
        0.0,
        description="Defocus to which the multiple of the Scherzer defocus and the steps are "
        "added [Å].",
    )
    scherzer: Annotated[Number, bounded(-20, 20)] = Field(
        0.0,
        exclude_if=lambda multiple: multiple == 0,
        description="Factor on the Scherzer defocus sqrt(1.5 |Cs| lambda), which has the sign of "
        "Cs; the product is added to `start`. Around 1, thin specimens show bright "
        "atoms at negative Cs and dark atoms at positive Cs.",
    )
    steps: tuple[Annotated[float, Field(ge=-10_000, le=10_000)], ...] = Field(
        (0.0,),
        min_length=1,
        max_length=32,
        description="Defocus of each image relative to the start [Å]; one entry per image.",
    )
    jitter: Annotated[Number, bounded(0, 100, unit="Å")] = Field(
        0.0, description="Standard deviation of a random error of each image's defocus [Å]."
    )


class Microscope(Settings):
    """The microscope that takes the images.

    Aberrations are magnitudes with a random direction unless an angle is given; the phase is
    that of abTEM, chi = 2 pi / lambda * (alpha^2 / 2 (C10 + C12 cos 2(phi - phi12)) + ...).
    """

    energy: Annotated[Number, bounded(20e3, 1.5e6, unit="eV")] = Field(
        description="Energy of the electrons [eV]."
    )
    defocus: FocalSeries = Field(FocalSeries(), description="The focal series.")
    Cs_um: Annotated[Number, bounded(-5000, 5000, unit="µm")] = Field(
        0.0, description="Spherical aberration C30 [µm]."
    )
    astigmatism: Annotated[Number, bounded(0, 5000, unit="Å")] = Field(
        0.0, description="Two-fold astigmatism C12 [Å]."
    )
    astigmatism_angle_deg: Angle = Field(
        {"uniform": (0, 180)},
        validate_default=True,
        description="Direction of C12 [deg], from the axis of increasing column (right) to that "
        "of increasing row (down).",
    )
    coma: Annotated[Number, bounded(0, 50000, unit="Å")] = Field(
        0.0, description="Axial coma C21 [Å], three times the B2 of corrector software."
    )
    coma_angle_deg: Angle = Field(
        {"uniform": (0, 360)}, validate_default=True, description="Direction of C21 [deg]."
    )
    trefoil: Annotated[Number, bounded(0, 50000, unit="Å")] = Field(
        0.0, description="Three-fold astigmatism C23 [Å]."
    )
    trefoil_angle_deg: Angle = Field(
        {"uniform": (0, 120)}, validate_default=True, description="Direction of C23 [deg]."
    )
    C32: Annotated[Number, bounded(0, 1e7, unit="Å")] = Field(
        0.0, description="Star aberration C32 [Å], four times the S3 of corrector software."
    )
    C32_angle_deg: Angle = Field(
        {"uniform": (0, 180)}, validate_default=True, description="Direction of C32 [deg]."
    )
    C34: Annotated[Number, bounded(0, 1e7, unit="Å")] = Field(
        0.0, description="Four-fold astigmatism C34 [Å]."
    )
    C34_angle_deg: Angle = Field(
        {"uniform": (0, 90)}, validate_default=True, description="Direction of C34 [deg]."
    )
    C50_mm: Annotated[Number, bounded(-500, 500, unit="mm")] = Field(
        0.0, description="Spherical aberration of fifth order C50 [mm]."
    )
    beam_tilt_mrad: Annotated[Number, bounded(0, 20, unit="mrad")] = Field(
        0.0,
        description="Angle between beam and optic axis [mrad]; the image does not shift.",
    )
    beam_tilt_angle_deg: Angle = Field(
        {"uniform": (0, 360)},
        validate_default=True,
        description="Direction of the beam tilt [deg].",
    )
    focal_spread: Annotated[Number, bounded(0, 200, unit="Å")] = Field(
        0.0, description="Standard deviation of the defocus by chromatic aberration [Å]."
    )
    angular_spread_mrad: Annotated[Number, bounded(0, 5, unit="mrad")] = Field(
        0.0, description="Standard deviation of the direction of the illumination [mrad]."
    )
    focal_spread_model: Literal["ensemble", "envelope"] = Field(
        "ensemble",
        description="`ensemble` sums images over several foci (accurate); `envelope` damps the "
        "wave (faster, with errors of 5 % of the contrast for MoS2 and 17 % for ten "
        "gold atoms).",
    )
    aperture_mrad: Annotated[Number, bounded(0, 500, unit="mrad", above=True)] = Field(
        60.0, description="Half-angle of the objective aperture [mrad]."
    )
    image_spread: Annotated[Number, bounded(0, 3, unit="Å")] = Field(
        0.0,
        description="Standard deviation of the image's vibration relative to the camera [Å].",
    )
    misalignment: Annotated[Number, bounded(0, 5, unit="Å")] = Field(
        0.0,
        description="Standard deviation per axis of the residual shift between images of a focal "
        "series [Å]; the first image is the reference.",
    )
    drift: Annotated[Number, bounded(0, 20, unit="Å")] = Field(
        0.0,
        description="Distance of the steady drift from each image of a focal series to the next "
        "[Å], in a random direction; the first image is the reference.",
    )
    exposure_drift: Annotated[Number, bounded(0, 5, unit="Å")] = Field(
        0.0, description="Distance that the specimen moves during an exposure [Å], along the drift."
    )
    magnification_jitter: Annotated[Number, bounded(0, 0.05)] = Field(
        0.0,
        description="Standard deviation of the magnification of the later images of a focal "
        "series, a fraction of that of the first.",
    )
    variants: tuple[Values, ...] = Field(
        (),
        description="Groups of settings of this section that belong together: for each specimen "
        "one group is drawn and overrides the section; `weight: 3` in a group counts "
        "it three times. `grid_sampling` is that of the section.",
    )
    grid_sampling: float = Field(
        0.1, ge=0.01, le=0.25, description="Largest pixel size of the multislice grid [Å]."
    )
    slice_thickness: float = Field(
        1.0,
        ge=0.1,
        le=5,
        description="Distance along the beam within which atoms share a slice of the potential "
        "[Å]; slices follow the atomic planes.",
    )

    @model_validator(mode="after")
    def _valid_variants(self) -> Microscope:
        repeated: list[Values] = []
        for number, variant in enumerate(self.variants):
            changes = {key: value for key, value in variant.items() if key != "weight"}
            self._check_variant(number, changes)
            repeated += [changes] * whole_weight(variant.get("weight", 1), f"variants.{number}")
        object.__setattr__(self, "variants", tuple(repeated))  # the one form that is stored
        return self

    def _check_variant(self, number: int, variant: Values) -> None:
        if "variants" in variant:
            raise ValueError(f"variants.{number} holds variants itself; take them out")
        if "grid_sampling" in variant:
            raise ValueError(
                f"variants.{number} holds grid_sampling, but all variants share one grid; set "
                "microscope.grid_sampling to what the finest one needs"
            )
        try:
            focus = self._with(variant).defocus
        except ValidationError as error:
            raise InsideError(("variants", number), Microscope, error) from None
        if len(focus.steps) != len(self.defocus.steps):
            raise ValueError(
                f"variants.{number} has {len(focus.steps)} defocus.steps and the section "
                f"{len(self.defocus.steps)}; a network takes one number of images"
            )

    @property
    def every_variant(self) -> tuple[Microscope, ...]:
        """The microscopes that can be drawn, each without variants of its own."""
        return tuple(map(self._with, self.variants)) or (self,)

    def span(self, read: Callable[[Microscope], Number]) -> tuple[float, float]:
        """Lowest and highest value of a setting that any variant draws.

        Args:
            read: From a variant to the setting.
        """
        return _joined([support(read(one)) for one in self.every_variant])

    @property
    def defocus_spans(self) -> tuple[tuple[float, float], ...]:
        """Lowest and highest defocus of each image that any variant draws, without jitter [Å]."""
        every = [(one.start_span, one.defocus.steps) for one in self.every_variant]
        return tuple(
            _joined([(low + steps[image], high + steps[image]) for (low, high), steps in every])
            for image in range(len(self.defocus.steps))
        )

    @property
    def start_span(self) -> tuple[float, float]:
        """Lowest and highest defocus to which the steps are added, variants aside [Å]."""
        low, high = support(self.defocus.start)
        added = [
            multiple * scherzer_defocus(Cs * MICROMETRE, energy)
            for multiple in support(self.defocus.scherzer)
            for Cs in support(self.Cs_um)
            for energy in support(self.energy)
        ]
        return low + min(added), high + max(added)

    def _with(self, variant: Values) -> Microscope:
        values = self.model_dump(exclude={"variants"})
        for key, value in variant.items():
            nested = isinstance(value, dict) and key == "defocus"
            values[key] = {**values[key], **value} if nested else value
        return Microscope(**values)


def _joined(spans: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """From the lowest to the highest of all."""
    lows, highs = zip(*spans, strict=True)
    return min(lows), max(highs)
