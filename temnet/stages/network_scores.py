"""All scores of one network on images whose columns it has found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.evaluation.baselines import baselines
from temnet.evaluation.bootstrap import intervals
from temnet.evaluation.conditions import MEAN_SCORE, conditions
from temnet.evaluation.confusion import ConfusionRow, confusion_rows, false_positive_rates
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.metrics import (
    MACRO,
    MEAN,
    MEDIAN,
    SHARE,
    SHIFT,
    ImageCounts,
    image_counts,
    pooled_scores,
    scores,
)
from temnet.evaluation.precision_recall import ThresholdRow, threshold_rows
from temnet.evaluation.reliability import (
    ReliabilityRow,
    calibration_error,
    outcomes,
    reliability_rows,
)
from temnet.evaluation.score_curves import CurveRow, dependence_rows
from temnet.evaluation.scores import ScoreRow, score_images
from temnet.evaluation.scores_by_material import MaterialRow, material_rows
from temnet.evaluation.scores_of_subsets import SubsetRow, subset_rows
from temnet.randomness import generator
from temnet.score_records import ClassIntervals, Intervals, NetworkSummary
from temnet.tables.csv_rows import write_rows

OVER_ALL = (MACRO, MEAN, MEDIAN, SHARE, SHIFT)


@dataclass(frozen=True)
class NetworkScores:
    """Scores of one network.

    Attributes:
        summary: Its part of summary.json.
        images: The counts of every image.
        scores: Its rows of scores.csv.
        confusion: Its rows of confusion.csv.
        thresholds: Its rows of thresholds.csv.
        reliability: Its rows of reliability.csv.
        dependence: Its rows of dependence.csv.
        materials: Its rows of materials.csv.
        subsets: Its rows of subsets.csv.
    """

    summary: NetworkSummary
    images: ImageCounts
    scores: list[ScoreRow]
    confusion: list[ConfusionRow]
    thresholds: list[ThresholdRow]
    reliability: list[ReliabilityRow]
    dependence: list[CurveRow]
    materials: list[MaterialRow]
    subsets: list[SubsetRow]


def score_network(
    name: str,
    threshold: float,
    results: Sequence[ImageResult],
    class_names: Sequence[str],
    settings: Evaluation,
    seed: int,
) -> NetworkScores:
    """Scores a network in every way that needs no further images.

    Args:
        name: The network's name in tables.
        threshold: Its lowest score of a column.
        results: Every image, with peaks down to a low score.
        class_names: Name of each class index.
        settings: Uses `radius`, `border` and `subsets`.
        seed: Seed of the intervals.
    """
    certain = [image.above(threshold) for image in results]
    rows = score_images(certain, class_names, settings, name)
    images = image_counts(rows, class_names, {image.index: image.specimen for image in results})
    rng = generator(seed, "evaluation/bootstrap")
    bins = {
        kind: reliability_rows(*outcome, kind, name)
        for kind, outcome in outcomes(results, settings).items()
    }
    values, ends = scores(images), _intervals(images, rng)
    drawn = [{**conditions(image.parameters), **_mean_score(image)} for image in certain]
    summary = NetworkSummary(
        threshold=threshold,
        **vars(pooled_scores(images)),
        specimens=len(np.unique(images.specimen)),
        mean_image_f1=values[MEAN],
        median_image_f1=values[MEDIAN],
        share_good_images=values[SHARE],
        rms_shift_pm=values[SHIFT],
        intervals=ends,
        baselines=baselines(certain, class_names, settings, generator(seed, "evaluation/chance")),
        without_columns=false_positive_rates(
            certain, settings, generator(seed, "evaluation/invented")  # old key of the draws
        ),
        calibration_error={kind: calibration_error(part) for kind, part in bins.items()},
    )  # fmt: skip
    return NetworkScores(
        summary=summary,
        images=images,
        scores=rows,
        confusion=confusion_rows(certain, class_names, settings, name),
        thresholds=threshold_rows(results, settings, name),
        reliability=[row for part in bins.values() for row in part],
        dependence=dependence_rows(images, drawn, rng, name),
        materials=material_rows(certain, class_names, settings, name),
        subsets=subset_rows(
            images, drawn, settings.subsets, generator(seed, "evaluation/subsets"), name
        ),
    )


def _mean_score(image: ImageResult) -> dict[str, float]:
    score = image.peaks.score
    return {MEAN_SCORE.name: float(score.mean())} if len(score) else {}


def _intervals(images: ImageCounts, rng: np.random.Generator) -> Intervals:
    ends = intervals(images, rng)
    by_class: dict[str, dict[str, tuple[float, float]]] = {name: {} for name in images.names}
    for key, pair in ends.items():
        name, _, statistic = key.rpartition("/")
        if name:
            by_class[name][statistic] = pair
    classes = {name: ClassIntervals(**pairs) for name, pairs in by_class.items()}
    return Intervals(**{key: ends[key] for key in OVER_ALL}, classes=classes)


def write_scores(networks: Sequence[NetworkScores], folder: Path) -> None:
    """Writes the tables that hold the rows of every network."""
    tables = (
        ("scores", ScoreRow, [row for one in networks for row in one.scores]),
        ("confusion", ConfusionRow, [row for one in networks for row in one.confusion]),
        ("thresholds", ThresholdRow, [row for one in networks for row in one.thresholds]),
        ("reliability", ReliabilityRow, [row for one in networks for row in one.reliability]),
        ("dependence", CurveRow, [row for one in networks for row in one.dependence]),
    )
    for name, row_type, rows in tables:
        write_rows(folder / f"{name}.csv", rows, row_type)
    materials = [row for one in networks for row in one.materials]
    if materials:
        write_rows(folder / "materials.csv", materials, MaterialRow)
    subsets = [row for one in networks for row in one.subsets]
    if subsets:
        write_rows(folder / "subsets.csv", subsets, SubsetRow)
