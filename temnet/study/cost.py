"""Time that a study will take on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from temnet.benchmarks.networks import seconds_per_image
from temnet.config.experiment import Experiment
from temnet.models.factory import build_model
from temnet.stages import train
from temnet.stages.simulate import seconds_per_example
from temnet.stages.stored_sets import StoredSets
from temnet.study.runs import ScoringRun, TrainingRun
from temnet.tables.csv_tables import read_table
from temnet.training.fit import compile_model

REPEATS = 5
"""Steps of a training that are timed, after two that load and plan."""


@dataclass(frozen=True)
class Work:
    """The work that is left in a study.

    Attributes:
        stored: Examples to simulate and keep.
        fresh: Examples to simulate while networks are trained.
        simulating: Time for all of them, in as many processes as the settings allow [s].
        training: Time for all trainings, without their images [s].
    """

    stored: int
    fresh: int
    simulating: float
    training: float


def work_left(trainings: Sequence[TrainingRun], tests: Sequence[ScoringRun]) -> Work:
    """Measures an example of each arm, and a few steps of each network in each arm.

    Args:
        trainings: The trainings that are left.
        tests: The tests that are left.
    """
    runs: list[TrainingRun | ScoringRun] = [*tests, *trainings]
    arms = {run.arm: run.experiment for run in runs}
    example = {
        arm: seconds_per_example(one.simulation) / max(one.data.workers, 1)
        for arm, one in arms.items()
    }
    missing: dict[Path, tuple[int, float]] = {}
    for run in runs:  # several share a set
        sets = StoredSets.of(run.experiment)
        for split in sets.splits:
            folder, count = sets.folder(split), sets.missing(split)
            missing[folder] = max(missing.get(folder, (0, 0.0)), (count, example[run.arm]))
    fresh, simulating = 0, sum(count * seconds for count, seconds in missing.values())
    training = 0.0
    step = {}
    for run in trainings:
        settings = run.experiment.training
        seen = _epochs_left(run) * settings.epoch_size
        if run.experiment.data.source == "fresh":
            images = seen // run.experiment.data.image_epochs
            fresh, simulating = fresh + images, simulating + images * example[run.arm]
        key = (run.arm, run.network)
        if key not in step:
            step[key] = training_seconds(run.experiment)
        training += seen * step[key]
    stored = sum(count for count, _ in missing.values())
    return Work(stored, fresh, simulating, training)


def training_seconds(experiment: Experiment) -> float:
    """Time of a training per image seen, without the scoring after each epoch [s]."""
    # Balanced weights would need examples, and take no time.
    training = experiment.training.model_copy(update={"class_weights": "equal"})
    settings = experiment.model_copy(update={"training": training})
    model = compile_model(build_model(settings), settings.training, settings.class_names)
    rows, cols = experiment.data.batch_shape("training")
    size = min(rows, cols)
    batch = experiment.training.batch_size
    seconds = seconds_per_image(model, "train", size, batch, REPEATS)
    return seconds * rows * cols / size**2


def _epochs_left(run: TrainingRun) -> int:
    log = run.root / train.STAGE.name / "log.csv"
    return run.experiment.training.epochs - (len(read_table(log)) if log.is_file() else 0)
