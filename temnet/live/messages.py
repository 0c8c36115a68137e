"""What the server and the analysis process send each other, and what the server passes on."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from temnet.live.frame_format import FrameHead
from temnet.live.live_settings import LiveSettings
from temnet.records import Peaks

State = Literal["starting", "ready", "analysing", "restarting", "stopped"]
"""What the analysis process does; after `starting` and `restarting` it is warm."""


@dataclass(frozen=True)
class Frame:
    """A frame that waits for its columns.

    Attributes:
        number: Number of the frame, counted by the server from 1.
        head: What is known about it; for one in a file the name alone.
        pixels: (row, col) grey values, or (row, col, focus) of a focal series; none for a frame in
            a file.
        settings: Settings at the time when it was received.
        received: When it was received [s], on the clock `time.monotonic`.
        pixel_size: Height and width of a pixel [Å], by the settings or the head.
        file: File that the analysis process reads the frame from; None for one that was sent.
    """

    number: int
    head: FrameHead
    pixels: np.ndarray
    settings: LiveSettings
    received: float
    pixel_size: tuple[float, float]
    file: Path | None = None

    @property
    def in_file(self) -> bool:
        """Whether it still has to be read."""
        return self.file is not None and self.pixels.size == 0

    @property
    def kind(self) -> Hashable:
        """What a judgement holds for: other frames of the same kind may have it, too."""
        settings = self.settings
        return (
            (settings.network, settings.invert, settings.region, settings.threshold),
            (self.head.source, self.head.shape, self.pixel_size),
        )


@dataclass(frozen=True)
class Judgement:
    """How a frame is seen; it holds for the frames of its kind after it.

    Attributes:
        inverted: Whether bright and dark are exchanged.
        flatten: Whether what varies slowly is subtracted.
        foreign: Whether the lattice is of no material that the network knows.
        classes: Names of the classes of the columns.
        verdict: Whether the frame is like the training images; see `SeriesRecord.verdict`.  Empty
            before the comparison.
        findings: What was noticed, in sentences, with their severity first.
        spacings: Distances of lattice planes, by falling strength [Å].
    """

    inverted: bool
    flatten: bool
    foreign: bool
    classes: tuple[str, ...]
    verdict: str
    findings: tuple[tuple[str, str], ...]
    spacings: tuple[float, ...]

    def compared(self, later: Judgement) -> Judgement:
        """The same with the verdict and the findings of a comparison; its classes stay."""
        return replace(self, verdict=later.verdict, findings=later.findings)


@dataclass(frozen=True)
class Found:
    """The columns of a frame.

    Attributes:
        frame: The frame; its pixels are left out where they are not needed.
        columns: All columns with a score of at least `floor`, by falling score; positions [Å] count
            from the centre of pixel [0, 0] of the whole frame.  Those below the threshold have no
            flags.
        threshold: Lowest score of a column that is shown and recorded.
        floor: Lowest score of a column in the record.
        judgement: How the frame was seen.
        picture: (row, col) uint8, the whole frame in blocks of `block` x `block` pixels, or of
            parts of pixels, for the screen.
        block: Pixels of the frame in one of the picture.
        engine: Name of the engine that ran the network.
        seconds: Duration of the analysis [s].
    """

    frame: Frame
    columns: Peaks
    threshold: float
    floor: float
    judgement: Judgement
    picture: np.ndarray
    block: int
    engine: str
    seconds: float

    @property
    def without_pixels(self) -> Found:
        """The same without the frame's pixels."""
        nothing = np.zeros((0, 0), self.frame.pixels.dtype)
        return replace(self, frame=replace(self.frame, pixels=nothing))

    @property
    def shown(self) -> Peaks:
        """The columns from the threshold on."""
        return self.columns.select(self.columns.score >= self.threshold)


@dataclass(frozen=True)
class Seen:
    """A single image for a network that takes focal series: to be shown, not analysed.

    Attributes:
        frame: The frame.
        picture: As of `Found`.
        block: As of `Found`.
    """

    frame: Frame
    picture: np.ndarray
    block: int


@dataclass(frozen=True)
class Failed:
    """A frame without columns.

    Attributes:
        number: Number of the frame; None if the analysis could not start.
        sentence: Why, in a sentence for the user.
        dropped: Whether a newer frame took its place.
        file_problem: What was wrong with its file: `unreadable` may mean half-written.
    """

    number: int | None
    sentence: str
    dropped: bool = False
    file_problem: Literal["", "unreadable", "unsuitable"] = ""


@dataclass(frozen=True)
class Judged:
    """The comparison of a frame with the training images, which follows its columns.

    Attributes:
        number: Number of the frame.
        kind: Kind of the frame; see `Frame.kind`.
        judgement: The judgement, which holds for the frames of this kind after it.
    """

    number: int
    kind: Hashable
    judgement: Judgement


@dataclass(frozen=True)
class Ready:
    """The analysis process is warm.

    Attributes:
        engine: Name of the engine that runs the network.
    """

    engine: str


@dataclass(frozen=True)
class Condition:
    """The condition of the analysis.

    Attributes:
        state: What the process does.
        message: Why, in a sentence; empty where there is nothing to report.
        engine: Name of the engine; empty before the process is warm.
        analysed: Number of frames whose columns were found.
        dropped: Number of frames that a newer one replaced before their turn.
        failed: Number of frames without columns for other reasons.
        restarts: How often the process was started again.
        process: Number of the process in the operating system; None without one.
    """

    state: State = "starting"
    message: str = ""
    engine: str = ""
    analysed: int = 0
    dropped: int = 0
    failed: int = 0
    restarts: int = 0
    process: int | None = field(default=None, compare=False)


Reply = Ready | Found | Seen | Judged | Failed
"""What the analysis process sends."""

Event = Found | Seen | Judged | Failed | Condition
"""What the server passes on."""
