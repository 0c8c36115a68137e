"""The page of a study: one HTML file that needs no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from temnet.config.loading import dump_settings
from temnet.reporting.figures.drawing import save_figure
from temnet.reporting.page import (
    Html,
    Section,
    details,
    joined,
    link,
    paragraph,
    picture,
    render,
    table,
)
from temnet.reporting.report import PAGE
from temnet.reporting.run_results import known
from temnet.study.records import StudyRow
from temnet.study.results import (
    SUMMARY_FILE,
    TABLE_FILE,
    StudyResults,
)
from temnet.study.settings import Study
from temnet.system.files import replace_file

FIGURES = "report"


@dataclass(frozen=True)
class StudyPage:
    """The content of a study's page.

    Attributes:
        study: The settings.
        results: The results.
        trainings: For each arm and network the run folder of each seed, below the study's.
        tests: The same for each test and arm.
    """

    study: Study
    results: StudyResults
    trainings: Mapping[tuple[str, str], Mapping[int, Path]]
    tests: Mapping[tuple[str, str], Path]


def write_study_page(root: Path, page: StudyPage) -> Path:
    """Writes ``index.html`` and its figures into a study's folder, and returns its path."""
    opening = [paragraph(page.study.question), table(*page.results.arms_table())]
    sections = [_test(root, page, test) for test in page.results.tests]
    sections += [_runs(page), _settings(page.study)]
    replace_file(root / PAGE, render(root.resolve().name, opening, sections).encode())
    return root / PAGE


def _test(root: Path, page: StudyPage, test: str) -> Section:
    """The scores of the arms in one test."""
    results = page.results
    parts = [
        paragraph(
            f"{results.rule(test)} {results.images(test)} {results.intervals} "
            f"{results.chance(test)}"
        ),
        _figure(root, results, test),
        *_front(root, results, test),
        table(*results.means_table(test)),
        paragraph(results.pairing),
        table(*results.differences_table(test)),
    ]
    return Section(f"Test: {test}", parts)


def _front(root: Path, results: StudyResults, test: str) -> list[Html]:
    if not results.compares_times:
        return []
    name = f"{_name(results, test)}_front"
    png = save_figure(results.front(test), root / FIGURES, name)
    return [picture(png, results.front_caption, f"{FIGURES}/{name}.svg")]


def _name(results: StudyResults, test: str) -> str:
    return f"test_{list(results.tests).index(test) + 1}"


def _figure(root: Path, results: StudyResults, test: str) -> Html:
    name = _name(results, test)
    png = save_figure(results.figure(test), root / FIGURES, name)
    return picture(png, f"{results.caption} {results.rule(test)}", f"{FIGURES}/{name}.svg")


def _runs(page: StudyPage) -> Section:
    """The times of the trainings, with links to their own pages."""
    rows: dict[tuple[str, str], dict[int, StudyRow]] = {}
    for row in page.results.rows:
        rows.setdefault((row.arm, row.network), {})[row.seed] = row
    times = {
        "time of a training (min)": "seconds",
        "waiting for images (min)": "waited",
        "processor time (min)": "processor_seconds",
    }
    lines = [
        (
            *key,
            *(
                known(float(np.mean([getattr(row, name) for row in own.values()])) / 60, ".1f")
                for name in times.values()
            ),
        )
        for key, own in rows.items()
    ]
    header = ("arm", "network", *times)
    pages = [
        paragraph(
            f"{arm}, {network}: ",
            joined(link(f"{folder}/{PAGE}", f"seed {seed}") for seed, folder in folders.items()),
        )
        for (arm, network), folders in page.trainings.items()
    ]
    tests = joined(
        link(f"{folder}/{PAGE}", f"{test}: {arm}") for (test, arm), folder in page.tests.items()
    )
    return Section(
        "Trainings",
        [
            table(header, lines),
            *pages,
            paragraph("Reports of the tests: ", tests, "."),
            paragraph("Tables: ", joined(map(link, (TABLE_FILE, SUMMARY_FILE))), "."),
        ],
    )


def _settings(study: Study) -> Section:
    files = joined(map(link, ("study.yaml", "environment.json")))
    return Section(
        "Settings",
        [details("Every setting of this study", dump_settings(study)), paragraph(files)],
    )
