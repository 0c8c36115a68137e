"""Stage `evaluate`: scores networks on examples that nothing was chosen by."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from temnet.config.experiment import Experiment
from temnet.config.user_function import left_out
from temnet.csv_tables import SCORE_FIELDS, write_table
from temnet.data.cluster import open_workers
from temnet.data.store import open_set
from temnet.data.sweep import sweep_examples
from temnet.evaluation.conditions import conditions
from temnet.evaluation.evaluate import look
from temnet.evaluation.image_result import ImageResult, score_rows
from temnet.evaluation.limits.cramer_rao import (
    bound_rows,
    bounds_in_example,
    chosen_columns,
    ratio_to_bound,
)
from temnet.evaluation.metrics import tally
from temnet.evaluation.paired import paired_difference
from temnet.evaluation.precision_recall import LOWEST_THRESHOLD
from temnet.evaluation.score_curves import curve_rows
from temnet.evaluation.scores_by_atom_count import height_rows
from temnet.inference.score_calibration import ENTRY
from temnet.models.checkpoint import CARD_FILE, Network, read_card
from temnet.randomness import generator
from temnet.reporting.run_results import read_json
from temnet.reporting.score_tables import (
    BOUND_FIELDS,
    CONDITION_FIELDS,
    CONFUSION_FIELDS,
    CURVE_FIELDS,
    HEIGHT_FIELDS,
    RELIABILITY_FIELDS,
    THRESHOLD_FIELDS,
)
from temnet.reporting.snapshots import Picture, write_pictures
from temnet.stages import simulate, train
from temnet.stages.compared_networks import check_networks, competitors, fingerprints, trains
from temnet.stages.ideal import ideal_observer
from temnet.stages.network_scores import Assessment, Rows, assess, plain_values
from temnet.stages.stored_sets import check_sets, examples, missing_examples, split_folder
from temnet.system.files import replace_file
from temnet.workflow.stage import Progress, Stage

SPLIT = "validation"

TABLES = {
    "scores": SCORE_FIELDS,
    "confusion": CONFUSION_FIELDS,
    "thresholds": THRESHOLD_FIELDS,
    "reliability": RELIABILITY_FIELDS,
    "dependence": CURVE_FIELDS,
}
"""Tables with the rows of every network, and their columns."""


def settings(experiment: Experiment) -> dict[str, Any]:
    """What the scores depend on; the networks by their content."""
    values = train.settings(experiment) if trains(experiment) else simulate.settings(experiment)
    data = cast(Mapping[str, object], values["data"])
    evaluation = experiment.evaluation.model_dump(mode="json")
    return {
        **values,
        "data": {**data, SPLIT: experiment.data.count(SPLIT)},
        "evaluation": {**evaluation, "networks": fingerprints(experiment)},
    }


def requires_also(experiment: Experiment) -> tuple[str, ...]:
    """The stage `train`, unless only networks that are there already are scored."""
    return ("train",) if trains(experiment) else ()


def check(experiment: Experiment) -> None:
    """Whether the networks that were named fit, and the images can be made.

    Raises:
        InputError: It is not so.
    """
    check_networks(experiment)
    check_sets(experiment, [SPLIT])
    if missing_examples(experiment, SPLIT):
        simulate.check_specimens(experiment.simulation)


def run(experiment: Experiment, root: Path, folder: Path, inputs: None, progress: Progress) -> None:
    """Writes the tables, summary.json and a few images with true and found columns.

    Images that are not there yet are made first.
    """
    if missing_examples(experiment, SPLIT):
        simulate.make_set(experiment, SPLIT, progress)
    networks = competitors(experiment, root)
    looked = _look(experiment, networks, progress)
    assessed = {
        name: assess(name, _threshold(network), looked[name], experiment)
        for name, network in networks.items()
    }
    for table, fields in TABLES.items():
        rows = [row for one in assessed.values() for row in one.tables[table]]
        write_table(folder / f"{table}.csv", rows, fields)
    first = next(iter(looked.values()))
    write_table(folder / "conditions.csv", _condition_rows(first), CONDITION_FIELDS)
    ratios = _cramer_rao(experiment, networks, looked, folder, progress)
    _series(experiment, networks, folder, progress)
    summaries = {
        name: {**one.summary, **ratios.get(name, {}), ENTRY: _calibration(networks[name])}
        for name, one in assessed.items()
    }
    values = {
        "split": SPLIT,
        "networks": summaries,
        "sha256": {name: network.card.sha256 for name, network in networks.items()},
        "paired": _paired(assessed, experiment.seed),
    }
    if experiment.evaluation.ideal_observer is not None:
        values["ideal_observer"] = ideal_observer(experiment, SPLIT, first, folder, progress)
    text = json.dumps(plain_values(values), indent=1) + "\n"
    replace_file(folder / "summary.json", text.encode())
    chosen = telling_images(next(iter(assessed.values())).images.image_f1())
    write_pictures(folder / "examples.npz", _pictures(experiment, networks, looked, chosen))


def _calibration(network: Network) -> dict[str, float] | None:
    own = network.card.score_calibration
    return None if own is None else asdict(own)


def _threshold(network: Network) -> float:
    return network.card.threshold


def _look(
    experiment: Experiment, networks: Mapping[str, Network], progress: Progress
) -> dict[str, list[ImageResult]]:
    """What each network finds in each image, down to a low score."""
    reuse = experiment.data.exit_wave_reuse
    found: dict[str, list[ImageResult]] = {name: [] for name in networks}
    with progress("evaluate", experiment.data.count(SPLIT)) as done:
        for index, example in enumerate(examples(experiment, SPLIT)):
            for name, network in networks.items():
                lowest = min(LOWEST_THRESHOLD, _threshold(network))
                found[name].append(look(network, index, example, lowest, reuse))
            done(1)
    return found


def _condition_rows(looked: Sequence[ImageResult]) -> Rows:
    return [
        {"index": image.index, "specimen": image.specimen, **conditions(image.parameters)}
        for image in looked
    ]


def _paired(assessed: Mapping[str, Assessment], seed: int) -> Rows:
    """The first network against each of the others, image by image."""
    (first, reference), *others = assessed.items()
    rows = []
    for second, other in others:
        found = paired_difference(
            reference.images.image_f1(),
            other.images.image_f1(),
            reference.images.specimen,
            generator(seed, "evaluation/paired"),
        )
        rows.append({"first": first, "second": second, **found})
    return rows


def _series(
    experiment: Experiment, networks: Mapping[str, Network], folder: Path, progress: Progress
) -> None:
    """Writes series.csv, scores with one parameter at fixed values, and by height heights.csv."""
    series = experiment.evaluation.series
    if series is None:
        return
    looked: dict[tuple[str, str, float], list[ImageResult]] = defaultdict(list)
    swept = sweep_examples(experiment.simulation, series, experiment.data, SPLIT)
    with progress("series", series.structures * len(series.values)) as done:
        for specimen, parameter, value, example in swept:
            for name, network in networks.items():
                key = (name, parameter, value)
                looked[key].append(look(network, specimen, example, _threshold(network)))
            done(1)
    classes, rows, by_height = experiment.class_names, [], []
    for (name, parameter, value), images in looked.items():
        scored = score_rows(images, classes, experiment.evaluation)
        counts = tally(scored, classes, {image.index: image.specimen for image in images})
        place = {"parameter": parameter, "low": value, "middle": value, "high": value}
        rng = generator(experiment.seed, "evaluation/series")
        rows += [{"network": name, **row} for row in curve_rows(counts, place, rng)]
        higher = height_rows(images, classes, experiment.evaluation, place, experiment.seed)
        by_height += [{"network": name, **row} for row in higher]
    write_table(folder / "series.csv", rows, CURVE_FIELDS)
    if series.heights:
        write_table(folder / "heights.csv", by_height, HEIGHT_FIELDS)


def _cramer_rao(
    experiment: Experiment,
    networks: Mapping[str, Network],
    looked: Mapping[str, Sequence[ImageResult]],
    folder: Path,
    progress: Progress,
) -> dict[str, dict[str, Any]]:
    """Writes cramer_rao.csv, and returns what each network's summary says of it."""
    wanted, settings = experiment.evaluation.cramer_rao, experiment.evaluation
    if wanted is None:
        return {}
    first = next(iter(looked.values()))
    spread = first[:: -(-len(first) // wanted.images)]
    columns = {
        image.index: chosen_columns(image, settings, experiment.seed, wanted.columns)
        for image in spread
    }
    jobs = [(experiment.simulation, index, SPLIT, places) for index, places in columns.items()]
    bounds: dict[int, np.ndarray] = {}
    with progress("Cramér-Rao bound", len(jobs)) as done, open_workers(experiment.data) as workers:
        results = workers.in_order(bounds_in_example, jobs)
        for (_, index, *_), bound in zip(jobs, results, strict=True):
            bounds[index] = bound
            done(1)
    rows, ratios = [], {}
    for name, network in networks.items():
        own: Rows = []
        for index, places in columns.items():
            image = looked[name][index].above(_threshold(network))
            own += bound_rows(image, places, bounds[index], experiment.class_names, settings)
        ratio = ratio_to_bound(own, generator(experiment.seed, "evaluation/cramer_rao"))
        ratios[name] = {"cramer_rao": ratio}
        rows += [{"network": name, **row} for row in own]
    write_table(folder / "cramer_rao.csv", rows, BOUND_FIELDS)
    return ratios


def telling_images(f1: np.ndarray) -> dict[str, int]:
    """Images to be shown, by what they are.

    Args:
        f1: (N,) of each image; NaN is left out.

    Returns:
        Indices, each once: the worst, that at the lowest tenth (weak), the median and the best.

    >>> telling_images(np.array([0.5, 1.0, np.nan, 0.1, 0.7]))
    {'worst': 3, 'median': 4, 'best': 1}
    """
    order = [int(i) for i in np.argsort(f1, kind="stable") if np.isfinite(f1[i])]
    if not order:
        return {}
    count = len(order)
    picks = {"worst": 0, "best": count - 1, "median": count // 2, "weak": count // 10}
    found: dict[str, int] = {}
    for name, place in picks.items():
        if order[place] not in found.values():
            found[name] = order[place]
    return {name: found[name] for name in ("worst", "weak", "median", "best") if name in found}


def _pictures(
    experiment: Experiment,
    networks: Mapping[str, Network],
    looked: Mapping[str, Sequence[ImageResult]],
    chosen: Mapping[str, int],
) -> list[Picture]:
    """Each image once for each network, with what that network found in it."""
    stored = open_set(split_folder(experiment, SPLIT))
    pictures = []
    for kind, index in chosen.items():
        (picture,) = simulate.pictures({index: stored.example(index)})
        picture = replace(picture, caption=f"{kind}: {picture.caption}")
        for name, network in networks.items():
            peaks = looked[name][index].above(_threshold(network)).peaks
            pictures.append(
                replace(picture, found_positions=peaks.positions, found_class=peaks.class_index)
            )
    return pictures


def intact(experiment: Experiment, root: Path) -> bool:
    """Whether the scores are of the network that lies in the run folder, where one was trained."""
    if not trains(experiment):
        return True
    network, summary = root / train.STAGE.name / train.NETWORK, root / STAGE.name / "summary.json"
    if not (network / CARD_FILE).is_file() or not summary.is_file():
        return False
    scored = read_json(summary).get("sha256", {})
    return next(iter(scored.values()), None) == read_card(network).sha256


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """Which examples are scored, and what else is simulated for it."""
    evaluation, further = experiment.evaluation, missing_examples(experiment, SPLIT)
    lines = [f"{experiment.data.count(SPLIT)} examples of {SPLIT}, radius {evaluation.radius:g} Å"]
    if further:
        lines.append(f"{further} of them missing; this stage simulates them if no other does")
    if evaluation.networks:
        lines.append(f"networks: {', '.join(evaluation.networks)}")
    if evaluation.series is not None:
        further += evaluation.series.structures * len(evaluation.series.values)
        lines.append(
            f"series: {len(evaluation.series.values)} images of each of "
            f"{evaluation.series.structures} specimens"
        )
    if evaluation.cramer_rao is not None:
        wanted = evaluation.cramer_rao
        further += wanted.images * (1 + 4 * wanted.columns)
        lines.append(f"Cramér-Rao bound of {wanted.columns} columns in {wanted.images} images")
    if evaluation.ideal_observer is not None:
        asked, classes = evaluation.ideal_observer, len(experiment.class_names)
        # Each column takes one image for each other class and one without it.
        further += asked.images * (1 + asked.columns * classes * classes)
        lines.append(
            f"ideal observer: {asked.columns} columns of each class in {asked.images} images"
        )
    if further and not left_out(experiment.structure):
        workers = max(experiment.data.workers, 1)
        hours = further * simulate.seconds_per_example(experiment.simulation) / workers / 3600
        lines.append(f"time: at most about {simulate.duration(hours)} to simulate these")
    return lines


STAGE = Stage(
    name="evaluate",
    requires=(),
    settings=settings,
    check=check,
    run=run,
    describe=describe,
    intact=intact,
    requires_also=requires_also,
)
