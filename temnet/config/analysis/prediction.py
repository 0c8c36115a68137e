"""Settings of prediction."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from temnet.config.analysis.threshold import OF_THE_CARD, Threshold
from temnet.config.names import Address, PathName
from temnet.config.settings import Settings, shown

DEFAULT_NETWORK = "columns-unet"
"""The network that is taken if none is named: it finds the columns of any crystal."""

EngineName = Literal["auto", "keras", "openvino", "onnxruntime"]
"""Engine that runs a network."""


FlagName = Literal["no-lattice", "fringes", "too-close", "rings", "isolated", "reflections"]
"""Name of a flag of columns; see `temnet.records.ColumnFlag`."""


class RingSettings(Settings):
    """Rings of bonded columns in a sheet."""

    bond: tuple[float, float] = Field(
        (1.1, 1.8),
        description="Least and largest distance of bonded columns [Å].",
    )

    @field_validator("bond")
    @classmethod
    def _ordered(cls, bond: tuple[float, float]) -> tuple[float, float]:
        if not 0 < bond[0] < bond[1] <= 10:
            raise ValueError(
                f"expected [least, largest], from more than 0 to 10 Å; got {shown(bond)}"
            )
        return bond


class Prediction(Settings):
    """How columns are found."""

    network: PathName = Field(
        DEFAULT_NETWORK,
        description="Name of a shipped network, or the folder of a network; by default the one "
        "that finds the columns of any crystal.",
    )
    threshold: Threshold = Field(
        OF_THE_CARD, description="Lowest score of a column, or `card` for the network's own."
    )
    min_distance: float | None = Field(
        None,
        gt=0,
        le=10,
        description="Of columns closer than this [Å] the one with the highest score is kept; three "
        "label widths by default.",
    )

    symmetries: bool = Field(
        False,
        description="Predict each frame in the eight symmetries of the square, which takes eight "
        "times as long; columns are those of the mean, with the spread of position and class.",
    )
    leave_out: tuple[FlagName, ...] = Field(
        (),
        exclude_if=lambda names: not names,  # runs of earlier versions stay valid
        description="Leave out the columns that have one of these flags: `no-lattice` and "
        "`fringes` where the image shows no lattice or one set of lattice planes, `too-close` and "
        "`rings` for impossible neighbours, `isolated` without a neighbour, `reflections` where "
        "equal reflections of a sheet differ. By default all columns stay, with their flags.",
    )
    keep_classes: bool = Field(
        False,
        exclude_if=lambda kept: not kept,  # runs of earlier versions stay valid
        description="Keep the network's classes where the lattice fits none of the materials that "
        "it was trained on. There they mean nothing, and by default the class is `column`.",
    )
    engine: EngineName = Field(
        "auto",
        description="Engine that runs the network: `keras`, `openvino` (`pip install openvino`), "
        "`onnxruntime` (`pip install onnx onnxruntime`), or `auto`, which takes OpenVINO if it is "
        "installed and agrees with Keras.",
    )
    workers: int = Field(
        0,
        ge=0,
        le=1024,
        description="Number of processes that share the frames; 0 for this process alone.",
    )
    outputs: tuple[Literal["hdf5", "xyz", "imagej", "napari", "maps", "overlays"], ...] = Field(
        ("hdf5", "xyz"),
        description="Outputs besides columns.csv: the columns as `hdf5` (exact numbers) and `xyz` "
        "(extended XYZ, one configuration per frame); `imagej`, a ZIP file of ImageJ's regions of "
        "interest, and `napari`, a table of points, both in pixels of the file; `maps`, the "
        "predicted probability of each class, before scores are calibrated, as TIFF images with "
        "their pixel size; `overlays`, a PNG of the columns over every frame.",
    )
    rings: RingSettings | None = Field(
        None,
        description="Find the rings of bonded columns, such as the pentagons and heptagons of "
        "graphene. The default bonds are those of carbon.",
    )
    scheduler: Address | None = Field(
        None,
        description="Address of a Dask scheduler whose workers share the frames, such as "
        "`tcp://10.0.0.1:8786`; they must find the network at the same path.",
    )
