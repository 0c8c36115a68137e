"""The page of the studies that lie beside the pretrained networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from temnet.reporting.markdown import leading_quotation, picture, table
from temnet.study.results import StudyResults

INTRODUCTION = """# Studies

<!-- Written by `python -m temnet.publish`; write remarks into NAME/notes.md. -->

[All networks, and how to read the scores](../README.md)

Comparisons of ways to train (`python -m temnet.study experiments/studies/NAME.yaml`). These
networks are small and were trained for a short time; only their differences matter."""


@dataclass(frozen=True)
class PublishedStudy:
    """A study as it lies in its folder.

    Attributes:
        name: Its folder's name.
        results: Its results.
        figures: Paths of the figures from the page's folder, by test.
        notes: Remarks of people, Markdown.
        fronts: Paths of the figures of scores against time, by test; empty with few networks.
    """

    name: str
    results: StudyResults
    figures: dict[str, str]
    notes: str
    fronts: dict[str, str] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """What it asks."""
        return self.results.summary.question


def studies_page(studies: Sequence[PublishedStudy]) -> str:
    """All studies, as Markdown."""
    return "\n\n".join([INTRODUCTION, *map(_study, studies)]) + "\n"


def _study(study: PublishedStudy) -> str:
    results = study.results
    answer, remarks = leading_quotation(study.notes)
    parts = [f"## {study.name}", study.question, answer, table(*results.arms_table())]
    parts.append(results.intervals)
    for test in results.tests:
        if len(results.tests) > 1:
            parts.append(f"**Test: {test}**")
        parts += [
            f"{results.rule(test)} {results.images(test)} {results.chance(test)}",
            table(*results.means_table(test)),
            results.pairing,
            table(*results.differences_table(test)),
            picture(study.figures[test], f"scores of the arms, {test}", results.caption),
        ]
        if test in study.fronts:
            title = f"scores by time, {test}"
            parts.append(picture(study.fronts[test], title, results.front_caption))
    return "\n\n".join(part for part in [*parts, remarks] if part)
