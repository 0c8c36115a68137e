"""Section of a run's page on strain: lattices, maps and the profile from the surface inwards."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from temnet.reporting.files.kept_frames import each_frame, read_index, read_mean
from temnet.reporting.files.series_file import read_series_records
from temnet.reporting.page import Html, Section, paragraph, table
from temnet.reporting.run_results import RunResults, counted, known
from temnet.reporting.sections.images import evenly
from temnet.strain.figures import profile_figure, strain_figure
from temnet.strain.tables import (
    COLUMNS,
    ERRORS,
    LATTICES_FILE,
    PROFILE_FILE,
    STRAIN_FILE,
    LatticeRow,
    ProfileRow,
    StrainRow,
)
from temnet.tables.csv_rows import each_row, read_rows

FOLDER = "strain"
"""Folder of the stage `strain`."""

MOST_MAPS = 3
"""Images whose maps the page shows, evenly chosen."""

MOST_LATTICES = 12
"""Lattices that the page lists."""

PROFILED = ("e_xx", "e_yy", "dilatation")
"""Quantities of the profile's picture."""

MEASURE = (
    "Strain is the stretch of the lattice minus one (Biot strain, by a polar decomposition of "
    "local affine fits): 1 % is one per cent longer. x runs to the right and y up in the image; "
    "rotation is positive anticlockwise."
)

REFERENCES = {
    "core": "Each grain is compared with the mean lattice of its own core, so that its mean strain "
    "there is zero.",
    "region": "Each grain is compared with its mean lattice in the region that was given.",
    "spacing": "The lattice of each grain's core was scaled to the given spacing. An error "
    "of the pixel size is a uniform strain of the same size, which standard errors do not include.",
    "structure": "Each grain is compared with the lattice of the structure file. An error of the "
    "pixel size is a uniform strain of the same size, which standard errors do not include.",
}
"""What strain was measured against, by `strain.reference`."""

NO_REFERENCE = "no reference"

STATES = {
    "few-neighbours": "too few neighbours",
    "one-row": "neighbours in one row",
    "misfit": "neighbours beside the lattice (boundaries and defects)",
    "no-lattice": "no lattice around them",
    NO_REFERENCE: "no reference (another lattice, or outside of the region)",
}
"""Why columns have no strain, by their state."""


@dataclass(frozen=True)
class _Shown:
    """An image with the columns whose strain is drawn over it."""

    image: np.ndarray
    sampling: float
    title: str
    rows: Sequence[StrainRow]


def strain_section(source: RunResults) -> Section | None:
    """Lattices of the grains, maps of the strain, and its profile from the surface inwards."""
    names = [f"{FOLDER}/{name}" for name in (STRAIN_FILE, LATTICES_FILE, PROFILE_FILE)]
    if not source.has(*names):
        return None
    section = source.experiment.strain
    states: Counter[str] = Counter()
    errors = []
    for row in each_row(source.root / names[0], StrainRow):
        no_reference = row.state == "fitted" and math.isnan(row.e_xx)
        states[NO_REFERENCE if no_reference else row.state] += 1
        errors.append((row.e_xx_error, row.e_yy_error, row.e_xy_error))
    lattices = read_rows(source.root / names[1], LatticeRow)
    parts = [
        paragraph(_summary(states, np.array(errors).reshape(-1, 3))),
        paragraph(f"{MEASURE} {REFERENCES[section.reference]}", *_doubts(source)),
        paragraph("Tables: ", source.links(*names), "."),
        *_lattice_table(lattices),
    ]
    for number, shown in enumerate(_shown(source)):
        parts.append(_map(source, shown, number))
    parts += _profile(source, read_rows(source.root / names[2], ProfileRow))
    return Section("Strain", parts)


def _summary(states: Counter[str], errors: np.ndarray) -> str:
    """How many columns have a strain, how large its error is, and why others have none."""
    total, fitted = sum(states.values()), states["fitted"]
    text = f"{fitted:,} of {counted(total, 'column')} have a strain."
    finite = errors[np.isfinite(errors).all(axis=1)]
    if len(finite):
        each = ", ".join(
            f"{100 * value:.2f} % ({name})"
            for name, value in zip(("e_xx", "e_yy", "e_xy"), np.median(finite, axis=0), strict=True)
        )
        text += f" Standard errors are, in the median, {each}."
    others = [f"{states[name]:,} have {words}" for name, words in STATES.items() if states[name]]
    return f"{text} Of the others, {'; '.join(others)}." if others else text


def _doubts(source: RunResults) -> Iterator[str]:
    """Sentences on the pixel size, where strain depends on it."""
    section = source.experiment.strain
    if section.reference not in ("spacing", "structure"):
        return
    for record in read_series_records(source.root / "predict"):
        measured = record.calibration
        if measured is None:
            yield f" The error of the pixel size of {record.file} is not known."
        else:
            yield (
                f" The pixel size of {record.file} has a standard error of "
                f"{100 * measured.uncertainty / measured.sampling:.2g} %."
            )
        if measured is not None and measured.taken:
            yield (
                " It was measured on this lattice, so that the mean dilatation is zero by "
                "construction."
            )


def _lattice_table(rows: Sequence[LatticeRow]) -> Iterator[Html]:
    """The lattices of the grains."""
    if not rows:
        yield paragraph("No lattice was found.")
        return
    header = ("file, frame", "grain", "columns", "a (Å)", "b (Å)", "angle (°)",
              "direction of a (°)", "reference a (Å)", "reference b (Å)")  # fmt: skip
    yield table(
        header,
        [
            (
                row.file if row.frame is None else f"{row.file}, {row.frame}",
                row.grain,
                row.columns,
                *(known(value, ".3f") for value in (row.a_angstrom, row.b_angstrom)),
                *(known(value, ".2f") for value in (row.angle_deg, row.direction_deg)),
                *(
                    known(value, ".3f")
                    for value in (row.reference_a_angstrom, row.reference_b_angstrom)
                ),
            )
            for row in rows[:MOST_LATTICES]
        ],
    )
    if len(rows) > MOST_LATTICES:
        yield paragraph(f"{len(rows) - MOST_LATTICES:,} more are in {FOLDER}/{LATTICES_FILE}.")


def _shown(source: RunResults) -> Iterator[_Shown]:
    """Images with the strain of their columns: the time average, or some frames."""
    path, mean = source.root / FOLDER / STRAIN_FILE, source.root / "occupancy" / "images.npz"
    first = next(each_row(path, StrainRow), None)
    if first is None:
        return
    if first.frame is None:
        average = read_mean(mean)
        if average.image is not None:
            title = f"{first.file}, sites averaged over frames"
            rows = read_rows(path, StrainRow)
            yield _Shown(average.image, float(average.index.sampling[0]), title, rows)
        return
    kept = source.root / "predict" / "images.npz"
    index = read_index(kept)
    chosen = evenly(len(index), MOST_MAPS)
    wanted: dict[tuple[str, int | None], list[StrainRow]] = {
        (index.names[place], int(index.numbers[place])): [] for place in chosen
    }
    for row in each_row(path, StrainRow):
        if (row.file, row.frame) in wanted:
            wanted[row.file, row.frame].append(row)
    images = each_frame(kept, chosen)
    for place, image, (key, rows) in zip(chosen, images, wanted.items(), strict=True):
        yield _Shown(image, float(index.sampling[place]), f"{key[0]}, frame {key[1]}", rows)


def _map(source: RunResults, shown: _Shown, number: int) -> Html:
    """The maps of one image."""
    positions = np.array([(row.row_angstrom, row.col_angstrom) for row in shown.rows])
    values, errors = (
        {name: np.array([getattr(row, key) for row in shown.rows]) for name, key in pairs}
        for pairs in (zip(COLUMNS, COLUMNS, strict=True), zip(COLUMNS, ERRORS, strict=True))
    )
    figure = strain_figure(
        shown.image,
        shown.sampling,
        positions.reshape(-1, 2),
        values,
        errors,
        shown.title,
        source.experiment.strain.scale,
    )
    caption = (
        f"Strain and rotation, {shown.title}. Open circles: columns without a value, or with a "
        "standard error beyond the scale."
    )
    return source.picture(figure, f"strain_map_{number}", caption)


def _profile(source: RunResults, rows: Sequence[ProfileRow]) -> Iterator[Html]:
    """The profile of the first image."""
    if not rows:
        return
    own = [row for row in rows if (row.file, row.frame) == (rows[0].file, rows[0].frame)]
    layers = sorted({row.layer for row in own})
    cells = {(row.layer, row.quantity): row for row in own}
    means, errors = (
        {
            name: np.array([getattr(cells[layer, name], key) for layer in layers])
            for name in PROFILED
        }
        for key in ("mean", "error")
    )
    title = own[0].file if own[0].frame is None else f"{own[0].file}, frame {own[0].frame}"
    yield source.picture(
        profile_figure(layers, means, errors, title),
        "strain_profile",
        "Mean strain of the columns in each layer, from the surface of the crystal inwards, with "
        "standard errors. Fits of the outermost layers reach inwards only.",
    )
