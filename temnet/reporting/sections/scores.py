"""The section of a run's page on the scores of networks."""

from __future__ import annotations

import math

import numpy as np

from temnet.evaluation.bootstrap import RESAMPLES
from temnet.evaluation.confusion import FALSE_POSITIVE, MISSED
from temnet.evaluation.metrics import GOOD_IMAGE, MACRO, MEAN, MEDIAN, SHARE, SHIFT
from temnet.evaluation.precision_recall import ThresholdRow
from temnet.evaluation.reliability import ReliabilityRow
from temnet.evaluation.score_curves import CurveRow
from temnet.evaluation.scores import LOCALISATION
from temnet.reporting.figures.condition_figures import condition_figure
from temnet.reporting.figures.gallery import prediction_figure
from temnet.reporting.figures.score_figures import (
    confusion_figure,
    difference_figure,
    f1_histogram,
    reliability_figure,
    threshold_figure,
)
from temnet.reporting.page import UNKNOWN, Html, Section, paragraph, side_by_side, table
from temnet.reporting.run_results import RunResults, bracketed, counted, known
from temnet.reporting.score_results import (
    FOLDER,
    ROW_TITLES,
    SUMMARY,
    TABLES,
    WITHOUT_COLUMNS,
    Scores,
    read_scores,
    shown_rows,
    table_path,
    training_ranges,
)
from temnet.reporting.sections.false_positive_rate import rates_text
from temnet.reporting.sections.limits import bound_parts, ideal_parts
from temnet.score_records import Baseline, ClassIntervals, NetworkSummary

LIMIT_TABLES = ("sweep", "cramer_rao", "ideal_observer", "ideal_confusion")


def evaluate_section(source: RunResults) -> Section | None:
    """Scores on held-out simulated images."""
    scores = read_scores(source)
    if scores is None:
        return None
    parts = [*_numbers(scores), *_images(scores), *_errors(scores), *_curves(scores)]
    paths = [table_path(source.root, name) for name in (*TABLES, *LIMIT_TABLES)]
    names = [f"{FOLDER}/{path.name}" for path in paths]
    parts.append(paragraph("Tables: ", source.links(*names, SUMMARY), "."))
    return Section("Scores on simulated images", parts)


def _numbers(scores: Scores) -> list[Html]:
    """Tables of all networks, and their difference."""
    first = scores.first
    specimens = first.images if first.specimens is None else first.specimens
    parts = [
        paragraph(
            f"Scored on {counted(first.images, 'simulated image')} "
            f"({counted(specimens, 'specimen')}) of the held-out split {scores.summary.split}; "
            f"{scores.how}. In brackets 95 % bootstrap intervals from {RESAMPLES:,} samples of the "
            "specimens, each with all of its images. F1 of an image is that of images with "
            "columns. Position errors leave out the shift that all columns of an image share "
            "(listed as shared shift, rms). ",
            scores.chance,
        ),
        _overall_table(scores),
    ]
    for name, summary in scores.networks.items():
        if len(scores.networks) > 1:
            parts.append(paragraph(f"{name}, score from {summary.threshold:g}:"))
        parts.append(_class_table(summary))
    parts += _differences(scores)
    return parts


def _overall_table(scores: Scores) -> Html:
    header = (
        "network", "mean F1 over classes", "mean F1 of an image", "median",
        f"images above {GOOD_IMAGE:g}", "calibration error", "shared shift (pm)",
    )  # fmt: skip
    rows = [
        (
            name,
            *(_with_ends(summary, key) for key in (MACRO, MEAN, MEDIAN, SHARE)),
            known(summary.calibration_error.get(LOCALISATION)),
            _with_ends(summary, SHIFT, ".1f"),
        )
        for name, summary in scores.networks.items()
    ]
    baselines = scores.first.baselines
    rows.append(_baseline_cells("by chance", baselines.chance))
    if (never := baselines.never_rarest) is not None:
        rows.append(_baseline_cells(f"never {never.rarest}", never))
    return table(header, rows)


def _baseline_cells(name: str, baseline: Baseline) -> tuple[str, ...]:
    f1 = known(baseline.macro_f1), known(baseline.mean_image_f1)
    return (name, *f1, *4 * (UNKNOWN,))


def _class_table(summary: NetworkSummary) -> Html:
    header = (
        "class", "columns", "found", "false positives", "precision", "recall", "F1", "error (pm)",
        "F1 by chance",
    )  # fmt: skip
    chance, rows = summary.baselines.chance.classes, []
    for name, one in shown_rows(summary.classes).items():
        ends = summary.intervals.classes.get(name, ClassIntervals())
        rows.append(
            (
                ROW_TITLES.get(name, name),
                one.columns,
                one.true_positives,
                one.false_positives,
                bracketed(one.precision, ends.precision),
                bracketed(one.recall, ends.recall),
                bracketed(one.f1, ends.f1),
                bracketed(one.rms_error_pm, ends.rms_error_pm, ".1f"),
                known(chance.get(name), ".2f"),
            )
        )
    return table(header, rows)


def _differences(scores: Scores) -> list[Html]:
    """The first network against the others, image by image."""
    if not scores.summary.paired:
        return []
    header = (
        "pair", "images", "specimens", "mean difference of F1", "better on", "worse on",
        "p (Wilcoxon)",
    )  # fmt: skip
    rows, differences, intervals = [], {}, {}
    for pair in scores.summary.paired:
        name = f"{pair.second} minus {pair.first}"
        ends = (pair.low, pair.high)
        value, p = bracketed(pair.mean, ends), known(pair.p, ".2g")
        rows.append((name, pair.images, pair.specimens, value, pair.better, pair.worse, p))
        differences[name] = scores.image_f1(pair.second) - scores.image_f1(pair.first)
        intervals[name] = ends
    caption = (
        "Difference of the F1 of each image (all classes), its mean (line) and the mean's 95 % "
        f"bootstrap interval over specimens (band); {scores.rule}."
    )
    figure = difference_figure(differences, intervals)
    return [table(header, rows), scores.source.picture(figure, "f1_difference", caption)]


def _images(scores: Scores) -> list[Html]:
    """The histogram of images, and representative ones."""
    f1 = {name: scores.image_f1(name) for name in scores.networks}
    caption = (
        f"F1 of each image, all classes together; {scores.rule}. {WITHOUT_COLUMNS} {scores.chance}"
    )
    figure = f1_histogram(f1, "all classes, by image")
    parts = [scores.source.picture(figure, "f1_histogram", caption)]
    lines = scores.pictures()
    if lines:
        titles = [
            [scores.picture_title(name, line[0]) for name in scores.networks] for line in lines
        ]
        experiment = scores.source.experiment
        rule = (experiment.evaluation.radius, experiment.evaluation.border)
        figure = prediction_figure(lines, titles, experiment.class_names, *rule)
        caption = (
            f"Images by the F1 of {next(iter(scores.networks))}, their true columns, and the "
            f"columns found; errors are marked where they count (within the dotted line); "
            f"{scores.rule}."
        )
        parts.append(scores.source.picture(figure, "found_and_true", caption))
    return parts


def _errors(scores: Scores) -> list[Html]:
    """Confusion, images without columns, thresholds and reliability."""
    source, names = scores.source, list(scores.networks)
    classes = source.experiment.class_names
    true_names, found_names = (*classes, FALSE_POSITIVE), (*classes, MISSED)
    matrices = {}
    for name in names:
        count = {(row.true_class, row.found_class): row.columns for row in scores.confusion(name)}
        matrices[name] = np.array(
            [[count.get((true, found), math.nan) for found in found_names] for true in true_names]
        )
    caption = (
        "Columns by true and found class, paired by position alone, with the share of their row; "
        f"{scores.rule}. {scores.chance}"
    )
    confusion = source.picture(
        confusion_figure(matrices, found_names, true_names), "confusion", caption
    )
    thresholds = {name: one.threshold for name, one in scores.networks.items()}
    caption = (
        "Precision and recall as the lowest score of a column rises from 0.05 to 0.99; rings at "
        f"the networks' own thresholds, chosen on other images. {scores.rule}. {scores.chance}"
    )
    figure = threshold_figure(scores.table("thresholds", ThresholdRow), thresholds)
    precision = source.picture(figure, "precision_recall", caption)
    caption = (
        "Fraction of correct peaks against their predicted probability, in bins of a tenth, and "
        "number of peaks; peaks from a score of 0.05, correct within "
        f"{source.experiment.evaluation.radius:g} Å of a column. On the dotted line scores are "
        "probabilities."
    )
    figure = reliability_figure(scores.table("reliability", ReliabilityRow), names)
    reliability = source.picture(figure, "reliability", caption)
    return [
        confusion, _without_columns(scores), side_by_side([precision, reliability]),
    ]  # fmt: skip


def _without_columns(scores: Scores) -> Html:
    first = scores.first.without_columns
    if not first.images:
        return paragraph("All scored images have columns.")
    found = "; ".join(
        f"{name} {rates_text(summary.without_columns)}" for name, summary in scores.networks.items()
    )
    return paragraph(
        f"False positives per 100 nm² on {counted(first.images, 'image')} without any column "
        f"({first.area_nm2:.0f} nm²; in brackets 95 % intervals): {found}."
    )


def _curves(scores: Scores) -> list[Html]:
    """Scores against the drawn parameters, parameter sweeps, and limits."""
    source, parts = scores.source, []
    rows = scores.table("dependence", CurveRow)
    if rows:
        caption = (
            "F1 and position error against the drawn parameters of the images: bins of equal "
            "numbers of images at their medians, everything else as drawn; 95 % bootstrap "
            "intervals over specimens. Columns of positive contrast are brighter than their "
            f"surroundings in the first image. {scores.rule}. Grey lines: chance level (mean over "
            f"the classes). {scores.chance}"
        )
        parts.append(
            source.picture(condition_figure(rows, scores.levels, {}), "conditions", caption)
        )
    if scores.has("sweep"):
        sweep, trained = source.experiment.evaluation.sweep, training_ranges(source.experiment)
        number = sweep.structures if sweep is not None else 0
        shade = " Shaded: range of the training images." if trained else ""
        caption = (
            f"F1 and position error of the same {counted(number, 'specimen')} with one parameter "
            "at fixed values and everything else as drawn; 95 % bootstrap intervals over "
            f"specimens; {scores.how}.{shade} Grey lines: chance level on the images of "
            f"{scores.summary.split}. {scores.chance}"
        )
        figure = condition_figure(scores.table("sweep", CurveRow), scores.levels, trained)
        parts.append(source.picture(figure, "sweep", caption))
    return [*parts, *bound_parts(scores), *ideal_parts(scores)]


def _with_ends(summary: NetworkSummary, key: str, digits: str = ".3f") -> str:
    return bracketed(getattr(summary, key), getattr(summary.intervals, key), digits)
