"""The plan of a run: which stages run, and which are already done."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

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
from temnet.workflow.stage import Progress, Stage, Work, get_stage

LOGGER = logging.getLogger(__name__)

StepState = Literal["new", "started", "replaced", "done"]


@dataclass(frozen=True)
class Step:
    """A stage of a plan.

    Attributes:
        stage: The stage.
        settings: Plain values that its result depends on.
        state: ``new``, ``started`` (a stopped run has finished a part, and the stage resumes),
            ``replaced`` (an earlier result is removed first) or ``done`` (nothing is left to do).
        inputs: The inputs that the stage's check returned; None if it is done.
    """

    stage: Stage[Any]
    settings: Mapping[str, object]
    state: StepState = "new"
    inputs: Any = None


@dataclass(frozen=True)
class Plan:
    """The plan of a run.

    Attributes:
        experiment: Settings of the run.
        root: The run folder.
        steps: The stages in the order in which they run.
        messages: Messages of the planning, for the log file.
    """

    experiment: Experiment
    root: Path
    steps: Sequence[Step]
    messages: Sequence[logging.LogRecord] = ()


def make_plan(
    experiment: Experiment,
    root: Path,
    named: Sequence[str] = (),
    overwrite: bool = False,
) -> Plan:
    """Plans a run and checks its inputs; nothing is written.

    Args:
        experiment: Settings of the run.
        root: The run folder.
        named: Stages to run; by default those of the experiment.
        overwrite: Whether to replace results of other settings, and those of ``named`` in any case.

    Raises:
        InputError: If an input is invalid, a stage that another one reads was not run, or the
            folder holds results of other settings.
    """
    check_root(root)
    chosen = [name for name in STAGES if name in (named or experiment.stages)]
    steps = [_step(get_stage(name), experiment, root, overwrite, name in named) for name in chosen]
    for step in steps:
        for name in (*step.stage.requires, *step.stage.requires_also(experiment)):
            if name not in chosen:
                _check_required(get_stage(name), step.stage, experiment, root)
    checked = [
        step if step.state == "done" else replace(step, inputs=step.stage.check(experiment))
        for step in steps
    ]
    return Plan(experiment, root, checked)


def scores_alone(experiment: Experiment, root: Path, named: Sequence[str]) -> bool:
    """Whether a run only scores existing networks, and no network of its own folder.

    This is the case if the stage `evaluate` is named without `train`, `evaluation.networks` lists
    networks, and no training was started in the run folder.

    Args:
        experiment: Settings of the run; uses `evaluation.networks`.
        root: The run folder.
        named: Stages to run.

    Raises:
        InputError: If the folder `train` was not created by a training.
    """
    asked = "evaluate" in named and "train" not in named and bool(experiment.evaluation.networks)
    return asked and read_record(root, "train") is None


def _step(
    stage: Stage[Any], experiment: Experiment, root: Path, overwrite: bool, named: bool
) -> Step:
    step = Step(stage, plain(stage.settings(experiment)))
    record = read_record(root, stage.name)
    if record is None or stage.always:
        return step
    if overwrite and (named or record.settings != step.settings):
        return replace(step, state="replaced")
    if record.settings != step.settings:
        raise InputError(
            f"{root / stage.name}: the stage `{stage.name}` was run with other settings "
            f"({differences(record.settings, step.settings)}); give another --output to keep that "
            "result, or --overwrite to replace it."
        )
    damage = damage_of(root, stage.name, record)
    if damage is not None:
        _check_repeatable(stage, root, damage)
        return replace(step, state="replaced")
    done = record.status == DONE and stage.intact(experiment, root)
    return replace(step, state="done" if done else "started")


def _check_repeatable(stage: Stage[Any], root: Path, damage: str) -> None:
    """Warns that a stage with a damaged result runs again.

    Raises:
        InputError: If the stage is resumable: its result took long to make, so the user decides.
    """
    if stage.resumable:
        raise InputError(
            f"{root / stage.name}: the result of the stage `{stage.name}` is damaged: {damage}; "
            "restore the file, or run the whole stage again (--stage "
            f"{stage.name} --overwrite)."
        )
    LOGGER.warning("%s: the result is damaged: %s; the stage runs again", root / stage.name, damage)


def _check_required(
    stage: Stage[Any], reader: Stage[Any], experiment: Experiment, root: Path
) -> None:
    """Checks the result of a stage that another one reads.

    Raises:
        InputError: If the result is missing, damaged or of other settings.
    """
    record = read_record(root, stage.name)
    if record is None or record.status != DONE or not stage.intact(experiment, root):
        raise InputError(
            f"{root}: the stage `{reader.name}` reads the result of `{stage.name}`, which is "
            f"missing; run `{stage.name}` first (--stage {stage.name} --stage {reader.name})."
        )
    damage = damage_of(root, stage.name, record)
    if damage is not None:
        raise InputError(
            f"{root / stage.name}: the result of the stage `{stage.name}`, which `{reader.name}` "
            f"reads, is damaged: {damage}; run `{stage.name}` again (--stage {stage.name} --stage "
            f"{reader.name} --overwrite)."
        )
    settings = plain(stage.settings(experiment))
    if record.settings != settings:
        raise InputError(
            f"{root / stage.name}: the stage `{stage.name}`, which `{reader.name}` reads, was run "
            f"with other settings ({differences(record.settings, settings)}); change them back, or "
            f"run `{stage.name}` again with --overwrite."
        )


def run_plan(plan: Plan, progress: Progress) -> None:
    """Runs the steps of a plan that are not done yet, in order.

    Args:
        plan: The plan; its run folder is created.
        progress: Shows the progress of each stage.
    """
    root = plan.root
    prepare_root(root, plan.experiment)
    for step in plan.steps:
        name = step.stage.name
        if step.state == "done":
            LOGGER.info("%s: already done", name)
            continue
        if step.state == "replaced" and step.stage.resumable:
            remove_stage(root, name)  # other stages keep the old result until the new one is done
        LOGGER.info("%s: %s", name, "resumed" if step.state == "started" else "started")
        with stage_folder(root, name, step.settings, step.stage.resumable) as folder:
            step.stage.run(Work(plan.experiment, root, folder, step.inputs, progress))
        LOGGER.info("%s: done", name)
