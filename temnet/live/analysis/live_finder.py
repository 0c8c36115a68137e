"""Columns of single frames, as the offline analysis finds them, but faster from frame to frame.

What has to be known before (contrast, background, lattice) is found out for the first frame of a
kind, and again after some time; the frames between take it over.  The comparison with the training
images takes longer than the columns and waits until no frame does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from temnet.analysis import prediction_experiment
from temnet.config.analysis.images import Images
from temnet.config.analysis.prediction import Prediction
from temnet.config.analysis.threshold import OF_THE_CARD
from temnet.config.experiment import required
from temnet.inference.checks.all_checks import checks_of
from temnet.inference.checks.column_flags import ColumnFlagger
from temnet.inference.column_classes import in_classes
from temnet.inference.column_finder import ColumnFinder, FoundFrame
from temnet.inference.engines.choice import choose_engine
from temnet.inference.focal_series.foci import align_foci
from temnet.inference.grey_values.contrast import inverted
from temnet.inference.reading.image_array import array_file
from temnet.inference.reading.lazy_frames import changed_series
from temnet.live.analysis.screen_picture import screen_picture
from temnet.live.live_settings import LiveSettings, Region
from temnet.live.messages import Found, Frame, Judged, Judgement, Seen
from temnet.models.network import Network, check_focus_count
from temnet.records import ImageSeries, Peaks
from temnet.stages.predict import concluded
from temnet.stages.prediction.inputs import (
    PredictionInputs,
    load,
    prepare_series,
    read_opened,
    search_of,
)

FLOOR = 0.1
"""Lowest score of a column that is searched for, so that the page can lower the threshold."""

EVERY, LEAST_BETWEEN = 30.0, 20
"""A frame is examined again after so many seconds, and at least so many frames."""

LEAST_TIMES = 10.0
"""Time between two examinations, at least, in durations of one."""


@dataclass(frozen=True)
class _Known:
    """What is known about the frames of a kind.

    Attributes:
        kind: The frames that it holds for; see `Frame.kind`.
        when: When it was found out, on the clock `time.monotonic` [s].
        frames: Frames since then.
        judgement: What it came to.
    """

    kind: Hashable
    when: float
    frames: int
    judgement: Judgement


@dataclass(frozen=True)
class _Due:
    """A frame whose examination is due.

    Attributes:
        number: Number of the frame.
        since: When it was analysed, on the clock `time.monotonic` [s].
        inputs: The frame as the network gets it.
        found: The frame and its columns from the threshold on.
    """

    number: int
    since: float
    inputs: PredictionInputs
    found: FoundFrame


@dataclass(frozen=True)
class Examined:
    """A comparison that was made.

    Attributes:
        number: Number of the frame.
        kind: The frames that it holds for.
        judgement: What it came to.
        seconds: How long it took [s].
    """

    number: int
    kind: Hashable
    judgement: Judgement
    seconds: float


def _examined(due: _Due, known: _Known) -> Examined:
    start = time.monotonic()
    judgement = examined(due.inputs, due.found, known.judgement)
    return Examined(due.number, known.kind, judgement, time.monotonic() - start)


class LiveFinder:
    """Finds the columns of frames."""

    def __init__(self) -> None:
        self._known: _Known | None = None
        self._due: _Due | None = None
        self._cost = 0.0

    def pixel_size(self, settings: LiveSettings) -> float:
        """Size of the network's pixels [Å].

        Raises:
            InputError: If the network does not exist or is damaged.
        """
        return load(settings.network).sampling

    def foci(self, settings: LiveSettings) -> int:
        """Images of a focal series as the network takes it.

        Raises:
            InputError: If the network does not exist or is damaged.
        """
        return load(settings.network).card.focus_count

    def find(self, frame: Frame) -> Found | Seen:
        """The columns of a frame; of a single image for a network of focal series the picture.

        Raises:
            InputError: If the frame is no image, network and frame do not fit each other, or the
                network does not exist or is damaged.
        """
        start = time.perf_counter()
        settings = frame.settings
        network = load(settings.network)
        single = frame.pixels.ndim == 2
        picture, block = screen_picture(frame.pixels if single else frame.pixels[..., 0])
        if single and network.card.focus_count > 1:
            return Seen(_to_send(frame), picture, block)
        images, prediction = sections_of(settings)
        series = _series(frame, network, images)
        judgement, inputs = self._judged(frame, network, series, images, prediction)
        threshold = network.card.threshold if settings.threshold is None else settings.threshold
        floor = min(FLOOR, threshold)
        if not single:
            series, _ = align_foci(series, images.max_shift)
        shown, others = _columns(network, series, judgement, prediction, floor, threshold)
        if inputs is not None:
            self._due = _Due(frame.number, time.monotonic(), inputs, shown)
        peaks = Peaks.concatenate([shown.peaks, others])
        peaks = in_classes(peaks, judgement.classes, judgement.foreign)
        return Found(
            frame=_to_send(frame),
            columns=_moved(peaks, settings.region, series.pixel_size),
            threshold=threshold,
            floor=floor,
            judgement=judgement,
            picture=picture,
            block=block,
            engine=choose_engine(network, prediction.engine).name,
            seconds=time.perf_counter() - start,
        )

    @property
    def waiting(self) -> float | None:
        """For how long a frame has waited for its examination [s]; None if none is due."""
        return None if self._due is None else time.monotonic() - self._due.since

    def examine(self) -> Judged:
        """Compares the frame that is due with the training images, as the offline analysis does."""
        return self.take(self.examination()())

    def examination(self) -> Callable[[], Examined]:
        """The comparison of the frame that is due, to be called in any thread; see `take`."""
        due, known = self._due, self._known
        assert due is not None and known is not None
        self._due = None
        return partial(_examined, due, known)

    def take(self, done: Examined) -> Judged:
        """Lets a comparison hold for the frames that follow, if they are of the same kind."""
        known = self._known
        if known is not None and known.kind == done.kind:
            self._known = replace(known, judgement=known.judgement.compared(done.judgement))
        self._cost = done.seconds
        return Judged(done.number, done.kind, done.judgement)

    def _judged(
        self,
        frame: Frame,
        network: Network,
        series: ImageSeries,
        images: Images,
        prediction: Prediction,
    ) -> tuple[Judgement, PredictionInputs | None]:
        """The judgement that holds for a frame, and the inputs of an examination if one is due."""
        last, now = self._known, time.monotonic()
        same = last is not None and last.kind == frame.kind
        if last is not None and same:
            pause = max(EVERY, LEAST_TIMES * self._cost)
            if now - last.when < pause or last.frames < LEAST_BETWEEN:
                self._known = replace(last, frames=last.frames + 1)
                return last.judgement, None
        inputs = prepare_series(network, [series], images, prediction)
        judgement = judged_before(inputs)
        if last is not None and same:  # the older findings stand until there are new ones
            judgement = judgement.compared(last.judgement)
        self._known = _Known(frame.kind, now, 0, judgement)
        return judgement, inputs


def _to_send(frame: Frame) -> Frame:
    """A frame for the server, which has the pixels of those that it has sent."""
    if frame.file is not None:
        return frame
    return replace(frame, pixels=np.zeros((0, 0), frame.pixels.dtype))


def sections_of(settings: LiveSettings) -> tuple[Images, Prediction]:
    """The settings in the sections of the YAML."""
    values: dict[str, object] = {
        "network": settings.network,
        "invert": settings.invert,
        "threshold": OF_THE_CARD if settings.threshold is None else settings.threshold,
    }
    experiment = prediction_experiment(values, "the live analysis")
    return required(experiment.images, "images"), required(experiment.prediction, "prediction")


def judged_before(inputs: PredictionInputs) -> Judgement:
    """What is known about a frame before its columns are; its verdict is still empty."""
    return Judgement(
        inverted=bool(inputs.series[0].metadata.get("inverted")),
        flatten=inputs.flatten[0],
        foreign=inputs.foreign[0],
        classes=inputs.classes,
        verdict="",
        findings=tuple((one.severity, one.text) for one in inputs.findings[0]),
        spacings=inputs.lattices[0].lattice.spacings,
    )


def examined(inputs: PredictionInputs, found: FoundFrame, before: Judgement) -> Judgement:
    """The judgement of a frame with its comparison to the training images.

    Args:
        inputs: The frame as the network gets it.
        found: The frame and its columns.
        before: The judgement so far.
    """
    network, series = inputs.network, inputs.series[0]
    checks = checks_of(network, series, inputs.lattices[0])
    for check in checks:
        check.add(found)
    findings, verdict, _ = concluded(checks, inputs.findings[0])
    texts = tuple((one.severity, one.text) for one in findings)
    return replace(before, verdict=verdict, findings=texts)


def _series(frame: Frame, network: Network, images: Images) -> ImageSeries:
    """The part of a frame that is analysed, inspected and with broken pixels replaced."""
    pixels = frame.pixels
    foci = 1 if pixels.ndim == 2 else pixels.shape[2]
    check_focus_count(network, foci)
    if frame.settings.region is not None:
        top, bottom, left, right = frame.settings.region
        pixels = pixels[top:bottom, left:right]
    axes = ("row", "col") if foci == 1 else ("row", "col", "focus")
    file = replace(
        array_file(pixels, frame.head.name or f"frame {frame.number}", axes),
        pixel_size=frame.pixel_size,
        notes=(),
    )
    return read_opened([file], images, foci, network.materials or ())


def _columns(
    network: Network,
    series: ImageSeries,
    judgement: Judgement,
    prediction: Prediction,
    floor: float,
    threshold: float,
) -> tuple[FoundFrame, Peaks]:
    """The columns from the threshold on with their flags, and the others from the floor on."""
    if judgement.inverted and not series.metadata.get("inverted"):
        series = changed_series(series, lambda _, image: inverted(image))
    search = replace(search_of(prediction, False, judgement.flatten), threshold=floor)
    (frame,) = ColumnFinder(network, search).find_in(series)
    shown = frame.peaks.score >= threshold  # they come by falling score
    flagged = ColumnFlagger.of(network).flagged(_part(frame, shown), series.sampling)
    return flagged, frame.peaks.select(~shown)


def _part(frame: FoundFrame, mask: np.ndarray) -> FoundFrame:
    return replace(frame, peaks=frame.peaks.select(mask))


def _moved(peaks: Peaks, region: Region | None, pixel_size: tuple[float, float]) -> Peaks:
    """Columns of a region at their positions in the whole frame."""
    if region is None:
        return peaks
    corner = np.array([region[0], region[2]]) * pixel_size
    return replace(peaks, positions=peaks.positions + corner)
