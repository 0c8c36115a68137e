"""Stage `predict`: finds the columns in microscope images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from temnet.config.analysis.prediction import Prediction
from temnet.config.analysis.threshold import as_number
from temnet.config.experiment import Experiment, required
from temnet.data.cluster import Workers, open_workers
from temnet.inference.checks.all_checks import checks_of, weighed
from temnet.inference.checks.column_flags import ColumnFlagger, without_flags
from temnet.inference.checks.few_columns import FewColumns
from temnet.inference.checks.finding import Check, Finding, without_repeats
from temnet.inference.checks.out_of_distribution import SeriesComparison
from temnet.inference.checks.verdict import Verdict, verdict_of
from temnet.inference.column_classes import in_classes
from temnet.inference.column_finder import ColumnFinder, FoundFrame
from temnet.inference.distributed_prediction import find_in_frames_with
from temnet.inference.engines.choice import choose_engine
from temnet.inference.masks import areas
from temnet.inference.reading.formats.files_beside import files_beside
from temnet.inference.reading.image_file import check_regular
from temnet.models.network_folders import file_hash, find_network, fingerprint, read_card
from temnet.reporting.files.prediction_rows import (
    FOCI_FILE,
    IMAGE_DRIFT_FILE,
    FocusRow,
    ImageDriftRow,
)
from temnet.reporting.files.series_file import Calibration, SeriesRecord, write_series
from temnet.stages.prediction.files import COLUMNS_FILE as COLUMNS_FILE
from temnet.stages.prediction.files import IMAGES_FILE as IMAGES_FILE
from temnet.stages.prediction.files import MAPS, Output, open_outputs
from temnet.stages.prediction.frame_averages import image_drift_rows
from temnet.stages.prediction.inputs import PredictionInputs, elements_of, prepare, search_of
from temnet.stages.prediction.verdict import log_verdict
from temnet.structures.lattices.class_elements import class_titles
from temnet.tables.csv_rows import write_rows
from temnet.workflow.stage import Done, Stage, Work

UNSEEN_FILE = "unseen.npz"
"""Regions of single frames without image, only where there are any."""

INVERTED = "bright and dark were exchanged (images.invert), in the pictures too"


def settings(experiment: Experiment) -> dict[str, object]:
    """Settings of the stage, with images and network identified by their content.

    Args:
        experiment: Settings; uses `images` and `prediction`.
    """
    section = required(experiment.images, "images")
    prediction = required(experiment.prediction, "prediction")
    images = section.model_dump(mode="json", exclude={"files"})
    search = prediction.model_dump(mode="json", exclude={"network", "workers", "scheduler"})
    folder = find_network(prediction.network)
    network = {"network": folder.name, "fingerprint": fingerprint(read_card(folder))}
    named = [Path(file) for file in section.files]
    every = [part for file in named for part in (file, *files_beside(file))]
    files = [f"{file.name} {content_hash(file)}" for file in every]
    return {"images": {**images, "files": files}, "prediction": {**search, **network}}


def content_hash(file: Path) -> str:
    """SHA-256 of a file; the file is read again only after it has changed.

    Raises:
        InputError: If the file does not exist or is not a regular file.
    """
    check_regular(file)  # a named pipe would block for ever
    now = file.stat()
    return _hash(file.absolute(), (now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino))


@lru_cache(maxsize=2**16)
def _hash(file: Path, state: tuple[int, ...]) -> str:
    """SHA-256 of a file, remembered by its size and times of change."""
    return file_hash(file)


def check(experiment: Experiment) -> PredictionInputs:
    """Loads the network, reads the images and aligns focal series.

    Args:
        experiment: Settings; uses `images` and `prediction`.

    Raises:
        InputError: If a file is missing or invalid, or network and images do not fit each other.
    """
    images = required(experiment.images, "images")
    return prepare(images, required(experiment.prediction, "prediction"))


def run(work: Work[PredictionInputs]) -> None:
    """Writes the columns and the other outputs, in one pass over the frames."""
    prediction = required(work.experiment.prediction, "prediction")
    total = sum(len(part.images) for part in work.inputs.series)
    with (
        work.progress("predict", total) as done,
        open_outputs(work.folder, work.inputs, prediction) as outputs,
    ):
        records = process(work.inputs, prediction, outputs, done)
    if any(shift is not None for shift in work.inputs.shifts):
        write_rows(work.folder / FOCI_FILE, focus_rows(work.inputs), FocusRow)
    if any(average is not None for average in work.inputs.averages):
        rows = image_drifts(work.inputs)
        write_rows(work.folder / IMAGE_DRIFT_FILE, rows, ImageDriftRow)
    unseen = work.inputs.series[0].unseen  # the stage `occupancy` follows one movie
    if unseen is not None:
        unseen.write(work.folder / UNSEEN_FILE, work.inputs.series[0].pixel_size)
    write_series(work.folder, records)


def process(
    inputs: PredictionInputs, prediction: Prediction, outputs: Sequence[Output], done: Done
) -> list[SeriesRecord]:
    """Finds the columns of all frames in one pass; each frame is read and predicted once.

    Args:
        inputs: The network and the images.
        prediction: Settings of the search, the outputs and the workers.
        outputs: Functions that take each frame with its peaks and maps; see
            `temnet.stages.prediction.files`.
        done: Called with 1 after each frame.

    Returns:
        The record of each series, with its comparison to the training images.
    """
    network, records = inputs.network, []
    flagger = ColumnFlagger.of(network)
    with open_workers(prediction, "prediction") as workers:
        for part, series in enumerate(inputs.series):
            few = _few_columns(inputs, part, prediction)
            checks = (*checks_of(network, series, inputs.lattices[part]), few)
            for found in _found(inputs, part, prediction, workers):
                frame = flagger.flagged(found, series.sampling)
                for check in checks:
                    check.add(frame)
                frame = without_flags(frame, prediction.leave_out)
                peaks = in_classes(frame.peaks, inputs.classes, inputs.foreign[part])
                frame = replace(frame, peaks=peaks)
                for output in outputs:
                    output(part, frame)
                done(1)
            findings, verdict, compared = concluded(checks, inputs.findings[part])
            log_verdict(series.name, verdict, findings)
            records.append(_record(inputs, part, prediction, findings, compared, verdict, few))
    return records


def concluded(
    checks: Sequence[Check], before: Sequence[Finding]
) -> tuple[list[Finding], Verdict, tuple[str, ...]]:
    """The findings, the verdict and what was compared, by checks that have seen all frames.

    Args:
        checks: The checks; a `SeriesComparison` is among them.
        before: What was noticed before columns were found.
    """
    every = [each for check in checks for each in check.findings()]
    findings = without_repeats(weighed([*before, *every]))
    compared = next(one.report().compared for one in checks if isinstance(one, SeriesComparison))
    return findings, verdict_of(findings, compared), compared


def _found(
    inputs: PredictionInputs, part: int, prediction: Prediction, workers: Workers
) -> Iterator[FoundFrame]:
    """The columns in each frame of a series, found here or by workers."""
    series = inputs.series[part]
    search = search_of(prediction, MAPS in prediction.outputs, inputs.flatten[part])
    if prediction.scheduler is not None or prediction.workers > 0:
        return find_in_frames_with(workers, find_network(prediction.network), series, search)
    return ColumnFinder(inputs.network, search).find_in(series)


def _few_columns(inputs: PredictionInputs, part: int, prediction: Prediction) -> FewColumns:
    """The check of a movie's single frames, or of the averages of them."""
    search = search_of(prediction, False, inputs.flatten[part])
    finder, average = ColumnFinder(inputs.network, search), inputs.averages[part]
    if average is None:
        return FewColumns(finder, inputs.series[part])
    return FewColumns(finder, average.single, average.number, average.drift)


def image_drifts(inputs: PredictionInputs) -> Iterator[ImageDriftRow]:
    """Rows of image_drift.csv, of all movies whose frames were averaged."""
    for series, average in zip(inputs.series, inputs.averages, strict=True):
        if average is not None:
            yield from image_drift_rows(average.drift, series.name)


def focus_rows(inputs: PredictionInputs) -> Iterator[FocusRow]:
    """Rows of foci.csv."""
    for part, shift in zip(inputs.series, inputs.shifts, strict=True):
        if shift is None:
            continue
        for frame, foci in enumerate(shift.shifts.tolist()):
            margin = float(shift.margin[frame])
            for focus, (row, col) in enumerate(foci):
                yield FocusRow(part.name, frame, focus, row, col, margin)


def _record(
    inputs: PredictionInputs,
    part: int,
    prediction: Prediction,
    findings: Sequence[Finding],
    compared: tuple[str, ...],
    verdict: Verdict,
    few: FewColumns,
) -> SeriesRecord:
    """The entry of series.json for one series."""
    series, network = inputs.series[part], inputs.network
    count, rows, cols, foci = series.images.shape
    metadata = series.metadata
    inverted = [INVERTED] if metadata.get("inverted") else []
    measured = metadata.get("calibration")
    given, average = as_number(prediction.threshold), inputs.averages[part]
    return SeriesRecord(
        file=series.name,
        files=tuple(metadata.get("files", [series.name])),
        frame_files=metadata.get("frame_files"),
        frames=count,
        rows=rows,
        cols=cols,
        sampling=series.sampling,
        pixel_size=series.pixel_size,
        foci=foci,
        first_frame=metadata.get("first_frame", 0),
        masked_angstrom=tuple(areas(series.masked, series.pixel_size)),
        network=network.card.name,
        network_sampling=network.sampling,
        classes=inputs.classes,
        elements=elements_of(network, inputs.classes),
        class_titles=class_titles(inputs.classes, network.experiment.structure),
        verdict=verdict,
        compared_by=compared,
        out_of_distribution=tuple(
            one.text for one in findings if one.severity == "out of distribution"
        ),
        notes=(
            *metadata.get("notes", ()),
            *(one.text for one in findings if one.severity != "out of distribution"),
            *inverted,
            *(inputs.left_out if part == 0 else ()),
        ),
        findings=tuple(findings),
        threshold=network.card.threshold if given is None else given,
        engine=choose_engine(network, prediction.engine).name,
        calibration=None if measured is None else Calibration(**measured),
        focus_order=inputs.orders[part],
        lattice=inputs.lattices[part].lattice,
        average=1 if average is None else average.number,
        detection=few.detection,
        frames_to_average=None if few.needed is None else few.needed.number,
    )


def describe(experiment: Experiment, inputs: PredictionInputs) -> list[str]:
    """Lines on the images and the network."""
    card = inputs.network.card
    lines = [
        f"{part.name}: {len(part.images)} frame(s) of {part.images.shape[1]} x "
        f"{part.images.shape[2]} pixels of {part.sampling:g} Å"
        for part in inputs.series
    ]
    classes = ", ".join(class_titles(inputs.classes, inputs.network.experiment.structure))
    return [*lines, f"network: {card.name}, finds {classes}, threshold {card.threshold:g}"]


STAGE = Stage(
    name="predict",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
)
