"""The pages of the pretrained networks, written from their cards: an overview and one for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from temnet.config.card_scores import Comparison, ValidationScores
from temnet.evaluation.scores import LOCALISATION
from temnet.publishing.network_sections import (
    columns_in_words,
    difference_sentence,
    network_section,
)
from temnet.publishing.pretrained_network import Pretrained, specimen
from temnet.publishing.publish_study import FOLDER as STUDIES
from temnet.publishing.training_cost import hours
from temnet.reporting.markdown import leading_quotation, table
from temnet.reporting.page import UNKNOWN
from temnet.reporting.run_results import bracketed, known
from temnet.study.network_section import PublishedStudy, studies_page

PAGE = "README.md"
"""Name of every page in its folder."""

NOTICE = (
    "<!-- Written by `python -m temnet.publish` from the cards; write remarks into {notes}. -->"
)

INTRODUCTION = f"""# Pretrained networks

{NOTICE.format(notes="NAME/notes.md")}

`python -m temnet.predict --network NAME`, `prediction.network` and `temnet.load_network` use these
networks. Each folder has the weights (`model.keras`), the settings of the training
(`experiment.yaml`), the card (`card.json`) and a page with all scores and limitations. All scores
are on simulated images. Expect lower scores where the microscope or the specimen differs from the
training."""

EXPLANATION = """## How to read the scores

Columns count as found within the matching radius of a peak of the same class.

- **Macro F1**: F1 of each class over all validation images, averaged over the classes. Validation
  images are held out: they chose neither the epoch nor the threshold.
- **F1 of an image**: all classes together, of images with columns. Images without columns have a
  rate of false positives.
- **Localisation**: any class counts as correct.
- **Position error**: root mean square distance in the plane, without the shift that all columns of
  an image share (coma, tilt, foci that are not aligned).
- **Brackets**: 95 % bootstrap intervals over specimens.
- **Images seen**: an image that the training shows twice counts twice. *Peak F1*, which chooses the
  epoch, is the macro F1 on the first hundred selection images at the best threshold.
- **Cramér-Rao bound**: least error of an unbiased estimate that knows everything but the position.
  The ratio can be below one, because a network has learnt the shape of columns and only found
  columns count.
- **Ideal observer**: knows the positions, the microscope and all other atoms, and decides only the
  class at each position, or none. Line: the most probable class; dotted: the highest F1 of any
  rule. Networks also have to find the positions.
- **Calibration**: a score is the probability that the peak is a column; the expected calibration
  error is its mean deviation.
- **Limitations**: neighbouring bins with a mean F1 below 0.9 share a line. *fixed*: the same
  specimens at fixed values of the parameter; otherwise bins of the images as drawn, if the
  parameter has a clear influence.
- **Figures**: error bars are 95 % intervals; grey lines are chance levels of the mean over the
  classes."""


@dataclass(frozen=True)
class Pair:
    """Two networks that were scored on the same images.

    Attributes:
        first: The network on whose card the difference is.
        second: The other network.
        scores: The scores of the first.
        difference: F1 of an image by the first minus that by the second.
    """

    first: Pretrained
    second: Pretrained
    scores: ValidationScores
    difference: Comparison

    @property
    def outdated(self) -> bool:
        """Whether the second network has other weights than those that were scored."""
        return self.difference.sha256 != self.second.card.sha256


def pretrained_pages(
    networks: Sequence[Pretrained], studies: Sequence[PublishedStudy] = ()
) -> dict[str, str]:
    """All pages as Markdown, by their path in the folder of pretrained networks.

    Args:
        networks: All networks in the folder, in the order of the overview.
        studies: All studies, likewise.
    """
    compared = pairs(networks)
    pages = {PAGE: _overview_page(networks, studies)}
    for one in networks:
        pages[f"{one.name}/{PAGE}"] = _network_page(
            one, [pair for pair in compared if one in (pair.first, pair.second)]
        )
    if studies:
        pages[f"{STUDIES}/{PAGE}"] = studies_page(studies)
    return pages


def _overview_page(networks: Sequence[Pretrained], studies: Sequence[PublishedStudy]) -> str:
    """The page of all networks."""
    parts = [INTRODUCTION, overview(networks), EXPLANATION]
    if studies:
        rows = [(f"[{one.name}]({STUDIES}/{PAGE}#{one.name})", one.question) for one in studies]
        parts += ["## Studies", table(("study", "question"), rows)]
    return "\n\n".join(parts) + "\n"


def _network_page(one: Pretrained, compared: Sequence[Pair]) -> str:
    """The page of one network."""
    back = f"[All networks, and how to read the scores](../{PAGE})"
    answer, remarks = leading_quotation(one.notes)
    parts = [f"# {one.name}", NOTICE.format(notes="notes.md"), back, answer, network_section(one)]
    parts += [_pair_section(pair, one) for pair in compared]
    parts += ["## Remarks", remarks] if remarks else []
    return "\n\n".join(part for part in parts if part) + "\n"


def overview(networks: Sequence[Pretrained]) -> str:
    """A table with a line for each network."""
    header = (
        "network", "finds", "energy", "dose of an image", "macro F1", "position error", "kind",
        "size",
    )  # fmt: skip
    return table(header, [_overview_line(one) for one in networks])


def _overview_line(one: Pretrained) -> tuple[str, ...]:
    validation, selection = one.card.validation, one.card.metrics
    macro = error = UNKNOWN
    if validation is not None:
        macro = bracketed(validation.macro_f1, validation.intervals.macro_f1)
    elif selection is not None:
        macro = f"{known(selection.macro_f1)} (selection images)"
    scores = validation or selection
    if scores is not None and LOCALISATION in scores.classes:
        error = f"{known(scores.classes[LOCALISATION].rms_error_pm, '.1f')} pm"
    return (
        f"[{one.name}]({one.name}/{PAGE})",
        f"{columns_in_words(one.card.classes)} in {specimen(one.experiment.structure)}",
        one.energies,
        one.dose,
        macro,
        error,
        one.kind,
        one.megabytes,
    )


def pairs(networks: Sequence[Pretrained]) -> list[Pair]:
    """Networks of different kinds that were scored on the same images.

    Returns:
        Each pair once.  If both cards have a difference, it is that against the present weights,
        else that of the earlier card.
    """
    names = {one.name: one for one in networks}
    found = [
        Pair(one, names[difference.network], one.card.validation, difference)
        for one in networks
        if one.card.validation is not None
        for difference in one.card.validation.paired
        if difference.network in names
    ]
    found = [pair for pair in found if pair.first.card.kind != pair.second.card.kind]
    chosen: dict[frozenset[str], Pair] = {}
    for pair in sorted(found, key=lambda pair: pair.outdated):
        chosen.setdefault(frozenset((pair.first.name, pair.second.name)), pair)
    return sorted(chosen.values(), key=lambda pair: list(names).index(pair.first.name))


def _pair_section(pair: Pair, page: Pretrained) -> str:
    """Two kinds of network on the same images, for the page of one of them."""
    one, other, difference = pair.first, pair.second, pair.difference
    rows = [
        ("kind", one.kind, other.kind),
        ("weights", one.weights, other.weights),
        ("images seen", known(one.images_seen, ","), known(other.images_seen, ",")),
        ("time of the training", hours(one.seconds), hours(other.seconds)),
        ("size", one.megabytes, other.megabytes),
        (
            "macro F1 on these images",
            bracketed(pair.scores.macro_f1, pair.scores.intervals.macro_f1),
            bracketed(difference.macro_f1, difference.interval),
        ),
    ]
    verdict = (
        f"{difference_sentence(one.name, difference)} {one.name} has the higher F1 on "
        f"{difference.better:,} of the images and the lower one on {difference.worse:,}; "
        f"Wilcoxon signed-rank test over specimens: p = {known(difference.p, '.2g')}."
    )
    if pair.outdated:
        verdict += f" {other.name} was replaced since."
    title = f"## Comparison with {(other if page is one else one).name}"
    return "\n\n".join([title, table(("", one.name, other.name), rows), verdict])
