"""The blocks of a network's card on what its training has cost and how well it does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from temnet.config.card import Cost, EarlierCost
from temnet.config.experiment import Experiment
from temnet.config.loading import load_experiment
from temnet.csv_tables import read_table
from temnet.errors import InputError
from temnet.evaluation.metrics import MACRO
from temnet.evaluation.score_curves import MACRO_ROW, CurveRow
from temnet.evaluation.scores import LOCALISATION, SPECIES
from temnet.evaluation.summary import NetworkPair
from temnet.json_records import as_values
from temnet.models.checkpoint import SETTINGS_FILE, find_network, read_card
from temnet.publishing.training_cost import planned_cost, training_cost
from temnet.reporting.figures.condition_figures import ERROR_KEYS, F1_KEYS
from temnet.reporting.score_results import Scores
from temnet.stages import train
from temnet.workflow.folder import read_record


def cost_of(folder: Path) -> Cost | None:
    """The cost of a training, with that of the network that it started from.

    Args:
        folder: A network's folder, published or in a run.

    Returns:
        The cost on its card; without one, that of the run's log, or of its settings.
    """
    card = read_card(folder)
    if card.cost is not None:
        return card.cost
    experiment, log = load_experiment(folder / SETTINGS_FILE), folder.parent / "log.csv"
    if not log.is_file():
        return planned_cost(experiment.data, experiment.training)
    seconds = [float(row.get("seconds", math.nan)) for row in read_table(log)]
    cost = training_cost(experiment.data, experiment.training, seconds)
    start = experiment.training.start_from
    if start is None:
        return cost
    trained = read_record(folder.parents[1], train.STAGE.name)
    checksum = None if trained is None else trained.settings["start_from"]
    return replace(cost, start=_start(start, checksum))


def _start(name: str, checksum: str | None) -> EarlierCost:
    """The network that a training started from, and the cost of its own training."""
    try:
        folder = find_network(name)
        card = read_card(folder)
        same = card.sha256 == checksum
    except InputError:  # it was deleted since
        same = False
    if not same:
        return EarlierCost(network=Path(name).name, sha256=checksum)
    cost = cost_of(folder)
    return EarlierCost(
        network=card.name,
        sha256=checksum,
        images_seen=None if cost is None else cost.total_images_seen(),
        seconds=None if cost is None else cost.total_seconds(),
    )


def validation_block(scores: Scores, experiment: Experiment) -> dict[str, Any]:
    """The block ``validation``: the network's part of summary.json, its curves and pairs."""
    name, summary = next(iter(scores.networks.items()))
    any_class = summary.classes[LOCALISATION]
    curves = {"drawn": curve_points(scores.table("dependence", CurveRow), name)}
    if scores.has("sweep"):
        curves["series"] = curve_points(scores.table("sweep", CurveRow), name)
    confusion: dict[str, dict[str, int]] = {}
    for row in scores.confusion(name):
        confusion.setdefault(row.true_class, {})[row.found_class] = row.columns
    return {
        "split": scores.summary.split,
        "radius": experiment.evaluation.radius,
        "border": experiment.evaluation.border,
        **as_values(summary),
        "invented_share": any_class.false_positives / any_class.peaks if any_class.peaks else None,
        "confusion": confusion,
        "curves": curves,
        "paired": [
            _difference(pair, scores)
            for pair in scores.summary.paired
            if not is_earlier(pair.second, name)
        ],
    }


def is_earlier(name: str, own: str) -> bool:
    """Whether a network, "OWN (2)" in the scores, is what the published one replaces."""
    return name.startswith(f"{own} (")


def curve_points(rows: Sequence[CurveRow], network: str) -> list[dict[str, Any]]:
    """The points of one network's curves.

    Args:
        rows: Of dependence.csv or sweep.csv.
        network: Its name there.

    Returns:
        For each value of each parameter ``parameter``, ``low``, ``middle``, ``high``, ``images``,
        the mean F1 over the classes with its interval (``f1``, ``f1_low``, ``f1_high``), the
        position error of any class with its interval, and the F1 of all ``classes``.
    """
    place = ("parameter", "low", "middle", "high", "images")
    points: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        if row.network != network:
            continue
        key = tuple(getattr(row, name) for name in place)
        point = points.setdefault(key, {**dict(zip(place, key, strict=True)), "classes": {}})
        if row.class_ == MACRO_ROW:
            point.update({name: getattr(row, name) for name in F1_KEYS})
        elif row.class_ == LOCALISATION:
            point.update({name: getattr(row, name) for name in ERROR_KEYS})
        elif row.class_ != SPECIES:
            point["classes"][row.class_] = row.f1
    return list(points.values())


def _difference(pair: NetworkPair, scores: Scores) -> dict[str, Any]:
    """A pair of networks as the first one's card has it: this network minus the other one."""
    other, back = as_values(scores.networks[pair.second]), as_values(pair.swapped())
    names = ("images", "specimens", "mean", "low", "high", "better", "worse", "p")
    return {
        "network": pair.second,
        "sha256": scores.summary.sha256[pair.second],
        MACRO: other[MACRO],
        "interval": other["intervals"][MACRO],
        **{name: back[name] for name in names},
    }
