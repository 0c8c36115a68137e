"""What the stage `predict` writes of its columns besides the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from temnet.config.analysis import EngineName
from temnet.evaluation.rings import find_rings
from temnet.files import replace_file
from temnet.inference.predict import network_sampling, predict_frame
from temnet.models.checkpoint import Network
from temnet.records import ImageSeries, Peaks
from temnet.reporting.figures import encode_figure
from temnet.reporting.image_sections import OVERLAYS
from temnet.reporting.map_files import safe_name, write_maps
from temnet.reporting.overlay import overlay_figure
from temnet.reporting.peaks_files import write_peaks
from temnet.reporting.tables import Row

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


def write_columns(
    folder: Path,
    name: str,
    peaks: Peaks,
    sampling: float,
    class_names: Sequence[str],
    outputs: Sequence[str],
) -> None:
    """Writes the columns of one series in the formats that were asked for.

    Args:
        folder: Where to.
        name: Name of the files without their ending.
        peaks: The columns.
        sampling: Pixel size of the images [Å].
        class_names: Name of each class index.
        outputs: Names of outputs; those that are no files of columns are left out.
    """
    for output in outputs:
        if output in ENDINGS:
            write_peaks(folder / f"{name}{ENDINGS[output]}", peaks, sampling, class_names)


def ring_rows(
    peaks: Peaks,
    bond: tuple[float, float],
    pixel_size: tuple[float, float],
    file: str,
    first_line: int,
) -> list[Row]:
    """Rows of rings.csv.

    Args:
        peaks: The columns of one series.
        bond: Least and largest distance of bonded columns [Å].
        pixel_size: Height and width of the file's pixels [Å].
        file: Name of the series.
        first_line: Line of columns.csv, counted from 0, that the first of these columns stands in.
    """
    rows: list[Row] = []
    for frame in np.unique(peaks.frame).tolist():
        members = np.flatnonzero(peaks.frame == frame)
        rings = find_rings(peaks.positions[members], bond)
        for centre, atoms, ring in zip(rings.centres, rings.atoms, rings.vertices, strict=True):
            rows.append(
                {
                    "file": file,
                    "frame": frame,
                    "atoms": atoms,
                    "row_angstrom": centre[0],
                    "col_angstrom": centre[1],
                    "row_pixel": centre[0] / pixel_size[0],
                    "col_pixel": centre[1] / pixel_size[1],
                    "columns": " ".join(map(str, first_line + members[ring])),
                }
            )
    return rows


def write_series_maps(
    folder: Path,
    name: str,
    network: Network,
    series: ImageSeries,
    symmetries: bool,
    engine: EngineName,
    progress: Callable[[int], object],
) -> None:
    """Writes the probabilities of each class in each frame, one frame after the other.

    Args:
        folder: The stage's folder.
        name: Name of the series' files.
        network: The network.
        series: The images.
        symmetries: Whether the mean over the square's symmetries is taken.
        engine: What runs the network.
        progress: Called with 1 after each frame.
    """
    for number in range(len(series.images)):
        frame = np.asarray(series.images[number])
        probabilities = predict_frame(network, frame, series.sampling, engine, symmetries)
        sampling, classes = network_sampling(network), network.config.class_names
        write_maps(folder / MAPS, _frame_name(name, number), probabilities, sampling, classes)
        progress(1)


def write_overlays(
    folder: Path,
    name: str,
    series: ImageSeries,
    peaks: Peaks,
    class_names: Sequence[str],
    progress: Callable[[int], object],
) -> None:
    """Draws the columns over the first focal image of each frame, one frame after the other.

    Args:
        folder: The stage's folder.
        name: Name of the series' files.
        series: The images.
        peaks: Their columns.
        class_names: Name of each class index.
        progress: Called with 1 after each frame.
    """
    for number in range(len(series.images)):
        mine = peaks.select(peaks.frame == number)
        figure = overlay_figure(
            np.asarray(series.images[number])[..., 0],
            series.sampling,
            mine.positions,
            mine.class_index,
            class_names,
            f"{series.name}, frame {number}",
        )
        path = folder / OVERLAYS / f"{_frame_name(name, number)}.png"
        replace_file(path, encode_figure(figure, "png"))
        progress(1)


def _frame_name(name: str, number: int) -> str:
    """What the files of one frame are called.

    >>> _frame_name("columns", 3), _frame_name("columns_0_a", 3)
    ('0003', '0_a_0003')
    """
    stem = name.removeprefix("columns").removeprefix("_")
    return "_".join(([stem] if stem else []) + [f"{number:04d}"])
