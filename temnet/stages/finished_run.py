"""A finished run, checked, and what it tells of its network for the network's card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from temnet.config.analysis import Evaluation
from temnet.config.differences import differences
from temnet.config.experiment import Experiment
from temnet.config.loading import load_experiment
from temnet.errors import InputError
from temnet.evaluation.dependence import MACRO_ROW
from temnet.evaluation.scores import LOCALISATION, SPECIES
from temnet.evaluation.tally import MACRO
from temnet.inference.score_calibration import ENTRY
from temnet.models.checkpoint import SETTINGS_FILE as NETWORK_SETTINGS
from temnet.models.checkpoint import Network, find_network, load_network, read_card
from temnet.reporting.score_source import FOLDER, Scores, read_scores
from temnet.reporting.source import Source
from temnet.reporting.tables import Row, read_table
from temnet.reporting.training_cost import planned_cost, total, training_cost
from temnet.stages import evaluate, train
from temnet.stages.assessment import plain_values
from temnet.stages.competitors import fingerprints
from temnet.stages.folder import DONE, SETTINGS_FILE, Record, plain, read_record

TOP_LEVEL_SECTIONS = ("data", "evaluation")
"""Sections of which the stage `evaluate` depends on more than `train` does."""


@dataclass(frozen=True)
class FinishedRun:
    """A run whose network was trained and scored.

    Attributes:
        root: The run folder.
        network: Its network.
        scores: What the stage `evaluate` has left; the network's own first.
        experiment: The network's settings, as they may travel: without folders of this machine.
        entries: The blocks ``validation`` and ``cost`` of its card.
    """

    root: Path
    network: Network
    scores: Scores
    experiment: Experiment
    entries: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """Where its network lies."""
        return network_folder(self.root)


def network_folder(root: Path) -> Path:
    """Where a run keeps its network."""
    return root / train.STAGE.name / train.NETWORK


def read_run(root: Path) -> FinishedRun:
    """A finished run.

    Raises:
        InputError: The run is not there, a stage is missing or was not finished, or what the stage
            `evaluate` has left is of other settings or of another network.
    """
    if not (root / SETTINGS_FILE).is_file():
        raise InputError(f"{root}: this is no run folder; give the folder of a run (runs/NAME).")
    trained = _finished(root, train.STAGE.name)
    scored = _finished(root, evaluate.STAGE.name)
    _check_settings(root, trained, scored)
    network = load_network(network_folder(root))
    scores = _scores(root, network)
    cost = cost_of(network_folder(root))
    own, *others = scores.networks
    names = tuple(name for name in others if not _is_earlier(name, own))
    settings = {**scored.settings["evaluation"], "networks": names}
    start = cost.get("start", {}).get("network")
    experiment = _portable(network.config, Evaluation.model_validate(settings), start)
    entries = {"validation": _validation(scores, experiment), "cost": cost}
    return FinishedRun(root, network, scores, experiment, plain_values(entries))


def _finished(root: Path, stage: str) -> Record:
    """What a finished stage says of itself."""
    record = read_record(root, stage)
    if record is None or record.status != DONE:
        raise InputError(
            f"{root}: the stage `{stage}` is not finished; run it (python -m temnet.run "
            f"{root / SETTINGS_FILE} --stage {stage})."
        )
    return record


def _check_settings(root: Path, trained: Record, scored: Record) -> None:
    """Whether the scores are of the training's settings and of those of the run now."""
    again = (
        f"run it again (python -m temnet.run {root / SETTINGS_FILE} --stage evaluate --overwrite)"
    )
    same = {
        key: {name: scored.settings.get(key, {}).get(name) for name in value}
        if key in TOP_LEVEL_SECTIONS
        else scored.settings.get(key)
        for key, value in trained.settings.items()
    }
    if same != trained.settings:
        raise InputError(
            f"{root}: the stage `evaluate` has scored another network than the stage `train` has "
            f"made ({differences(same, trained.settings)}); {again}."
        )
    experiment = load_experiment(root / SETTINGS_FILE)
    wanted = experiment.evaluation.model_dump(mode="json")
    wanted = plain({**wanted, "networks": fingerprints(experiment)})
    if wanted != scored.settings["evaluation"]:
        changes = differences(scored.settings["evaluation"], wanted)
        raise InputError(
            f"{root}: the stage `evaluate` was run with other settings than those of the run now "
            f"({changes}); {again}."
        )


def _scores(root: Path, network: Network) -> Scores:
    """The scores of this very network."""
    scores = read_scores(Source(root, root / "report", network.config))
    checksum = None if scores is None else next(iter(scores.checksums.values()), None)
    if scores is None or checksum != network.card["sha256"]:
        said = "none" if checksum is None else f"{checksum[:12]}…"
        raise InputError(
            f"{root}: the stage `evaluate` has not scored the network that lies in the run (sha256 "
            f"of the scored one: {said}, of this one: {network.card['sha256'][:12]}…); run it "
            f"again (python -m temnet.run {root / SETTINGS_FILE} --stage evaluate --overwrite)."
        )
    summary = next(iter(scores.networks.values()))
    if any(summary.get(key) != network.card.get(key) for key in ("threshold", ENTRY)):
        raise InputError(
            f"{root}: the stage `evaluate` has scored the network with another threshold or "
            "another calibration of scores than its card has; run it again (python -m temnet.run "
            f"{root / SETTINGS_FILE} --stage evaluate --overwrite)."
        )
    return scores


def _portable(network: Experiment, evaluation: Evaluation, start: str | None) -> Experiment:
    """Settings without where things lie on this machine."""
    data = network.data.model_copy(update={"folder": None, "scheduler": None})
    training = network.training.model_copy(update={"start_from": start})
    return network.model_copy(update={"data": data, "training": training, "evaluation": evaluation})


def cost_of(folder: Path) -> dict[str, Any]:
    """What the training of a network has cost, with that of the network that it began with.

    Args:
        folder: A network's folder, published or in a run.

    Returns:
        The block ``cost`` of its card, else what the run's log tells, else what its settings do.
    """
    card = read_card(folder)
    if "cost" in card:
        return card["cost"]
    experiment, log = load_experiment(folder / NETWORK_SETTINGS), folder.parent / "log.csv"
    if not log.is_file():
        return planned_cost(experiment)
    cost, start = training_cost(experiment, read_table(log)), experiment.training.start_from
    if start is None:
        return cost
    trained = read_record(folder.parents[1], train.STAGE.name)
    checksum = None if trained is None else trained.settings["start_from"]
    return {**cost, "start": _start(start, checksum)}


def _start(name: str, checksum: str | None) -> dict[str, Any]:
    """The network that a training began with, and what that one's training has cost in all."""
    try:
        folder = find_network(name)
        card = read_card(folder)
        same = card["sha256"] == checksum
    except InputError:  # it is not there any more
        same = False
    cost = cost_of(folder) if same else {}
    totals = {key: total(cost, key) for key in ("presentations", "seconds")}
    return {"network": card["name"] if same else Path(name).name, "sha256": checksum, **totals}


def _validation(scores: Scores, experiment: Experiment) -> dict[str, Any]:
    """The block ``validation``: the network's part of summary.json, its curves and pairs."""
    name, summary = next(iter(scores.networks.items()))
    place = summary["classes"][LOCALISATION]
    peaks = place["true_positives"] + place["false_positives"]
    curves = {"drawn": curve_points(scores.table("dependence"), name)}
    if scores.source.has(f"{FOLDER}/series.csv"):
        curves["series"] = curve_points(scores.table("series"), name)
    confusion: dict[str, dict[str, int]] = {}
    for row in scores.table("confusion"):
        if row["network"] == name:
            confusion.setdefault(row["true_class"], {})[row["found_class"]] = row["columns"]
    return {
        "split": scores.split,
        "radius": experiment.evaluation.radius,
        "border": experiment.evaluation.border,
        **summary,
        "invented_share": place["false_positives"] / peaks if peaks else None,
        "confusion": confusion,
        "curves": curves,
        "paired": [
            _difference(pair, scores)
            for pair in scores.paired
            if not _is_earlier(pair["second"], name)
        ],
    }


def _is_earlier(name: str, own: str) -> bool:
    """Whether a network, "OWN (2)" in the scores, is what the published one replaces."""
    return name.startswith(f"{own} (")


def curve_points(rows: Sequence[Row], network: str) -> list[dict[str, Any]]:
    """The points of one network's curves.

    Args:
        rows: Of dependence.csv or series.csv.
        network: Its name there.

    Returns:
        For each value of each parameter ``parameter``, ``low``, ``middle``, ``high``, ``images``,
        the mean F1 over the classes with its interval (``f1``, ``f1_low``, ``f1_high``), the
        position error of any class with its interval, and the F1 of all ``classes``.
    """
    place = ("parameter", "low", "middle", "high", "images")
    points: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        if row["network"] != network:
            continue
        key = tuple(row[name] for name in place)
        point = points.setdefault(key, {**dict(zip(place, key, strict=True)), "classes": {}})
        if row["class"] == MACRO_ROW:
            point.update({name: row[name] for name in ("f1", "f1_low", "f1_high")})
        elif row["class"] == LOCALISATION:
            names = ("rms_error_pm", "error_low_pm", "error_high_pm")
            point.update({name: row[name] for name in names})
        elif row["class"] != SPECIES:
            point["classes"][row["class"]] = row["f1"]
    return list(points.values())


def _difference(pair: Mapping[str, Any], scores: Scores) -> dict[str, Any]:
    """A pair of networks as the first one's card has it: this network minus the other one."""
    other = scores.networks[pair["second"]]
    turned = {
        name: None if pair[source] is None else -pair[source]
        for name, source in (("mean", "mean"), ("low", "high"), ("high", "low"))
    }
    return {
        "network": pair["second"],
        "sha256": scores.checksums[pair["second"]],
        MACRO: other[MACRO],
        "interval": other["intervals"][MACRO],
        "images": pair["images"],
        "specimens": pair["specimens"],
        **turned,
        "better": pair["worse"],
        "worse": pair["better"],
        "p": pair["p"],
    }
