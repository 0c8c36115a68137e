"""Stage `evaluate`: scores networks on held-out examples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from temnet.config.analysis.evaluation import Evaluation
from temnet.config.experiment import Experiment
from temnet.data.cluster import open_workers
from temnet.data.store import open_set
from temnet.data.sweep import sweep_examples
from temnet.evaluation.conditions import ConditionRow, conditions
from temnet.evaluation.evaluate import evaluate_image
from temnet.evaluation.image_result import ImageResult
from temnet.evaluation.limits.cramer_rao import (
    BoundRow,
    bound_rows,
    bounds_in_example,
    chosen_columns,
    ratio_to_bound,
)
from temnet.evaluation.metrics import counts_of
from temnet.evaluation.paired import paired_difference
from temnet.evaluation.precision_recall import LOWEST_THRESHOLD
from temnet.evaluation.score_curves import CurveRow, Point, curve_rows
from temnet.evaluation.scores_by_atom_count import AtomCountRow, atom_count_rows
from temnet.evaluation.summary import SUMMARY_FILE, NetworkPair, Summary
from temnet.models.network import Network
from temnet.models.network_folders import CARD_FILE, read_card
from temnet.randomness import generator
from temnet.reporting.run_results import read_json
from temnet.reporting.snapshots import Picture, write_pictures
from temnet.score_records import BoundRatio
from temnet.stages import simulate, train
from temnet.stages.compared_networks import check_networks, competitors, fingerprints, trains
from temnet.stages.ideal import ideal_observer
from temnet.stages.network_scores import NetworkScores, score_network, write_scores
from temnet.stages.stored_sets import StoredSets
from temnet.structures.user_function import left_out
from temnet.tables.csv_rows import write_rows
from temnet.tables.json_records import write_record
from temnet.workflow.stage import Progress, Stage, Work

SPLIT = "validation"


def settings(experiment: Experiment) -> Mapping[str, object]:
    """The settings that the scores depend on, with the networks' checksums."""
    networks = experiment.evaluation.networks
    stage = train if trains(experiment.stages, networks) else simulate
    values = stage.settings(experiment)
    data = cast(Mapping[str, object], values["data"])
    evaluation = experiment.evaluation.model_dump(mode="json")
    return {
        **values,
        "data": {**data, SPLIT: experiment.data.count(SPLIT)},
        "evaluation": {**evaluation, "networks": fingerprints(networks)},
    }


def requires_also(experiment: Experiment) -> tuple[str, ...]:
    """The stage `train`, unless only existing networks are scored."""
    return ("train",) if trains(experiment.stages, experiment.evaluation.networks) else ()


def check(experiment: Experiment) -> None:
    """Checks that the given networks fit, and that the images can be made.

    Raises:
        InputError: If a network does not fit, or a stored set has other settings.
    """
    sets = StoredSets.of(experiment)
    check_networks(experiment.evaluation.networks, sets.simulation)
    sets.check([SPLIT])
    if sets.missing(SPLIT):
        simulate.check_specimens(sets.simulation)


def run(work: Work[None]) -> None:
    """Writes the tables, summary.json and a few images with true and found columns.

    Missing images are simulated first.
    """
    experiment = work.experiment
    sets = StoredSets.of(experiment)
    if sets.missing(SPLIT):
        simulate.make_set(sets, SPLIT, work.progress)
    evaluation = experiment.evaluation
    trained = trains(experiment.stages, evaluation.networks)
    own = [work.root / train.STAGE.name / train.NETWORK] if trained else []
    networks = competitors([*own, *evaluation.networks], evaluation.threshold)
    results = _find_columns(sets, networks, work.progress)
    scored = _scored(evaluation, sets, networks, results)
    write_scores(list(scored.values()), work.folder)
    first = next(iter(results.values()))
    conditions_of = [
        ConditionRow(image.index, image.specimen, **conditions(image.parameters)) for image in first
    ]
    write_rows(work.folder / "conditions.csv", conditions_of, ConditionRow)
    ratios = _cramer_rao(evaluation, sets, networks, results, work.folder, work.progress)
    _sweep(evaluation, sets, networks, work.folder, work.progress)
    summary = Summary(
        split=SPLIT,
        networks={
            name: replace(
                one.summary,
                cramer_rao=ratios.get(name),
                score_calibration=networks[name].card.score_calibration,
            )
            for name, one in scored.items()
        },
        sha256={name: network.card.sha256 for name, network in networks.items()},
        paired=_paired(scored, experiment.seed),
        ideal_observer=ideal_observer(evaluation, sets, SPLIT, first, work.folder, work.progress),
    )
    write_record(work.folder / SUMMARY_FILE, summary)
    chosen = representative_images(next(iter(scored.values())).images.image_f1())
    write_pictures(work.folder / "examples.npz", _pictures(sets, networks, results, chosen))


def _find_columns(
    sets: StoredSets, networks: Mapping[str, Network], progress: Progress
) -> dict[str, list[ImageResult]]:
    """The columns that each network finds in each image, down to a low score."""
    reuse, classes = sets.simulation.exit_wave_reuse, sets.simulation.labels.classes
    found: dict[str, list[ImageResult]] = {name: [] for name in networks}
    with progress("evaluate", sets.data.count(SPLIT)) as done:
        for index, example in enumerate(sets.examples(SPLIT)):
            for name, network in networks.items():
                lowest = min(LOWEST_THRESHOLD, network.card.threshold)
                found[name].append(evaluate_image(network, index, example, lowest, reuse, classes))
            done(1)
    return found


def _scored(
    settings: Evaluation,
    sets: StoredSets,
    networks: Mapping[str, Network],
    results: Mapping[str, Sequence[ImageResult]],
) -> dict[str, NetworkScores]:
    """The scores of each network."""
    classes, seed = sets.simulation.labels.classes, sets.simulation.seed
    return {
        name: score_network(name, one.card.threshold, results[name], classes, settings, seed)
        for name, one in networks.items()
    }


def _paired(scored: Mapping[str, NetworkScores], seed: int) -> list[NetworkPair]:
    """The first network against each of the others, image by image."""
    (first, reference), *others = scored.items()
    pairs = []
    for second, other in others:
        difference = paired_difference(
            reference.images.image_f1(),
            other.images.image_f1(),
            reference.images.specimen,
            generator(seed, "evaluation/paired"),
        )
        pairs.append(NetworkPair(**vars(difference), first=first, second=second))
    return pairs


def _sweep(
    settings: Evaluation,
    sets: StoredSets,
    networks: Mapping[str, Network],
    folder: Path,
    progress: Progress,
) -> None:
    """Writes sweep.csv, scores with one parameter at fixed values, and atom_counts.csv."""
    sweep, simulation = settings.sweep, sets.simulation
    if sweep is None:
        return
    classes, seed = simulation.labels.classes, simulation.seed
    results: dict[tuple[str, str, float], list[ImageResult]] = defaultdict(list)
    swept = sweep_examples(simulation, sweep, sets.data, SPLIT)
    with progress("sweep", sweep.structures * len(sweep.values)) as done:
        for specimen, parameter, value, example in swept:
            for name, network in networks.items():
                key = (name, parameter, value)
                result = evaluate_image(
                    network, specimen, example, network.card.threshold, class_names=classes
                )
                results[key].append(result)
            done(1)
    rows, by_atom_count = [], []
    for (name, parameter, value), images in results.items():
        point = Point.fixed(parameter, value, name)
        rng = generator(seed, "evaluation/series")
        rows += curve_rows(counts_of(images, classes, settings), point, rng)
        by_atom_count += atom_count_rows(images, classes, settings, point, sweep.atom_counts, seed)
    write_rows(folder / "sweep.csv", rows, CurveRow)
    if sweep.atom_counts:
        write_rows(folder / "atom_counts.csv", by_atom_count, AtomCountRow)


def _cramer_rao(
    settings: Evaluation,
    sets: StoredSets,
    networks: Mapping[str, Network],
    results: Mapping[str, Sequence[ImageResult]],
    folder: Path,
    progress: Progress,
) -> dict[str, BoundRatio]:
    """Writes cramer_rao.csv, and returns each network's part of the summary."""
    wanted, simulation = settings.cramer_rao, sets.simulation
    if wanted is None:
        return {}
    first = next(iter(results.values()))
    spread = first[:: -(-len(first) // wanted.images)]
    columns = {
        image.index: chosen_columns(image, settings, simulation.seed, wanted.columns)
        for image in spread
    }
    jobs = [(simulation, index, SPLIT, positions) for index, positions in columns.items()]
    bounds: dict[int, np.ndarray] = {}
    with progress("Cramér-Rao bound", len(jobs)) as done, open_workers(sets.data) as workers:
        found = workers.in_order(bounds_in_example, jobs)
        for (_, index, *_), bound in zip(jobs, found, strict=True):
            bounds[index] = bound
            done(1)
    rows: dict[str, list[BoundRow]] = {name: [] for name in networks}
    for name, network in networks.items():
        for index, positions in columns.items():
            image = results[name][index].above(network.card.threshold)
            rows[name] += bound_rows(
                image, positions, bounds[index], simulation.labels.classes, settings, name
            )
    every = [row for own in rows.values() for row in own]
    write_rows(folder / "cramer_rao.csv", every, BoundRow)
    return {
        name: ratio_to_bound(own, generator(simulation.seed, "evaluation/cramer_rao"))
        for name, own in rows.items()
    }


def representative_images(f1: np.ndarray) -> dict[str, int]:
    """Images that represent all of them, by name.

    Args:
        f1: (N,) F1 of each image; NaN is left out.

    Returns:
        Indices, each once: the worst, that at the lowest tenth (weak), the median and the best.

    >>> representative_images(np.array([0.5, 1.0, np.nan, 0.1, 0.7]))
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
    sets: StoredSets,
    networks: Mapping[str, Network],
    results: Mapping[str, Sequence[ImageResult]],
    chosen: Mapping[str, int],
) -> list[Picture]:
    """Each image once for each network, with the columns that this network found."""
    stored = open_set(sets.folder(SPLIT))
    pictures = []
    for kind, index in chosen.items():
        (picture,) = simulate.pictures({index: stored.example(index)})
        picture = replace(picture, caption=f"{kind}: {picture.caption}")
        for name, network in networks.items():
            peaks = results[name][index].above(network.card.threshold).peaks
            pictures.append(
                replace(picture, found_positions=peaks.positions, found_class=peaks.class_index)
            )
    return pictures


def intact(experiment: Experiment, root: Path) -> bool:
    """Whether the scores are of the network in the run folder, where one was trained."""
    if not trains(experiment.stages, experiment.evaluation.networks):
        return True
    network, summary = root / train.STAGE.name / train.NETWORK, root / STAGE.name / SUMMARY_FILE
    if not (network / CARD_FILE).is_file() or not summary.is_file():
        return False
    scored = read_json(summary).get("sha256", {})
    return next(iter(scored.values()), None) == read_card(network).sha256


def describe(experiment: Experiment, inputs: None) -> list[str]:
    """Which examples are scored, and which further images are simulated."""
    evaluation, further = experiment.evaluation, StoredSets.of(experiment).missing(SPLIT)
    lines = [f"{experiment.data.count(SPLIT)} examples of {SPLIT}, radius {evaluation.radius:g} Å"]
    if further:
        lines.append(f"{further} of them missing; this stage simulates them if no other does")
    if evaluation.networks:
        lines.append(f"networks: {', '.join(evaluation.networks)}")
    if evaluation.sweep is not None:
        further += evaluation.sweep.structures * len(evaluation.sweep.values)
        lines.append(
            f"sweep: {len(evaluation.sweep.values)} images of each of "
            f"{evaluation.sweep.structures} specimens"
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
