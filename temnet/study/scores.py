"""Scores of the networks of a study, and differences between its arms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from temnet.config.differences import differences
from temnet.errors import InputError
from temnet.evaluation.bootstrap import resampled_weights
from temnet.evaluation.conditions import ConditionRow
from temnet.evaluation.metrics import MACRO, MEAN, ImageCounts, Statistics, image_counts, statistics
from temnet.evaluation.scores import LOCALISATION, ScoreRow
from temnet.evaluation.summary import SUMMARY_FILE, read_summary
from temnet.randomness import generator
from temnet.stages import evaluate, simulate, train
from temnet.study.intervals import Estimate, estimate
from temnet.study.records import (
    ERROR,
    ArmDifference,
    ArmScores,
    StudyBaselines,
    StudyRow,
    StudySummary,
    TestResults,
)
from temnet.study.runs import ScoringRun, TrainingRun
from temnet.study.settings import Study
from temnet.tables.csv_rows import read_rows
from temnet.tables.csv_tables import read_table

BY_CLASS = "f1_"
"""Prefix of the F1 of a class."""


@dataclass(frozen=True)
class Scored:
    """One network on the images of one test.

    Attributes:
        test: Name of the test.
        run: Its training.
        specimens: Number of specimens.
        values: Its scores, by the names of `StudyRow.scores`.
        resampled: (B,) the same on samples of the specimens, drawn with replacement.
    """

    test: str
    run: TrainingRun
    specimens: int
    values: Mapping[str, float]
    resampled: Statistics


def read_scores(runs: Sequence[ScoringRun]) -> list[Scored]:
    """The scores that the stage `evaluate` of each run has written.

    The samples of the specimens are the same for networks and arms, so that they can be paired.

    Raises:
        InputError: If a table is missing or damaged, or has other networks.
    """
    return [scored for run in runs for scored in _scored(run)]


def _scored(run: ScoringRun) -> Iterator[Scored]:
    folder, classes = run.root / evaluate.STAGE.name, run.experiment.class_names
    images = read_rows(folder / "conditions.csv", ConditionRow)
    specimens = {row.index: row.specimen for row in images}
    own: dict[str, list[ScoreRow]] = {}
    for row in read_rows(folder / "scores.csv", ScoreRow):
        own.setdefault(row.network, []).append(row)
    rng = generator(run.experiment.seed, "study/specimens")
    weights = resampled_weights(np.array(list(specimens.values())), rng)
    for training in run.networks:
        name = train.network_name(training.root)
        if name not in own:
            raise InputError(
                f"{folder}: this has no scores of {name}; run the study again with --overwrite."
            )
        counts = image_counts(own[name], classes, specimens)
        values = {key: float(value[0]) for key, value in _of(counts, np.ones((1, len(counts))))}
        number = len(set(specimens.values()))
        yield Scored(run.test, training, number, values, dict(_of(counts, weights)))


def _of(images: ImageCounts, weights: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The scores of `StudyRow.scores` for each sample."""
    found = statistics(images, weights)
    yield MACRO, found[MACRO]
    for name in images.names[:-2]:
        yield BY_CLASS + name, found[f"{name}/f1"]
    yield MEAN, found[MEAN]
    yield ERROR, found[f"{LOCALISATION}/{ERROR}"]


def study_rows(scored: Sequence[Scored]) -> list[StudyRow]:
    """The scores and times of each network in each test."""
    times = {one.run.root: _times(one.run) for one in scored}
    return [
        StudyRow(
            test=one.test,
            arm=one.run.arm,
            network=one.run.network,
            seed=one.run.seed,
            macro_f1=one.values[MACRO],
            f1={name.removeprefix(BY_CLASS): value for name, value in one.values.items()
                if name.startswith(BY_CLASS)},
            mean_image_f1=one.values[MEAN],
            rms_error_pm=one.values[ERROR],
            **times[one.run.root],
        )
        for one in scored
    ]  # fmt: skip


def _times(run: TrainingRun) -> dict[str, float]:
    """Times of a training, scoring after each epoch included, by their names in a row [s].

    Those that the log of an earlier version lacks are NaN.
    """
    rows = read_table(run.root / train.STAGE.name / "log.csv")
    return {
        name: round(float(np.sum([row.get(name, np.nan) for row in rows])), 2)
        for name in ("seconds", "waited", "processor_seconds")
    }


def study_summary(
    study: Study,
    scored: Sequence[Scored],
    trainings: Sequence[TrainingRun],
    tests: Sequence[ScoringRun],
) -> StudySummary:
    """Means over the trainings, and differences of the arms from the first, with intervals.

    Trainings of one seed are paired, and so are the images of one index; see `estimate`.

    Args:
        study: The settings.
        scored: Every network in every test.
        trainings: The runs that trained them.
        tests: The runs that scored them.
    """
    return StudySummary(
        question=study.question,
        settings=study.identity(),
        seeds=list(study.seeds),
        arms=list(study.arms),
        networks=list(study.networks),
        training_differences=_training_differences(study, trainings),
        tests={
            test: _test_results(
                study,
                [one for one in scored if one.test == test],
                [run for run in tests if run.test == test],
            )
            for test in study.tests
        },
    )


def _test_results(
    study: Study, scored: Sequence[Scored], runs: Sequence[ScoringRun]
) -> TestResults:
    means, gaps = [], []
    for network in study.networks:
        first = _arm(scored, study.first_arm, network)
        for arm in study.arms:
            own = _arm(scored, arm, network)
            means.append(ArmScores(arm, network, _estimates(own)))
            if arm != study.first_arm:
                gaps.append(ArmDifference(study.first_arm, arm, network, _estimates(own, first)))
    reference = runs[0]
    summary = read_summary(reference.root / evaluate.STAGE.name / SUMMARY_FILE)
    baselines = next(iter(summary.networks.values())).baselines
    return TestResults(
        images=reference.experiment.data.count(evaluate.SPLIT),
        specimens=scored[0].specimens,
        baselines=StudyBaselines(
            reference.networks[0].title, baselines.chance, baselines.never_rarest
        ),
        means=means,
        differences=gaps,
        other_images={run.arm: _other_images(reference, run) for run in runs[1:]},
    )


def _arm(scored: Sequence[Scored], arm: str, network: str) -> list[Scored]:
    """The networks of an arm in the order of the seeds."""
    return [one for one in scored if (one.run.arm, one.run.network) == (arm, network)]


def _estimates(own: Sequence[Scored], first: Sequence[Scored] | None = None) -> dict[str, Estimate]:
    """The mean of each score over trainings, or of its difference from that in the first arm."""
    found = {}
    for name in own[0].values:
        values = np.array([one.values[name] for one in own])
        resampled = np.stack([one.resampled[name] for one in own], axis=1)
        if first is not None:
            values = values - [one.values[name] for one in first]
            resampled = resampled - np.stack([one.resampled[name] for one in first], axis=1)
        most = np.inf if name == ERROR else 1.0
        least = 0.0 if first is None else -most
        found[name] = estimate(values, resampled, own[0].specimens, (least, most))
    return found


def _other_images(first: ScoringRun, run: ScoringRun) -> str:
    """The differences between the images of an arm and those of the first; empty without any."""
    return differences(*(simulate.settings(one.experiment) for one in (first, run)))


def _training_differences(study: Study, runs: Sequence[TrainingRun]) -> dict[str, str]:
    """For each arm how its training differs from that of the first."""
    chosen = {run.arm: train.settings(run.experiment) for run in reversed(runs)}
    return {arm: differences(chosen[study.first_arm], chosen[arm]) for arm in study.arms}
