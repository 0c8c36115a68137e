"""Scores of a network on simulated examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.errors import InputError
from temnet.evaluation.column_contrast import column_contrast
from temnet.evaluation.conditions import CONTRAST
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.scores import ScoreRow, score_image
from temnet.inference.column_classes import in_classes
from temnet.inference.column_finder import ColumnFinder, Search
from temnet.models.network import Network, check_focus_count
from temnet.records import IGNORED, Example, Peaks


def evaluate(
    network: Network,
    examples: Iterable[tuple[int, Example]],
    settings: Evaluation,
    threshold: float | None = None,
    progress: Callable[[int], object] | None = None,
) -> list[ScoreRow]:
    """Scores of every example.

    Args:
        network: The network.
        examples: Each example with its index; they are read one by one.
        settings: Uses `radius` and `border`.
        threshold: Lowest score of a column; by default the network's own.
        progress: Called with 1 after each example.

    Returns:
        The rows of `score_image` of each example.

    Raises:
        InputError: If an example has other pixels or another number of focal images than the
            network expects.
    """
    rows = []
    for index, example in examples:
        result = evaluate_image(network, index, example, threshold)
        rows += score_image(result, network.experiment.class_names, settings, network.name)
        if progress is not None:
            progress(1)
    return rows


def evaluate_image(
    network: Network,
    index: int,
    example: Example,
    threshold: float | None = None,
    reuse: int = 1,
    class_names: Sequence[str] | None = None,
) -> ImageResult:
    """The columns that a network finds in an example, beside the true ones.

    Args:
        network: The network.
        index: Number of the example.
        example: A simulated example at the network's pixels.
        threshold: Lowest score of a column; by default the network's own.
        reuse: Number of examples that share a specimen.
        class_names: Classes of the example's columns, those of the network by default; with
            `column` alone only the places of the peaks count.

    Raises:
        InputError: See `find_in_example`.
    """
    peaks = find_in_example(network, example, threshold)
    own = network.experiment.class_names
    names = own if class_names is None else tuple(class_names)
    peaks = in_classes(peaks, names, foreign=names != own)
    columns, first = example.columns, example.images[..., 0]
    scored = columns.positions[columns.class_index != IGNORED]
    contrast = column_contrast(first, scored, example.sampling)
    result = ImageResult.of(peaks, example, index, specimen=index // reuse)
    return replace(result, parameters={**example.parameters, CONTRAST: contrast})


def find_in_example(network: Network, example: Example, threshold: float | None = None) -> Peaks:
    """The columns that a network finds in an example.

    Args:
        network: The network.
        example: A simulated example at the network's pixels.
        threshold: Lowest score of a column; by default the network's own.

    Raises:
        InputError: If the example has other pixels or another number of focal images than the
            network expects.
    """
    sampling = network.sampling
    if not np.isclose(example.sampling, sampling, rtol=1e-6, atol=0):
        raise InputError(
            f"The examples have pixels of {example.sampling:g} Å, but the network "
            f"{network.name!r} was trained on {sampling:g} Å; set model.sampling to {sampling:g} "
            "and simulate again, or choose a network of the same pixel size."
        )
    check_focus_count(network, example.images.shape[-1])
    # Scores must not depend on the installed engines.
    finder = ColumnFinder(network, Search(threshold, engine="keras"))
    return finder.find(example.images, example.sampling)[0]
