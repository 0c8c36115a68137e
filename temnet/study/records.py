"""The records of a study's files, study.csv and summary.json."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from temnet.evaluation.metrics import MACRO, MEAN
from temnet.score_records import Baseline, RarestBaseline
from temnet.study.intervals import Estimate
from temnet.tables.csv_rows import per_name
from temnet.tables.json_records import converted, renamed

ERROR = "rms_error_pm"


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
