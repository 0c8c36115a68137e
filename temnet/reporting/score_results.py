"""The scores that the stage `evaluate` has written into a run folder, for pages and figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from temnet.config.distributions import support
from temnet.config.experiment import Experiment
from temnet.errors import InputError
from temnet.evaluation.conditions import ConditionRow
from temnet.evaluation.confusion import ConfusionRow, read_confusion
from temnet.evaluation.limits.ideal_scores import IdealRow
from temnet.evaluation.metrics import ImageCounts, image_counts
from temnet.evaluation.score_curves import CurveRow
from temnet.evaluation.scores import LOCALISATION, SPECIES, ScoreRow
from temnet.evaluation.summary import SUMMARY_FILE, Summary, read_summary
from temnet.reporting.run_results import RunResults, counted, known
from temnet.reporting.snapshots import Picture, read_pictures
from temnet.score_records import Baselines, NetworkSummary
from temnet.tables.csv_rows import read_rows

FOLDER = "evaluate"

SUMMARY = f"{FOLDER}/{SUMMARY_FILE}"

WITHOUT_COLUMNS = (
    "Images without columns are left out; false positives in them have a rate of their own."
)
"""For captions of the F1 of images."""

TABLES = ("scores", "conditions", "confusion", "thresholds", "reliability", "dependence")

OLD_TABLES = {"sweep": "series", "atom_counts": "heights"}  # old key
"""Names of tables in runs of earlier versions."""

ROW_TITLES = {LOCALISATION: "any class (localisation)", SPECIES: "all classes"}
"""Names of the two rows over all classes in tables."""

Row = TypeVar("Row")
Part = TypeVar("Part")


def shown_rows(classes: Mapping[str, Part]) -> dict[str, Part]:
    """The rows of a table of scores; of a single class its own alone, as the others are the same.

    >>> shown_rows({"C": 1, "any": 1, "all": 1})
    {'C': 1}
    """
    own = {name: part for name, part in classes.items() if name not in ROW_TITLES}
    return dict(classes) if len(own) > 1 else own


@dataclass(frozen=True)
class Scores:
    """The scores of the networks of a run.

    Attributes:
        source: The run.
        summary: Its summary.json.
        rows: Of scores.csv.
        specimens: For each image its specimen.
    """

    source: RunResults
    summary: Summary
    rows: Sequence[ScoreRow]
    specimens: Mapping[int, int]

    @property
    def networks(self) -> Mapping[str, NetworkSummary]:
        """The summary of each network."""
        return self.summary.networks

    @property
    def first(self) -> NetworkSummary:
        """The summary of the first network."""
        return next(iter(self.networks.values()))

    def seen_from(self, network: str) -> Scores:
        """The same with a network before the others, and with the pairs that it is in."""
        names = [network, *(name for name in self.networks if name != network)]
        pairs = [pair.swapped() if pair.second == network else pair for pair in self.summary.paired]
        summary = replace(
            self.summary,
            networks={name: self.networks[name] for name in names},
            paired=[pair for pair in pairs if pair.first == network],
        )
        return replace(self, summary=summary)

    @property
    def how(self) -> str:
        """How a column is counted, for captions."""
        radius = self.source.experiment.evaluation.radius
        thresholds = " and ".join(f"{one.threshold:g}" for one in self.networks.values())
        return f"columns within {radius:g} Å of a peak that scores {thresholds} or more"

    @property
    def rule(self) -> str:
        """How many images there are, and how a column is counted, for captions."""
        return f"{counted(self.first.images, 'image')}, {self.how}"

    @property
    def chance(self) -> str:
        """The chance level, for captions."""
        return chance_sentence(next(iter(self.networks)), self.first.baselines)

    @property
    def levels(self) -> dict[str, float]:
        """Chance levels of F1 (mean over the classes), by name."""
        baselines = self.first.baselines
        levels = {"chance": baselines.chance.macro_f1}
        if baselines.never_rarest is not None:
            levels[f"never {baselines.never_rarest.rarest}"] = baselines.never_rarest.macro_f1
        return {name: level for name, level in levels.items() if math.isfinite(level)}

    def table(self, name: str, row_type: type[Row]) -> list[Row]:
        """Rows of a table of the stage; an empty list without the table."""
        path = table_path(self.source.root, name)
        return read_rows(path, row_type) if path.is_file() else []

    def has(self, name: str) -> bool:
        """Whether the stage has written a table."""
        return table_path(self.source.root, name).is_file()

    def confusion(self, network: str) -> list[ConfusionRow]:
        """A network's rows of confusion.csv."""
        rows = read_confusion(self.source.root / FOLDER / "confusion.csv")
        return [row for row in rows if row.network == network]

    def ideal_curves(self) -> tuple[list[IdealRow], list[CurveRow]]:
        """The ideal observer's rows at known doses, and those of the networks' dose sweep."""
        ideal, sweep = self.table("ideal_observer", IdealRow), self.table("sweep", CurveRow)
        return (
            [row for row in ideal if math.isfinite(row.dose)],
            [row for row in sweep if row.parameter == "dose"],
        )

    def counts(self, network: str) -> ImageCounts:
        """The counts of every image by a network."""
        own = [row for row in self.rows if row.network == network]
        return image_counts(own, self.source.experiment.class_names, self.specimens)

    def image_f1(self, network: str) -> np.ndarray:
        """(N,) species-aware F1 of each image, NaN without columns; see `ImageCounts.image_f1`."""
        return self.counts(network).image_f1()

    def pictures(self) -> list[list[Picture]]:
        """The images that are shown, each with the columns that every network found in it."""
        path = self.source.root / FOLDER / "examples.npz"
        pictures = read_pictures(path) if path.is_file() else []
        count = len(self.networks)
        return [pictures[i : i + count] for i in range(0, len(pictures), count)]

    def picture_title(self, network: str, picture: Picture) -> str:
        """The network and its F1 of the image."""
        wanted = (network, picture.index, SPECIES)
        (f1,) = (row.f1 for row in self.rows if (row.network, row.index, row.class_) == wanted)
        return f"{network}: F1 {f1:.2f}"


def table_path(root: Path, name: str) -> Path:
    """The file of a table in a run folder, by its old name where only that exists."""
    path, old = (root / FOLDER / f"{file}.csv" for file in (name, OLD_TABLES.get(name, name)))
    return old if old.is_file() and not path.is_file() else path


def read_scores(source: RunResults) -> Scores | None:
    """The scores of a run; None before the stage `evaluate`.

    Raises:
        InputError: If they are damaged, or if an earlier version wrote them.
    """
    path = source.root / SUMMARY
    if not source.has(f"{FOLDER}/scores.csv", SUMMARY):
        return None
    if not source.has(*(f"{FOLDER}/{name}.csv" for name in TABLES)):
        raise InputError(
            f"{path}: an earlier version wrote these scores; run the stage `evaluate` again with "
            "--overwrite."
        )
    drawn = read_rows(source.root / FOLDER / "conditions.csv", ConditionRow)
    return Scores(
        source,
        read_summary(path),
        read_rows(source.root / FOLDER / "scores.csv", ScoreRow),
        {row.index: row.specimen for row in drawn},
    )


def chance_sentence(network: str, baselines: Baselines) -> str:
    """A sentence on the chance level.

    Args:
        network: Name of the network.
        baselines: That part of its summary.
    """
    text = (
        f"The peaks of {network} at random positions reach "
        f"{known(baselines.chance.macro_f1, '.2f')}"
    )
    never = baselines.never_rarest
    if never is not None:
        text += (
            f", and {known(never.macro_f1, '.2f')} if {never.rarest} were never predicted (its "
            "peaks counted as the next most probable class)"
        )
    return f"{text} (mean F1 over the classes)."


def training_ranges(experiment: Experiment) -> dict[str, tuple[float, float]]:
    """The ranges that the experiment's training images are drawn from, by parameter."""
    camera, microscope = experiment.camera, experiment.microscope
    if camera is None or microscope is None or "train" not in experiment.stages:
        return {}
    foci = {"defocus": microscope.defocus_spans[0]}
    multiples = microscope.span(lambda one: one.defocus.scherzer)
    if any(multiples):  # which of these foci were drawn depends on energy and aberration
        foci = {"scherzer": multiples}
    return {
        "dose": support(camera.dose),
        "camera_sampling": support(camera.sampling),
        "astigmatism": microscope.span(lambda one: one.astigmatism),
        **foci,
    }
