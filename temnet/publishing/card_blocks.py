"""The blocks ``cost`` and ``validation`` of a network's card, from a finished run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.card import Cost, EarlierCost
from temnet.config.card_scores import Comparison, CurvePoint, Curves, ValidationScores
from temnet.config.loading import load_experiment
from temnet.errors import InputError
from temnet.evaluation.score_curves import MACRO_ROW, CurveRow
from temnet.evaluation.scores import LOCALISATION, SPECIES
from temnet.evaluation.summary import NetworkPair
from temnet.models.network_folders import SETTINGS_FILE, find_network, read_card
from temnet.publishing.training_cost import planned_cost, training_cost
from temnet.reporting.score_results import Scores
from temnet.score_records import Difference
from temnet.stages import train
from temnet.tables.csv_tables import read_table
from temnet.workflow.folder import read_record

DIFFERENCE = [one.name for one in fields(Difference)]


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


def validation_scores(scores: Scores, evaluation: Evaluation) -> ValidationScores:
    """The first network's validation scores: its part of summary.json, curves and comparisons."""
    name, summary = next(iter(scores.networks.items()))
    any_class = summary.classes[LOCALISATION]
    peaks = any_class.peaks
    confusion: dict[str, dict[str, int]] = {}
    for row in scores.confusion(name):
        confusion.setdefault(row.true_class, {})[row.found_class] = row.columns
    return ValidationScores(
        **vars(summary),
        split=scores.summary.split,
        radius=evaluation.radius,
        border=evaluation.border,
        false_positive_share=any_class.false_positives / peaks if peaks else math.nan,
        confusion=confusion,
        curves=Curves(
            drawn=curve_points(scores.table("dependence", CurveRow), name),
            sweep=curve_points(scores.table("sweep", CurveRow), name),
        ),
        paired=[
            _comparison(pair.swapped(), scores)
            for pair in scores.summary.paired
            if not is_earlier(pair.second, name)
        ],
    )


def is_earlier(name: str, own: str) -> bool:
    """Whether a network, "OWN (2)" in the scores, is the one that the published one replaces."""
    return name.startswith(f"{own} (")


def curve_points(rows: Sequence[CurveRow], network: str) -> list[CurvePoint]:
    """The points of one network's curves.

    Args:
        rows: Rows of dependence.csv or sweep.csv, one for each point and class.
        network: Name of the network in them.
    """
    points: dict[tuple[str, float], CurvePoint] = {}
    for row in rows:
        if row.network != network:
            continue
        key = row.parameter, row.middle
        point = points.get(key) or CurvePoint(
            parameter=row.parameter,
            low=row.low,
            middle=row.middle,
            high=row.high,
            images=row.images,
        )
        if row.class_ == MACRO_ROW:
            point = replace(point, f1=row.f1, f1_low=row.f1_low, f1_high=row.f1_high)
        elif row.class_ == LOCALISATION:
            point = replace(
                point,
                rms_error_pm=row.rms_error_pm,
                error_low_pm=row.error_low_pm,
                error_high_pm=row.error_high_pm,
            )
        elif row.class_ != SPECIES:
            point = replace(point, classes={**point.classes, row.class_: row.f1})
        points[key] = point
    return list(points.values())


def _comparison(pair: NetworkPair, scores: Scores) -> Comparison:
    """A pair of networks on the card of its second one: the second minus the first."""
    other = scores.networks[pair.first]
    return Comparison(
        network=pair.first,
        sha256=scores.summary.sha256[pair.first],
        macro_f1=other.macro_f1,
        interval=other.intervals.macro_f1,
        **{name: getattr(pair, name) for name in DIFFERENCE},
    )
