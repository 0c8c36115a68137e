"""Publishing: from finished runs and studies to the folder of pretrained networks and its pages."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from temnet.config.card import Card, FrozenScores
from temnet.config.loading import write_experiment
from temnet.config.simulation import SIMULATION_VERSION
from temnet.errors import InputError
from temnet.models.checkpoint import check_card, load_network
from temnet.models.description import describe, missing, training_materials
from temnet.models.network import Network
from temnet.models.network_folders import (
    CARD_FILE,
    CHECK_FILE,
    MODEL_FILE,
    SETTINGS_FILE,
    read_card,
    update_card,
)
from temnet.models.network_settings import read_settings
from temnet.publishing.figures import FIGURES, write_figures
from temnet.publishing.finished_run import FinishedRun, read_runs
from temnet.publishing.overview_page import PAGE, pretrained_pages
from temnet.publishing.pretrained_network import Pretrained
from temnet.publishing.publish_study import FOLDER as STUDIES
from temnet.publishing.publish_study import (
    is_study,
    read_notes,
    read_published,
    read_study,
    write_study,
)
from temnet.publishing.reference_scores import (
    contradiction,
    counts_of_rows,
    example_rows,
    frozen_examples,
    frozen_scores,
)
from temnet.system.files import clean_leftovers, replace_file, replacing_folders
from temnet.tables.json_records import as_values
from temnet.workflow.stage import Done, Progress, silent

MADE = (MODEL_FILE, SETTINGS_FILE, CARD_FILE, CHECK_FILE, PAGE, *FIGURES)
"""Files that publishing writes into a network's folder; others are left as they are."""

MATERIALS = "materials"
"""Entry of a card that publishing adds to older ones."""

Writer = Callable[[Path, Path], None]
"""Writes the folder for the first path to the second path."""


def publish(roots: Sequence[Path], folder: Path, progress: Progress = silent) -> list[Path]:
    """Puts the networks of finished runs, and studies, into a folder, and writes its pages.

    Cards without frozen scores of the present simulation, or without materials, get them.
    Everything is checked and scored before anything is changed.

    Args:
        roots: Folders of runs and of studies; with none the pages are written again.
        folder: The folder of pretrained networks.
        progress: Shows the progress.

    Returns:
        Folders of the networks and studies that were published.

    Raises:
        InputError: If a run or study is not finished, its scores do not fit it, or another file or
            folder has the name of a network.
    """
    _clean(folder)
    runs = [run for root in roots if not is_study(root) for run in read_runs(root)]
    studies = [read_study(root) for root in roots if is_study(root)]
    names = [run.network.name for run in runs]
    _check_names([(run.root, run.network.name) for run in runs], "network")
    _check_names([(study.root, study.name) for study in studies], "study")
    for name in names:
        _check_place(folder / name)
    others = [one for one in read_pretrained(folder) if one.name not in names]
    if not (runs or studies or others or read_published(folder)):
        raise InputError(f"{folder}: there are no networks; give run folders, or another --to.")
    outdated = [folder / one.name for one in others if not _is_frozen(one.card)]
    with progress("frozen scores", len(runs) + len(outdated)) as done:
        blocks = [_freeze_run(run, done) for run in runs]
        added = {path: _freeze(load_network(path), done) for path in outdated}
    writers: dict[Path, Writer] = {}
    for run, block in zip(runs, blocks, strict=True):
        writers[folder / run.network.name] = partial(_write, run, block)
    for study in studies:
        writers[folder / STUDIES / study.name] = partial(write_study, study)
    _put_in_place(writers)
    for path, block in added.items():
        update_card(path, frozen=block)
    for one in others:
        if one.card.materials is None:
            found = training_materials(one.experiment)
            update_card(folder / one.name, **{MATERIALS: found and [*map(as_values, found)]})
    write_pages(folder)
    return list(writers)


def _clean(folder: Path) -> None:
    """Removes the parts of a publishing that was stopped; restores the old networks."""
    for place in (folder, folder / STUDIES):
        clean_leftovers(place)
        for one in place.glob("*/"):
            clean_leftovers(one)


def write_pages(folder: Path) -> None:
    """Writes the pages of all networks and studies in a folder."""
    pages = pretrained_pages(read_pretrained(folder), read_published(folder))
    for place, page in pages.items():
        replace_file(folder / place, page.encode())


def read_pretrained(folder: Path) -> list[Pretrained]:
    """The networks in a folder, by name.

    Raises:
        InputError: If one is damaged.
    """
    cards = sorted(path for path in folder.glob(f"*/{CARD_FILE}") if path.parent.name[0] != ".")
    return [_read(card.parent) for card in cards]


def _read(folder: Path) -> Pretrained:
    model = folder / MODEL_FILE
    if not model.is_file():
        raise InputError(f"{model}: the network's file is missing; copy the whole folder again.")
    card, experiment = read_card(folder), read_settings(folder / SETTINGS_FILE)
    check_card(folder, card, experiment)
    lacking = set(missing(card, describe(card.name, experiment, card.threshold))) - {MATERIALS}
    if lacking:
        raise InputError(
            f"{folder / CARD_FILE}: {', '.join(sorted(lacking))} are missing on the card, and the "
            "page shows them; publish the network's run again."
        )
    return Pretrained(
        name=folder.name,
        card=card,
        experiment=experiment,
        size=model.stat().st_size,
        figures=[file for file in FIGURES if (folder / file).is_file()],
        notes=read_notes(folder),
    )


def _check_names(named: Sequence[tuple[Path, str]], kind: str) -> None:
    """Checks that the networks or studies in some folders have different names."""
    names = [name for _, name in named]
    for root, name in named:
        if names.count(name) > 1:
            raise InputError(
                f"{root}: another of these folders has a {kind} of the same name, {name}; publish "
                "one of them."
            )


def _check_place(place: Path) -> None:
    """Checks that a network's folder does not exist, or is that of a network."""
    if place.exists() and not (place / CARD_FILE).is_file():
        raise InputError(
            f"{place}: this exists and is not a network's folder; move it away or give another "
            "--to."
        )


def _is_frozen(card: Card) -> bool:
    return card.frozen is not None and card.frozen.simulation == SIMULATION_VERSION


def _freeze(network: Network, done: Done) -> FrozenScores:
    """The frozen scores of a network that is published already.

    Raises:
        InputError: If its specimens cannot be simulated.
    """
    try:
        rows = example_rows(network, frozen_examples(network.experiment.simulation))
    except InputError as error:
        raise InputError(
            f"{network.name}: its images cannot be simulated again: {error}"
        ) from error
    done(1)
    return frozen_scores(rows, network.experiment.class_names)


def _freeze_run(run: FinishedRun, done: Done) -> FrozenScores:
    """The frozen scores of a run's network.

    Raises:
        InputError: If the images, or the columns found in them, are not those of `evaluate`.
    """
    network = run.network
    rows = example_rows(network, frozen_examples(network.experiment.simulation))
    own = next(iter(run.scores.networks))
    classes = network.experiment.class_names
    changed = contradiction(run.scores.counts(own), counts_of_rows(rows, classes))
    if changed:
        raise InputError(
            f"{run.root}: temnet, or a file that specimens are made from, has changed since the "
            f"stage `evaluate` was run ({changed}); bring the file back, or run the stages "
            "`simulate` and `evaluate` again with --overwrite."
        )
    done(1)
    return frozen_scores(rows, classes)


def _put_in_place(writers: Mapping[Path, Writer]) -> None:
    """Writes folders under temporary names, and renames them when all are complete."""
    with replacing_folders(writers) as parts:
        for place, part in parts.items():
            writers[place](place, part)


def _write(run: FinishedRun, frozen: FrozenScores, place: Path, part: Path) -> None:
    """Writes a network's folder, with the files that people added to the present one."""
    if place.exists():
        shutil.copytree(place, part, ignore=shutil.ignore_patterns(*MADE))
    part.mkdir(parents=True, exist_ok=True)
    for file in (MODEL_FILE, CARD_FILE, CHECK_FILE):
        if file != CHECK_FILE or (run.folder / file).is_file():  # older trainings have none
            shutil.copyfile(run.folder / file, part / file)
    write_experiment(run.experiment, part / SETTINGS_FILE)
    update_card(part, validation=run.validation, cost=run.cost, frozen=frozen)
    write_figures(run.scores, part)
