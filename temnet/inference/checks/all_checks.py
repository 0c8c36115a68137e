"""All checks of a series; a new check is one entry."""

from __future__ import annotations

from temnet.inference.checks.finding import Check
from temnet.inference.checks.out_of_distribution import SeriesComparison
from temnet.inference.checks.plausibility import Plausibility
from temnet.models.checkpoint import Network
from temnet.records import ImageSeries


def checks_of(network: Network, series: ImageSeries) -> tuple[Check, ...]:
    """The checks of one series.

    Args:
        network: The network that finds its columns.
        series: The images as the network gets them.
    """
    return (
        SeriesComparison(network, len(series.images), series.sampling),
        Plausibility(network, series.sampling),
    )
