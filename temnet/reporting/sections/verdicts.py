"""The verdict on each image, movie or focal series, as the first paragraph about it."""

from __future__ import annotations

from collections.abc import Sequence

from temnet.inference.checks.verdict import COMPARED
from temnet.reporting.files.series_file import SERIES_FILE, SeriesRecord
from temnet.reporting.page import Html, paragraph
from temnet.reporting.wording import in_words, shortened

MOST_NAMED = 20
"""Files that the page describes one by one: a page of thousands of files stays one that a browser
opens."""


def verdicts(series: Sequence[SeriesRecord]) -> list[Html]:
    """A paragraph for each series, those out of distribution first.

    Series of which there is nothing else to report share a paragraph.
    """
    known = [part for part in series if part.compared_by is not None]
    plain: dict[tuple[str, ...], list[str]] = {}
    described = []
    for part in sorted(known, key=_is_like_training):
        remarks = _remarks(part)
        if _is_like_training(part) and not remarks:
            plain.setdefault(_compared(part), []).append(part.file)
        else:
            described.append(" ".join([_beginning(part), *remarks]))
    described += [
        f"{shortened(names)} {_agreement(known, len(names) > 1)}" for known, names in plain.items()
    ]
    return bounded(described, f"predict/{SERIES_FILE}")


def bounded(texts: Sequence[str], file: str) -> list[Html]:
    """A paragraph for each text, up to `MOST_NAMED` of them.

    Args:
        texts: Sentences on series.
        file: The file that has all of them.
    """
    parts = [paragraph(text) for text in texts[:MOST_NAMED]]
    left = len(texts) - MOST_NAMED
    if left > 0:
        parts.append(paragraph(f"… and {left:,} more; {file} describes each file."))
    return parts


def _is_like_training(part: SeriesRecord) -> bool:
    return not part.out_of_distribution


def _beginning(part: SeriesRecord) -> str:
    """The verdict on a series."""
    if _is_like_training(part):
        return f"{part.file} {_agreement(_compared(part))}"
    return f"{part.file} is out of distribution: {'; '.join(part.out_of_distribution)}."


def _compared(part: SeriesRecord) -> tuple[str, ...]:
    """What was compared of a series with the training images; nothing but its pixel size: ()."""
    known = part.compared_by or ()
    return known if COMPARED in known else ()


def _agreement(known: tuple[str, ...], several: bool = False) -> str:
    """What was compared of one series, or of several, that are not out of distribution."""
    if not known:
        return (
            f"{'were' if several else 'was'} not compared with the training images but for the "
            "pixel size: this network's card does not describe them."
        )
    verb = "are" if len(known) > 1 else "is"
    own = "are" if several else "is"
    return (
        f"{own} in distribution: {in_words(known)} {verb} within the range of the training images."
    )


def _remarks(part: SeriesRecord) -> list[str]:
    """Warnings and notes, each a sentence."""
    warnings = [one.text for one in part.findings if one.severity == "warning"]
    notes = [note for note in part.notes if note not in warnings]
    return [f"Warning: {text}." for text in warnings] + [f"Note: {text}." for text in notes]
