"""The sections of a run's page, one for each stage whose results are there.

A section's module is loaded only where there is something for it to show: those of simulated
images bring abTEM along, which takes two seconds and 150 MB that a prediction has no use for.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from temnet.reporting.page import Section
from temnet.reporting.source import Source

SECTIONS = (
    ("predict", "image_sections:predict_section"),
    ("predict", "ring_section:rings_section"),
    ("occupancy", "movie_sections:occupancy_section"),
    ("compare", "movie_sections:compare_section"),
    ("evaluate", "score_sections:evaluate_section"),
    ("evaluate", "height_section:height_section"),
    ("train", "network_sections:train_section"),
    ("movie", "simulated_movie_section:simulated_movie_section"),
    ("simulate", "simulation_sections:simulate_section"),
    ("gallery", "simulation_sections:gallery_section"),
    ("accuracy", "simulation_sections:accuracy_section"),
    ("vibrations", "simulation_sections:vibrations_section"),
)
"""The stage, and the module and function that make its section, in the page's order: results
before what they are made of."""


def sections_of(source: Source) -> Iterator[Section]:
    """The sections of what lies in a run folder, in the page's order."""
    for stage, place in SECTIONS:
        if not (source.root / stage).is_dir():
            continue
        module, function = place.split(":")
        make = getattr(import_module(f"temnet.reporting.{module}"), function)
        section = make(source)
        if section is not None:
            yield section
