"""What the networks of a study score, and how its arms differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from temnet.config.differences import differences
from temnet.csv_tables import Row, read_table
from temnet.errors import InputError
from temnet.evaluation.metrics import (
    MACRO,
    MEAN,
    ImageCounts,
    Statistics,
    resampled_weights,
    statistics,
    tally,
)
from temnet.evaluation.scores import LOCALISATION
from temnet.randomness import generator
from temnet.reporting.run_results import read_json
from temnet.stages import evaluate, simulate, train
from temnet.study.intervals import estimate
from temnet.study.results import ERROR
from temnet.study.runs import TaughtRun, TestedRun
from temnet.study.settings import Study

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Scored:
    """One network on the images of one test.

    Attributes:
        test: Name of the test.
        run: What taught it.
        specimens: Number of specimens.
        values: Its statistics by their names, see `score_names`.
        resampled: (B,) the same on samples of the specimens, drawn again with replacement.
    """

    test: str
    run: TaughtRun
    specimens: int
    values: Mapping[str, float]
    resampled: Statistics


def score_names(class_names: Sequence[str]) -> tuple[str, ...]:
    """Names of what is told of a network: F1 over and by class, of an image, position error."""
    return (MACRO, *(f"f1_{name}" for name in class_names), MEAN, ERROR)


def study_fields(class_names: Sequence[str]) -> tuple[str, ...]:
    """Columns of study.csv; ``waited`` of the ``seconds`` of training were spent on images."""
    return ("test", "arm", "network", "seed", *score_names(class_names), "seconds", "waited")


def read_scores(runs: Sequence[TestedRun]) -> list[Scored]:
    """What the stage `evaluate` of each run has left.

    All samples of the specimens are the same for networks and arms, so that they can be paired.

    Raises:
        InputError: A table is missing or damaged, or is of other networks.
    """
    return [scored for run in runs for scored in _scored(run)]


def _scored(run: TestedRun) -> Iterator[Scored]:
    folder, classes = run.root / evaluate.STAGE.name, run.experiment.class_names
    rows, images = read_table(folder / "scores.csv"), read_table(folder / "conditions.csv")
    specimens = {row["index"]: row["specimen"] for row in images}
    own: dict[str, list[Row]] = {}
    for row in rows:
        own.setdefault(row["network"], []).append(row)
    rng = generator(run.experiment.seed, "study/specimens")
    weights = resampled_weights(np.array(list(specimens.values())), rng)
    for taught in run.networks:
        name = train.network_name(taught.root)
        if name not in own:
            raise InputError(
                f"{folder}: this has no scores of {name}; run the study again with --overwrite."
            )
        counts = tally(own[name], classes, specimens)
        values = {key: float(value[0]) for key, value in _of(counts, np.ones((1, len(counts))))}
        number = len(set(specimens.values()))
        yield Scored(run.test, taught, number, values, dict(_of(counts, weights)))


def _of(images: ImageCounts, weights: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The statistics of `score_names` for each sample."""
    found = statistics(images, weights)
    yield MACRO, found[MACRO]
    for name in images.names[:-2]:
        yield f"f1_{name}", found[f"{name}/f1"]
    yield MEAN, found[MEAN]
    yield ERROR, found[f"{LOCALISATION}/{ERROR}"]


def study_rows(scored: Sequence[Scored]) -> Rows:
    """Rows of study.csv: one for each network in each test."""
    clocks = {one.run.root: _clock(one.run) for one in scored}
    return [
        {
            "test": one.test,
            "arm": one.run.arm,
            "network": one.run.network,
            "seed": one.run.seed,
            **one.values,
            **clocks[one.run.root],
        }
        for one in scored
    ]


def _clock(run: TaughtRun) -> dict[str, float]:
    """Seconds of a training, the scoring after each epoch included, and those spent on waiting."""
    rows = read_table(run.root / train.STAGE.name / "log.csv")
    return {
        name: round(float(np.nansum([row.get(name, np.nan) for row in rows])), 2)
        for name in ("seconds", "waited")
    }


def study_summary(
    study: Study,
    scored: Sequence[Scored],
    taught: Sequence[TaughtRun],
    runs: Sequence[TestedRun],
) -> dict[str, Any]:
    """Means over the trainings, and differences of the arms from the first, with intervals.

    Trainings of one seed are paired, and so are the images of one index; see `estimate`.

    Args:
        study: The settings.
        scored: Every network in every test.
        taught: The runs that taught them.
        runs: The runs that scored them.
    """
    return {
        "question": study.question,
        "settings": study.identity(),
        "seeds": list(study.seeds),
        "arms": list(study.arms),
        "networks": list(study.networks),
        "taught": _taught_differences(study, taught),
        "tests": {
            test: _test_summary(
                study,
                [one for one in scored if one.test == test],
                [run for run in runs if run.test == test],
            )
            for test in study.tests
        },
    }


def _test_summary(
    study: Study, scored: Sequence[Scored], runs: Sequence[TestedRun]
) -> dict[str, Any]:
    means, gaps = [], []
    for network in study.networks:
        first = _arm(scored, study.first_arm, network)
        for arm in study.arms:
            own = _arm(scored, arm, network)
            means.append({"arm": arm, "network": network, **_estimates(own)})
            if arm != study.first_arm:
                pair = {"first": study.first_arm, "second": arm, "network": network}
                gaps.append({**pair, **_estimates(own, first)})
    reference = runs[0]
    summaries = read_json(reference.root / evaluate.STAGE.name / "summary.json")["networks"]
    return {
        "images": reference.experiment.data.count(evaluate.SPLIT),
        "specimens": scored[0].specimens,
        "baselines": {
            "of": reference.networks[0].title,
            **next(iter(summaries.values()))["baselines"],
        },
        "means": means,
        "differences": gaps,
        "other_images": {run.arm: _other_images(reference, run) for run in runs[1:]},
    }


def _arm(scored: Sequence[Scored], arm: str, network: str) -> list[Scored]:
    """The networks of an arm in the order of the seeds."""
    return [one for one in scored if (one.run.arm, one.run.network) == (arm, network)]


def _estimates(own: Sequence[Scored], first: Sequence[Scored] | None = None) -> dict[str, Any]:
    """The mean of each statistic over trainings, or of its difference from the ``first`` arm's."""
    found = {}
    for name in own[0].values:
        values = np.array([one.values[name] for one in own])
        resampled = np.stack([one.resampled[name] for one in own], axis=1)
        if first is not None:
            values = values - [one.values[name] for one in first]
            resampled = resampled - np.stack([one.resampled[name] for one in first], axis=1)
        most = np.inf if name == ERROR else 1.0
        least = 0.0 if first is None else -most
        found[name] = asdict(estimate(values, resampled, own[0].specimens, (least, most)))
    return found


def _other_images(first: TestedRun, run: TestedRun) -> str:
    """How the images of an arm differ from those of the first; empty where they do not."""
    return differences(*(simulate.settings(one.experiment) for one in (first, run)))


def _taught_differences(study: Study, runs: Sequence[TaughtRun]) -> dict[str, str]:
    """How each arm is taught differently from the first, by its name."""
    chosen = {run.arm: train.settings(run.experiment) for run in reversed(runs)}
    return {arm: differences(chosen[study.first_arm], chosen[arm]) for arm in study.arms}
