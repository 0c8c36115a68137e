"""Settings of the camera."""

from __future__ import annotations

from pydantic import Field, field_validator

from temnet.config.distributions import Settings, Text, bounded, texts

CAMERAS = ("ideal", "counting", "scintillator")
"""Kinds of camera: none blurs, the signal is blurred before counting, or signal and noise."""


class TransferFunction(Settings):
    """A modulation transfer function: MTF(q) = (1 - floor) / (1 + (q / (2 half))^power) + floor.

    ``q`` is the spatial frequency as a fraction of the camera's Nyquist frequency.
    """

    floor: bounded(0, 0.9) = Field(0.0, description="Value far beyond Nyquist.")
    half: bounded(0.01, 5) = Field(
        0.5, description="Half of the frequency [Nyquist] at which the decay reaches one half."
    )
    power: bounded(0.5, 10) = Field(2.0, description="Steepness of the decay.")


class Camera(Settings):
    """The camera that an image is recorded with.

    ``counting``: the signal is blurred, then counted.  ``scintillator``: counted, then signal
    and noise blurred alike.  See van den Broek et al., Ultramicroscopy 119, 50 (2012).
    """

    sampling: bounded(0.01, 2, unit="Å") = Field(description="Pixel size [Å].")
    dose: bounded(0, 1e8, unit="e/Å²", above=True) = Field(
        description="Electrons in each image [e/Å²]."
    )
    kind: Text = Field("ideal", description="ideal, counting or scintillator, or a choice.")
    counting_mtf: TransferFunction = Field(
        TransferFunction(half={"uniform": (0.45, 1.0)}, power=2.0),
        description="Blur of the signal by a counting camera.",
    )
    scintillator_mtf: TransferFunction = Field(
        TransferFunction(
            floor={"uniform": (0.05, 0.12)},
            half={"uniform": (0.09, 0.22)},
            power={"uniform": (1.8, 2.4)},
        ),
        description="Blur of signal and noise by a scintillator camera.",
    )
    readout_noise: bounded(0, 1000, unit="electrons") = Field(
        0.0, description="Standard deviation of the readout noise of a pixel [electrons]."
    )

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: Text) -> Text:
        for word in texts(kind):
            if word not in CAMERAS:
                raise ValueError(f"expected one of {', '.join(CAMERAS)}; got {word!r}")
        return kind
