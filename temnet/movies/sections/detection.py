"""Sentences of a run's page on how often columns are found, and on averaged frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from temnet.movies.rates import RateRow, smeared
from temnet.movies.site_tables import SiteRow
from temnet.reporting.files.series_file import SERIES_FILE, read_series_records
from temnet.reporting.run_results import RunResults
from temnet.tables.csv_rows import read_rows

RATES = "occupancy/rates.csv"


def detection_texts(source: RunResults, sites: Sequence[SiteRow]) -> Iterator[str]:
    """How often a column that is there is found, and what averaging does to rates.

    Args:
        source: The run.
        sites: Lines of sites.csv.
    """
    known = np.array([row.detection for row in sites if np.isfinite(row.detection)])
    if len(known):
        yield (
            f"A column that is there is found in {np.median(known):.0%} of the frames at half of "
            f"the sites, and in {np.min(known):.0%} at the site where it is missed most often. "
            "sites.csv has this probability for each site, and the occupancy divided by it. "
            "It is too low where columns leave for a single frame only."
        )
    if not source.has(f"predict/{SERIES_FILE}"):
        return
    averaged = read_series_records(source.root / "predict")[0].average
    if averaged > 1:
        yield (
            f"Frames are running averages of {averaged}: a column that appears or vanishes does so "
            f"over {averaged} frames, shorter stays are not seen, and times are known to about "
            f"{averaged} frames."
        )
        if source.has(RATES):
            rates = read_rows(source.root / RATES, RateRow)
            yield from (f"Doubtful: {sentence}." for sentence in smeared(rates, averaged))
