"""Settings of training data."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from temnet.config.learning.augmentation import Augmentation
from temnet.config.names import Address, PathName
from temnet.config.settings import Settings, is_number, shown

MOST_EXAMPLES = 10**7
"""Most examples of one set; the largest so far has 10,000."""


def _parse_size(value: Any) -> Any:
    # A union would report both of its branches; this gives one sentence.
    sizes = value if isinstance(value, list | tuple) else (value,)
    whole = all(is_number(size) and int(size) == size for size in sizes)
    if not whole or (sizes is value and len(sizes) != 2):
        raise ValueError(f"expected a whole number or [rows, cols]; got {shown(value)}")
    for size in sizes:
        if not 16 <= size <= 4096:
            raise ValueError(f"expected at least 16 and at most 4096 pixels; got {size:g}")
    return value


class Data(Settings):
    """The simulated examples of each split."""

    image_size: Annotated[int | tuple[int, int], BeforeValidator(_parse_size)] = Field(
        256, description="Size of an example [pixels]: one number, or [rows, cols]."
    )
    training: int = Field(
        1000,
        ge=1,
        le=MOST_EXAMPLES,
        description="Number of examples that the network is trained on (see "
        "`training.images_per_epoch`).",
    )
    selection: int = Field(
        100,
        ge=1,
        le=MOST_EXAMPLES,
        description="Number of examples that select checkpoint and threshold; machine learning "
        "calls them validation.",
    )
    validation: int = Field(
        100,
        ge=1,
        le=MOST_EXAMPLES,
        description="Number of held-out examples for all reported scores; machine learning calls "
        "them test.",
    )
    source: Literal["stored", "fresh"] = Field(
        "stored",
        description="`stored`: simulated once and kept on disk; `fresh`: new images in each epoch.",
    )
    folder: PathName | None = Field(
        None,
        description="Folder of the stored sets, which need not exist; by default runs/sets/<hash "
        "of the settings> in the working folder.",
    )
    exit_wave_reuse: int = Field(
        1,
        ge=1,
        le=1000,
        description="Number of examples, with different microscopes and cameras, from each exit "
        "wave.",
    )
    workers: int = Field(
        2,
        ge=0,
        le=1024,
        description="Number of processes that simulate; 0 simulates in the process of the command.",
    )
    scheduler: Address | None = Field(
        None,
        description="Address of a Dask scheduler whose workers simulate, such as "
        "`tcp://10.0.0.1:8786`, instead of processes on this machine.",
    )
    image_epochs: int = Field(
        1,
        ge=1,
        le=100_000,
        description="Number of epochs that use the same images with `source: fresh`, before new "
        "ones, simulated meanwhile, replace them.",
    )
    augment: Augmentation = Field(
        Augmentation(), description="Changes of training images; other images are never changed."
    )

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols) of an example."""
        if isinstance(self.image_size, int):
            return self.image_size, self.image_size
        return self.image_size

    def batch_shape(self, split: str) -> tuple[int, int]:
        """(rows, cols) of the images in a split's batches; those of training may be cropped."""
        crop = self.augment.crop
        return (crop, crop) if split == "training" and crop else self.shape

    def count(self, split: str) -> int:
        """Number of examples of a split."""
        return int(getattr(self, split))

    @model_validator(mode="after")
    def _augmentation_fits(self) -> Data:
        crop = self.augment.crop
        if crop is not None and crop > min(self.shape):
            raise ValueError(
                f"augment.crop {crop} is larger than the image, {list(self.shape)}; set "
                f"data.augment.crop to at most {min(self.shape)}"
            )
        if self.augment.symmetries and crop is None and self.shape[0] != self.shape[1]:
            raise ValueError(
                f"augment rotates images by 90 degrees, which needs a square image_size; got "
                f"{list(self.shape)}; set data.augment to false or data.image_size to one number"
            )
        return self

    @model_validator(mode="after")
    def _only_fresh_images_are_renewed(self) -> Data:
        if self.image_epochs > 1 and self.source != "fresh":
            raise ValueError(
                f"image_epochs {self.image_epochs} renews fresh images, but source is stored; "
                " set data.source to fresh or leave data.image_epochs out"
            )
        return self
