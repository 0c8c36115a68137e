"""A study as ordinary runs: those that train networks, and those that score them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from temnet.config.experiment import Experiment
from temnet.config.loading import dump_settings
from temnet.errors import InputError
from temnet.models.network_folders import update_card
from temnet.stages import evaluate, simulate, train
from temnet.stages.prediction.input_paths import with_found_files
from temnet.study.settings import Study, scoring_experiment, training_experiment
from temnet.system.file_names import safe_name, safe_whole_name
from temnet.system.files import replace_file
from temnet.workflow.folder import (
    DONE,
    ENVIRONMENT_FILE,
    Record,
    damage_of,
    environment,
    plain,
    read_record,
)

STUDY_FILE = "study.yaml"

NETWORKS, TESTS = "networks", "tests"
"""Folders of the runs, in that of the study."""


@dataclass(frozen=True)
class TrainingRun:
    """The run that trains a network in an arm with one seed.

    Attributes:
        arm: Name of the arm.
        network: Name of the network.
        seed: The seed.
        root: The run folder.
        experiment: The settings.
    """

    arm: str
    network: str
    seed: int
    root: Path
    experiment: Experiment

    @property
    def title(self) -> str:
        """Name of the run in messages."""
        return f"{self.arm}, {self.network}, seed {self.seed}"

    @property
    def folder(self) -> Path:
        """Where the trained network lies."""
        return self.root / train.STAGE.name / train.NETWORK

    @property
    def done(self) -> bool:
        """Whether the network exists and was trained with these settings."""
        return is_done(train.STAGE.name, train.settings(self.experiment), self.root)


@dataclass(frozen=True)
class ScoringRun:
    """The run that scores all networks of an arm on the images of a test.

    Attributes:
        test: Name of the test.
        arm: Name of the arm.
        root: The run folder.
        networks: The trainings of the networks, in the order in which they are scored.
        experiment: The settings.
    """

    test: str
    arm: str
    root: Path
    networks: tuple[TrainingRun, ...]
    experiment: Experiment

    @property
    def title(self) -> str:
        """Name of the run in messages."""
        return f"{self.test}: {self.arm}"

    @property
    def done(self) -> bool:
        """Whether these very networks were scored; they have to exist."""
        return is_done(evaluate.STAGE.name, evaluate.settings(self.experiment), self.root)


Run = TypeVar("Run", TrainingRun, ScoringRun)


def is_done(stage: str, settings: Mapping[str, object], root: Path) -> bool:
    """Whether a run folder holds the result of a stage with these settings."""
    record = read_record(root, stage)
    return record == Record(DONE, plain(settings)) and damage_of(root, stage, record) is None


def training_runs(study: Study, root: Path) -> list[TrainingRun]:
    """All trainings, seed by seed, so that every arm has its first result early.

    Args:
        study: The settings.
        root: The study's folder.

    Raises:
        InputError: If two of them would have the same folder, or a file does not exist.
    """
    runs = []
    for seed in study.seeds:
        for arm in study.arms:
            for network in study.networks:
                folder = root / NETWORKS / safe_name(f"{arm}_{network}_{seed}")
                experiment = training_experiment(study, arm, network, seed)
                runs.append(_found(TrainingRun(arm, network, seed, folder, experiment)))
    _check_folders([run.root for run in runs])
    return runs


def scoring_runs(study: Study, root: Path, networks: Sequence[TrainingRun]) -> list[ScoringRun]:
    """Every arm in every test.

    Args:
        study: The settings.
        root: The study's folder.
        networks: All trainings.

    Raises:
        InputError: If two of them would have the same folder, a file does not exist, or the images
            cannot be simulated.
    """
    runs = list(_scoring_runs(study, root, networks))
    for run in runs:  # the run's own check would need the networks, which do not exist yet
        with _named(run.title):
            simulate.STAGE.check(run.experiment)
    _check_folders([run.root for run in runs])
    return runs


def _scoring_runs(
    study: Study, root: Path, networks: Sequence[TrainingRun]
) -> Iterator[ScoringRun]:
    for test in study.tests:
        for arm in study.arms:
            own = tuple(run for run in networks if run.arm == arm)
            folder = root / TESTS / safe_whole_name(f"{test}_{arm}")
            experiment = scoring_experiment(study, test, arm, [run.folder for run in own])
            yield _found(ScoringRun(test, arm, folder, own, experiment))


def _found(run: Run) -> Run:
    """The run with every file that it names, which exist."""
    with _named(run.title):
        return replace(run, experiment=with_found_files(run.experiment))


@contextmanager
def _named(title: str) -> Iterator[None]:
    """Adds the name of one of the study's runs to its error."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{title}: {error}") from None


def _check_folders(folders: Sequence[Path]) -> None:
    """Refuses names that differ only by characters that folder names do not keep."""
    seen: dict[str, Path] = {}
    for folder in folders:
        # Networks are named after their folders, with hyphens.
        name = folder.name.casefold().replace("_", "-")
        if name in seen:
            raise InputError(
                f"{seen[name]} and {folder} would be the same; give the study's arms, networks "
                "and tests names that differ by more than capitals, - and _."
            )
        seen[name] = folder


def find_twin(run: TrainingRun, study: Path) -> Path | None:
    """The run folder of a training with the same settings, in another study beside this one.

    Args:
        run: A training that has not started.
        study: The folder of its study.
    """
    wanted = plain(train.STAGE.settings(run.experiment))
    for record in sorted(study.parent.glob(f"*/{NETWORKS}/*/{train.STAGE.name}")):
        with suppress(InputError):  # a damaged run of another study does not matter here
            found = read_record(record.parent, train.STAGE.name)
            whole = found and damage_of(record.parent, train.STAGE.name, found) is None
            if whole and found == Record(DONE, wanted):
                return record.parent
    return None


def take_over(run: TrainingRun, twin: Path) -> None:
    """Copies a finished training of another study, under the run's own name."""
    name = train.STAGE.name
    partial = run.root / f".{name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        shutil.copytree(twin / name, partial)
        update_card(partial / train.NETWORK, name=train.network_name(run.root))
        partial.rename(run.root / name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def prepare_study(root: Path, study: Study) -> None:
    """Makes the study's folder with its resolved settings and the environment."""
    replace_file(root / STUDY_FILE, dump_settings(study, root).encode())
    text = json.dumps(environment(), indent=1) + "\n"
    replace_file(root / ENVIRONMENT_FILE, text.encode())
