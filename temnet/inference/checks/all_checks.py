"""All checks of a series; a new check is one entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from temnet.inference.checks.finding import Check, Finding, ordered
from temnet.inference.checks.lattice import LatticeCheck
from temnet.inference.checks.out_of_distribution import SeriesComparison
from temnet.inference.checks.plausibility import Plausibility
from temnet.inference.checks.technique import TechniqueCheck
from temnet.models.network import Network
from temnet.records import ImageSeries


def checks_of(network: Network, series: ImageSeries, lattice: LatticeCheck) -> tuple[Check, ...]:
    """The checks of one series.

    Args:
        network: The network that finds its columns.
        series: The images as the network gets them.
        lattice: The comparison of its lattice, which was made before.
    """
    _, coarsest = network.card.camera_sampling or (0.0, 0.0)
    return (
        TechniqueCheck(series, coarsest),
        SeriesComparison(network, len(series.images), series.sampling),
        lattice,
        Plausibility(network, series.sampling),
    )


def weighed(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings of all checks, by severity and weight.

    That no lattice stands out is a mere note, since noise hides many; it is a warning where the
    columns do not stand in a lattice either, and nothing else is noticed.

    Args:
        findings: Those of each check.

    >>> notes = [Finding("lattice", "note", "no lattice"), Finding("lattice", "note", "no rows")]
    >>> [one.severity for one in weighed(notes)], [one.severity for one in weighed(notes[:1])]
    (['warning', 'note'], ['note'])
    """
    found = ordered(findings)
    lattice = [place for place, one in enumerate(found) if one.kind == "lattice"]
    if len(lattice) < 2 or any(one.severity != "note" for one in found):
        return found
    first = replace(found[lattice[0]], severity="warning")
    return ordered(first if place == lattice[0] else one for place, one in enumerate(found))
