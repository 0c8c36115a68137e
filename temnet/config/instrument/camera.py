"""Settings of the camera."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from temnet.config.distributions import Number, Text, bounded, words
from temnet.config.instrument.background import Background
from temnet.config.names import shortened, wrong_with
from temnet.config.settings import Settings, is_number, shown

CAMERAS = ("ideal", "counting", "scintillator")
"""Kinds of camera: none blurs, the signal is blurred before counting, or signal and noise."""


def _parse_table(value: Any) -> Any:
    # A union would report both of its branches; this gives one sentence.
    if isinstance(value, str):
        if (wrong := wrong_with(value)) is not None:
            raise ValueError(f"expected a path; got {shortened(value)!r}: {wrong}")
        return value
    pairs = isinstance(value, list | tuple) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 and all(map(is_number, pair))
        for pair in value
    )
    if value is not None and not (pairs and len(value) > 1):
        raise ValueError(
            "expected two or more pairs [q, MTF(q)], or the path of a text file with two columns; "
            f"got {shown(value)}"
        )
    return value


class TransferFunction(Settings):
    """A modulation transfer function: MTF(q) = (1 - floor) / (1 + (q / (2 half))^power) + floor.

    ``q`` is the spatial frequency as a fraction of the camera's Nyquist frequency.
    """

    floor: Annotated[Number, bounded(0, 0.9)] = Field(
        0.0, description="Value of the MTF far beyond Nyquist, a fraction of that at 0."
    )
    half: Annotated[Number, bounded(0.01, 5)] = Field(
        0.5,
        description="Half of the spatial frequency at which the decay has fallen to one half "
        "[Nyquist].",
    )
    power: Annotated[Number, bounded(0.5, 10)] = Field(
        2.0, description="Exponent of the decay: larger is steeper."
    )
    table: Annotated[
        tuple[tuple[float, float], ...] | str | None, BeforeValidator(_parse_table)
    ] = Field(
        None,
        description="Measured values instead: pairs of the spatial frequency q [Nyquist] and "
        "MTF(q), from [0, 1] upwards; or the path of a text file with these two "
        "columns, whose content a run takes into its settings.",
    )

    @field_validator("table")
    @classmethod
    def _falls_from_one(
        cls, table: tuple[tuple[float, float], ...] | str | None
    ) -> tuple[tuple[float, float], ...] | str | None:
        if table is None or isinstance(table, str):
            return table
        q, value = zip(*table, strict=True)
        if q[0] != 0 or value[0] != 1 or any(b <= a for a, b in pairwise(q)):
            raise ValueError("expected q from 0 upwards, with the value 1 at q = 0")
        if min(value) < 0 or max(value) > 1:
            raise ValueError(f"expected values from 0 to 1; got {min(value):g} to {max(value):g}")
        return table


class Camera(Settings):
    """The camera that records the images.

    ``counting``: the signal is blurred, then counted.  ``scintillator``: counted, then signal
    and noise blurred alike.  See van den Broek et al., Ultramicroscopy 119, 50 (2012).
    """

    sampling: Annotated[Number, bounded(0.01, 2, unit="Å")] = Field(
        description="Pixel size in the specimen plane [Å]."
    )
    dose: Annotated[Number, bounded(0, 1e8, unit="e/Å²", above=True)] = Field(
        description="Electron dose of each image [e/Å²]."
    )
    kind: Annotated[Text, words(*CAMERAS)] = Field(
        "ideal", description="`ideal` (no blur), `counting` or `scintillator`, or a choice of them."
    )
    counting_mtf: TransferFunction = Field(
        TransferFunction(half={"uniform": (0.45, 1.0)}, power=2.0),
        description="Transfer function of a counting camera, which blurs the signal.",
    )
    scintillator_mtf: TransferFunction = Field(
        TransferFunction(
            floor={"uniform": (0.05, 0.12)},
            half={"uniform": (0.09, 0.22)},
            power={"uniform": (1.8, 2.4)},
        ),
        description="Transfer function of a scintillator camera, which blurs signal and noise.",
    )
    gain: Annotated[Number, bounded(0, 1e6, above=True)] = Field(
        1.0, description="Factor from electrons to counts in the image file."
    )
    uneven_illumination: Annotated[Number, bounded(0, 0.5)] = Field(
        0.0, description="Fraction by which the illumination deviates from its mean at most."
    )
    background: Background | None = Field(
        None,
        exclude_if=lambda background: background is None,
        description="Smooth hills of light and absorption by the specimen, none by default.",
    )
    gain_noise: Annotated[Number, bounded(0, 0.2)] = Field(
        0.0,
        description="Standard deviation of the uncorrected gain of the pixels, a fraction of the "
        "mean gain.",
    )
    dead_pixels: Annotated[Number, bounded(0, 0.05)] = Field(
        0.0, description="Fraction of pixels that read zero."
    )
    hot_pixels: Annotated[Number, bounded(0, 0.05)] = Field(
        0.0, description="Fraction of pixels that read ten times the mean."
    )
    repair: bool = Field(
        True,
        description="Whether dead and hot pixels are replaced by the median of their neighbours.",
    )
    readout_noise: Annotated[Number, bounded(0, 1000, unit="electrons")] = Field(
        0.0, description="Standard deviation of the readout noise of a pixel [electrons]."
    )

    @field_validator("counting_mtf", "scintillator_mtf", mode="before")
    @classmethod
    def _rest_from_the_camera(cls, value: object, info: ValidationInfo) -> object:
        # What a section does not name is this camera's, not that of transfer functions at large.
        default = cls.model_fields[str(info.field_name)].default
        return {**default.model_dump(), **value} if isinstance(value, Mapping) else value
