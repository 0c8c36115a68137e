"""A finished run, checked, and what it tells of its network for the network's card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.card import Cost
from temnet.config.differences import differences
from temnet.config.experiment import Experiment
from temnet.config.loading import load_experiment
from temnet.errors import InputError
from temnet.json_records import as_values
from temnet.models.checkpoint import Network, find_network, load_network
from temnet.publishing.card_blocks import cost_of, is_earlier, validation_block
from temnet.reporting.run_results import RunResults
from temnet.reporting.score_results import Scores, read_scores
from temnet.stages import evaluate, simulate, train
from temnet.stages.compared_networks import fingerprints
from temnet.workflow.folder import DONE, SETTINGS_FILE, Record, damage_of, plain, read_record
from temnet.workflow.plan import scores_alone

TOP_LEVEL_SECTIONS = ("data", "evaluation")
"""Sections of which the stage `evaluate` depends on more than `train` does."""


@dataclass(frozen=True)
class FinishedRun:
    """A network that was scored, and what the run tells of it.

    Attributes:
        root: The run folder.
        folder: Where the network lies.
        network: The network.
        scores: What the stage `evaluate` has left; the network's own first.
        experiment: The network's settings, as they may travel: without folders of this machine.
        validation: The block ``validation`` of its card.
        cost: The block ``cost`` of its card; None if unknown.
    """

    root: Path
    folder: Path
    network: Network
    scores: Scores
    experiment: Experiment
    validation: dict[str, Any]
    cost: Cost | None


def network_folder(root: Path) -> Path:
    """Where a run keeps its network."""
    return root / train.STAGE.name / train.NETWORK


def read_runs(root: Path) -> list[FinishedRun]:
    """The network that a run has taught or, where it has taught none, each of those it has scored.

    Raises:
        InputError: The run is not there, a stage is missing or was not finished, or what the stage
            `evaluate` has left is of other settings, other images or another network.
    """
    if not (root / SETTINGS_FILE).is_file():
        raise InputError(f"{root}: this is no run folder; give the folder of a run (runs/NAME).")
    experiment = load_experiment(root / SETTINGS_FILE)
    if scores_alone(experiment, root, [evaluate.STAGE.name]):
        scored = _finished(root, evaluate.STAGE.name)
        _check_evaluation(root, scored)
        found = [
            _scored(root, scored, find_network(name)) for name in experiment.evaluation.networks
        ]
        for one in found:
            _check_images(root, scored, one.network)
        return found
    trained = _finished(root, train.STAGE.name)
    scored = _finished(root, evaluate.STAGE.name)
    _check_settings(root, trained, scored)
    found = [_scored(root, scored, network_folder(root))]
    _check_whole(root, trained)
    return found


def _scored(root: Path, scored: Record, folder: Path) -> FinishedRun:
    """What a run tells of the network in a folder."""
    network = load_network(folder)
    scores = _scores(root, folder, network)
    cost = cost_of(folder)
    own, *others = scores.networks
    names = tuple(name for name in others if not is_earlier(name, own))
    settings = {**scored.settings["evaluation"], "networks": names}
    start = None if cost is None or cost.start is None else cost.start.network
    experiment = _portable(network.experiment, Evaluation.model_validate(settings), start)
    validation = as_values(validation_block(scores, experiment))
    return FinishedRun(root, folder, network, scores, experiment, validation, cost)


def _finished(root: Path, stage: str) -> Record:
    """What a finished stage says of itself."""
    record = read_record(root, stage)
    if record is None or record.status != DONE:
        raise InputError(
            f"{root}: the stage `{stage}` is not finished; run it (python -m temnet.run "
            f"{root / SETTINGS_FILE} --stage {stage})."
        )
    return record


def _check_whole(root: Path, trained: Record) -> None:
    """Whether a training is as it was written, after all checks that can say more of it.

    Scores are made again by whoever publishes them, which tells more than a checksum.
    """
    stage = train.STAGE.name
    wrong = damage_of(root, stage, trained)
    if wrong is not None:
        raise InputError(f"{root / stage}: the result is damaged: {wrong}; run `{stage}` again.")


def _again(root: Path) -> str:
    """How the scores are made again."""
    command = f"python -m temnet.run {root / SETTINGS_FILE} --stage evaluate --overwrite"
    return f"run it again ({command})"


def _check_settings(root: Path, trained: Record, scored: Record) -> None:
    """Whether the scores are of the training's settings and of those of the run now."""
    same = {
        key: {name: scored.settings.get(key, {}).get(name) for name in value}
        if key in TOP_LEVEL_SECTIONS
        else scored.settings.get(key)
        for key, value in trained.settings.items()
    }
    if same != trained.settings:
        raise InputError(
            f"{root}: the stage `evaluate` has scored another network than the stage `train` has "
            f"made ({differences(same, trained.settings)}); {_again(root)}."
        )
    _check_evaluation(root, scored)


def _check_evaluation(root: Path, scored: Record) -> None:
    """Whether the scores were made with the run's settings as they are now."""
    experiment = load_experiment(root / SETTINGS_FILE)
    wanted = experiment.evaluation.model_dump(mode="json")
    wanted = plain({**wanted, "networks": fingerprints(experiment.evaluation.networks)})
    if wanted != scored.settings["evaluation"]:
        changes = differences(scored.settings["evaluation"], wanted)
        raise InputError(
            f"{root}: the stage `evaluate` was run with other settings than those of the run now "
            f"({changes}); {_again(root)}."
        )


def _check_images(root: Path, scored: Record, network: Network) -> None:
    """Whether a network was scored on images like those that it was taught on."""
    own = plain(simulate.settings(network.experiment))
    sections = [name for name in own if name != "data"]
    before, after = (
        {name: values.get(name) for name in sections} for values in (scored.settings, own)
    )
    if before != after:
        raise InputError(
            f"{root}: the stage `evaluate` has scored {network.name} on other images than those "
            f"of its own experiment ({differences(before, after)}); score it with that one."
        )


def _scores(root: Path, folder: Path, network: Network) -> Scores:
    """The scores of this very network, which comes first in them."""
    own = network.card.sha256
    scores = read_scores(RunResults(root, root / "report", network.experiment))
    checksums = {} if scores is None else scores.summary.sha256
    names = [name for name, checksum in checksums.items() if checksum == own]
    if scores is None or not names:
        said = " and ".join(f"{checksum[:12]}…" for checksum in checksums.values()) or "none"
        raise InputError(
            f"{root}: the stage `evaluate` has not scored the network in {folder} (sha256 of those "
            f"it has scored: {said}, of this one: {own[:12]}…); {_again(root)}."
        )
    scores = scores.seen_from(names[0])
    card, first = network.card, scores.first
    if (first.threshold, first.score_calibration) != (card.threshold, card.score_calibration):
        raise InputError(
            f"{root}: the stage `evaluate` has scored the network with another threshold or "
            f"another calibration of scores than its card has; {_again(root)}."
        )
    return scores


def _portable(network: Experiment, evaluation: Evaluation, start: str | None) -> Experiment:
    """Settings without where things lie on this machine."""
    data = network.data.model_copy(update={"folder": None, "scheduler": None})
    training = network.training.model_copy(update={"start_from": start})
    return network.model_copy(update={"data": data, "training": training, "evaluation": evaluation})
