"""The page that shows a run: one HTML file that needs no other."""

from __future__ import annotations

from pathlib import Path

from temnet.config.experiment import Experiment
from temnet.config.loading import dump_experiment
from temnet.reporting.page import Section, details, link, paragraph, render
from temnet.reporting.run_results import RunResults
from temnet.reporting.section_table import sections_of
from temnet.system.files import replace_file

PAGE = "index.html"


def write_report(root: Path, figures: Path, experiment: Experiment) -> Path:
    """Writes ``index.html`` into a run folder from whatever results lie there.

    Args:
        root: The run folder.
        figures: Folder for PNG and SVG files; the page links to them in ``report/``.
        experiment: The settings.

    Returns:
        The page.

    Raises:
        InputError: A result is damaged.
    """
    source = RunResults(root, figures, experiment)
    sections = list(sections_of(source))
    opening = paragraph(
        "Made by temnet from the stages " + ", ".join(experiment.stages) + ". Lengths in Å, "
        "positions (row, column) from the centre of the first pixel."
    )
    if not sections:
        opening = paragraph("No stage has left a result in this folder yet.")
    sections.append(_settings(source))
    replace_file(root / PAGE, render(root.resolve().name, [opening], sections).encode())
    return root / PAGE


def _settings(source: RunResults) -> Section:
    """All settings and what the run was made with."""
    names = [name for name in ("environment.json", "log.txt") if source.has(name)]
    files = [part for name in names for part in (" ", link(name))]
    return Section(
        "Settings",
        [
            details("Every setting of this run", dump_experiment(source.experiment)),
            paragraph("The same as a file: ", link("experiment.yaml"), *files),
        ],
    )
