"""What the page of a network shows: its task, its training images, scores and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan

from temnet.config.card_scores import Comparison, ValidationScores
from temnet.config.distributions import support
from temnet.config.instrument.microscope import Microscope
from temnet.config.learning.labels import COLUMN
from temnet.evaluation.conditions import CONTRAST, MEAN_SCORE
from temnet.evaluation.metrics import GOOD_IMAGE
from temnet.evaluation.scores import LOCALISATION
from temnet.publishing.figures import CURVES, EXAMPLE, HEIGHTS, HISTOGRAM, IDEAL
from temnet.publishing.limitations import GOOD, HEADER, by_parameter, limitations, quantity
from temnet.publishing.pretrained_network import Pretrained, span_text, specimen
from temnet.publishing.training_cost import cost_sentence
from temnet.reporting.markdown import picture, table
from temnet.reporting.page import UNKNOWN
from temnet.reporting.run_results import bracketed, counted, known
from temnet.reporting.score_results import ROW_TITLES, shown_rows, training_ranges
from temnet.reporting.sections.false_positive_rate import rates_text
from temnet.reporting.sections.limits import bound_text
from temnet.reporting.wording import in_words, percent, rounded, span
from temnet.score_records import MISSED, ClassIntervals, ClassScores
from temnet.structures.lattices.class_elements import class_titles


def network_section(one: Pretrained) -> str:
    """All that the card and the figures show about a network."""
    scores = one.card.validation
    parts = _selection(one) if scores is None else _validation(one, scores)
    parts = [_opening(one), "## Training images", _training_ranges(one), "## Scores", *parts]
    return "\n\n".join(part for part in parts if part)


def _opening(one: Pretrained) -> str:
    """The task, size and training of a network."""
    card = one.card
    steps = ", ".join(rounded(step) for step in card.focus_steps or ())
    images = (
        "single images"
        if card.focus_count == 1
        else f"focal series of {card.focus_count} images (defocus steps {steps} Å)"
    )
    structure = one.experiment.structure
    classes = columns_in_words(class_titles(card.classes, structure))
    return (
        f"Finds {classes} in {images} of {specimen(structure)}. "
        f"{one.kind} with {one.weights} weights ({one.megabytes}), {card.sampling:g} Å per pixel, "
        f"threshold {card.threshold:g}. {cost_sentence(one.cost, card.name)}"
    )


def columns_in_words(classes: Sequence[str]) -> str:
    """The columns of some classes.

    >>> columns_in_words(["Mo", "S"]), columns_in_words(["column"])
    ('Mo and S', 'columns')
    """
    return "columns" if tuple(classes) == (COLUMN,) else in_words(classes)


def _training_ranges(one: Pretrained) -> str:
    """The ranges of the training images."""
    card = one.card
    rows = [
        ("energy", one.energies),
        ("defocus of any image (positive: underfocus)", span_text(card.defocus, "Å")),
        ("spherical aberration", span_text(card.Cs_um, "µm")),
        *_defocus_by_aberration(one.experiment.microscope),
        ("two-fold astigmatism", span_text(card.astigmatism, "Å")),
        ("focal spread (standard deviation)", span_text(card.focal_spread, "Å")),
    ]
    if card.dose is not None:
        rows.append(("dose of an image", one.dose))
        rows.append(("camera's pixel", span_text(card.camera_sampling, "Å")))
    return table(("trained on", "range"), rows)


def _defocus_by_aberration(microscope: Microscope | None) -> list[tuple[str, str]]:
    """The ranges of defocus where they depend on the spherical aberration."""
    if microscope is None:
        return []
    kinds = list(
        dict.fromkeys(
            (
                support(variant.defocus.scherzer),
                support(variant.defocus.start),
                support(variant.Cs_um),
            )
            for variant in microscope.every_variant
        )
    )
    if len(kinds) == 1 and not any(kinds[0][0]):
        return []
    parts = []
    for multiples, start, aberration in kinds:
        scherzer = (
            f"{span(*multiples)} times √(1.5 |Cs| λ), overfocus for negative Cs, and "
            if any(multiples)
            else ""
        )
        parts.append(f"{scherzer}{span(*start)} Å at {span(*aberration)} µm")
    return [("defocus by spherical aberration", "; ".join(parts))]


def _validation(one: Pretrained, scores: ValidationScores) -> list[str]:
    """Scores on held-out images."""
    specimens = "" if scores.specimens is None else f" ({counted(scores.specimens, 'specimen')})"
    opening = (
        f"Validation: {counted(scores.images, 'held-out image')}{specimens}; matching radius "
        f"{scores.radius:g} Å, without a border of {scores.border:g} Å."
    )
    comparisons = [difference_sentence(one.name, each) for each in scores.paired]
    limits = limitations(scores.curves, training_ranges(one.experiment))
    return [
        opening,
        class_table(scores.classes, scores.intervals.classes),
        _overall(one, scores),
        " ".join(comparisons),
        _confusion(scores),
        f"## Limitations\n\nF1 below {GOOD:g}:\n\n{table(HEADER, limits)}" if limits else "",
        *_pictures(one, scores),
    ]


def _selection(one: Pretrained) -> list[str]:
    """Scores on the selection images, for a network without validation scores."""
    scores = one.card.metrics
    if scores is None or not scores.classes:
        return ["Not scored."]
    opening = (
        f"No validation scores. On {counted(scores.images, 'selection image')}, which also chose "
        f"the epoch and the threshold, so that scores are too high: macro F1 "
        f"{known(scores.macro_f1)}."
    )
    return [opening, class_table(scores.classes, {})]


def class_table(classes: Mapping[str, ClassScores], intervals: Mapping[str, ClassIntervals]) -> str:
    """Precision, recall, F1 and position error of each class."""
    header = ("class", "columns", "precision", "recall", "F1", "error (pm, rms)")
    rows = []
    for name, part in shown_rows(classes).items():
        ends = intervals.get(name, ClassIntervals())
        cells = (
            f"{part.columns:,}",
            bracketed(part.precision, ends.precision),
            bracketed(part.recall, ends.recall),
            bracketed(part.f1, ends.f1),
            bracketed(part.rms_error_pm, ends.rms_error_pm, ".1f"),
        )
        rows.append((ROW_TITLES.get(name, name), *cells))
    return table(header, rows)


def _overall(one: Pretrained, scores: ValidationScores) -> str:
    """Scores over all classes, chance levels, false positives and the bound, as a table."""
    ends, chance = scores.intervals, scores.baselines.chance.macro_f1
    rows = [
        ("macro F1", bracketed(scores.macro_f1, ends.macro_f1)),
        ("mean F1 of an image", bracketed(scores.mean_image_f1, ends.mean_image_f1)),
        ("median F1 of an image", bracketed(scores.median_image_f1, ends.median_image_f1)),
        (f"images with F1 above {GOOD_IMAGE:g}", _percent(scores.share_good_images)),
        ("false positives among the peaks", _percent(scores.false_positive_share, 1)),
    ]
    if not isnan(scores.rms_shift_pm):
        shift = bracketed(scores.rms_shift_pm, ends.rms_shift_pm, ".1f")
        rows.append(("common shift of an image (pm, rms)", shift))
    rows.append(("macro F1 of the same peaks at random positions", known(chance, ".2f")))
    never = scores.baselines.never_rarest
    if never is not None:
        rows.append(
            (f"macro F1 if {never.rarest} is never predicted", known(never.macro_f1, ".2f"))
        )
    bare = scores.without_columns
    if bare.images:
        title = f"false positives per 100 nm² on {counted(bare.images, 'image')} without columns"
        rows.append((title, rates_text(bare)))
    if scores.cramer_rao is not None:
        rows.append(("position error and Cramér-Rao bound", bound_text(scores.cramer_rao)))
    if one.card.score_calibration is not None:
        error = scores.calibration_error.get(LOCALISATION)
        rows.append(("expected calibration error of scores", known(error)))
    return table(("all classes", "value"), rows)


def _confusion(scores: ValidationScores) -> str:
    """The predicted classes of the columns of each class, as a table; empty for one class."""
    names = [name for name in scores.confusion if name in scores.classes]
    if len(names) < 2:
        return ""
    header = ("true class", *(f"predicted {name}" for name in names), MISSED)
    rows = []
    for true, row in scores.confusion.items():
        total = sum(row.values()) if true in names else 0
        cells = (
            UNKNOWN if found not in row
            else percent(row[found] / total) if total
            else f"{row[found]:,}"
            for found in (*names, MISSED)
        )  # fmt: skip
        rows.append((true, *cells))
    return f"Confusion (% of the true columns; number of false positives):\n\n{table(header, rows)}"


def difference_sentence(name: str, difference: Comparison) -> str:
    """The better one of two networks and by how much, if that is known.

    Args:
        name: Name of the network on whose card the difference is.
        difference: F1 of an image by this network minus that by another one.
    """
    other, mean = difference.network, difference.mean
    low, high = difference.low, difference.high
    where = (
        f"On the same {counted(difference.images, 'image')} of "
        f"{counted(difference.specimens, 'specimen')}"
    )
    if isnan(low) or isnan(high):
        return f"{where} there are too few specimens to compare {name} with {other}."
    if low <= 0 <= high:
        return (
            f"{where} {name} and {other} do not differ significantly: mean difference of the F1 of "
            f"an image {bracketed(mean, (low, high))}."
        )
    better, worse = (name, other) if mean > 0 else (other, name)
    amount = bracketed(abs(mean), sorted((abs(low), abs(high))))
    return f"{where} {better} is better than {worse}: mean F1 of an image higher by {amount}."


def _percent(fraction: float, digits: int = 0) -> str:
    return UNKNOWN if isnan(fraction) else percent(fraction, digits)


def _pictures(one: Pretrained, scores: ValidationScores) -> list[str]:
    """The figures of the network with their captions."""
    sweep = by_parameter(scores.curves.sweep)
    captions = {HISTOGRAM: ("F1 of each image", "F1 of each validation image with columns.")}
    for parameter, file in CURVES.items():
        how = (
            "at fixed values; shaded: range of the training"
            if parameter in sweep
            else "as drawn, in bins"
        )
        title = f"F1 and position error by {quantity(parameter)}"
        caption = f"{title}, {how}."
        if parameter == CONTRAST:
            caption += " Positive: columns brighter than their surroundings in the first image."
        if parameter == MEAN_SCORE.name:
            caption += " A prediction reports this score for your images."
        captions[file] = (title, caption)
    captions[HEIGHTS] = (
        "F1 by dose and number of atoms",
        "F1 by dose, all classes, without columns of fewer atoms; right: specimens with columns "
        "and without a support.",
    )
    captions[IDEAL] = (
        "F1 by dose beside that of an ideal observer",
        "F1 by dose beside that of an ideal observer.",
    )
    captions[EXAMPLE] = (
        "images with true and predicted columns",
        "Validation images, the first of median F1: true columns, predicted columns and errors.",
    )
    pictures = [picture(file, *captions[file]) for file in captions if file in one.figures]
    return ["## Figures", *pictures] if pictures else []
