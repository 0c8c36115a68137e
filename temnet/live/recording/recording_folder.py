"""The folder of a recording, to which frames are appended."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tifffile

from temnet.config.loading import validate, write_experiment
from temnet.live.messages import Found
from temnet.reporting.files.column_table import ColumnTableWriter
from temnet.system.files import replace_file
from temnet.tables.csv_rows import RowWriter
from temnet.workflow.folder import RECORDING_FILE

FRAMES, ROWS_FILE = "frames", "recorded_frames.csv"

CENTIMETRE = 1e8
"""One centimetre, TIFF's unit of length [Å]."""


@dataclass(frozen=True)
class RecordedFrameRow:
    """Row of ``recorded_frames.csv``: one frame of a recording.

    Attributes:
        frame: Number of the frame in the recording, from 0, as in ``columns.csv``.
        image: Name of its file in ``frames/``.
        number: Number that the server gave it, from 1; those between were dropped or not recorded.
        name: Name that the sender gave it.
        source: Program and camera.
        time: When it was taken, as the sender writes it.
        columns: Number of its columns.
        verdict: Whether it is like the training images of the network.
    """

    frame: int
    image: str
    number: int
    name: str
    source: str
    time: str
    columns: int
    verdict: str


class RecordingFolder:
    """Appends frames with their columns.

    Attributes:
        folder: The folder.
    """

    def __init__(self, folder: Path, found: Found) -> None:
        """Begins a recording.

        Args:
            folder: An empty folder.
            found: The first frame, whose settings are those of all.

        Raises:
            OSError: If the folder cannot be written to.
        """
        self.folder, self._count = folder, 0
        (folder / FRAMES).mkdir()
        write_experiment(
            validate(offline_settings(found, folder), "recording"), folder / RECORDING_FILE
        )
        self._rows = RowWriter(folder / ROWS_FILE, RecordedFrameRow)
        self._table = ColumnTableWriter(folder / "columns.csv", found.judgement.classes)

    def add(self, found: Found, pixels: np.ndarray) -> None:
        """Appends a frame.

        Args:
            found: The frame and its columns.
            pixels: (row, col) or (row, col, focus), the part of the frame that was analysed.

        Raises:
            OSError: If the disk is full or broken; what was recorded before stays.
        """
        size, head, number = found.frame.pixel_size, found.frame.head, self._count
        name = f"frame_{number:06d}.tif"
        buffer = io.BytesIO()
        tifffile.imwrite(
            buffer,
            pixels if pixels.ndim == 2 else np.moveaxis(pixels, 2, 0),
            photometric="minisblack",
            resolution=(CENTIMETRE / size[1], CENTIMETRE / size[0]),
            resolutionunit="CENTIMETER",
        )
        replace_file(self.folder / FRAMES / name, buffer.getvalue())
        region = found.frame.settings.region
        corner = np.zeros(2) if region is None else np.array([region[0], region[2]]) * size
        columns = found.shown
        columns = replace(
            columns,
            positions=columns.positions - corner,
            frame=np.full(len(columns), number, np.int64),
        )
        self._table.write(columns, size, FRAMES)
        self._table.flush()
        self._rows.write(
            RecordedFrameRow(
                number,
                name,
                found.frame.number,
                head.name,
                head.source,
                head.time,
                len(columns),
                found.judgement.verdict,
            )
        )
        self._rows.flush()
        self._count += 1

    def close(self) -> None:
        """Ends the recording."""
        self._rows.close()
        self._table.close()


def offline_settings(found: Found, folder: Path) -> dict[str, object]:
    """The settings by which the offline analysis sees the frames as they were seen live.

    Args:
        found: A frame.
        folder: The folder of the recording.
    """
    judged, (height, width) = found.judgement, found.frame.pixel_size
    images: dict[str, object] = {
        "files": [str(folder / FRAMES)],
        "axes": "frames" if found.frame.pixels.ndim == 2 else "focus",
        "invert": judged.inverted,
        "flatten": judged.flatten,
    }
    if height == width:
        images["sampling"] = height
    prediction: dict[str, object] = {
        "network": found.frame.settings.network,
        "threshold": found.threshold,
    }
    if not judged.foreign:
        prediction["keep_classes"] = True
    return {"images": images, "prediction": prediction, "stages": ["predict", "report"]}
