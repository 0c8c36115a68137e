"""A finished run, checked, and the entries of its network's card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.card import Cost
from temnet.config.card_scores import ValidationScores
from temnet.config.differences import differences
from temnet.config.experiment import Experiment
from temnet.config.loading import load_experiment
from temnet.errors import InputError
from temnet.models.checkpoint import load_network
from temnet.models.network import Network
from temnet.models.network_folders import find_network
from temnet.publishing.card_blocks import cost_of, is_earlier, validation_scores
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
    """A network of a run and its scores.

    Attributes:
        root: The run folder.
        folder: The network's folder.
        network: The network.
        scores: The scores of the stage `evaluate`; the network's own first.
        experiment: The network's settings without folders of this machine.
        validation: The block ``validation`` of its card.
        cost: The block ``cost`` of its card; None if unknown.
    """

    root: Path
    folder: Path
    network: Network
    scores: Scores
    experiment: Experiment
    validation: ValidationScores
    cost: Cost | None


def network_folder(root: Path) -> Path:
    """The folder of a run's network."""
    return root / train.STAGE.name / train.NETWORK


def read_runs(root: Path) -> list[FinishedRun]:
    """The network that a run trained or, in a run without a training, each one that it scored.

    Raises:
        InputError: If the run does not exist, a stage is missing or not finished, or the scores are
            of other settings, other images or another network.
    """
    if not (root / SETTINGS_FILE).is_file():
        raise InputError(f"{root}: this is not a run folder; give the folder of a run (runs/NAME).")
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
    """The network in a folder with its scores in a run."""
    network = load_network(folder)
    scores = _scores(root, folder, network)
    cost = cost_of(folder)
    own, *others = scores.networks
    names = tuple(name for name in others if not is_earlier(name, own))
    settings = {**scored.settings["evaluation"], "networks": names}
    start = None if cost is None or cost.start is None else cost.start.network
    experiment = _portable(network.experiment, Evaluation.model_validate(settings), start)
    validation = validation_scores(scores, experiment.evaluation)
    return FinishedRun(root, folder, network, scores, experiment, validation, cost)


def _finished(root: Path, stage: str) -> Record:
    """The record of a finished stage."""
    record = read_record(root, stage)
    if record is None or record.status != DONE:
        raise InputError(
            f"{root}: the stage `{stage}` is not finished; run it (python -m temnet.run "
            f"{root / SETTINGS_FILE} --stage {stage})."
        )
    return record


def _check_whole(root: Path, trained: Record) -> None:
    """Checks that no file of a training was changed, after the checks with clearer messages.

    Scores need no checksum: publishing computes them again.
    """
    stage = train.STAGE.name
    damage = damage_of(root, stage, trained)
    if damage is not None:
        raise InputError(f"{root / stage}: the result is damaged: {damage}; run `{stage}` again.")


def _again(root: Path, *settings: str) -> str:
    """The command that computes the scores again, with some settings changed."""
    command = f"python -m temnet.run {root / SETTINGS_FILE} --stage evaluate --overwrite"
    return f"run it again ({' --set '.join([command, *settings])})"


def _check_settings(root: Path, trained: Record, scored: Record) -> None:
    """Checks that the scores have the training's settings and the run's present ones."""
    same = {
        key: {name: scored.settings.get(key, {}).get(name) for name in value}
        if key in TOP_LEVEL_SECTIONS
        else scored.settings.get(key)
        for key, value in trained.settings.items()
    }
    if same != trained.settings:
        raise InputError(
            f"{root}: the stage `evaluate` has scored another network than that of the stage "
            f"`train` ({differences(same, trained.settings)}); {_again(root)}."
        )
    _check_evaluation(root, scored)


def _check_evaluation(root: Path, scored: Record) -> None:
    """Checks that the scores have the run's present settings."""
    experiment = load_experiment(root / SETTINGS_FILE)
    wanted = experiment.evaluation.model_dump(mode="json")
    wanted = plain({**wanted, "networks": fingerprints(experiment.evaluation.networks)})
    if wanted != scored.settings["evaluation"]:
        changes = differences(scored.settings["evaluation"], wanted)
        raise InputError(
            f"{root}: the stage `evaluate` was run with other settings than the run has now "
            f"({changes}); {_again(root)}."
        )


def _check_images(root: Path, scored: Record, network: Network) -> None:
    """Checks that a network was scored on images like those of its training."""
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
    """The scores of a run with this very network first."""
    own = network.card.sha256
    scores = read_scores(RunResults(root, root / "report", network.experiment))
    checksums = {} if scores is None else scores.summary.sha256
    names = [name for name, checksum in checksums.items() if checksum == own]
    if scores is None or not names:
        scored = " and ".join(f"{checksum[:12]}…" for checksum in checksums.values()) or "none"
        raise InputError(
            f"{root}: the stage `evaluate` has not scored the network in {folder} (sha256 of those "
            f"it has scored: {scored}, of this one: {own[:12]}…); {_again(root)}."
        )
    scores = scores.seen_from(names[0])
    card, first = network.card, scores.first
    if (first.threshold, first.score_calibration) != (card.threshold, card.score_calibration):
        raise InputError(
            f"{root}: the stage `evaluate` has scored the network with another threshold or "
            "another calibration of scores than its card has; "
            f"{_again(root, 'evaluation.threshold=card')}."
        )
    return scores


def _portable(network: Experiment, evaluation: Evaluation, start: str | None) -> Experiment:
    """Settings without folders of this machine."""
    data = network.data.model_copy(update={"folder": None, "scheduler": None})
    training = network.training.model_copy(update={"start_from": start})
    return network.model_copy(update={"data": data, "training": training, "evaluation": evaluation})
