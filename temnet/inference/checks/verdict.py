"""The verdict on an image, a movie or a focal series: is it like the network's training images?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from temnet.inference.checks.finding import Finding, ordered

Verdict = Literal["in distribution", "out of distribution", "not compared"]
"""`not compared` where the network's card does not describe its training images, and nothing else
was noticed."""

COMPARED = "power spectrum"
"""What is compared wherever the card describes the training images."""

MOST_REASONS = 3
"""Reasons in one line; the log and the page give all of them."""


def verdict_of(findings: Sequence[Finding], compared: Sequence[str]) -> Verdict:
    """The verdict by the findings of all checks.

    Args:
        findings: What the checks noticed.
        compared: What was compared with the training images.

    >>> verdict_of([Finding("noise", "warning", "much noise")], ["power spectrum"])
    'in distribution'
    """
    if any(one.severity == "out of distribution" for one in findings):
        return "out of distribution"
    return "in distribution" if COMPARED in compared else "not compared"


def verdict_line(name: str, verdict: Verdict, findings: Sequence[Finding]) -> str:
    """One line for the terminal: the verdict with its reasons, the weightiest first.

    Args:
        name: Name of the image, movie or focal series.
        verdict: Its verdict.
        findings: What the checks noticed.

    >>> verdict_line("a.tif", "in distribution", [])
    'a.tif: in distribution'
    >>> found = [Finding("noise", "out of distribution", "much noise", "as of 3 e/Å²")]
    >>> verdict_line("a.tif", "out of distribution", found)
    'a.tif is out of distribution: much noise'
    """
    severity = "out of distribution" if verdict == "out of distribution" else "warning"
    reasons = [one.sentence for one in ordered(findings) if one.severity == severity]
    shown = "; ".join(reasons[:MOST_REASONS])
    if len(reasons) > MOST_REASONS:
        shown += f"; and {len(reasons) - MOST_REASONS} more, in the log and on the page"
    if verdict == "out of distribution":
        return f"{name} is out of distribution: {shown}"
    start = verdict if verdict == "in distribution" else "not compared with training images"
    return f"{name}: {start}, but {shown}" if shown else f"{name}: {start}"
