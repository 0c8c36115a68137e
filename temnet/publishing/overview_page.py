"""The page of the pretrained networks, written from their cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from temnet.evaluation.metrics import MACRO, MEDIAN
from temnet.evaluation.scores import LOCALISATION
from temnet.publishing.network_sections import (
    Pretrained,
    difference_sentence,
    network_section,
    specimen,
)
from temnet.publishing.training_cost import hours
from temnet.reporting.markdown import table
from temnet.reporting.page import UNKNOWN
from temnet.reporting.run_results import bracketed, known
from temnet.reporting.wording import in_words
from temnet.study.network_section import PublishedStudy, studies_section

Pair = tuple[Pretrained, Pretrained, Mapping[str, Any]]
"""Two networks, and the difference on the card of the first."""

INTRODUCTION = """# Pretrained networks

<!-- Written by `python -m temnet.publish` from the cards; what people add is in NAME/notes.md. -->

Each folder holds a network (`model.keras`, float32), the experiment that made it
(`experiment.yaml`) and its `card.json`: what it was taught on, the score from which a peak counts
as a column, how scores become probabilities (`score_calibration`), how well it does on the
selection images (`metrics`) and on validation images (`validation`), what its training cost
(`cost`), what it finds in twenty images that a test makes again (`frozen`), what taught images look
like (`taught_images`, by which a warning tells when an image is unlike them), and the checksum of
the network. `python -m temnet.predict`, `prediction.network` and `temnet.load_network` take the
folder's name."""

EXPLANATION = """F1 is that of columns with their class, pooled over all validation images and
averaged over the classes (macro), or of the median image of those with columns; in brackets 95 %
bootstrap intervals. The position error is the root of the mean squared distance in the plane,
after the shift that all columns of an image share (by coma, tilt, foci that are not aligned) was
taken off. A presentation is one image shown once. Peak F1, by which the best epoch is chosen, is
the macro F1 on the first hundred selection images at the best threshold. All of it is on
simulated images; where a microscope or a specimen differs from what a network was taught on,
expect worse. The Cramér-Rao bound is that of an unbiased estimate that knows everything but the
place; a network knows what columns look like, and only columns that were found count, so that
the ratio to it may be below one."""


def pretrained_page(networks: Sequence[Pretrained], studies: Sequence[PublishedStudy] = ()) -> str:
    """The page as Markdown.

    Args:
        networks: All that lie in the folder, in the order of the page.
        studies: The same.
    """
    parts = [INTRODUCTION, overview(networks), EXPLANATION]
    parts += [network_section(one) for one in networks]
    parts += [_pair_section(pair) for pair in pairs(networks)]
    parts += [studies_section(studies)] if studies else []
    return "\n\n".join(parts) + "\n"


def overview(networks: Sequence[Pretrained]) -> str:
    """A line for each network."""
    header = (
        "network", "finds", "kind", "weights", "presentations", "macro F1", "median image",
        "position error", "size",
    )  # fmt: skip
    return table(header, [_overview_line(one) for one in networks])


def _overview_line(one: Pretrained) -> tuple[str, ...]:
    scores = one.validation or one.card.metrics or {}
    ends = scores.get("intervals", {})
    macro = bracketed(scores.get(MACRO), ends.get(MACRO))
    if one.validation is None and scores.get(MACRO) is not None:
        macro += " (selection images)"
    error = scores.get("classes", {}).get(LOCALISATION, {}).get("rms_error_pm")
    return (
        f"[{one.name}](#{one.name})",
        f"{in_words(one.card.classes)} in {specimen(one.experiment)}",
        one.kind,
        f"{one.card.parameters:,}",
        known(one.images_seen, ","),
        macro,
        bracketed(scores.get(MEDIAN), ends.get(MEDIAN)),
        UNKNOWN if error is None else f"{error:.1f} pm",
        f"{one.size / 1e6:.1f} MB",
    )


def pairs(networks: Sequence[Pretrained]) -> list[Pair]:
    """Networks of different kinds that were scored on the same images.

    Returns:
        Each pair once, with the difference from the card of the first.  Where both cards have
        one, it is that against the weights that lie here, else that of the earlier card.
    """
    names = {one.name: one for one in networks}
    found = [
        (one, names[difference["network"]], difference)
        for one in networks
        for difference in (one.validation or {}).get("paired", ())
        if difference["network"] in names
    ]
    found = [pair for pair in found if pair[0].card.kind != pair[1].card.kind]
    chosen: dict[frozenset[str], Pair] = {}
    for pair in sorted(found, key=_is_outdated):
        chosen.setdefault(frozenset((pair[0].name, pair[1].name)), pair)
    return sorted(chosen.values(), key=lambda pair: list(names).index(pair[0].name))


def _is_outdated(pair: Pair) -> bool:
    """Whether the second network has other weights than those that were scored."""
    return pair[2]["sha256"] != pair[1].card.sha256


def _pair_section(pair: Pair) -> str:
    """Two kinds of network for the same images: what they cost and which is better."""
    one, other, difference = pair
    header = ("", one.name, other.name)
    rows = [
        ("kind", one.kind, other.kind),
        ("weights", *(f"{each.card.parameters:,}" for each in (one, other))),
        (
            "images seen",
            *(known(each.images_seen, ",") for each in (one, other)),
        ),
        ("training", *(hours(each.seconds) for each in (one, other))),
        ("size", *(f"{each.size / 1e6:.1f} MB" for each in (one, other))),
        (
            "macro F1 on these images",
            bracketed(one.validation[MACRO], one.validation["intervals"][MACRO]),
            bracketed(difference[MACRO], difference["interval"]),
        ),
    ]
    verdict = (
        f"{difference_sentence(one.name, difference)} {one.name} is the better one on "
        f"{difference['better']:,} of the images and the worse one on {difference['worse']:,}; "
        f"Wilcoxon's signed-rank test over specimens: p = {known(difference['p'], '.2g')}."
    )
    if _is_outdated(pair):
        verdict += f" This was an earlier {other.name} than the one that lies here."
    title = f"## {one.name} against {other.name}"
    return "\n\n".join([title, table(header, rows), verdict])
