"""From images to columns in one call, as the command ``python -m temnet.predict`` does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from temnet.command_line.command import load_stages, plan_run, run_in_folder
from temnet.config.analysis.images import Images
from temnet.config.analysis.prediction import DEFAULT_NETWORK, Prediction
from temnet.config.experiment import Experiment, required
from temnet.config.loading import validate
from temnet.errors import InputError, disk_errors_as_input_errors
from temnet.inference.checks.finding import Finding
from temnet.interoperability.found_columns import FoundColumns, columns_of
from temnet.records import ImageSeries, Peaks
from temnet.reporting.files.column_table import read_columns
from temnet.reporting.files.peaks_files import read_peaks
from temnet.reporting.files.prediction_rows import FOCI_FILE, RINGS_FILE, FocusRow, RingRow
from temnet.reporting.files.series_file import SeriesRecord, read_series_records
from temnet.tables.csv_rows import read_rows
from temnet.workflow.plan import Plan
from temnet.workflow.stage import Done

if TYPE_CHECKING:
    from temnet.inference.column_finder import FoundFrame
    from temnet.inference.reading.image_file import ImageFile
    from temnet.models.network import Network
    from temnet.stages.prediction.batch import Job

STAGES = ("predict", "report")
"""Stages of the command."""


@dataclass(frozen=True)
class Request:
    """Settings of one call.

    Attributes:
        experiment: Settings, whose files are not known yet.
        axis_names: Names of the axes of an array; None where the setting `axes` decides.
    """

    experiment: Experiment
    axis_names: tuple[str, ...] | None = None

    @property
    def images(self) -> Images:
        """Settings of the images."""
        return required(self.experiment.images, "images")

    @property
    def prediction(self) -> Prediction:
        """Settings of the prediction."""
        return required(self.experiment.prediction, "prediction")


def request_of(images: Any, network: str, settings: Mapping[str, object], origin: str) -> Request:
    """The settings of a call.

    Args:
        images: Files, a signal or an array; see `analyse`.
        network: Name or folder of the network.
        settings: Settings of the sections `images` and `prediction` by name; `axes` may be the
            names of an array's axes.
        origin: The function that was called, for messages.

    Raises:
        InputError: If a setting is unknown or invalid.
    """
    from temnet.inference.reading.image_array import is_array

    axes, values = settings.get("axes"), dict(settings)
    names = None
    if is_array(images) and isinstance(axes, Sequence) and not isinstance(axes, str):
        names = tuple(map(str, axes))
        del values["axes"]
    return Request(prediction_experiment({"network": network, **values}, origin), names)


@dataclass(frozen=True)
class Analysis:
    """Columns found in an image, a movie or a focal series.

    Attributes:
        peaks: The columns of all frames, with the frame of each; positions [Å] count from the
            centre of pixel [0, 0].  `FoundColumns` converts them to other programs' records.
        series: How the columns were found: the record of ``series.json``.
        shifts: Where the images of focal series lay before they were aligned; empty without
            alignment.
        rings: Rings of bonded columns, whose `RingRow.columns` are indices into ``peaks``; empty
            unless `rings` was given.
        folder: Run folder with all files of the command; None without ``output``.
    """

    peaks: FoundColumns
    series: SeriesRecord
    shifts: tuple[FocusRow, ...] = ()
    rings: tuple[RingRow, ...] = ()
    folder: Path | None = None

    @property
    def sampling(self) -> float:
        """Pixel size of the images [Å]."""
        return self.series.sampling

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, by their index in ``peaks.class_index``."""
        return self.series.classes

    @property
    def counts(self) -> np.ndarray:
        """(frame, class) int64, number of columns of each class in each frame."""
        counts = np.zeros((self.series.frames, len(self.classes)), np.int64)
        np.add.at(counts, (self.peaks.frame, self.peaks.class_index), 1)
        return counts

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on changes of the images and on doubts."""
        return self.series.notes

    @property
    def verdict(self) -> str:
        """Whether the images are like the network's training images; see `SeriesRecord`."""
        return self.series.verdict

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the checks of the images noticed, by severity and falling weight."""
        return self.series.findings

    @property
    def out_of_distribution(self) -> tuple[str, ...]:
        """Sentences on properties beyond those of all training images; empty if there are none."""
        return self.series.out_of_distribution


def analyse(
    images: Any,
    network: str | Path = DEFAULT_NETWORK,
    output: str | Path | None = None,
    overwrite: bool = False,
    **settings: object,
) -> Analysis:
    """Finds the columns in an image, a movie or a focal series.

    Images are read, inspected for broken pixels and borders, aligned if they are focal series,
    and compared with the network's training images, as by ``python -m temnet.predict``; columns
    are the same to the bit.

    Args:
        images: A file, the files or the folder of a movie or focal series (with ``axes``), a
            HyperSpy signal, or an array in linear grey values, whose pixel size ``sampling`` [Å]
            must be given: (row, col), (frame, row, col), (frame, row, col, focus), or with
            ``axes`` the names of its axes, such as ``("focus", "row", "col")``; see
            `temnet.inference.reading.image_array`.
        network: Name or folder of the network, by default the one for any crystal.
        output: Folder that gets a folder with the results of the command: tables, figures and
            ``index.html``.  By default nothing is written.  A signal or an array is kept there.
        overwrite: Whether to replace results of other settings in ``output``.
        **settings: Settings of the sections `images` and `prediction` of the YAML, which are the
            options of the command, such as ``threshold=0.5`` or ``axes="frames"``.

    Raises:
        InputError: If a setting, a file or the network is invalid, they do not fit each other, or
            several images are given without ``axes``.

    >>> import temnet
    >>> rows, cols = np.mgrid[:96, :96] * 0.2  # Å
    >>> lattice = 2 + np.cos(2 * np.pi * rows / 2.3) * np.cos(2 * np.pi * cols / 2.3)
    >>> found = temnet.analyse(lattice, "nanoparticle-unet", sampling=0.2, engine="keras")
    >>> found.classes, found.counts.shape, found.peaks.positions.shape[1]
    (('metal', 'oxide'), (1, 2), 2)
    """
    from temnet.inference.reading.image_array import is_array

    request = request_of(images, str(network), settings, "temnet.analyse")
    if output is None:
        from temnet.stages.prediction.inputs import load

        return find_in_memory(images, load(request.prediction.network), request)
    axes = request.images.axes
    if is_array(images):
        images, axes = _kept(images, request, Path(output), overwrite), "auto"
    section = request.images.model_copy(update={"axes": axes})
    job = _job(images, section)
    load_stages(STAGES)
    experiment = request.experiment.model_copy(update={"images": section})
    plan = plan_job(experiment, job, Path(output), overwrite)
    run_in_folder(plan)
    return read_analysis(plan.root)


def read_analysis(folder: str | Path) -> Analysis:
    """The results of a finished run of the command, or of `analyse`.

    Positions and scores are exact if the run wrote ``columns.h5``, which it does by default, and
    else have the seven significant digits of ``columns.csv``.

    Args:
        folder: Run folder of one image, movie or focal series.

    Raises:
        InputError: If a file is missing or damaged, or the folder holds several series.
    """
    root = Path(folder)
    stage = root / "predict"
    records = read_series_records(stage)
    if len(records) != 1:
        raise InputError(f"{root}: expected the results of one series, got {len(records)}.")
    exact, foci, rings = stage / "columns.h5", stage / FOCI_FILE, stage / RINGS_FILE
    classes = records[0].classes
    peaks = (
        read_peaks(exact).peaks
        if exact.is_file()
        else read_columns(stage / "columns.csv", classes).peaks
    )
    return Analysis(
        columns_of(peaks, records[0], _sites(root, classes, len(peaks))),
        records[0],
        tuple(read_rows(foci, FocusRow)) if foci.is_file() else (),
        tuple(read_rows(rings, RingRow)) if rings.is_file() else (),
        root,
    )


def plan_job(experiment: Experiment, job: Job, output: Path, overwrite: bool) -> Plan:
    """Plans the stages of one image, movie or focal series; its images are read.

    Args:
        experiment: Settings for all jobs.
        job: The files.
        output: Folder of all results.
        overwrite: Whether to replace results of other settings.

    Raises:
        InputError: If an input is invalid, or there are results of other settings.
    """
    images = _with_files(required(experiment.images, "images"), job)
    experiment = experiment.model_copy(update={"images": images})
    root = output / job.folder
    with disk_errors_as_input_errors(root):
        return plan_run(experiment, root, overwrite=overwrite)


def prediction_experiment(
    values: Mapping[str, object], origin: str, strain: Mapping[str, object] | None = None
) -> Experiment:
    """The settings of a prediction whose files are not known yet.

    Args:
        values: Settings of the sections `images` and `prediction` by name.
        origin: Where they come from, for messages.
        strain: Settings of the section `strain`, whose stage then runs too; None without it.

    Raises:
        InputError: If a setting is unknown or invalid.
    """
    sections = {"images": Images.model_fields, "prediction": Prediction.model_fields}
    known = {name for fields in sections.values() for name in fields} - {"files"}
    unknown = [name for name in values if name not in known]
    if unknown:
        raise InputError(
            f"{origin}: there is no setting {', '.join(unknown)}; known are "
            f"{', '.join(sorted(known))}."
        )
    values = {"files": ["images"], **values}  # replaced for each job
    rings = values.get("rings")
    if rings is not None and not isinstance(rings, Mapping):
        values["rings"] = {"bond": rings}
    further: dict[str, object] = {"stages": list(STAGES)}
    if strain is not None:
        further = {"strain": strain, "stages": ["predict", "strain", "report"]}
    return validate(
        {
            name: {key: value for key, value in values.items() if key in fields}
            for name, fields in sections.items()
        }
        | further,
        origin,
    )


def _with_files(images: Images, job: Job) -> Images:
    return images.model_copy(update={"files": tuple(str(file) for file in job.files)})


def _job(images: str | Path | Sequence[str | Path], section: Images) -> Job:
    """The one job that some files are.

    Raises:
        InputError: If a file does not exist, or the files are several jobs.
    """
    from temnet.stages.prediction.batch import plan_batch

    entries = [images] if isinstance(images, str | Path) else images
    jobs, errors = plan_batch([str(entry) for entry in entries], section.axes != "auto")
    if errors:
        raise errors[0]
    if not jobs:
        raise InputError("No image was given; expected an array, a signal or the name of a file.")
    if len(jobs) != 1:
        raise InputError(
            f"Expected one image, movie or focal series, got {len(jobs)} images; analyse them one "
            'by one, or set axes to "frames" or "focus" if they belong together.'
        )
    return jobs[0]


def _sites(root: Path, classes: Sequence[str], count: int) -> np.ndarray | None:
    """The site of each column, if the run followed the sites."""
    table = root / "occupancy" / "columns.csv"
    if not table.is_file():
        return None
    site = read_columns(table, classes).site
    return site if len(site) == count else None


def find_in_memory(
    images: Any, network: Network, request: Request, done: Done = lambda count: None
) -> Analysis:
    """Finds the columns in one image, movie or focal series without writing anything.

    Args:
        images: Files, a signal or an array; see `analyse`.
        network: The network.
        request: Settings.
        done: Called with 1 after each frame.

    Raises:
        InputError: If an input is invalid, or images and network do not fit each other.
    """
    from temnet.stages.predict import focus_rows, process
    from temnet.stages.prediction.files import ring_rows
    from temnet.stages.prediction.inputs import prepare_series

    section, prediction = request.images, request.prediction
    series = _series(images, network, request)
    inputs = prepare_series(network, series, section, prediction)
    peaks: list[Peaks] = []
    rings: list[RingRow] = []

    def keep(part: int, frame: FoundFrame) -> None:
        if prediction.rings is not None:
            first = sum(map(len, peaks))
            rings.extend(ring_rows(inputs.series[part], frame, prediction.rings.bond, first))
        peaks.append(frame.peaks)

    (record,) = process(inputs, prediction, [keep], done)
    columns = columns_of(Peaks.concatenate(peaks), record)
    return Analysis(columns, record, tuple(focus_rows(inputs)), tuple(rings))


def _series(images: Any, network: Network, request: Request) -> list[ImageSeries]:
    """The images of one series."""
    from temnet.inference.reading.image_array import is_array
    from temnet.stages.prediction.inputs import read_opened, read_series

    focus_count, lattices = network.card.focus_count, network.materials or ()
    if is_array(images):
        opened = [_memory_file(images, request)]
        return [read_opened(opened, request.images, focus_count, lattices)]
    named = _with_files(request.images, _job(images, request.images))
    return read_series(named, focus_count, lattices)


def _memory_file(images: Any, request: Request) -> ImageFile:
    from temnet.inference.reading.image_array import check_pixel_size, memory_file

    file = memory_file(images, request.axis_names)
    check_pixel_size(file, request.images.sampling)
    return file


def _kept(images: Any, request: Request, output: Path, overwrite: bool) -> Path:
    """An array or a signal as a file in the output folder, which the run's settings can name.

    Raises:
        InputError: If the folder has results of other images of this name, and not to overwrite
            them.
    """
    from temnet.models.network_folders import file_hash
    from temnet.reporting.files.kept_images import ENDING, write_images
    from temnet.system.file_names import safe_whole_name

    file = _memory_file(images, request)
    path = output / f"{safe_whole_name(file.path.name)}{ENDING}"
    kept = path.with_name(f".new {path.name}")
    with disk_errors_as_input_errors(output):
        output.mkdir(parents=True, exist_ok=True)
        try:
            write_images(kept, file)
            others = path.is_file() and file_hash(path) != file_hash(kept)
            if others and not overwrite and path.with_suffix("").is_dir():
                raise InputError(
                    f"{output} has the results of other images that are called "
                    f"{file.path.name}, too; give another output, or overwrite=True to replace "
                    "them."
                )
            kept.replace(path)
        finally:
            kept.unlink(missing_ok=True)
    return path
