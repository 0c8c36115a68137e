"""The page of a study: one HTML file that needs no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from temnet.config.loading import dump_settings
from temnet.config.study import Study
from temnet.evaluation.tally import MACRO, MEAN, RESAMPLES
from temnet.reporting.figures import save_figure
from temnet.reporting.files import replace_file
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
from temnet.reporting.source import bracketed, counted, known
from temnet.reporting.study_figures import Panel, study_figure

FIGURES = "report"

ERROR = "rms_error_pm"

INTERVALS = (
    "In brackets 95 % intervals for other trainings and other specimens: the half-widths of "
    "Student's intervals for the one and for the other, added as squares; specimens were drawn "
    f"again {RESAMPLES:,} times with all of their images. They are not corrected for the number of "
    "comparisons."
)


@dataclass(frozen=True)
class Results:
    """What a study's page shows.

    Attributes:
        study: The settings.
        rows: Of study.csv.
        summary: Of summary.json.
        taught: For each arm how it is taught differently from the first.
        trainings: For each arm and network the run folder of each seed, below the study's.
        tests: The same for each test and arm.
    """

    study: Study
    rows: Sequence[Mapping[str, Any]]
    summary: Mapping[str, Any]
    taught: Mapping[str, str]
    trainings: Mapping[tuple[str, str], Mapping[int, Path]]
    tests: Mapping[tuple[str, str], Path]

    @property
    def scores(self) -> list[str]:
        """Names of the scores."""
        first = next(iter(self.summary["tests"].values()))
        return [name for name, value in first["means"][0].items() if isinstance(value, Mapping)]


def write_study_page(root: Path, results: Results) -> Path:
    """Writes ``index.html`` and its figures into a study's folder, and returns its path."""
    opening = [paragraph(results.study.question), _arms(results)]
    sections = [_test(root, results, test) for test in results.study.tests]
    sections += [_runs(results), _settings(results.study)]
    replace_file(root / PAGE, render(root.resolve().name, opening, sections).encode())
    return root / PAGE


def _arms(results: Results) -> Html:
    first = results.study.first_arm
    rows = [
        (arm, "–" if arm == first else text or "nothing") for arm, text in results.taught.items()
    ]
    return table(("arm", f"what is taught differently from {first}"), rows)


def _test(root: Path, results: Results, test: str) -> Section:
    """What the arms score on the images of one test."""
    found, study = results.summary["tests"][test], results.study
    baselines = found["baselines"]
    skill = (
        f"The peaks of {baselines['of']} at random places reach {known(baselines['chance'][MACRO])}"
    )
    if "never_rarest" in baselines:
        never = baselines["never_rarest"]
        skill += f", and {known(never[MACRO])} if it never said {never['rarest']}"
    other = [
        f"The images of {arm} differ from those of {study.first_arm}: {text}."
        for arm, text in found["other_images"].items()
        if text
    ]
    images = " ".join(other) or "All arms are scored on the same images."
    rule = (
        f"{counted(found['images'], 'image')} of {counted(found['specimens'], 'specimen')}, by "
        f"which nothing was chosen; {counted(len(study.seeds), 'training')} of each network."
    )
    parts = [
        paragraph(f"{rule} {images} {INTERVALS} {skill} (mean F1 over the classes)."),
        _figure(root, results, test, rule),
        _table(results, found["means"], lambda row: row["arm"], ".3f"),
        paragraph(f"Differences from {study.first_arm}, training by training and image by image:"),
        _table(
            results, found["differences"], lambda row: f"{row['second']} − {row['first']}", "+.3f"
        ),
    ]
    return Section(f"Test: {test}", parts)


def _figure(root: Path, results: Results, test: str, rule: str) -> Html:
    number = list(results.study.tests).index(test)
    name = f"test_{number + 1}"
    figure = study_figure(
        [_panel(results, test, score) for score in results.scores],
        list(results.study.arms),
        list(results.study.networks),
    )
    caption = (
        "Small dots: each training; large ones: their means, with 95 % intervals for other "
        f"trainings and other specimens. {rule}"
    )
    png = save_figure(figure, root / FIGURES, name)
    return picture(png, caption, f"{FIGURES}/{name}.svg")


def _panel(results: Results, test: str, score: str) -> Panel:
    trainings: dict[tuple[str, str], list[float]] = {}
    for row in results.rows:
        if row["test"] == test:
            trainings.setdefault((row["arm"], row["network"]), []).append(row[score])
    means = {
        (row["arm"], row["network"]): row[score] for row in results.summary["tests"][test]["means"]
    }
    label = "error (pm)" if score == ERROR else "F1"
    return Panel(score_title(score), label, trainings, means)


def score_title(name: str) -> str:
    """What people call a score.

    >>> score_title("macro_f1"), score_title("f1_Mo")
    ('mean F1 over classes', 'F1 of Mo')
    """
    titles = {MACRO: "mean F1 over classes", MEAN: "mean F1 of an image", ERROR: "position error"}
    return titles.get(name, f"F1 of {name.removeprefix('f1_')}")


def _table(results: Results, rows: Sequence[Mapping[str, Any]], name: Any, digits: str) -> Html:
    """A line for each arm, or pair of arms, and network."""
    unit = {ERROR: " (pm)"}
    header = ("arm", "network", *(score_title(key) + unit.get(key, "") for key in results.scores))
    lines = []
    for row in rows:
        cells = []
        for key in results.scores:
            ends = (row[key]["low"], row[key]["high"])
            shown = digits.replace("3", "1") if key == ERROR else digits
            cells.append(bracketed(row[key]["mean"], ends, shown))
        lines.append((name(row), row["network"], *cells))
    return table(header, lines)


def _runs(results: Results) -> Section:
    """How long trainings took, and where each has its own page."""
    rows: dict[tuple[str, str], dict[int, Mapping[str, Any]]] = {}
    for row in results.rows:
        rows.setdefault((row["arm"], row["network"]), {})[row["seed"]] = row
    lines = [
        (
            *key,
            *(
                f"{np.mean([row[name] for row in own.values()]) / 60:.1f}"
                for name in ("seconds", "waited")
            ),
        )
        for key, own in rows.items()
    ]
    header = ("arm", "network", "minutes of a training", "of them waiting for images")
    pages = [
        paragraph(
            f"{arm}, {network}: ",
            joined(link(f"{folder}/{PAGE}", f"seed {seed}") for seed, folder in folders.items()),
        )
        for (arm, network), folders in results.trainings.items()
    ]
    tests = joined(
        link(f"{folder}/{PAGE}", f"{test}: {arm}") for (test, arm), folder in results.tests.items()
    )
    return Section(
        "Trainings",
        [
            table(header, lines),
            *pages,
            paragraph("All that was told of the networks in each test: ", tests, "."),
            paragraph("Tables: ", joined(map(link, ("study.csv", "summary.json"))), "."),
        ],
    )


def _settings(study: Study) -> Section:
    files = joined(map(link, ("study.yaml", "environment.json")))
    return Section(
        "Settings",
        [details("Every setting of this study", dump_settings(study)), paragraph(files)],
    )
