"""Which stages run, which are done already, and whether their inputs are right."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temnet.config.differences import differences
from temnet.config.experiment import STAGES, Experiment
from temnet.errors import InputError
from temnet.workflow.folder import (
    DONE,
    check_root,
    damage_of,
    plain,
    prepare_root,
    read_record,
    remove_stage,
    stage_folder,
)
from temnet.workflow.stage import Progress, Stage, get_stage

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """A stage that was asked for.

    Attributes:
        stage: The stage.
        settings: Plain values that its result depends on.
        done: Its result is there, and nothing is to be done.
        begun: A run that was stopped has left a part, from which it goes on.
        replaces: Its earlier result is removed first.
        inputs: What the stage's check returned.
    """

    stage: Stage
    settings: Mapping[str, Any]
    done: bool
    begun: bool
    replaces: bool
    inputs: Any = None


def make_plan(
    experiment: Experiment,
    root: Path,
    named: Sequence[str] = (),
    overwrite: bool = False,
) -> list[Step]:
    """What has to be done; nothing is written.

    Args:
        experiment: The settings.
        root: The run folder.
        named: Stages to run; all of the experiment's by default.
        overwrite: Results of other settings are replaced, and those of ``named`` in any case.

    Returns:
        The stages in the order in which they run.

    Raises:
        InputError: An input is wrong, a stage that another one reads was not run, or there are
            results of other settings.
    """
    check_root(root)
    chosen = [name for name in STAGES if name in (named or experiment.stages)]
    steps = [_step(get_stage(name), experiment, root, overwrite, name in named) for name in chosen]
    for step in steps:
        for name in (*step.stage.requires, *step.stage.requires_also(experiment)):
            if name not in chosen:
                _check_required(get_stage(name), step.stage, experiment, root)
    return [
        step if step.done else _with_inputs(step, step.stage.check(experiment)) for step in steps
    ]


def scores_alone(experiment: Experiment, root: Path, named: Sequence[str]) -> bool:
    """Whether networks that are there already are scored, and no network of the run folder.

    It is so where the stage `evaluate` was named without `train`, `evaluation.networks` names
    networks, and no training was begun in the run folder.

    Args:
        experiment: The settings.
        root: The run folder.
        named: Stages to run.

    Raises:
        InputError: What lies in the place of a training is none.
    """
    asked = "evaluate" in named and "train" not in named and bool(experiment.evaluation.networks)
    return asked and read_record(root, "train") is None


def _with_inputs(step: Step, inputs: Any) -> Step:
    return Step(step.stage, step.settings, step.done, step.begun, step.replaces, inputs)


def _step(stage: Stage, experiment: Experiment, root: Path, overwrite: bool, named: bool) -> Step:
    settings = plain(stage.settings(experiment))
    record = read_record(root, stage.name)
    if record is None or stage.always:
        return Step(stage, settings, done=False, begun=False, replaces=False)
    if overwrite and (named or record.settings != settings):
        return Step(stage, settings, done=False, begun=False, replaces=True)
    if record.settings != settings:
        raise InputError(
            f"{root / stage.name}: the stage `{stage.name}` was run with other settings "
            f"({differences(record.settings, settings)}); give another --output to keep that "
            "result, or --overwrite to replace it."
        )
    wrong = damage_of(root, stage.name, record)
    if wrong is not None:
        return _again(stage, settings, root, wrong)
    done = record.status == DONE and stage.intact(experiment, root)
    return Step(stage, settings, done=done, begun=not done, replaces=False)


def _again(stage: Stage, settings: Mapping[str, Any], root: Path, wrong: str) -> Step:
    """The step of a stage whose result is damaged: it is made again.

    Raises:
        InputError: It took long to make, so that this is not ours to decide.
    """
    if stage.resumable:
        raise InputError(
            f"{root / stage.name}: the result of the stage `{stage.name}` is damaged: {wrong}; put "
            f"it back, or make the whole result again (--stage {stage.name} --overwrite)."
        )
    LOGGER.warning("%s: the result is damaged: %s; it is made again", root / stage.name, wrong)
    return Step(stage, settings, done=False, begun=False, replaces=True)


def _check_required(stage: Stage, reader: Stage, experiment: Experiment, root: Path) -> None:
    record = read_record(root, stage.name)
    if record is None or record.status != DONE or not stage.intact(experiment, root):
        raise InputError(
            f"{root}: the stage `{reader.name}` reads what `{stage.name}` makes, which is not "
            f"there; run `{stage.name}` first (--stage {stage.name} --stage {reader.name})."
        )
    wrong = damage_of(root, stage.name, record)
    if wrong is not None:
        raise InputError(
            f"{root / stage.name}: the result of the stage `{stage.name}`, which `{reader.name}` "
            f"reads, is damaged: {wrong}; run `{stage.name}` again (--stage {stage.name} --stage "
            f"{reader.name} --overwrite)."
        )
    settings = plain(stage.settings(experiment))
    if record.settings != settings:
        raise InputError(
            f"{root / stage.name}: the stage `{stage.name}`, which `{reader.name}` reads, was run "
            f"with other settings ({differences(record.settings, settings)}); set them back, or "
            f"run `{stage.name}` again with --overwrite."
        )


def run_plan(experiment: Experiment, root: Path, steps: Sequence[Step], progress: Progress) -> None:
    """Runs the steps that are not done yet, in order.

    Args:
        experiment: The settings.
        root: The run folder, which is made.
        steps: What `make_plan` returned.
        progress: Shows how far the work is.
    """
    prepare_root(root, experiment)
    for step in steps:
        name = step.stage.name
        if step.done:
            LOGGER.info("%s: already done", name)
            continue
        if step.replaces and step.stage.resumable:
            remove_stage(root, name)  # others keep the old result until the new one is whole
        LOGGER.info("%s: %s", name, "goes on" if step.begun else "begins")
        with stage_folder(root, name, step.settings, step.stage.resumable) as folder:
            step.stage.run(experiment, root, folder, step.inputs, progress)
        LOGGER.info("%s: done", name)
