"""Sections of a run's page on the simulation: examples, accuracy and vibrations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from temnet.config.loading import load_vibration_table
from temnet.config.structures.vibration_table import TableRow
from temnet.reporting.figures.curves import vibration_figure
from temnet.reporting.figures.gallery import gallery_figure
from temnet.reporting.page import Html, Section, link, paragraph, table
from temnet.reporting.run_results import RunResults, known
from temnet.reporting.snapshots import Picture, read_pictures
from temnet.simulation.accuracy import Measurement
from temnet.tables.csv_rows import read_rows


def gallery_section(source: RunResults) -> Section | None:
    """A gallery of simulated examples, and a whole focal series."""
    names = ("gallery/examples.npz", "gallery/series.npz")
    if not source.has(*names):
        return None
    parts = []
    series = read_pictures(source.root / names[1])
    if len(series) > 1:
        caption = "All images of the first example's focal series, and below its true columns."
        parts.append(_gallery(source, series, "focal_series", caption))
    caption = "First image of each example, and below it the true columns."
    parts.append(_gallery(source, read_pictures(source.root / names[0]), "examples", caption))
    return Section("Gallery", parts)


def simulate_section(source: RunResults) -> Section | None:
    """A few of the simulated images."""
    name = "simulate/examples.npz"
    if not source.has(name):
        return None
    caption = "Simulated images at the network's pixel size, and below with their true columns."
    pictures = read_pictures(source.root / name)
    return Section("Simulated images", [_gallery(source, pictures, "gallery", caption)])


def _gallery(source: RunResults, pictures: Sequence[Picture], name: str, caption: str) -> Html:
    across = 3 if len(pictures) % 3 == 0 else 4
    figure = gallery_figure(pictures, source.experiment.class_names, across)
    return source.picture(figure, name, caption)


def accuracy_section(source: RunResults) -> Section | None:
    """Table of errors relative to a converged simulation."""
    name = "accuracy/accuracy.csv"
    if not source.has(name):
        return None
    rows = read_rows(source.root / name, Measurement)
    text = (
        "Rms error relative to the rms contrast of the whole series, below the resolution limit of "
        "each case and after one common change of defocus. For the wave's intensity: the part lost "
        "within the band of its grid. Table: "
    )
    cells = [
        (
            row.specimen,
            row.quantity,
            row.setting,
            f"{row.percent:.2f}",
            known(None if np.isnan(row.offset) else row.offset, ".2f"),
        )
        for row in rows
    ]
    header = ("specimen", "quantity", "setting", "error (%)", "change of defocus (Å)")
    return Section(
        "Accuracy of the simulation", [paragraph(text, link(name)), table(header, cells)]
    )


def vibrations_section(source: RunResults) -> Section | None:
    """Table of vibrations from molecular dynamics."""
    name = "vibrations/table.yaml"
    if not source.has(name):
        return None
    vibration = load_vibration_table(source.root / name)
    text = (
        f"Standard deviations of atomic positions in {vibration.material} at "
        f"{vibration.temperature:g} K by {vibration.provenance['engine']}: classical, per axis, "
        "with standard error. Zero-point motion multiplies them by the factor. Table: "
    )
    header = (
        "element", "neighbours", "atoms", "in plane (Å)", "±", "factor", "along beam (Å)", "±",
        "factor",
    )  # fmt: skip
    sizes = [
        (row.size, row.element, row.coordination, f"{row.in_plane:.4f}", f"{row.along_beam:.4f}")
        for row in vibration.sizes
    ]
    caption = "Classical standard deviation per axis against the number of neighbours."
    return Section(
        "Thermal vibration",
        [
            paragraph(text, link(name)),
            table(header, [_vibration_cells(row) for row in vibration.rows]),
            source.picture(vibration_figure(vibration.rows), "vibration", caption),
            paragraph(
                "The most frequent kind of atom of each element, for each size of the specimen:"
            ),
            table(("specimen", "element", "neighbours", "in plane (Å)", "along beam (Å)"), sizes),
        ],
    )


def _vibration_cells(row: TableRow) -> tuple[object, ...]:
    """A line of the table of vibrations."""
    in_plane = _sigma_cells(row.in_plane, row.in_plane_error, row.in_plane_quantum)
    along_beam = _sigma_cells(row.along_beam, row.along_beam_error, row.along_beam_quantum)
    return row.element, row.coordination, row.atoms, *in_plane, *along_beam


def _sigma_cells(sigma: float, error: float | None, factor: float) -> tuple[str, str, str]:
    return f"{sigma:.4f}", known(error, ".4f"), f"{factor:.3f}"
