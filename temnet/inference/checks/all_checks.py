"""All checks of a series; a new check is one entry."""

from __future__ import annotations

from temnet.inference.checks.finding import Check
from temnet.inference.checks.lattice import LatticeCheck
from temnet.inference.checks.out_of_distribution import SeriesComparison
from temnet.inference.checks.plausibility import Plausibility
from temnet.models.checkpoint import Network
from temnet.records import ImageSeries


def checks_of(network: Network, series: ImageSeries, lattice: LatticeCheck) -> tuple[Check, ...]:
    """The checks of one series.

    Args:
        network: The network that finds its columns.
        series: The images as the network gets them.
        lattice: The comparison of its lattice, which was made before.
    """
    return (
        SeriesComparison(network, len(series.images), series.sampling),
        lattice,
        Plausibility(network, series.sampling),
    )
