"""Stage `strain`: the strain around each column, or around each site of a movie."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from temnet.config.analysis.strain import Strain
from temnet.config.experiment import Experiment, required
from temnet.interoperability.found_columns import columns_of
from temnet.models.network_folders import find_network, read_card
from temnet.records import Peaks
from temnet.reporting.files.column_table import read_columns
from temnet.reporting.files.peaks_files import write_peaks
from temnet.reporting.files.series_file import SeriesRecord, read_series_records
from temnet.stages import occupancy, predict
from temnet.stages.prediction.files import series_names
from temnet.strain.ideal_lattice import lattice_of_structure
from temnet.strain.results import StrainMap
from temnet.strain.site_means import SiteMeans, site_means
from temnet.strain.strain_map import strain_map
from temnet.strain.tables import (
    LATTICES_FILE,
    PROFILE_FILE,
    STRAIN_FILE,
    LatticeRow,
    ProfileRow,
    StrainRow,
    further_numbers,
    lattice_rows,
    profile_rows,
    strain_rows,
)
from temnet.tables.csv_rows import RowWriter
from temnet.workflow.stage import Stage, Work

LOGGER = logging.getLogger(__name__)

FILES = {"hdf5": ".h5", "xyz": ".xyz"}
"""Endings of the files of columns with their strain, by the name in `prediction.outputs`."""


def settings(experiment: Experiment) -> Mapping[str, object]:
    """Settings that the strain depends on."""
    before = occupancy if _averaged(experiment) else predict
    section = experiment.strain.model_dump(mode="json", exclude={"structure", "scale"})
    structure = experiment.strain.structure
    file = None if structure is None else predict.content_hash(Path(structure))
    return {**before.settings(experiment), "strain": {**section, "structure": file}}


def check(experiment: Experiment) -> np.ndarray | None:
    """Reads the reference lattice, if it is that of a structure.

    Returns:
        (2, 2) float64, its vectors as columns [Å]; None for other references.

    Raises:
        InputError: If the structure cannot be read.
    """
    section = experiment.strain
    if section.reference != "structure" or section.structure is None:
        return None
    return lattice_of_structure(section.structure, section.zone_axis)


def run(work: Work[np.ndarray | None]) -> None:
    """Writes the tables of strain, lattices and profiles, and files for other programs."""
    records = read_series_records(work.root / predict.STAGE.name)
    outputs = required(work.experiment.prediction, "prediction").outputs
    names = series_names([record.file for record in records])
    with (
        work.progress("strain", len(records)) as done,
        RowWriter(work.folder / STRAIN_FILE, StrainRow) as strains,
        RowWriter(work.folder / LATTICES_FILE, LatticeRow) as lattices,
        RowWriter(work.folder / PROFILE_FILE, ProfileRow) as profiles,
    ):
        for (record, peaks, means), name in zip(_series(work), names, strict=True):
            strain = _strain(work, record, peaks, means)
            averaged = means is not None
            size = record.pixel_size or (record.sampling, record.sampling)
            about = (None, None) if means is None else (means.site, means.frames)
            for row in strain_rows(strain, record.file, record.classes, size, *about):
                strains.write(row)
            for lattice in lattice_rows(strain, record.file, averaged):
                lattices.write(lattice)
            for profile in profile_rows(strain, record.file, averaged):
                profiles.write(profile)
            columns = columns_of(peaks, record, None if means is None else means.site)
            columns = replace(columns, further=further_numbers(strain))
            for output in FILES.keys() & set(outputs):
                path = work.folder / f"{name}{FILES[output]}"
                write_peaks(path, columns, record.sampling, record.classes)
            _log(record.file, strain)
            done(1)


def _averaged(experiment: Experiment) -> bool:
    """Whether positions are averaged over the frames of each site."""
    return experiment.strain.average and "occupancy" in experiment.stages


def _series(
    work: Work[np.ndarray | None],
) -> Iterator[tuple[SeriesRecord, Peaks, SiteMeans | None]]:
    """Each series with its columns, or its sites and their means."""
    source = work.root / predict.STAGE.name
    records = read_series_records(source)
    if not _averaged(work.experiment):
        table = read_columns(source / predict.COLUMNS_FILE, records[0].classes)
        for record in records:
            yield record, table.of(record.file), None
        return
    folder = work.root / occupancy.STAGE.name
    table = read_columns(folder / predict.COLUMNS_FILE, records[0].classes)
    means = site_means(table.peaks, table.site, records[0].average)
    yield records[0], means.peaks, means


def _strain(
    work: Work[np.ndarray | None],
    record: SeriesRecord,
    peaks: Peaks,
    means: SiteMeans | None,
) -> StrainMap:
    """The strain of one series."""
    section = work.experiment.strain
    error = known_error(work.experiment) if means is None else means.error
    return strain_map(
        peaks,
        neighbours=section.neighbours,
        reference="lattice" if section.reference == "structure" else section.reference,
        region=_region(section, record),
        spacing=section.spacing,
        lattice=None if work.inputs is None else work.inputs.T,
        position_error=error,
        field=((record.rows - 1) * record.sampling, (record.cols - 1) * record.sampling),
    )


def _region(section: Strain, record: SeriesRecord) -> tuple[float, float, float, float] | None:
    """The region of the reference [Å]: its lowest and highest row and column."""
    if section.region is None:
        return None
    height, width = record.pixel_size or (record.sampling, record.sampling)
    top, bottom, left, right = section.region
    rows, cols = ((first - 0.5, after - 0.5) for first, after in ((top, bottom), (left, right)))
    return rows[0] * height, rows[1] * height, cols[0] * width, cols[1] * width


def known_error(experiment: Experiment) -> float | None:
    """Standard error of a position along an axis [Å] in the network's validation images."""
    return card_error(required(experiment.prediction, "prediction").network)


def card_error(network: str) -> float | None:
    """Standard error of a position along an axis [Å] on the card of a network.

    None where the card does not have it.
    """
    card = read_card(find_network(network))
    scores = card.validation or card.metrics
    every = None if scores is None else scores.classes.get("any")
    if every is None or not math.isfinite(every.rms_error_pm):
        return None
    return every.rms_error_pm / 100 / math.sqrt(2)


def _log(file: str, strain: StrainMap) -> None:
    """Logs how many columns have a strain, and in how many grains."""
    fitted = int(np.isfinite(strain.values[:, 0]).sum())
    if not fitted:
        reason = (
            "grain has a reference" if strain.lattices else "column has neighbours on a lattice"
        )
        LOGGER.warning("%s: no %s, so that there is no strain", file, reason)
        return
    grains = max(
        sum(each.frame == frame for each in strain.lattices)
        for frame in {each.frame for each in strain.lattices}
    )
    LOGGER.info(
        "%s: strain of %d of %d columns, in up to %d grain(s)", file, fitted, len(strain), grains
    )


def describe(experiment: Experiment, inputs: np.ndarray | None) -> list[str]:
    """Line that a check prints."""
    section = experiment.strain
    averaged = ", positions averaged over frames" if _averaged(experiment) else ""
    return [f"strain by {section.neighbours} neighbours against the {section.reference}{averaged}"]


def _requires_also(experiment: Experiment) -> tuple[str, ...]:
    return (occupancy.STAGE.name,) if _averaged(experiment) else ()


STAGE = Stage(
    name="strain",
    requires=("predict",),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
    requires_also=_requires_also,
)
