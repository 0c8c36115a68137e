"""The paragraph on columns that have flags."""

from __future__ import annotations

from temnet.records import ColumnFlag
from temnet.reporting.files.column_summary import ColumnSummary
from temnet.reporting.page import Html, paragraph
from temnet.reporting.run_results import counted

MEANING = {
    ColumnFlag.NO_LATTICE: "where the image shows no lattice",
    ColumnFlag.FRINGES: "in fringes of one set of lattice planes",
    ColumnFlag.TOO_CLOSE: "closer to a neighbour than in the network's specimens",
    ColumnFlag.RINGS: "in rings of four, which the network's specimens do not have",
    ColumnFlag.ISOLATED: "without a neighbour at a usual distance",
    ColumnFlag.REFLECTIONS: "where reflections differ that should be equal",
}
"""What the flags mean, after the number of columns."""


def doubtful_columns(summary: ColumnSummary) -> list[Html]:
    """How many columns are doubtful and why; empty if none is."""
    if not summary.doubtful:
        return []
    share = 100 * summary.doubtful / summary.total
    shown = f"{share:.0f}" if share >= 10 else f"{share:.2g}"
    verb = "is" if summary.doubtful == 1 else "are"
    reasons = [
        f"{number:,} {MEANING[flag]} ({flag.word})"
        for flag, number in summary.flagged.items()
        if number
    ]
    return [
        paragraph(
            f"{counted(summary.doubtful, 'column')} ({shown} %) {verb} doubtful, drawn as crosses: "
            f"{'; '.join(reasons)}. The column flags of the table names them; their scores are "
            "the network's output and no probabilities. prediction.leave_out leaves them out."
        )
    ]
