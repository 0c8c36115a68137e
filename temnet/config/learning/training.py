"""Settings of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from temnet.config.names import PathName
from temnet.config.settings import Settings, is_number, shown

MOST_WEIGHT = 1e6
"""Largest weight of a class."""


def _parse_weights(value: Any) -> Any:
    # A union would report both of its branches; this gives one sentence.
    named = isinstance(value, Mapping) and all(map(is_number, value.values()))
    if named and not all(0 <= weight <= MOST_WEIGHT for weight in value.values()):
        raise ValueError(f"expected weights of 0 to {MOST_WEIGHT:g}; got {shown(value)}")
    if not named and value not in ("equal", "balanced"):
        raise ValueError(
            f"expected equal, balanced, or a number for each class; got {shown(value)}"
        )
    return value


class Curriculum(Settings):
    """Ranges of microscope and camera that widen over the first epochs.

    Leth Larsen et al., Ultramicroscopy (2023): with wide ranges from the start, networks did not
    converge.
    """

    start: float = Field(
        0.2, ge=0, le=1, description="Fraction of each range's width in the first epoch."
    )
    epochs: int = Field(
        10,
        ge=1,
        le=100_000,
        description="Number of epochs after which ranges have their full width.",
    )

    def fraction(self, epoch: int) -> float:
        """Fraction of the ranges' width in an epoch, counted from 0.

        >>> [Curriculum(start=0.5, epochs=4).fraction(epoch) for epoch in (0, 2, 4, 9)]
        [0.5, 0.75, 1.0, 1.0]
        """
        return min(1.0, self.start + (1 - self.start) * epoch / self.epochs)


class Training(Settings):
    """How a network is trained."""

    start_from: PathName | None = Field(
        None,
        description="Name of a shipped network or folder of a network whose weights the training "
        "starts from; random weights by default.",
    )
    start_share: float = Field(
        0.0,
        ge=0,
        lt=1,
        exclude_if=lambda share: share == 0,
        description="Fraction of `start_from` in the weights of the network at the end; 0.5 is the "
        "mean of it and the best epoch.",
    )
    epochs: int = Field(20, ge=1, le=100_000, description="Number of epochs.")
    images_per_epoch: int = Field(
        1000,
        ge=1,
        le=10**7,
        description="Number of images per epoch; a checkpoint is written after each epoch.",
    )
    batch_size: int = Field(8, ge=1, le=1024, description="Number of images per step.")
    precision: Literal["float32", "mixed_bfloat16"] = Field(
        "float32", description="Arithmetic of the layers; outputs and loss are always float32."
    )
    distribution: Literal["none", "data_parallel"] = Field(
        "none", description="`data_parallel` splits each batch over all devices."
    )
    learning_rate: float = Field(
        1e-3,
        gt=0,
        le=1,
        description="Learning rate at its highest.",
    )
    schedule: Literal["cosine", "constant", "plateau"] = Field(
        "cosine",
        description="Decay of the learning rate: half a cosine, none, or by `plateau_factor` "
        "after `plateau_epochs` epochs without a higher peak F1 (without warm-up).",
    )
    plateau_factor: float = Field(
        0.5, gt=0, lt=1, description="Factor on the learning rate after a plateau."
    )
    plateau_epochs: int = Field(
        5,
        ge=1,
        le=100_000,
        description="Number of epochs without a higher peak F1 that make a plateau.",
    )
    early_stopping: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Number of epochs without a higher peak F1 after which the training stops.",
    )
    warmup_fraction: float = Field(
        0.05,
        ge=0,
        le=0.9,
        description="Fraction of all steps in which the learning rate rises from 0.",
    )
    final_learning_rate_fraction: float = Field(
        0.01,
        ge=0,
        le=1,
        description="Fraction of the learning rate at the end of the cosine decay.",
    )
    weight_decay: float = Field(1e-4, ge=0, le=1, description="Factor of AdamW's weight decay.")
    clip_norm: float = Field(1.0, gt=0, le=1e6, description="Norm to which gradients are clipped.")
    ema: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="Fraction of the old value that the moving average of the weights keeps in "
        "each step (momentum); 0 takes no average.",
    )
    peak_weight: float = Field(
        10.0, ge=0, le=1e6, description="Weight of a column's pixels in the loss; background has 1."
    )
    class_weights: Annotated[
        Literal["equal", "balanced"] | dict[str, float], BeforeValidator(_parse_weights)
    ] = Field(
        "equal",
        description="Weights of the classes on top of `peak_weight`: `equal`; `balanced`, so that "
        "rare and common classes weigh the same in total; or by name, such as {S: 3}, "
        "with 1 for the others.",
    )
    focal: float = Field(
        0.0, ge=0, le=5, description="Exponent of the focal factor; 0 is plain cross-entropy."
    )
    dice_weight: float = Field(
        0.0, ge=0, le=100, description="Weight of the soft Dice loss that is added."
    )
    curriculum: Curriculum | None = Field(
        None, description="Microscopes and cameras whose ranges widen; needs fresh images."
    )
    selection_images: int = Field(
        100,
        ge=1,
        le=10**7,
        description="Number of selection images for the peak F1 after each epoch.",
    )

    @model_validator(mode="after")
    def _a_share_of_a_network(self) -> Self:
        if self.start_share and self.start_from is None:
            raise ValueError("start_share needs start_from, the network whose weights it takes")
        return self

    @property
    def epoch_size(self) -> int:
        """Number of images in an epoch: whole batches, at least one."""
        return max(1, self.images_per_epoch // self.batch_size) * self.batch_size

    @property
    def steps_per_epoch(self) -> int:
        """Training steps of an epoch."""
        return self.epoch_size // self.batch_size

    def range_fraction(self, epoch: int) -> float:
        """Fraction of the width of microscope and camera ranges in an epoch, counted from 0."""
        return 1.0 if self.curriculum is None else self.curriculum.fraction(epoch)
