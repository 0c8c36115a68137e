"""Results of a study, as the files study.csv and summary.json keep them, with text and tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from matplotlib.figure import Figure

from temnet.errors import InputError
from temnet.evaluation.bootstrap import RESAMPLES
from temnet.evaluation.metrics import MACRO, MEAN
from temnet.reporting.run_results import bracketed, counted, known
from temnet.score_records import Baseline, RarestBaseline
from temnet.study.figures import Panel, study_figure
from temnet.study.front_figure import LEAST_NETWORKS, FrontPoint, front_figure
from temnet.study.intervals import Estimate
from temnet.tables.csv_rows import per_name, read_rows
from temnet.tables.json_records import converted, read_record, renamed

SUMMARY_FILE, TABLE_FILE = "summary.json", "study.csv"

ERROR = "rms_error_pm"

INTERVALS = (
    "In brackets 95 % intervals for other trainings and other specimens: the half-widths of "
    "Student's intervals for the one and for the other, added as squares; specimens were resampled "
    f"{RESAMPLES:,} times with all of their images. They are not corrected for the number of "
    "comparisons."
)

NO_INTERVALS = (
    "Each network was trained once. Other trainings may differ by an unknown amount, so that there "
    "are no intervals."
)

CAPTION = (
    "Small dots: each training; large ones: their means, with 95 % intervals for other trainings "
    "and other specimens."
)

FRONT_CAPTION = (
    "Each network in each arm; the lines join the networks that no faster one beats. The time is "
    "the processor time of a training on all cores, the scoring after each epoch included."
)

Table = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Header and lines."""


@dataclass(frozen=True, kw_only=True)
class StudyRow:
    """A line of study.csv: the scores of one trained network in one test.

    Attributes:
        test: Name of the test.
        arm: Name of the arm.
        network: Name of the network.
        seed: Seed of the training.
        macro_f1: Mean over the classes of their F1.
        f1: F1 of each class.
        mean_image_f1: Mean F1 of an image with columns.
        rms_error_pm: Root-mean-square position error of any class [pm].
        seconds: Time of the training, the scoring after each epoch included [s].
        waited: Part of it in which the training waited for images [s].
        processor_seconds: Processor time of the training on all cores, without the simulation of
            its images in other processes [s].
    """

    test: str
    arm: str
    network: str
    seed: int
    macro_f1: float
    f1: Mapping[str, float] = per_name("f1_")
    mean_image_f1: float
    rms_error_pm: float
    seconds: float
    waited: float
    processor_seconds: float = math.nan

    @property
    def scores(self) -> dict[str, float]:
        """The scores by their names."""
        by_class = {f"f1_{name}": value for name, value in self.f1.items()}
        return {
            MACRO: self.macro_f1,
            **by_class,
            MEAN: self.mean_image_f1,
            ERROR: self.rms_error_pm,
        }


def _with_scores(values: Any) -> Any:
    """An entry of an earlier summary.json, whose scores stand beside the names of its arms."""
    if not isinstance(values, dict) or "scores" in values:
        return values
    names = {key: value for key, value in values.items() if isinstance(value, str)}
    return {**names, "scores": {key: value for key, value in values.items() if key not in names}}


Entry = TypeVar("Entry")
WithScores = Annotated[Entry, converted(_with_scores)]  # old key


@dataclass(frozen=True)
class ArmScores:
    """Mean scores of a network in an arm.

    Attributes:
        arm: Name of the arm.
        network: Name of the network.
        scores: Means over the trainings, by the names of `StudyRow.scores`.
    """

    arm: str
    network: str
    scores: dict[str, Estimate]


@dataclass(frozen=True)
class ArmDifference:
    """Scores of a network in an arm minus those in the first arm.

    Attributes:
        first: Name of the first arm.
        second: Name of the other arm.
        network: Name of the network.
        scores: Mean differences over the trainings, by the names of `StudyRow.scores`.
    """

    first: str
    second: str
    network: str
    scores: dict[str, Estimate]


@dataclass(frozen=True)
class StudyBaselines:
    """Chance levels, of one of the networks.

    Attributes:
        of: That network.
        chance: F1 of the same peaks at random positions.
        never_rarest: F1 if the rarest class were never predicted; None for a single class.
    """

    of: str
    chance: Baseline
    never_rarest: RarestBaseline | None = None


@dataclass(frozen=True)
class TestResults:
    """Results of one test.

    Attributes:
        images: Number of images.
        specimens: Number of specimens.
        baselines: Chance levels of F1.
        means: Mean scores of each network in each arm.
        differences: Their differences from the first arm.
        other_images: For each arm but the first how its images differ; empty if they do not.
    """

    __test__ = False  # not a test of pytest's

    images: int
    specimens: int
    baselines: StudyBaselines
    means: list[WithScores[ArmScores]]
    differences: list[WithScores[ArmDifference]]
    other_images: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StudySummary:
    """The content of a study's summary.json.

    Attributes:
        question: The question that the study answers.
        settings: Hash of the study's settings.
        seeds: Seeds of the trainings.
        arms: Names of the arms, the first being compared with the others.
        networks: Names of the networks.
        training_differences: For each arm how its training differs from that of the first.
        tests: Results by test.
    """

    question: str
    settings: str
    seeds: list[int]
    arms: list[str]
    networks: list[str]
    training_differences: Annotated[
        dict[str, str],
        renamed("training_differences", "taught"),  # old key
    ]
    tests: dict[str, TestResults]


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
        """A sentence on the intervals."""
        return INTERVALS if len(self.summary.seeds) > 1 else NO_INTERVALS

    @property
    def caption(self) -> str:
        """The caption of a test's figure."""
        return CAPTION if len(self.summary.seeds) > 1 else "The score of each network."

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
        header, lines = self._table(means, lambda one: one.arm, ".3f")
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
            self.tests[test].differences, lambda one: f"{one.second} − {one.first}", "+.3f"
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
            f1 = one.scores[MACRO]
            points.append(FrontPoint(one.network, one.arm, minutes, f1.mean, f1.low, f1.high))
        return front_figure(points, self.summary.arms)

    def _minutes(self, test: str, arm: str, network: str) -> float:
        """Mean processor time of a training [min]."""
        wanted = (test, arm, network)
        rows = [row for row in self.rows if (row.test, row.arm, row.network) == wanted]
        return float(np.mean([row.processor_seconds for row in rows])) / 60

    def _table(self, entries: Sequence[Any], title: Callable[[Any], str], digits: str) -> Table:
        """A line for each arm, or pair of arms, and network."""
        unit = {ERROR: " (pm)"}
        header = ("arm", "network", *(score_title(key) + unit.get(key, "") for key in self.scores))
        lines = []
        for entry in entries:
            cells = []
            for key in self.scores:
                one = entry.scores[key]
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
