"""By how much scores of the same images may differ."""

import numpy as np

from temnet.config.card import FrozenScores

TOLERANCES = {
    "images": (0, 0),
    "columns": (0, 0),
    "macro_f1": (0.002, 0),
    "found": (1, 0.003),
    "rms_error_pm": (0.05, 0.005),
    "shift_pm": (0.3, 0),
}
"""By how much scores may differ: absolute, and as a fraction of the value.  Linear algebra for
another processor left all but the last two as they were, and changed these by 0.0004 and 0.003."""


def disagreements(frozen: FrozenScores, found: FrozenScores) -> list[str]:
    """Differences between frozen and new scores that rounding does not explain.

    Args:
        frozen: The scores on a card.
        found: Scores of as many images.

    Returns:
        A text for each score that differs.

    >>> from dataclasses import replace
    >>> scores = FrozenScores(images=20, columns=90, macro_f1=0.9, found=80, rms_error_pm=9.0,
    ...                       shift_pm=None, simulation=3)
    >>> disagreements(scores, replace(scores, macro_f1=0.901, found=70))
    ['found was 80, is 70']
    """
    texts = []
    for name, (absolute, relative) in TOLERANCES.items():
        before, after = getattr(frozen, name), getattr(found, name)
        if before is None or after is None:
            same = before == after
        else:
            same = np.allclose(after, before, rtol=relative, atol=absolute, equal_nan=True)
        if not same:
            texts.append(f"{name} was {before}, is {after}")
    return texts
