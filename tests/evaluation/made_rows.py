"""Rows of scores of made-up counts."""

import math

from temnet.evaluation.scores import ScoreRow


def score_row(index, name, true, false, missed, error=math.nan, shift=(math.nan, math.nan)):
    """A row of an image; rates are not read from it, and are NaN."""
    return ScoreRow(
        "net", index, name, true, false, missed, math.nan, math.nan, math.nan, error, *shift
    )
