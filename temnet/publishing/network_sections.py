"""The part of the page of pretrained networks that is on one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temnet.config.card import Card, Cost
from temnet.config.distributions import support, texts
from temnet.config.experiment import Experiment
from temnet.config.instrument.microscope import Microscope
from temnet.config.structures.from_file import FromFile, FromFunction
from temnet.config.structures.nanoparticle import Nanoparticle
from temnet.evaluation.conditions import CONTRAST, MEAN_SCORE
from temnet.evaluation.confusion import FALSE_POSITIVE, MISSED, OLD_FALSE_POSITIVE
from temnet.evaluation.metrics import GOOD_IMAGE, MACRO, MEAN, MEDIAN, SHARE, SHIFT
from temnet.evaluation.scores import LOCALISATION
from temnet.evaluation.summary import Baselines, BoundRatio, FalsePositiveRates
from temnet.json_records import from_values
from temnet.publishing.figures import CURVES, EXAMPLE, HEIGHTS, HISTOGRAM, IDEAL
from temnet.publishing.limitations import GOOD, Ranges, by_parameter, quantity, weak_places
from temnet.publishing.training_cost import cost_sentence, planned_cost
from temnet.reporting.markdown import bullets, picture, table
from temnet.reporting.page import UNKNOWN
from temnet.reporting.run_results import bracketed, counted, known
from temnet.reporting.score_results import (
    CHANCE_LINES,
    ROW_TITLES,
    WITHOUT_COLUMNS,
    chance_sentence,
    shown_rows,
    training_ranges,
)
from temnet.reporting.sections.atom_counts import FALSE_PEAKS
from temnet.reporting.sections.false_positive_rate import rates_text
from temnet.reporting.sections.limits import IDEAL_LINES, bound_text
from temnet.reporting.wording import in_words, percent, rounded, span

KINDS = {"unet": "U-Net", "msdnet": "MSD-net"}
"""Names of the kinds of network."""


@dataclass(frozen=True)
class Pretrained:
    """A network as it lies in the folder of pretrained ones.

    Attributes:
        name: Its folder's name.
        card: What its card says.
        experiment: The settings that made it.
        size: Of the file of its weights [bytes].
        figures: Files of figures that are there.
        notes: What people have to say about it; Markdown.
    """

    name: str
    card: Card
    experiment: Experiment
    size: int
    figures: Sequence[str] = ()
    notes: str = ""

    @property
    def kind(self) -> str:
        """What kind of network it is."""
        return KINDS.get(self.card.kind or "", self.card.kind or UNKNOWN)

    @property
    def validation(self) -> Mapping[str, Any] | None:
        """Its scores on validation images, if it has any."""
        return self.card.validation

    @property
    def cost(self) -> Cost | None:
        """The cost of its training; None if unknown."""
        return self.card.cost or planned_cost(self.experiment.data, self.experiment.training)

    @property
    def images_seen(self) -> int | None:
        """Images seen in its training, from the first network on; None if unknown."""
        return None if self.cost is None else self.cost.total_images_seen()

    @property
    def seconds(self) -> float | None:
        """Time of its training, from the first network on [s]; None if unknown."""
        return None if self.cost is None else self.cost.total_seconds()


def network_section(one: Pretrained) -> str:
    """Everything about one network."""
    scores = _validation(one) if one.validation is not None else _selection(one)
    parts = [f"## {one.name}", _opening(one), _taught(one), *scores, one.notes.strip()]
    return "\n\n".join(part for part in parts if part)


def specimen(experiment: Experiment) -> str:
    """What the images show, in a few words."""
    structure = experiment.structure
    if structure is None:
        return "specimens that are not recorded"
    names = {"mos2": "MoS2", "graphene": "graphene with defects"}
    if isinstance(structure, Nanoparticle):
        name = f"particles of {in_words(texts(structure.element))}"
    elif isinstance(structure, FromFile):
        name = Path(structure.path).stem
    elif isinstance(structure, FromFunction):
        name = structure.function
    else:
        name = names[structure.kind]
    support = getattr(structure, "support", None)
    if support is None:
        return name
    partly = "partly " if support.probability < 1 else ""
    return f"{name}, {partly}on {support.kind.replace('_', ' ')}"


def _opening(one: Pretrained) -> str:
    """What it finds in what, and how large it is."""
    card = one.card
    steps = ", ".join(rounded(step) for step in card.focus_steps)
    images = (
        "single images"
        if card.focus_count == 1
        else f"focal series of {card.focus_count} images (defocus steps {steps} Å)"
    )
    return (
        f"Finds {in_words(card.classes)} in {images} of {specimen(one.experiment)}. "
        f"{one.kind} with {card.parameters:,} weights ({one.size / 1e6:.1f} MB) at "
        f"{card.sampling:g} Å per pixel; columns are what scores {card.threshold:g} or more. "
        f"{cost_sentence(one.cost)}"
    )


def _taught(one: Pretrained) -> str:
    """What the training images were drawn from."""
    card = one.card
    rows = [
        ("energy", f"{span(*(energy / 1000 for energy in card.energies))} keV"),
        ("defocus of any image (positive: underfocus)", f"{span(*card.defocus)} Å"),
        ("spherical aberration", f"{span(*card.Cs_um)} µm"),
        *_drawn_together(one.experiment.microscope),
        ("two-fold astigmatism", f"{span(*card.astigmatism)} Å"),
        ("focal spread (standard deviation)", f"{span(*card.focal_spread)} Å"),
    ]
    if card.dose is not None:
        rows.append(("dose of an image", f"{span(*card.dose)} e/Å²"))
        rows.append(("camera's pixel", f"{span(*card.camera_sampling)} Å"))
    return table(("taught on", "range"), rows)


def _drawn_together(microscope: Microscope | None) -> list[tuple[str, str]]:
    """How foci follow the spherical aberration, where they do."""
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
        parts.append(f"{scherzer}{span(*start)} Å where it is {span(*aberration)} µm")
    return [("defocus by spherical aberration", "; ".join(parts))]


def _validation(one: Pretrained) -> list[str]:
    """Scores on images by which nothing was chosen."""
    scores = one.validation
    opening = (
        f"On {counted(scores['images'], 'validation image')} "
        f"({counted(scores['specimens'], 'specimen')}), by which nothing was chosen; columns "
        f"within {scores['radius']:g} Å of a peak are found, those within {scores['border']:g} Å "
        "of the border do not count. In brackets 95 % bootstrap intervals over specimens."
    )
    against = [difference_sentence(one.name, each) for each in scores["paired"]]
    parts = [opening, class_table(scores), _overall(one), " ".join(against), *_pictures(one)]
    weak = weak_sentences(scores, training_ranges(one.experiment))
    return [*parts, f"Weak places:\n\n{bullets(weak)}" if weak else ""]


def _selection(one: Pretrained) -> list[str]:
    """Scores on the images that chose the network, where there are no others."""
    scores = one.card.metrics or {}
    if "classes" not in scores:
        return ["It has no scores."]
    opening = (
        "It has not been published with scores on validation images. On the "
        f"{counted(scores['images'], 'selection image')}, which chose its epoch and its threshold "
        f"and so flatter it, its macro F1 is {known(scores[MACRO])}."
    )
    return [opening, class_table(scores)]


def class_table(scores: Mapping[str, Any]) -> str:
    """Precision, recall, F1 and position error of each class."""
    header = ("class", "columns", "precision", "recall", "F1", "error (pm, rms)")
    ends = scores.get("intervals", {}).get("classes", {})
    rows = []
    for name, part in shown_rows(scores["classes"]).items():
        own = ends.get(name, {})
        columns = part["true_positives"] + part["false_negatives"]
        rates = (bracketed(part[key], own.get(key)) for key in ("precision", "recall", "f1"))
        error = bracketed(part["rms_error_pm"], own.get("rms_error_pm"), ".1f")
        rows.append((ROW_TITLES.get(name, name), f"{columns:,}", *rates, error))
    return table(header, rows)


def _overall(one: Pretrained) -> str:
    """Scores over all classes, what is reached without skill, and the bound."""
    scores, ends = one.validation, one.validation["intervals"]
    text = (
        f"Macro F1 {bracketed(scores[MACRO], ends[MACRO])}. F1 of an image with columns: "
        f"{bracketed(scores[MEAN], ends[MEAN])} on average, "
        f"{bracketed(scores[MEDIAN], ends[MEDIAN])} in the median, above {GOOD_IMAGE:g} in "
        f"{_percent(scores[SHARE])} of the images. "
        f"{_percent(scores['invented_share'], 1)} of the peaks are invented columns. "
        f"{_shift_sentence(scores)}"
        f"{chance_sentence(one.name, from_values(scores['baselines'], Baselines, one.name))}"
    )
    empty = scores["without_columns"]
    if empty["images"]:
        text += (
            f" On {counted(empty['images'], 'image')} without any column it invents, per 100 nm², "
            f"{rates_text(from_values(empty, FalsePositiveRates, one.name))}."
        )
    bound = scores.get("cramer_rao")
    if bound is not None:
        bound_ratio = from_values(bound, BoundRatio, one.name)
        text += f" Position error against the Cramér-Rao bound: {bound_text(bound_ratio)}."
    if one.card.score_calibration is not None:
        text += (
            " Scores are probabilities, from which the fraction of right peaks differs by "
            f"{known(scores['calibration_error'][LOCALISATION])} on average (expected calibration "
            "error)."
        )
    return text


def _shift_sentence(scores: Mapping[str, Any]) -> str:
    """How far whole images are shifted; empty where an earlier temnet wrote the scores."""
    if scores.get(SHIFT) is None:
        return ""
    shift = bracketed(scores[SHIFT], scores["intervals"].get(SHIFT), ".1f")
    return f"All columns of an image share a shift of {shift} pm (rms), which errors leave out. "


def difference_sentence(name: str, difference: Mapping[str, Any]) -> str:
    """Which of two networks is better, and by how much, or that nobody can tell.

    Args:
        name: Of the network on whose card the difference stands.
        difference: The F1 of an image by this network minus that by another one.

    >>> difference_sentence("a", {"network": "b", "images": 9, "specimens": 9, "mean": -0.02,
    ...                           "low": -0.03, "high": -0.01})[:50]
    'On the same 9 images of 9 specimens b is better th'
    """
    other, mean = difference["network"], difference["mean"]
    low, high = difference["low"], difference["high"]
    where = (
        f"On the same {counted(difference['images'], 'image')} of "
        f"{counted(difference['specimens'], 'specimen')}"
    )
    if low is None or high is None:
        return f"{where} {name} cannot be told from {other}, since there are too few specimens."
    if low <= 0 <= high:
        return (
            f"{where} the F1 of an image is the same for {name} and {other} as far as can be told: "
            f"the difference is {bracketed(mean, (low, high))} on average, and its interval "
            "includes zero."
        )
    better, worse = (name, other) if mean > 0 else (other, name)
    amount = bracketed(abs(mean), sorted((abs(low), abs(high))))
    return (
        f"{where} {better} is better than {worse}: the F1 of an image is higher by {amount} on "
        "average."
    )


def _percent(fraction: float | None, digits: int = 0) -> str:
    return UNKNOWN if fraction is None else percent(fraction, digits)


def _pictures(one: Pretrained) -> list[str]:
    """The figures that are there, each with its caption."""
    series = by_parameter(one.validation["curves"].get("series", ()))
    text = f"F1 of each validation image, all classes. {WITHOUT_COLUMNS}"
    captions = {HISTOGRAM: ("F1 of each image", text)}
    for parameter, file in CURVES.items():
        how = (
            "the same specimens at fixed values; shaded: what it was taught on"
            if parameter in series
            else "bins of the images as they were drawn"
        )
        name = quantity(parameter)
        caption = (
            f"F1 and position error by {name}, {how}; 95 % bootstrap intervals. {CHANCE_LINES}"
        )
        if parameter == CONTRAST:
            caption += (
                " Columns of positive contrast are brighter than what is around them, in the first "
                "image."
            )
        if parameter == MEAN_SCORE.name:
            caption += " The page of a prediction tells this score of your images."
        captions[file] = (f"F1 and position error by {name}", caption)
    captions[HEIGHTS] = (
        "F1 by dose and by height of the columns",
        "F1 by dose, all classes, where columns of fewer atoms are ignored. On the right specimens "
        f"with columns and without a support. {FALSE_PEAKS}",
    )
    captions[IDEAL] = (
        "F1 by dose beside that of an ideal observer",
        "F1 by dose beside that of an observer who is told the places, the microscope and all "
        "other atoms, and only decides from the electrons which class stands at a place, or none. "
        f"{IDEAL_LINES}",
    )
    captions[EXAMPLE] = (
        "images with true and found columns",
        "Validation images, one of median F1: true columns, what was found, and what is wrong.",
    )
    return [
        picture(f"{one.name}/{file}", *words)
        for file, words in captions.items()
        if file in one.figures
    ]


def weak_sentences(scores: Mapping[str, Any], taught: Ranges) -> list[str]:
    """Sentences on classes and conditions in which a network does badly; see `weak_places`."""
    return [*_confused(scores), *weak_places(scores["curves"], taught)]


def _confused(scores: Mapping[str, Any]) -> list[str]:
    """What becomes of the columns of weak classes, and of which peaks they are made."""
    confusion, sentences = scores["confusion"], []
    false = FALSE_POSITIVE if FALSE_POSITIVE in confusion else OLD_FALSE_POSITIVE
    for name in (name for name in confusion if name != false):
        f1, row = scores["classes"][name]["f1"], confusion[name]
        columns, peaks = sum(row.values()), sum(other[name] for other in confusion.values())
        if f1 is None or f1 >= GOOD or not columns or not peaks:
            continue
        wrong = [
            f"{percent(count / columns)} are {'missed' if found == MISSED else f'called {found}'}"
            for found, count in row.items()
            if found != name and count
        ]
        lost = [f"of its {columns:,} columns {in_words(wrong)}"] if wrong else []
        if invented := confusion[false][name]:
            lost.append(f"{percent(invented / peaks)} of the peaks called {name} are invented")
        sentences.append(f"{name} has F1 {f1:.2f}: {'; '.join(lost)}.")
    return sentences
