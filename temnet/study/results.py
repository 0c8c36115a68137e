"""Results of a study: the text, tables and figures of its pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from temnet.errors import InputError
from temnet.evaluation.bootstrap import RESAMPLES
from temnet.evaluation.metrics import MACRO, MEAN
from temnet.reporting.run_results import bracketed, counted, known
from temnet.study.figures import Panel, study_figure
from temnet.study.front_figure import LEAST_NETWORKS, FrontPoint, front_figure
from temnet.study.intervals import Estimate
from temnet.study.records import (
    ERROR,
    ArmDifference,
    ArmScores,
    StudyRow,
    StudySummary,
    TestResults,
)
from temnet.tables.csv_rows import read_rows
from temnet.tables.json_records import read_record

SUMMARY_FILE, TABLE_FILE = "summary.json", "study.csv"

INTERVALS = (
    "In brackets 95 % intervals for other trainings and other specimens: the half-widths of "
    "Student's intervals for the one and for the other, added as squares; specimens were resampled "
    f"{RESAMPLES:,} times with all of their images. They are not corrected for the number of "
    "comparisons."
)

RANGES = (
    "Each network was trained twice. In brackets the lower and the higher value of the two "
    "trainings; they are no confidence intervals, for which two trainings are too few."
)

NO_INTERVALS = (
    "Each network was trained once. Other trainings may differ by an unknown amount, so that there "
    "are no intervals."
)

CAPTION = (
    "Small dots: each training; large ones: their means, with 95 % intervals for other trainings "
    "and other specimens."
)

RANGE_CAPTION = "Small dots: both trainings; large ones: their means."

FRONT_CAPTION = (
    "Each network in each arm; the lines join the networks that no faster one beats. The time is "
    "the processor time of a training on all cores, the scoring after each epoch included."
)

FRONT_RANGES = " Bars join the scores of the two trainings."

Table = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Header and lines."""


@dataclass(frozen=True)
class StudyResults:
    """All results of a study.

    Attributes:
        rows: Scores of each network in each test.
        summary: Means and differences with intervals, by test.
    """

    rows: Sequence[StudyRow]
    summary: StudySummary

    @property
    def tests(self) -> Mapping[str, TestResults]:
        """The results of each test."""
        return self.summary.tests

    @property
    def scores(self) -> list[str]:
        """Names of the scores."""
        return list(next(iter(self.tests.values())).means[0].scores)

    @property
    def first_arm(self) -> str:
        """The arm that the others are compared with."""
        return self.summary.arms[0]

    @property
    def intervals(self) -> str:
        """A sentence on what the brackets are."""
        if self.twice:
            return RANGES
        return INTERVALS if len(self.summary.seeds) > 1 else NO_INTERVALS

    @property
    def caption(self) -> str:
        """The caption of a test's figure."""
        if self.twice:
            return RANGE_CAPTION
        return CAPTION if len(self.summary.seeds) > 1 else "The score of each network."

    @property
    def front_caption(self) -> str:
        """The caption of the figure of `front`."""
        return FRONT_CAPTION + FRONT_RANGES * self.twice

    @property
    def twice(self) -> bool:
        """Whether there are two trainings of each network, whose range stands for an interval."""
        return len(self.summary.seeds) == 2

    @property
    def pairing(self) -> str:
        """The line above a table of differences."""
        return f"Differences from {self.first_arm}, training by training and image by image:"

    def arms_table(self) -> Table:
        """The arms and how their trainings differ."""
        lines = [
            (arm, "–" if arm == self.first_arm else text or "nothing")
            for arm, text in self.summary.training_differences.items()
        ]
        return ("arm", f"differences from the training of {self.first_arm}"), lines

    def rule(self, test: str) -> str:
        """The images of a test and the number of trainings."""
        found = self.tests[test]
        return (
            f"{counted(found.images, 'held-out image')} of "
            f"{counted(found.specimens, 'specimen')}; "
            f"{counted(len(self.summary.seeds), 'training')} of each network."
        )

    def images(self, test: str) -> str:
        """Whether the arms are scored on the same images in a test."""
        other = [
            f"The images of {arm} differ from those of {self.first_arm}: {text}."
            for arm, text in self.tests[test].other_images.items()
            if text
        ]
        return " ".join(other) or "All arms are scored on the same images."

    def chance(self, test: str) -> str:
        """A sentence on the chance level in a test."""
        baselines = self.tests[test].baselines
        chance = known(baselines.chance.macro_f1)
        sentence = f"The peaks of {baselines.of} at random positions reach {chance}"
        never = baselines.never_rarest
        if never is not None:
            sentence += f", and {known(never.macro_f1)} if {never.rarest} were never predicted"
        return f"{sentence} (mean F1 over the classes)."

    def means_table(self, test: str) -> Table:
        """The scores of each arm and network, and its time where `front` shows it."""
        means = self.tests[test].means
        header, lines = self._table(means, lambda one: one.arm, partial(self._mean, test), ".3f")
        if self.compares_times:
            header = (*header, "processor time (min)")
            lines = [
                (*line, f"{self._minutes(test, one.arm, one.network):.1f}")
                for line, one in zip(lines, means, strict=True)
            ]
        return header, lines

    def differences_table(self, test: str) -> Table:
        """The differences of the scores from those of the first arm."""
        return self._table(
            self.tests[test].differences,
            lambda one: f"{one.second} − {one.first}",
            partial(self._difference, test),
            "+.3f",
        )

    def figure(self, test: str) -> Figure:
        """A panel for each score."""
        panels = [self._panel(test, score) for score in self.scores]
        return study_figure(panels, self.summary.arms, self.summary.networks)

    @property
    def compares_times(self) -> bool:
        """Whether there are enough networks for `front`, and all their times are known."""
        known_times = np.isfinite([row.processor_seconds for row in self.rows]).all()
        return len(self.summary.networks) >= LEAST_NETWORKS and bool(known_times)

    def front(self, test: str) -> Figure:
        """Scores against the processor time of a training."""
        points = []
        for one in self.tests[test].means:
            minutes = self._minutes(test, one.arm, one.network)
            f1 = self._mean(test, one, MACRO)
            points.append(FrontPoint(one.network, one.arm, minutes, f1.mean, f1.low, f1.high))
        return front_figure(points, self.summary.arms)

    def _minutes(self, test: str, arm: str, network: str) -> float:
        """Mean processor time of a training [min]."""
        rows = self._trainings(test, arm, network)
        return float(np.mean([row.processor_seconds for row in rows])) / 60

    def _trainings(self, test: str, arm: str, network: str) -> list[StudyRow]:
        """The trainings of a network, by rising seed."""
        wanted = (test, arm, network)
        rows = [row for row in self.rows if (row.test, row.arm, row.network) == wanted]
        return sorted(rows, key=lambda row: row.seed)

    def _mean(self, test: str, one: ArmScores, score: str) -> Estimate:
        """A mean score with its interval, or with the range of two trainings."""
        values = [row.scores[score] for row in self._trainings(test, one.arm, one.network)]
        return self._with_ends(one.scores[score], values)

    def _difference(self, test: str, one: ArmDifference, score: str) -> Estimate:
        """A mean difference with its interval, or with the range of two trainings."""
        first = {row.seed: row for row in self._trainings(test, one.first, one.network)}
        second = self._trainings(test, one.second, one.network)
        values = [
            row.scores[score] - first[row.seed].scores[score] for row in second if row.seed in first
        ]
        return self._with_ends(one.scores[score], values)

    def _with_ends(self, one: Estimate, values: Sequence[float]) -> Estimate:
        if not self.twice:
            return one
        ends = sorted(value for value in values if math.isfinite(value))
        low, high = ends if len(ends) == 2 else (math.nan, math.nan)
        return Estimate(one.mean, low, high)

    def _table(
        self,
        entries: Sequence[Any],
        title: Callable[[Any], str],
        score: Callable[[Any, str], Estimate],
        digits: str,
    ) -> Table:
        """A line for each arm, or pair of arms, and network."""
        unit = {ERROR: " (pm)"}
        header = ("arm", "network", *(score_title(key) + unit.get(key, "") for key in self.scores))
        lines = []
        for entry in entries:
            cells = []
            for key in self.scores:
                one = score(entry, key)
                shown = digits.replace("3", "1") if key == ERROR else digits
                cells.append(bracketed(one.mean, (one.low, one.high), shown))
            lines.append((title(entry), entry.network, *cells))
        return header, lines

    def _panel(self, test: str, score: str) -> Panel:
        trainings: dict[tuple[str, str], list[float]] = {}
        for row in self.rows:
            if row.test == test:
                trainings.setdefault((row.arm, row.network), []).append(row.scores[score])
        means = {(one.arm, one.network): one.scores[score] for one in self.tests[test].means}
        if self.twice:  # both trainings are drawn
            means = {name: Estimate(one.mean, math.nan, math.nan) for name, one in means.items()}
        label, span = ("error (pm)", 2.0) if score == ERROR else ("F1", 0.1)
        return Panel(score_title(score), label, trainings, means, span)


def read_study_results(folder: Path) -> StudyResults:
    """The results in a study's folder.

    Raises:
        InputError: If a file is missing or damaged.
    """
    for name in (SUMMARY_FILE, TABLE_FILE):
        if not (folder / name).is_file():
            raise InputError(
                f"{folder}: {name} is missing; let the study finish (python -m temnet.study)."
            )
    summary = read_record(folder / SUMMARY_FILE, StudySummary)
    return StudyResults(read_rows(folder / TABLE_FILE, StudyRow), summary)


def score_title(name: str) -> str:
    """The name of a score in tables and figures.

    >>> score_title("macro_f1"), score_title("f1_Mo")
    ('mean F1 over classes', 'F1 of Mo')
    """
    titles = {MACRO: "mean F1 over classes", MEAN: "mean F1 of an image", ERROR: "position error"}
    return titles.get(name, f"F1 of {name.removeprefix('f1_')}")
