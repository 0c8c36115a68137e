"""Size of the figures that are published."""

import numpy as np

from temnet.publishing.figures import LARGEST, small_png
from temnet.reporting.figures.drawing import encode_figure, new_figure


def test_a_figure_full_of_noise_is_made_small():
    figure = new_figure(12, 5)
    for axes in figure.subplots(1, 3):
        axes.imshow(np.random.default_rng(0).random((400, 400)), cmap="gray")
    assert len(encode_figure(figure, "png")) > LARGEST >= len(small_png(figure)) > LARGEST / 4
