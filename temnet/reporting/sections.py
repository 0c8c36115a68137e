"""The sections of a run's page, one for each stage whose results are there."""

from __future__ import annotations

from collections.abc import Callable

from temnet.reporting.height_section import height_section
from temnet.reporting.image_sections import predict_section
from temnet.reporting.movie_sections import compare_section, occupancy_section
from temnet.reporting.network_sections import train_section
from temnet.reporting.page import Section
from temnet.reporting.ring_section import rings_section
from temnet.reporting.score_sections import evaluate_section
from temnet.reporting.simulated_movie_section import simulated_movie_section
from temnet.reporting.simulation_sections import (
    accuracy_section,
    gallery_section,
    simulate_section,
    vibrations_section,
)
from temnet.reporting.source import Source

SECTIONS: tuple[Callable[[Source], Section | None], ...] = (
    predict_section,
    rings_section,
    occupancy_section,
    compare_section,
    evaluate_section,
    height_section,
    train_section,
    simulated_movie_section,
    simulate_section,
    gallery_section,
    accuracy_section,
    vibrations_section,
)
"""In the page's order: results before what they are made of."""
