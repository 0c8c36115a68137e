"""Outputs of the stage `predict`: each takes the frames one by one, as they are found.

A new output is one entry of `OUTPUTS`: a function that opens it, and yields a function of a frame
with its maps and peaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from temnet.config.analysis.prediction import Prediction
from temnet.inference.column_finder import FoundFrame
from temnet.inference.rings import find_rings
from temnet.interoperability.found_columns import Add, FoundColumns
from temnet.interoperability.imagej_rois import ENDING as ROIS_ENDING
from temnet.interoperability.imagej_rois import open_rois
from temnet.interoperability.napari_points import ENDING as POINTS_ENDING
from temnet.interoperability.napari_points import open_points
from temnet.records import ImageSeries, Peaks
from temnet.reporting.figures.drawing import encode_figure
from temnet.reporting.figures.overlay import overlay_figure
from temnet.reporting.files.column_table import ColumnTableWriter
from temnet.reporting.files.map_files import write_maps
from temnet.reporting.files.peaks_files import open_peaks
from temnet.reporting.files.prediction_rows import RINGS_FILE, RingRow
from temnet.reporting.sections.images import OVERLAYS
from temnet.stages.prediction.inputs import PredictionInputs, elements_of
from temnet.stages.prediction.kept_frames import keeping_frames
from temnet.system.file_names import safe_name
from temnet.system.files import replace_file
from temnet.tables.csv_rows import RowWriter

COLUMNS_FILE, IMAGES_FILE = "columns.csv", "images.npz"

MAPS = "maps"
"""Output of the maps of probabilities, and the name of its folder."""

Output = Callable[[int, FoundFrame], None]
"""Takes each frame in order, with the number of its series."""


@contextmanager
def open_outputs(
    folder: Path, inputs: PredictionInputs, prediction: Prediction
) -> Iterator[list[Output]]:
    """Opens all outputs; their files are complete at the end of the block.

    Args:
        folder: The stage's folder.
        inputs: The network and the images.
        prediction: Settings; uses `rings` and `outputs`.

    Yields:
        Functions that take each frame.
    """
    bond = None if prediction.rings is None else prediction.rings.bond
    opened = [
        columns_and_rings(folder, inputs, bond),
        keeping_frames(folder / IMAGES_FILE, inputs.series),
        *(OUTPUTS[name](folder, inputs) for name in prediction.outputs),
    ]
    with ExitStack() as stack:
        yield [stack.enter_context(output) for output in opened]


@contextmanager
def columns_and_rings(
    folder: Path, inputs: PredictionInputs, bond: tuple[float, float] | None
) -> Iterator[Output]:
    """Writes columns.csv, and rings.csv if rings are wanted.

    Args:
        folder: The stage's folder.
        inputs: The network and the images.
        bond: Least and largest distance of bonded columns [Å]; None without rings.
    """
    classes = inputs.classes
    with ExitStack() as files:
        table = files.enter_context(ColumnTableWriter(folder / COLUMNS_FILE, classes))
        rings = None
        if bond is not None:
            rings = files.enter_context(RowWriter(folder / RINGS_FILE, RingRow))

        def add(part: int, frame: FoundFrame) -> None:
            series = inputs.series[part]
            if rings is not None and bond is not None:
                for row in ring_rows(series, frame, bond, table.count):
                    rings.write(row)
            table.write(frame.peaks, series.pixel_size, series.name)

        yield add


def ring_rows(
    series: ImageSeries, frame: FoundFrame, bond: tuple[float, float], first_line: int
) -> Iterator[RingRow]:
    """The rings of one frame.

    Args:
        series: The series of the frame.
        frame: The frame and its columns.
        bond: Least and largest distance of bonded columns [Å].
        first_line: Line of the frame's first column in the table of all, counted from 0.
    """
    rings = find_rings(frame.peaks.positions, bond)
    height, width = series.pixel_size
    for (row, col), atoms, ring in zip(rings.centres, rings.atoms, rings.vertices, strict=True):
        yield RingRow(
            file=series.name,
            frame=frame.number,
            atoms=int(atoms),
            row_angstrom=row,
            col_angstrom=col,
            row_pixel=row / height,
            col_pixel=col / width,
            columns=" ".join(map(str, first_line + np.asarray(ring))),
        )


Begin = Callable[[Path, PredictionInputs, int], AbstractContextManager[Add]]
"""Opens a file of columns, from its path without an ending, the inputs and the series' number."""


@contextmanager
def _column_files(begin: Begin, folder: Path, inputs: PredictionInputs) -> Iterator[Output]:
    """Writes the columns of each series in a file of its own."""
    names, classes = _names(inputs), inputs.classes
    elements = elements_of(inputs.network, classes)
    with ExitStack() as file:
        opened: dict[int, Add] = {}

        def add(part: int, frame: FoundFrame) -> None:
            series = inputs.series[part]
            if part not in opened:
                file.close()  # the file of the series before
                opened[part] = file.enter_context(begin(folder / names[part], inputs, part))
            columns = FoundColumns.of(
                frame.peaks,
                classes=classes,
                elements=elements,
                pixel_size=series.pixel_size,
                file=series.name,
                frames=len(series.images),
                foci=series.images.shape[-1],
            )
            opened[part](columns)

        yield add


def _peaks(
    ending: str, path: Path, inputs: PredictionInputs, part: int
) -> AbstractContextManager[Callable[[Peaks], None]]:
    """Opens a file of `open_peaks`."""
    series = inputs.series[part]
    return open_peaks(path.with_name(path.name + ending), series.sampling, inputs.classes)


def _rois(path: Path, inputs: PredictionInputs, part: int) -> AbstractContextManager[Add]:
    """Opens a file of ImageJ's regions; the stack begins before the first frame that was read."""
    series = inputs.series[part]
    first = series.metadata.get("first_frame", 0)
    return open_rois(path.with_name(path.name + ROIS_ENDING), first)


def _points(path: Path, inputs: PredictionInputs, part: int) -> AbstractContextManager[Add]:
    """Opens a table of napari's points."""
    series = inputs.series[part]
    first = series.metadata.get("first_frame", 0)
    return open_points(path.with_name(path.name + POINTS_ENDING), len(series.images), first)


@contextmanager
def _maps(folder: Path, inputs: PredictionInputs) -> Iterator[Output]:
    """Writes the probabilities of each class as TIFF images."""
    names, sampling = _names(inputs), inputs.network.sampling
    classes = inputs.network.experiment.class_names

    def add(part: int, frame: FoundFrame) -> None:
        if frame.probabilities is None:
            raise ValueError("maps are written only if the search keeps them")
        stem = _frame_name(names[part], frame.number)
        write_maps(folder / MAPS, stem, frame.probabilities, sampling, classes)

    yield add


@contextmanager
def _overlays(folder: Path, inputs: PredictionInputs) -> Iterator[Output]:
    """Draws the columns over the first focal image of each frame."""
    names, classes = _names(inputs), inputs.classes

    def add(part: int, frame: FoundFrame) -> None:
        series, peaks = inputs.series[part], frame.peaks
        figure = overlay_figure(
            frame.image[..., 0],
            series.sampling,
            peaks.positions,
            peaks.class_index,
            classes,
            f"{series.name}, frame {frame.number}",
            peaks.flags != 0,
        )
        path = folder / OVERLAYS / f"{_frame_name(names[part], frame.number)}.png"
        replace_file(path, encode_figure(figure, "png"))

    yield add


OUTPUTS: Mapping[str, Callable[[Path, PredictionInputs], AbstractContextManager[Output]]] = {
    "hdf5": partial(_column_files, partial(_peaks, ".h5")),
    "xyz": partial(_column_files, partial(_peaks, ".xyz")),
    "imagej": partial(_column_files, _rois),
    "napari": partial(_column_files, _points),
    MAPS: _maps,
    OVERLAYS: _overlays,
}
"""Functions that open an output, by its name in `prediction.outputs`."""


def _names(inputs: PredictionInputs) -> list[str]:
    """Names of the files of each series."""
    return series_names([series.name for series in inputs.series])


def series_names(series: Sequence[str]) -> list[str]:
    """A name for the files of each series; no two are equal, even where case does not count.

    >>> series_names(["a.tif"]), series_names(["a.tif", "A.dm4"])
    (['columns'], ['columns_0_a', 'columns_1_A'])
    """
    if len(series) == 1:
        return ["columns"]
    stems = (safe_name(Path(name).stem) for name in series)
    return [f"columns_{number}_{stem}" for number, stem in enumerate(stems)]


def _frame_name(name: str, number: int) -> str:
    """Name of the files of one frame.

    >>> _frame_name("columns", 3), _frame_name("columns_0_a", 3)
    ('0003', '0_a_0003')
    """
    stem = name.removeprefix("columns").removeprefix("_")
    return "_".join(([stem] if stem else []) + [f"{number:04d}"])
