"""The small figures of a pretrained network."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from temnet.evaluation.conditions import CONTRAST, MEAN_SCORE
from temnet.evaluation.score_curves import CurveRow
from temnet.evaluation.scores_by_atom_count import AtomCountRow
from temnet.reporting.figures.condition_figures import condition_figure
from temnet.reporting.figures.drawing import encode_figure
from temnet.reporting.figures.gallery import prediction_figure
from temnet.reporting.figures.score_figures import f1_histogram, ideal_figure
from temnet.reporting.score_results import Scores, training_ranges
from temnet.reporting.sections.atom_counts import atom_count_figure
from temnet.system.files import replace_file

HISTOGRAM, HEIGHTS = "f1_histogram.png", "heights.png"

IDEAL, EXAMPLE = "ideal_observer.png", "example.png"

PARAMETERS = (
    "dose",
    "defocus",
    "scherzer",
    "astigmatism",
    "camera_sampling",
    CONTRAST,
    MEAN_SCORE.name,
)

CURVES = {name: f"{name}.png" for name in PARAMETERS}
"""Files of the curves, by parameter."""

FIGURES = (HISTOGRAM, *CURVES.values(), HEIGHTS, IDEAL, EXAMPLE)
"""All files that can be written."""

LARGEST = 600_000
"""Largest size of a file [bytes]."""

RESOLUTIONS = (110, 90, 75, 60, 50)
"""Pixels per inch that are tried until a file is small enough."""

SHOWN = ("median", "weak")
"""The example images of a run that are published."""


def write_figures(scores: Scores, folder: Path) -> None:
    """Writes figures as PNG; those without data are left out.

    Curves are those of the first network; other figures show all networks.

    Args:
        scores: The scores of the stage `evaluate`.
        folder: The network's folder.
    """
    f1 = {name: scores.image_f1(name) for name in scores.networks}
    figures = {
        HISTOGRAM: f1_histogram(f1, "all classes, by image"),
        **{file: _curve(scores, parameter) for parameter, file in CURVES.items()},
        HEIGHTS: _heights(scores),
        IDEAL: _ideal(scores),
        EXAMPLE: _example(scores),
    }
    for file, figure in figures.items():
        if figure is not None:
            replace_file(folder / file, small_png(figure))


def small_png(figure: Figure) -> bytes:
    """A figure as PNG of at most `LARGEST` bytes, at the highest resolution that fits."""
    for resolution in RESOLUTIONS:
        content = encode_figure(figure, "png", resolution)
        if len(content) <= LARGEST:
            break
    return content


def _curve(scores: Scores, parameter: str) -> Figure | None:
    """F1 and position error against a parameter: at fixed values if there are any, or as drawn."""
    own = next(iter(scores.networks))
    for table in ("sweep", "dependence"):
        rows = [
            row
            for row in scores.table(table, CurveRow)
            if (row.network, row.parameter) == (own, parameter)
        ]
        if rows:
            trained = training_ranges(scores.source.experiment) if table == "sweep" else {}
            return condition_figure(rows, scores.levels, trained)
    return None


def _heights(scores: Scores) -> Figure | None:
    """F1 of the first network against dose, by the number of atoms in the columns."""
    wanted = (next(iter(scores.networks)), "dose")
    rows = [
        row
        for row in scores.table("atom_counts", AtomCountRow)
        if (row.network, row.parameter) == wanted
    ]
    return atom_count_figure(rows) if rows else None


def _ideal(scores: Scores) -> Figure | None:
    """F1 of the ideal observer and of the networks at fixed doses."""
    ideal, series = scores.ideal_curves()
    return ideal_figure(ideal, series) if ideal else None


def _example(scores: Scores) -> Figure | None:
    """Images with true columns and those that each network of the run found."""
    lines = scores.pictures()
    kinds = {line[0].caption.split(":")[0]: line for line in lines}
    chosen = [kinds[kind] for kind in SHOWN if kind in kinds] or lines[:1]
    if not chosen:
        return None
    titles = [
        [scores.picture_title(name, one) for name, one in zip(scores.networks, line, strict=True)]
        for line in chosen
    ]
    experiment = scores.source.experiment
    rule = (experiment.evaluation.radius, experiment.evaluation.border)
    return prediction_figure(chosen, titles, experiment.class_names, *rule)
