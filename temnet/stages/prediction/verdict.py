"""The verdict on each series: one line on the terminal, all findings in the log."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from temnet.inference.checks.finding import Finding
from temnet.inference.checks.verdict import Verdict, verdict_line

LOGGER = logging.getLogger(__name__)
DETAILS = logging.getLogger(f"{__name__}.details")


def log_verdict(name: str, verdict: Verdict, findings: Sequence[Finding]) -> None:
    """Logs the verdict on a series, and each finding with its numbers.

    Args:
        name: Name of the series.
        verdict: Its verdict.
        findings: What the checks noticed, in order.
    """
    line = verdict_line(name, verdict, findings)
    doubtful = any(one.severity != "note" for one in findings)
    LOGGER.log(logging.WARNING if doubtful else logging.INFO, "%s", line)
    for one in findings:
        DETAILS.info("%s: %s, %s: %s", name, one.severity, one.kind, one.text)
