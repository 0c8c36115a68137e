"""Columns of single frames, as the offline analysis finds them, but faster from frame to frame.

The whole examination of an image (contrast, background, lattice, distribution) costs several times
as much as its columns.  It is made for the first frame of a kind, and again after some time; the
frames between take over its judgement.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np

from temnet.analysis import prediction_experiment
from temnet.config.analysis.images import Images
from temnet.config.analysis.prediction import Prediction
from temnet.config.experiment import required
from temnet.inference.checks.column_flags import ColumnFlagger
from temnet.inference.column_finder import ColumnFinder, FoundFrame
from temnet.inference.contrast import inverted
from temnet.inference.engines import choose_engine
from temnet.inference.reading.image_array import array_file
from temnet.inference.reading.lazy_frames import changed_series
from temnet.live.live_settings import LiveSettings, Region
from temnet.live.messages import Found, Frame, Judgement
from temnet.live.screen_picture import screen_picture
from temnet.models.network import Network, check_focus_count
from temnet.records import ImageSeries, Peaks
from temnet.stages.column_classes import in_classes
from temnet.stages.predict import process
from temnet.stages.prediction_inputs import load, prepare_series, read_opened, search_of

FLOOR = 0.1
"""Lowest score of a column that is searched for, so that the page can lower the threshold."""

EVERY, LEAST_BETWEEN = 30.0, 20
"""A frame is examined again after so many seconds, and at least so many frames."""


@dataclass(frozen=True)
class _Examined:
    """The last examination.

    Attributes:
        kind: The frames that it holds for.
        when: When it was made, on the clock `time.monotonic` [s].
        frames: Frames since then.
        judgement: What it came to.
    """

    kind: Hashable
    when: float
    frames: int
    judgement: Judgement


class LiveFinder:
    """Finds the columns of frames."""

    def __init__(self) -> None:
        self._examined: _Examined | None = None

    def pixel_size(self, settings: LiveSettings) -> float:
        """Size of the network's pixels [Å].

        Raises:
            InputError: If the network does not exist or is damaged.
        """
        return load(settings.network).sampling

    def find(self, frame: Frame) -> Found:
        """The columns of a frame.

        Raises:
            InputError: If the frame is no image, network and frame do not fit each other, or the
                network does not exist or is damaged.
        """
        start = time.perf_counter()
        settings = frame.settings
        network = load(settings.network)
        images, prediction = sections_of(settings)
        series = _series(frame, network, images)
        judgement = self._judged(frame, network, series, images, prediction)
        threshold = network.card.threshold if settings.threshold is None else settings.threshold
        floor = min(FLOOR, threshold)
        columns = _columns(network, series, judgement, prediction, floor, threshold)
        picture, block = screen_picture(frame.pixels)
        return Found(
            frame=frame,
            columns=_moved(columns, settings.region, series.pixel_size),
            threshold=threshold,
            floor=floor,
            judgement=judgement,
            picture=picture,
            block=block,
            engine=choose_engine(network, prediction.engine).name,
            seconds=time.perf_counter() - start,
        ).without_pixels

    def _judged(
        self,
        frame: Frame,
        network: Network,
        series: ImageSeries,
        images: Images,
        prediction: Prediction,
    ) -> Judgement:
        """The judgement that holds for a frame."""
        settings = frame.settings
        kind = (
            (network.name, settings.invert, settings.region, settings.threshold),
            (frame.head.source, frame.head.shape, frame.pixel_size),
        )
        last, now = self._examined, time.monotonic()
        if last is not None and last.kind == kind:
            if now - last.when < EVERY or last.frames < LEAST_BETWEEN:
                self._examined = replace(last, frames=last.frames + 1)
                return last.judgement
        judgement = examine(network, series, images, prediction)
        self._examined = _Examined(kind, now, 0, judgement)
        return judgement


def sections_of(settings: LiveSettings) -> tuple[Images, Prediction]:
    """The settings in the sections of the YAML."""
    values: dict[str, object] = {
        "network": settings.network,
        "invert": settings.invert,
        "threshold": "card" if settings.threshold is None else settings.threshold,
    }
    experiment = prediction_experiment(values, "the live analysis")
    return required(experiment.images, "images"), required(experiment.prediction, "prediction")


def examine(
    network: Network, series: ImageSeries, images: Images, prediction: Prediction
) -> Judgement:
    """The whole examination of a frame, as of an image offline.

    Raises:
        InputError: If network and frame do not fit each other.
    """
    inputs = prepare_series(network, [series], images, prediction)
    (record,) = process(inputs, prediction, [], lambda count: None)
    return Judgement(
        inverted=bool(inputs.series[0].metadata.get("inverted")),
        flatten=inputs.flatten[0],
        foreign=inputs.foreign[0],
        classes=inputs.classes,
        verdict=record.verdict,
        findings=tuple((one.severity, one.text) for one in record.findings),
        spacings=() if record.lattice is None else record.lattice.spacings,
    )


def _series(frame: Frame, network: Network, images: Images) -> ImageSeries:
    """The part of a frame that is analysed, inspected and with broken pixels replaced."""
    check_focus_count(network, 1)
    pixels = frame.pixels
    if frame.settings.region is not None:
        top, bottom, left, right = frame.settings.region
        pixels = pixels[top:bottom, left:right]
    file = replace(
        array_file(pixels, frame.head.name or f"frame {frame.number}"),
        pixel_size=frame.pixel_size,
        notes=(),
    )
    return read_opened([file], images, 1, network.materials or ())


def _columns(
    network: Network,
    series: ImageSeries,
    judgement: Judgement,
    prediction: Prediction,
    floor: float,
    threshold: float,
) -> Peaks:
    """The columns from the floor on; those from the threshold on with their flags."""
    if judgement.inverted and not series.metadata.get("inverted"):
        series = changed_series(series, lambda _, image: inverted(image))
    search = replace(search_of(prediction, False, judgement.flatten), threshold=floor)
    (frame,) = ColumnFinder(network, search).find_in(series)
    shown = frame.peaks.score >= threshold  # they come by falling score
    flagged = ColumnFlagger.of(network).flagged(_part(frame, shown), series.sampling).peaks
    peaks = Peaks.concatenate([flagged, frame.peaks.select(~shown)])
    return in_classes(peaks, judgement.classes, judgement.foreign)


def _part(frame: FoundFrame, mask: np.ndarray) -> FoundFrame:
    return replace(frame, peaks=frame.peaks.select(mask))


def _moved(peaks: Peaks, region: Region | None, pixel_size: tuple[float, float]) -> Peaks:
    """Columns of a region at their positions in the whole frame."""
    if region is None:
        return peaks
    corner = np.array([region[0], region[2]]) * pixel_size
    return replace(peaks, positions=peaks.positions + corner)
