"""A summary of made-up scores."""

import math

from temnet.score_records import (
    Baseline,
    Baselines,
    ClassScores,
    FalsePositiveRates,
    NetworkSummary,
)


def class_scores(f1=0.5, counts=(1, 1, 1), error=math.nan):
    """Scores of a class, of which F1 and perhaps the error are known."""
    return ClassScores(*counts, math.nan, math.nan, f1, error)


def network_summary(names=("S",), **values):
    """The summary of a network of 9 images, as far as it is not given."""
    given = {
        "threshold": 0.35,
        "images": 9,
        "macro_f1": 0.5,
        "classes": {name: class_scores() for name in (*names, "any", "all")},
        "baselines": Baselines(Baseline(0.1, 0.1, {})),
        "without_columns": FalsePositiveRates(0),
    }
    return NetworkSummary(**{**given, **values})
