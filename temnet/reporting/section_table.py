"""Table of the sections of a run's page.

A section's module is imported only if the stage has results: sections of simulated images import
abTEM, which takes two seconds and 150 MB that a prediction does not need.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from temnet.reporting.page import Section
from temnet.reporting.run_results import RunResults

SECTIONS = (
    ("predict", "reporting.sections.images:predict_section"),
    ("predict", "reporting.sections.rings:rings_section"),
    ("occupancy", "movies.sections.occupancy:occupancy_section"),
    ("strain", "strain.section:strain_section"),
    ("compare", "movies.sections.comparison:compare_section"),
    ("evaluate", "reporting.sections.scores:evaluate_section"),
    ("evaluate", "reporting.sections.atom_counts:atom_count_section"),
    ("evaluate", "reporting.sections.subsets:subset_section"),
    ("evaluate", "reporting.sections.materials:material_section"),
    ("train", "reporting.sections.networks:train_section"),
    ("movie", "movies.sections.simulated_movie:simulated_movie_section"),
    ("simulate", "reporting.sections.simulation:simulate_section"),
    ("gallery", "reporting.sections.simulation:gallery_section"),
    ("accuracy", "reporting.sections.simulation:accuracy_section"),
    ("vibrations", "reporting.sections.simulation:vibrations_section"),
)
"""Stage, and the module and function that make its section, in the order of the page: results
first, simulations last."""


def sections_of(source: RunResults) -> Iterator[Section]:
    """The sections of the results in a run folder, in the order of the page."""
    for stage, place in SECTIONS:
        if not (source.root / stage).is_dir():
            continue
        module, function = place.split(":")
        make = getattr(import_module(f"temnet.{module}"), function)
        section = make(source)
        if section is not None:
            yield section
