"""A study as ordinary runs: those that teach networks, and those that score them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from temnet.config.experiment import Experiment
from temnet.config.loading import dump_settings
from temnet.errors import InputError
from temnet.models.checkpoint import update_card
from temnet.reporting.files.map_files import safe_name
from temnet.stages import evaluate, simulate, train
from temnet.stages.input_paths import with_found_files
from temnet.study.settings import Study, taught, tested
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
from temnet.workflow.stage import Stage

STUDY_FILE = "study.yaml"

NETWORKS, TESTS = "networks", "tests"
"""Folders of the runs, in that of the study."""


@dataclass(frozen=True)
class TaughtRun:
    """The run that teaches an arm to a network with one seed.

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
        """What people are told of it."""
        return f"{self.arm}, {self.network}, seed {self.seed}"

    @property
    def folder(self) -> Path:
        """Where the trained network lies."""
        return self.root / train.STAGE.name / train.NETWORK

    @property
    def done(self) -> bool:
        """Whether the network is there, taught with these settings."""
        return is_done(train.STAGE, self.experiment, self.root)


@dataclass(frozen=True)
class TestedRun:
    """The run that scores all networks of an arm on the images of a test.

    Attributes:
        test: Name of the test.
        arm: Name of the arm.
        root: The run folder.
        networks: What taught the networks, in the order in which they are scored.
        experiment: The settings.
    """

    test: str
    arm: str
    root: Path
    networks: tuple[TaughtRun, ...]
    experiment: Experiment

    @property
    def title(self) -> str:
        """What people are told of it."""
        return f"{self.test}: {self.arm}"

    @property
    def done(self) -> bool:
        """Whether these very networks were scored; they have to be there."""
        return is_done(evaluate.STAGE, self.experiment, self.root)


Run = TypeVar("Run", TaughtRun, TestedRun)


def is_done(stage: Stage, experiment: Experiment, root: Path) -> bool:
    """Whether a run folder holds the result of a stage with these settings."""
    record = read_record(root, stage.name)
    wanted = Record(DONE, plain(stage.settings(experiment)))
    return record == wanted and damage_of(root, stage.name, record) is None


def taught_runs(study: Study, root: Path, files: Path) -> list[TaughtRun]:
    """Every training, seed by seed, so that the first ones tell of all arms.

    Args:
        study: The settings.
        root: The study's folder.
        files: The YAML's folder, from which relative paths count first.

    Raises:
        InputError: Two of them would have the same folder, or a file is not there.
    """
    runs = []
    for seed in study.seeds:
        for arm in study.arms:
            for network in study.networks:
                folder = root / NETWORKS / safe_name(f"{arm}_{network}_{seed}")
                experiment = taught(study, arm, network, seed)
                runs.append(_found(TaughtRun(arm, network, seed, folder, experiment), files))
    _check_folders([run.root for run in runs])
    return runs


def tested_runs(
    study: Study, root: Path, files: Path, networks: Sequence[TaughtRun]
) -> list[TestedRun]:
    """Every arm in every test.

    Args:
        study: The settings.
        root: The study's folder.
        files: The YAML's folder, from which relative paths count first.
        networks: All trainings.

    Raises:
        InputError: Two of them would have the same folder, a file is not there, or the images
            cannot be made.
    """
    runs = list(_tested(study, root, files, networks))
    for run in runs:  # before the networks are there, which the run's own check asks for
        with _named(run.title):
            simulate.STAGE.check(run.experiment)
    _check_folders([run.root for run in runs])
    return runs


def _tested(
    study: Study, root: Path, files: Path, networks: Sequence[TaughtRun]
) -> Iterator[TestedRun]:
    for test in study.tests:
        for arm in study.arms:
            own = tuple(run for run in networks if run.arm == arm)
            folder = root / TESTS / safe_name(f"{test}_{arm}")
            experiment = tested(study, test, arm, [run.folder for run in own])
            yield _found(TestedRun(test, arm, folder, own, experiment), files)


def _found(run: Run, files: Path) -> Run:
    """The run with every file by its path from the working folder."""
    with _named(run.title):
        return replace(run, experiment=with_found_files(run.experiment, files))


@contextmanager
def _named(title: str) -> Iterator[None]:
    """Lets the error of a run tell which of the study's runs it is."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{title}: {error}") from None


def _check_folders(folders: Sequence[Path]) -> None:
    """Refuses names that are told apart by signs which no folder's name has."""
    seen: dict[str, Path] = {}
    for folder in folders:
        # Networks are called by their folders' names, with hyphens.
        name = folder.name.casefold().replace("_", "-")
        if name in seen:
            raise InputError(
                f"{seen[name]} and {folder} would be the same; give the study's arms, networks "
                "and tests names that differ by more than these."
            )
        seen[name] = folder


def find_twin(run: TaughtRun, study: Path) -> Path | None:
    """The run folder of a training with the same settings in a study that lies beside this one.

    Args:
        run: A training that was not begun.
        study: The folder of its study.
    """
    wanted = plain(train.STAGE.settings(run.experiment))
    for record in sorted(study.parent.glob(f"*/{NETWORKS}/*/{train.STAGE.name}")):
        with suppress(InputError):  # a damaged run of another study is none of ours
            found = read_record(record.parent, train.STAGE.name)
            whole = found and damage_of(record.parent, train.STAGE.name, found) is None
            if whole and found == Record(DONE, wanted):
                return record.parent
    return None


def take_over(run: TaughtRun, twin: Path) -> None:
    """Copies a training that was done elsewhere, under the run's own name."""
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
    replace_file(root / STUDY_FILE, dump_settings(study).encode())
    text = json.dumps(environment(), indent=1) + "\n"
    replace_file(root / ENVIRONMENT_FILE, text.encode())
