"""What the stage `evaluate` has left in a run folder, read for pages and figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from temnet.config.distributions import support
from temnet.config.experiment import Experiment
from temnet.csv_tables import Row, read_table
from temnet.errors import InputError
from temnet.evaluation.metrics import MACRO
from temnet.evaluation.scores import LOCALISATION, SPECIES
from temnet.reporting.run_results import RunResults, counted, known, read_json
from temnet.reporting.snapshots import Picture, read_pictures

FOLDER = "evaluate"

SUMMARY = f"{FOLDER}/summary.json"

OF_EMPTY_IMAGES = "Images without columns are left out; what is invented in them has its own rate."
"""For captions of the F1 of images."""

TABLES = ("scores", "conditions", "confusion", "thresholds", "reliability", "dependence")

ROW_TITLES = {LOCALISATION: "any class (place only)", SPECIES: "all classes"}
"""What tables call the two rows over all classes."""

OF_LEVELS = (
    "Grey lines: the mean over the classes that is reached without skill, on images as drawn."
)
"""For captions of curves."""


def told_rows(classes: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of a table of scores; of a single class its own alone, as the others are the same.

    >>> told_rows({"C": 1, "any": 1, "all": 1})
    {'C': 1}
    """
    own = {name: part for name, part in classes.items() if name not in ROW_TITLES}
    return dict(classes) if len(own) > 1 else own


@dataclass(frozen=True)
class Scores:
    """What the stage `evaluate` has left.

    Attributes:
        source: The run.
        split: Which images were scored.
        networks: For each network its part of summary.json.
        paired: Pairs of networks.
        rows: Of scores.csv.
        checksums: For each network the SHA-256 of its weights; empty where an earlier temnet
            wrote the summary.
    """

    source: RunResults
    split: str
    networks: Mapping[str, Mapping[str, Any]]
    paired: Sequence[Mapping[str, Any]]
    rows: Sequence[Row]
    checksums: Mapping[str, str]

    def seen_from(self, network: str) -> Scores:
        """The same with a network before the others, and with the pairs that it is in."""
        names = [network, *(name for name in self.networks if name != network)]
        pairs = [turned(pair) if pair["second"] == network else pair for pair in self.paired]
        return replace(
            self,
            networks={name: self.networks[name] for name in names},
            paired=[pair for pair in pairs if pair["first"] == network],
        )

    @property
    def first(self) -> Mapping[str, Any]:
        """The summary of the first network."""
        return next(iter(self.networks.values()))

    @property
    def how(self) -> str:
        """How a column is counted, for captions."""
        radius = self.source.experiment.evaluation.radius
        thresholds = " and ".join(f"{one['threshold']:g}" for one in self.networks.values())
        return f"columns within {radius:g} Å of a peak that scores {thresholds} or more"

    @property
    def rule(self) -> str:
        """How many images there are, and how a column is counted, for captions."""
        return f"{counted(self.first['images'], 'image')}, {self.how}"

    @property
    def skill(self) -> str:
        """What is reached without skill, for captions."""
        return without_skill(next(iter(self.networks)), self.first["baselines"])

    @property
    def levels(self) -> dict[str, float]:
        """F1 (mean over the classes) that is reached without skill, by name."""
        baselines = self.first["baselines"]
        levels = {"chance": baselines["chance"][MACRO]}
        if "never_rarest" in baselines:
            levels[f"never {baselines['never_rarest']['rarest']}"] = baselines["never_rarest"][
                MACRO
            ]
        return {name: level for name, level in levels.items() if level is not None}

    def table(self, name: str) -> list[Row]:
        """Rows of a table of the stage."""
        return read_table(self.source.root / FOLDER / f"{name}.csv")

    def ideal_curves(self) -> tuple[list[Row], list[Row]]:
        """The ideal observer's rows at known doses, and those of the networks' dose series."""
        ideal, series = (
            self.table(name) if self.source.has(f"{FOLDER}/{name}.csv") else []
            for name in ("ideal_observer", "series")
        )
        return (
            [row for row in ideal if math.isfinite(row["dose"])],
            [row for row in series if row["parameter"] == "dose"],
        )

    def image_f1(self, network: str) -> np.ndarray:
        """(N,) species-aware F1 of each image, NaN where no column counts."""
        wanted = (network, SPECIES)
        rows = [row for row in self.rows if (row["network"], row["class"]) == wanted]
        there = np.array([row["true_positives"] + row["false_negatives"] for row in rows])
        return np.where(there > 0, np.array([row["f1"] for row in rows], np.float64), np.nan)

    def pictures(self) -> list[list[Picture]]:
        """The images that are shown, each with what every network found in it."""
        path = self.source.root / FOLDER / "examples.npz"
        pictures = read_pictures(path) if path.is_file() else []
        count = len(self.networks)
        return [pictures[i : i + count] for i in range(0, len(pictures), count)]

    def picture_title(self, network: str, picture: Picture) -> str:
        """The network and its F1 of the image."""
        wanted = (network, picture.index, SPECIES)
        (f1,) = (
            row["f1"] for row in self.rows if (row["network"], row["index"], row["class"]) == wanted
        )
        return f"{network}: F1 {f1:.2f}"


def turned(pair: Mapping[str, Any]) -> dict[str, Any]:
    """A pair of networks the other way round: its difference is the second minus the first.

    Args:
        pair: Of summary.json.
    """
    mean, low, high = (None if pair[k] is None else -pair[k] for k in ("mean", "low", "high"))
    return {
        **pair,
        "first": pair["second"],
        "second": pair["first"],
        **{"mean": mean, "low": high, "high": low},
        **{"better": pair["worse"], "worse": pair["better"]},
    }


def read_scores(source: RunResults) -> Scores | None:
    """The scores of a run; None where the stage has left none.

    Raises:
        InputError: They are damaged, or an earlier temnet wrote them.
    """
    path = source.root / SUMMARY
    if not source.has(f"{FOLDER}/scores.csv", SUMMARY):
        return None
    summary = read_json(path)
    if "networks" not in summary or not source.has(*(f"{FOLDER}/{name}.csv" for name in TABLES)):
        raise InputError(
            f"{path}: this was written by an earlier temnet; run the stage `evaluate` again with "
            "--overwrite."
        )
    return Scores(
        source,
        summary["split"],
        summary["networks"],
        summary["paired"],
        read_table(source.root / FOLDER / "scores.csv"),
        summary.get("sha256", {}),
    )


def without_skill(network: str, baselines: Mapping[str, Any]) -> str:
    """A sentence on what is reached without skill.

    Args:
        network: Its name.
        baselines: That part of its summary.
    """
    text = (
        f"The peaks of {network} at random places reach {known(baselines['chance'][MACRO], '.2f')}"
    )
    if "never_rarest" in baselines:
        never = baselines["never_rarest"]
        text += (
            f", and {known(never[MACRO], '.2f')} if it never said {never['rarest']} (those taken "
            "as the next most probable class)"
        )
    return f"{text} (mean F1 over the classes)."


def taught_ranges(experiment: Experiment) -> dict[str, tuple[float, float]]:
    """What the experiment's training images are drawn from."""
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
