"""Pictures of the columns that a network finds during its training."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from temnet.config.analysis.evaluation import Evaluation
from temnet.records import Example, Peaks
from temnet.reporting.figures.drawing import encode_figure
from temnet.reporting.figures.gallery import prediction_figure
from temnet.reporting.snapshots import Picture


def panel(
    found: Sequence[Peaks],
    examples: Sequence[Example],
    class_names: Sequence[str],
    scoring: Evaluation,
    title: str,
) -> bytes:
    """A PNG of the first image of each example with its true and its found columns.

    Args:
        found: Peaks of each example.
        examples: The examples, one at least.
        class_names: Names of the classes.
        scoring: Uses `radius` and `border`.
        title: Title over the images.
    """
    lines = [
        [
            Picture(
                image=example.images[..., 0],
                sampling=example.sampling,
                index=number,
                caption="",
                true_positions=example.columns.positions,
                true_class=example.columns.class_index,
                found_positions=peaks.positions,
                found_class=peaks.class_index,
            )
        ]
        for number, (peaks, example) in enumerate(zip(found, examples, strict=True))
    ]
    titles = [[title]] * len(lines)
    figure = prediction_figure(lines, titles, class_names, scoring.radius, scoring.border)
    return encode_figure(figure, "png")


def log_image(folder: Path, name: str, content: bytes, step: int) -> None:
    """Adds a PNG to TensorBoard's data in a folder.

    Args:
        folder: TensorBoard's folder.
        name: Name of the image in TensorBoard.
        content: The PNG.
        step: The epoch.
    """
    image = Summary.Image(encoded_image_string=content, colorspace=3)
    summary = Summary(value=[Summary.Value(tag=name, image=image)])
    writer = EventFileWriter(str(folder))
    writer.add_event(Event(summary=summary, step=step, wall_time=time.time()))
    writer.close()
