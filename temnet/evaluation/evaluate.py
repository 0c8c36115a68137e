"""Scores of a network on simulated examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.errors import InputError
from temnet.evaluation.column_contrast import column_contrast
from temnet.evaluation.conditions import CONTRAST
from temnet.evaluation.image_result import ImageResult, score_rows
from temnet.inference.peak_finder import PeakFinder
from temnet.inference.probability_maps import network_sampling, predict_frame
from temnet.models.checkpoint import Network, check_focus_count
from temnet.records import IGNORED, Example, Peaks


def evaluate(
    network: Network,
    examples: Iterable[tuple[int, Example]],
    settings: Evaluation,
    threshold: float | None = None,
    progress: Callable[[int], object] | None = None,
) -> list[dict[str, Any]]:
    """Scores of every example.

    Args:
        network: The network.
        examples: Each example with its index; they are taken one by one.
        settings: Radius and border.
        threshold: Lowest score of a column; by default the network's own.
        progress: Called with 1 after each example.

    Returns:
        The rows of `rows_with_conditions`.

    Raises:
        InputError: An example has other pixels or another number of focal images than the
            network wants.
    """
    looked = []
    for index, example in examples:
        looked.append(look(network, index, example, threshold))
        if progress is not None:
            progress(1)
    return rows_with_conditions(looked, network.experiment.class_names, settings)


def look(
    network: Network,
    index: int,
    example: Example,
    threshold: float | None = None,
    reuse: int = 1,
) -> ImageResult:
    """What a network finds in an example, beside what is there.

    Args:
        network: The network.
        index: Number of the example.
        example: A simulated example at the network's pixels.
        threshold: Lowest score of a column; by default the network's own.
        reuse: Examples that share a specimen.

    Raises:
        InputError: See `find_in_example`.
    """
    height, width = (example.sampling * (n - 1) for n in example.images.shape[:2])
    columns, first = example.columns, example.images[..., 0]
    scored = columns.positions[columns.class_index != IGNORED]
    contrast = column_contrast(first, scored, example.sampling)
    return ImageResult(
        index=index,
        peaks=find_in_example(network, example, threshold),
        columns=columns,
        shape_angstrom=(height, width),
        parameters={**example.parameters, CONTRAST: contrast},
        specimen=index // reuse,
    )


def rows_with_conditions(
    looked: Sequence[ImageResult], class_names: Sequence[str], settings: Evaluation
) -> list[dict[str, Any]]:
    """The rows of `score_rows`, with the drawn ``dose`` and ``defocus`` of each image.

    Dose [e/Å²] and the first image's defocus [Å] are NaN where an example does not tell.
    """
    drawn = {image.index: drawn_conditions(image.parameters) for image in looked}
    rows = score_rows(looked, class_names, settings)
    return [{**row, **drawn[row["index"]]} for row in rows]


def find_in_example(network: Network, example: Example, threshold: float | None = None) -> Peaks:
    """The columns that a network finds in an example.

    Args:
        network: The network.
        example: A simulated example at the network's pixels.
        threshold: Lowest score of a column; by default the network's own.

    Raises:
        InputError: The example has other pixels or another number of focal images than the
            network wants.
    """
    sampling = network_sampling(network)
    if not np.isclose(example.sampling, sampling, rtol=1e-6, atol=0):
        raise InputError(
            f"The examples have pixels of {example.sampling:g} Å, but the network "
            f"{network.name!r} was taught on {sampling:g} Å; set model.sampling to {sampling:g} "
            "and simulate again, or choose a network of the same pixel size."
        )
    check_focus_count(network, example.images.shape[-1])
    # Scores shall not depend on what is installed.
    probabilities = predict_frame(network, example.images, example.sampling, engine="keras")
    return PeakFinder.of(network, threshold).find(probabilities)


def drawn_conditions(parameters: Mapping[str, Any]) -> dict[str, float]:
    """Dose [e/Å²] and defocus of the first focal image [Å] that an example was drawn with.

    >>> drawn_conditions({"dose": 200.0, "defocus": [-50.0, 0.0]})
    {'dose': 200.0, 'defocus': -50.0}
    >>> drawn_conditions({})
    {'dose': nan, 'defocus': nan}
    """
    defocus = np.atleast_1d(parameters.get("defocus", np.nan))
    return {"dose": float(parameters.get("dose", np.nan)), "defocus": float(defocus[0])}
