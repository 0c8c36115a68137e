"""What the stage `predict` writes of its columns besides the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from temnet.evaluation.rings import find_rings
from temnet.inference.column_finder import FoundFrame
from temnet.inference.probability_maps import network_sampling
from temnet.models.checkpoint import Network
from temnet.records import ImageSeries
from temnet.reporting.figures.drawing import encode_figure
from temnet.reporting.figures.overlay import overlay_figure
from temnet.reporting.files.map_files import safe_name, write_maps
from temnet.reporting.files.peaks_files import open_peaks
from temnet.reporting.files.prediction_rows import RingRow
from temnet.reporting.sections.images import OVERLAYS
from temnet.system.files import replace_file

ENDINGS = {"hdf5": ".h5", "xyz": ".xyz"}
"""Ending of the files of columns by the name of the output."""

MAPS = "maps"
"""Folder of the probabilities of each class."""


def series_names(series: Sequence[ImageSeries]) -> list[str]:
    """A name for each series' files, no two alike even where case does not count.

    >>> one, other = (ImageSeries(np.zeros((0, 0, 0, 0)), 0.2, name) for name in ("a.tif", "A.dm4"))
    >>> series_names([one]), series_names([one, other])
    (['columns'], ['columns_0_a', 'columns_1_A'])
    """
    if len(series) == 1:
        return ["columns"]
    stems = (safe_name(Path(part.name).stem) for part in series)
    return [f"columns_{number}_{stem}" for number, stem in enumerate(stems)]


@contextmanager
def series_outputs(
    folder: Path, name: str, network: Network, series: ImageSeries, outputs: Sequence[str]
) -> Iterator[Callable[[FoundFrame], None]]:
    """What is written of one series besides the tables, frame by frame.

    Args:
        folder: The stage's folder.
        name: Name of the series' files, without their ending.
        network: The network.
        series: The images.
        outputs: Names of outputs.

    Yields:
        What takes each frame in order, with its probabilities where `maps` are wanted.
    """
    classes = network.experiment.class_names
    with ExitStack() as files:
        add_columns = [
            files.enter_context(open_peaks(folder / f"{name}{ending}", series.sampling, classes))
            for output, ending in ENDINGS.items()
            if output in outputs
        ]

        def add(frame: FoundFrame) -> None:
            for append in add_columns:
                append(frame.peaks)
            stem = _frame_name(name, frame.number)
            if MAPS in outputs:
                sampling = network_sampling(network)
                write_maps(folder / MAPS, stem, frame.probabilities, sampling, classes)
            if OVERLAYS in outputs:
                path = folder / OVERLAYS / f"{stem}.png"
                replace_file(path, _overlay(series, frame, classes))

        yield add


def _overlay(series: ImageSeries, frame: FoundFrame, classes: Sequence[str]) -> bytes:
    """A picture of a frame's first focal image with its columns."""
    peaks, title = frame.peaks, f"{series.name}, frame {frame.number}"
    image = frame.image[..., 0]
    figure = overlay_figure(
        image, series.sampling, peaks.positions, peaks.class_index, classes, title
    )
    return encode_figure(figure, "png")


def ring_rows(
    frame: FoundFrame,
    bond: tuple[float, float],
    pixel_size: tuple[float, float],
    file: str,
    first_line: int,
) -> Iterator[RingRow]:
    """Rows of rings.csv.

    Args:
        frame: A frame and its columns.
        bond: Least and largest distance of bonded columns [Å].
        pixel_size: Height and width of the file's pixels [Å].
        file: Name of the series.
        first_line: Line of columns.csv, counted from 0, that the first of these columns stands in.
    """
    rings = find_rings(frame.peaks.positions, bond)
    for centre, atoms, ring in zip(rings.centres, rings.atoms, rings.vertices, strict=True):
        yield RingRow(
            file=file,
            frame=frame.number,
            atoms=int(atoms),
            row_angstrom=centre[0],
            col_angstrom=centre[1],
            row_pixel=centre[0] / pixel_size[0],
            col_pixel=centre[1] / pixel_size[1],
            columns=" ".join(map(str, first_line + np.asarray(ring))),
        )


def _frame_name(name: str, number: int) -> str:
    """What the files of one frame are called.

    >>> _frame_name("columns", 3), _frame_name("columns_0_a", 3)
    ('0003', '0_a_0003')
    """
    stem = name.removeprefix("columns").removeprefix("_")
    return "_".join(([stem] if stem else []) + [f"{number:04d}"])
