"""The page of a run, ``index.html``: one HTML file that needs no other."""

from __future__ import annotations

from pathlib import Path

from temnet.config.loading import dump_settings
from temnet.reporting.page import Section, details, link, paragraph, render
from temnet.reporting.run_results import RunResults
from temnet.reporting.section_table import sections_of
from temnet.system.files import replace_file

PAGE = "index.html"


def write_report(source: RunResults) -> Path:
    """Writes ``index.html`` into a run folder from the results there.

    Args:
        source: The run; the page links to its figures in ``report/``.

    Returns:
        Path of the page.

    Raises:
        InputError: If a result is damaged.
    """
    sections = list(sections_of(source))
    opening = paragraph(
        f"Written by temnet; stages: {', '.join(source.experiment.stages)}. Positions are (row, "
        "column) in Å, from the centre of the top left pixel."
    )
    if not sections:
        opening = paragraph("There are no results in this folder yet.")
    sections.append(_settings(source))
    page = source.root / PAGE
    replace_file(page, render(source.root.resolve().name, [opening], sections).encode())
    return page


def _settings(source: RunResults) -> Section:
    """All settings, with links to the files that describe the run."""
    names = [name for name in ("environment.json", "log.txt") if source.has(name)]
    files = [part for name in names for part in (", ", link(name))]
    return Section(
        "Settings",
        [
            details("Every setting of this run", dump_settings(source.experiment)),
            paragraph("Files: ", link("experiment.yaml"), *files, "."),
        ],
    )
