"""Pictures of found columns in TensorBoard."""

import io

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from temnet.config.analysis.evaluation import Evaluation
from temnet.records import Peaks
from temnet.training.panels import log_image, panel

SCORING = Evaluation(border=0, radius=0.5)


def peaks(*positions):
    count = len(positions)
    return Peaks(
        np.zeros(count, int), np.reshape(positions, (-1, 2)).astype(float), np.zeros(count, int),
        np.ones(count), np.tile([1.0, 0.0], (count, 1)), np.full(count, np.nan),
    )  # fmt: skip


def test_an_image_reads_back_with_its_step(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (5, 3), (9, 8, 7)).save(buffer, "png")
    log_image(tmp_path, "selection", buffer.getvalue(), step=4)
    log_image(tmp_path, "selection", buffer.getvalue(), step=6)
    events = EventAccumulator(str(tmp_path), size_guidance={"images": 0}).Reload()
    assert events.Tags()["images"] == ["selection"]
    found = events.Images("selection")
    assert [event.step for event in found] == [4, 6]
    assert found[0].encoded_image_string == buffer.getvalue()


@pytest.fixture
def draw(selection):
    """Pixels of the panel of one example with these columns found."""

    def drawn(*positions, examples=selection[:1]):
        content = panel([peaks(*positions)] * len(examples), examples, ("Mo", "S2"), SCORING, "1")
        return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)

    return drawn


def red(picture):
    """Number of pixels in the colour of errors, #ff3b30."""
    return int(np.sum(np.abs(picture - (255, 59, 48)).max(axis=-1) < 8))


def test_errors_are_marked_and_right_columns_are_not(draw):
    right, missed, false = draw((1.0, 1.0)), draw(), draw((1.0, 1.0), (1.5, 0.4))
    assert red(missed) > red(right) and red(false) > red(right)


def test_each_example_has_a_panel_of_its_own(draw, selection):
    one, two = draw((1.0, 1.0)), draw((1.0, 1.0), examples=selection)
    assert two.size > 1.5 * one.size
