"""The section of a run's page on the scores of networks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from temnet.evaluation.metrics import GOOD_IMAGE, MACRO, MEAN, MEDIAN, RESAMPLES, SHARE, SHIFT
from temnet.evaluation.scores import LOCALISATION
from temnet.reporting.figures.condition_figures import condition_figure
from temnet.reporting.figures.curves import f1_histogram
from temnet.reporting.figures.gallery import prediction_figure
from temnet.reporting.figures.score_figures import (
    confusion_figure,
    difference_figure,
    reliability_figure,
    threshold_figure,
)
from temnet.reporting.page import UNKNOWN, Html, Section, paragraph, side_by_side, table
from temnet.reporting.run_results import RunResults, bracketed, counted, known
from temnet.reporting.score_results import (
    FOLDER,
    OF_EMPTY_IMAGES,
    ROW_TITLES,
    SUMMARY,
    TABLES,
    Scores,
    read_scores,
    taught_ranges,
    told_rows,
)
from temnet.reporting.score_tables import INVENTED, MISSED
from temnet.reporting.sections.false_positive_rate import invented_rates
from temnet.reporting.sections.limits import bound_parts, ideal_parts

LIMIT_TABLES = ("series", "cramer_rao", "ideal_observer", "ideal_confusion")


def evaluate_section(source: RunResults) -> Section | None:
    """Scores on simulated images that nothing was chosen by."""
    scores = read_scores(source)
    if scores is None:
        return None
    parts = [*_numbers(scores), *_images(scores), *_errors(scores), *_curves(scores)]
    names = [f"{FOLDER}/{name}.csv" for name in (*TABLES, *LIMIT_TABLES)]
    parts.append(paragraph("Tables: ", source.links(*names, SUMMARY), "."))
    return Section("Scores on simulated images", parts)


def _numbers(scores: Scores) -> list[Html]:
    """Tables of all networks, and their difference."""
    first = scores.first
    specimens = first.get("specimens", first["images"])
    parts = [
        paragraph(
            f"Scored on {counted(first['images'], 'simulated image')} of the split {scores.split} "
            f"({counted(specimens, 'specimen')}), by which nothing was chosen; {scores.how}. "
            f"In brackets 95 % bootstrap intervals: {RESAMPLES:,} times as many specimens drawn "
            "again, with all of their images. F1 of an image is that of images with columns. "
            "Position errors leave out the shift that all columns of an image share (rms beside). ",
            scores.skill,
        ),
        _overall_table(scores),
    ]
    for name, summary in scores.networks.items():
        if len(scores.networks) > 1:
            parts.append(paragraph(f"{name}, score from {summary['threshold']:g}:"))
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
            known(summary["calibration_error"][LOCALISATION]),
            _with_ends(summary, SHIFT, ".1f"),
        )
        for name, summary in scores.networks.items()
    ]
    chance = scores.first["baselines"]["chance"]
    rows.append(("by chance", known(chance[MACRO]), known(chance[MEAN]), *4 * (UNKNOWN,)))
    never = scores.first["baselines"].get("never_rarest")
    if never is not None:
        name = f"never {never['rarest']}"
        rows.append((name, known(never[MACRO]), known(never[MEAN]), *4 * (UNKNOWN,)))
    return table(header, rows)


def _class_table(summary: Mapping[str, Any]) -> Html:
    header = (
        "class", "columns", "found", "invented", "precision", "recall", "F1", "error (pm)",
        "F1 by chance",
    )  # fmt: skip
    chance = summary["baselines"]["chance"]["classes"]
    ends = summary.get("intervals", {}).get("classes", {})
    rows = [
        (
            ROW_TITLES.get(name, name),
            scores["true_positives"] + scores["false_negatives"],
            scores["true_positives"],
            scores["false_positives"],
            *(
                bracketed(scores[key], ends.get(name, {}).get(key))
                for key in ("precision", "recall", "f1")
            ),
            bracketed(scores["rms_error_pm"], ends.get(name, {}).get("rms_error_pm"), ".1f"),
            known(chance.get(name), ".2f"),
        )
        for name, scores in told_rows(summary["classes"]).items()
    ]
    return table(header, rows)


def _differences(scores: Scores) -> list[Html]:
    """The first network against the others, image by image."""
    if not scores.paired:
        return []
    header = (
        "pair", "images", "specimens", "mean difference of F1", "better on", "worse on",
        "p (Wilcoxon)",
    )  # fmt: skip
    rows, differences, intervals = [], {}, {}
    for pair in scores.paired:
        name = f"{pair['second']} minus {pair['first']}"
        ends = (pair["low"], pair["high"])
        value = bracketed(pair["mean"], ends)
        p = known(pair["p"], ".2g")
        rows.append(
            (name, pair["images"], pair["specimens"], value, pair["better"], pair["worse"], p)
        )
        differences[name] = scores.image_f1(pair["second"]) - scores.image_f1(pair["first"])
        intervals[name] = ends
    caption = (
        "Difference of the F1 of each image (all classes), its mean (line) and the mean's 95 % "
        f"bootstrap interval over specimens (band); {scores.rule}."
    )
    figure = difference_figure(differences, intervals)
    return [table(header, rows), scores.source.picture(figure, "f1_difference", caption)]


def _images(scores: Scores) -> list[Html]:
    """The histogram of images, and the telling ones."""
    f1 = {name: scores.image_f1(name) for name in scores.networks}
    caption = (
        f"F1 of each image, all classes together; {scores.rule}. {OF_EMPTY_IMAGES} {scores.skill}"
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
            f"Images by the F1 of {next(iter(scores.networks))}, their true columns, and what was "
            f"found; what is wrong is marked, as far as it counts (within the dotted line); "
            f"{scores.rule}."
        )
        parts.append(scores.source.picture(figure, "found_and_true", caption))
    return parts


def _errors(scores: Scores) -> list[Html]:
    """Confusion, images without columns, thresholds and reliability."""
    source, names = scores.source, list(scores.networks)
    rows = scores.table("confusion")
    classes = source.experiment.class_names
    true_names, found_names = (*classes, INVENTED), (*classes, MISSED)
    matrices = {}
    for name in names:
        count = {
            (row["true_class"], row["found_class"]): row["columns"]
            for row in rows
            if row["network"] == name
        }
        matrices[name] = np.array(
            [[count.get((true, found), math.nan) for found in found_names] for true in true_names]
        )
    caption = (
        "Columns by true and found class, paired by place alone, with the share of their row; "
        f"{scores.rule}. {scores.skill}"
    )
    confusion = source.picture(
        confusion_figure(matrices, found_names, true_names), "confusion", caption
    )
    thresholds = {name: one["threshold"] for name, one in scores.networks.items()}
    caption = (
        "Precision and recall as the lowest score of a column rises from 0.05 to 0.99; rings at "
        f"the networks' own thresholds, chosen on other images. {scores.rule}. {scores.skill}"
    )
    figure = threshold_figure(scores.table("thresholds"), thresholds)
    precision = source.picture(figure, "precision_recall", caption)
    caption = (
        "How often peaks are right against what the network said of them, in bins of a tenth, and "
        f"their number; peaks from a score of 0.05, within "
        f"{source.experiment.evaluation.radius:g} Å of a column. On the dotted line scores are "
        "probabilities."
    )
    figure = reliability_figure(scores.table("reliability"), names)
    reliability = source.picture(figure, "reliability", caption)
    return [
        confusion, _without_columns(scores), side_by_side([precision, reliability]),
    ]  # fmt: skip


def _without_columns(scores: Scores) -> Html:
    first = scores.first["without_columns"]
    if not first["images"]:
        return paragraph("There is no image without columns among those scored.")
    found = "; ".join(
        f"{name} {invented_rates(summary['without_columns'])}"
        for name, summary in scores.networks.items()
    )
    return paragraph(
        f"Columns invented per 100 nm² on {counted(first['images'], 'image')} without any column "
        f"({first['area_nm2']:.0f} nm²; in brackets 95 % intervals): {found}."
    )


def _curves(scores: Scores) -> list[Html]:
    """Scores against what the images were drawn with, fixed series, and the bound."""
    source, parts = scores.source, []
    rows = scores.table("dependence")
    if rows:
        caption = (
            "F1 and position error against what the images were drawn with: bins of equal numbers "
            "of images at their medians, everything else as drawn; 95 % bootstrap intervals over "
            "specimens. Columns of positive contrast are brighter than what is around them, in the "
            f"first image. {scores.rule}. Grey lines (mean over the classes): {scores.skill}"
        )
        parts.append(
            source.picture(condition_figure(rows, scores.levels, {}), "conditions", caption)
        )
    if source.has(f"{FOLDER}/series.csv"):
        series, taught = source.experiment.evaluation.series, taught_ranges(source.experiment)
        number = series.structures if series is not None else 0
        shade = " Shaded: what training images are drawn from." if taught else ""
        caption = (
            f"F1 and position error of the same {counted(number, 'specimen')} with one parameter "
            "at fixed values and everything else as drawn; 95 % bootstrap intervals over "
            f"specimens; {scores.how}.{shade} Grey lines: what the images of {scores.split} give "
            f"without skill. {scores.skill}"
        )
        figure = condition_figure(scores.table("series"), scores.levels, taught)
        parts.append(source.picture(figure, "series", caption))
    return [*parts, *bound_parts(scores), *ideal_parts(scores)]


def _with_ends(summary: Mapping[str, Any], key: str, digits: str = ".3f") -> str:
    return bracketed(summary.get(key), summary.get("intervals", {}).get(key), digits)
