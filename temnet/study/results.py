"""What a study has found, in words, tables and figures that its pages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from temnet.csv_tables import read_table
from temnet.errors import InputError
from temnet.evaluation.metrics import MACRO, MEAN, RESAMPLES
from temnet.reporting.run_results import bracketed, counted, known, read_json
from temnet.study.figures import Panel, study_figure

SUMMARY_FILE, TABLE_FILE = "summary.json", "study.csv"

KEYS = ("question", "settings", "seeds", "arms", "networks", "taught", "tests")
"""What the summary holds."""

ERROR = "rms_error_pm"

INTERVALS = (
    "In brackets 95 % intervals for other trainings and other specimens: the half-widths of "
    "Student's intervals for the one and for the other, added as squares; specimens were drawn "
    f"again {RESAMPLES:,} times with all of their images. They are not corrected for the number of "
    "comparisons."
)

NO_INTERVALS = (
    "What one training of each network finds does not tell how much others would differ, so that "
    "there are no intervals."
)

CAPTION = (
    "Small dots: each training; large ones: their means, with 95 % intervals for other trainings "
    "and other specimens."
)

Table = tuple[Sequence[str], Sequence[Sequence[str]]]
"""Header and lines."""


@dataclass(frozen=True)
class StudyResults:
    """What a study has found.

    Attributes:
        rows: Of study.csv: each network in each test.
        summary: Of summary.json: means and differences with intervals, by test.
    """

    rows: Sequence[Mapping[str, Any]]
    summary: Mapping[str, Any]

    @property
    def tests(self) -> Mapping[str, Mapping[str, Any]]:
        """What was found in each test."""
        return self.summary["tests"]

    @property
    def scores(self) -> list[str]:
        """Names of the scores."""
        first = next(iter(self.tests.values()))
        return [name for name, value in first["means"][0].items() if isinstance(value, Mapping)]

    @property
    def first_arm(self) -> str:
        """The arm that the others are compared with."""
        return self.summary["arms"][0]

    @property
    def intervals(self) -> str:
        """What the intervals are of, if there are any."""
        return INTERVALS if len(self.summary["seeds"]) > 1 else NO_INTERVALS

    @property
    def caption(self) -> str:
        """What a test's figure shows."""
        return CAPTION if len(self.summary["seeds"]) > 1 else "The score of each network."

    @property
    def pairing(self) -> str:
        """What stands above the differences."""
        return f"Differences from {self.first_arm}, training by training and image by image:"

    def arms_table(self) -> Table:
        """How each arm is taught."""
        lines = [
            (arm, "–" if arm == self.first_arm else text or "nothing")
            for arm, text in self.summary["taught"].items()
        ]
        return ("arm", f"what is taught differently from {self.first_arm}"), lines

    def rule(self, test: str) -> str:
        """What a test's scores are of."""
        found = self.tests[test]
        return (
            f"{counted(found['images'], 'image')} of {counted(found['specimens'], 'specimen')}, by "
            f"which nothing was chosen; {counted(len(self.summary['seeds']), 'training')} of each "
            "network."
        )

    def images(self, test: str) -> str:
        """Whether the arms have the same images in a test."""
        other = [
            f"The images of {arm} differ from those of {self.first_arm}: {text}."
            for arm, text in self.tests[test]["other_images"].items()
            if text
        ]
        return " ".join(other) or "All arms are scored on the same images."

    def skill(self, test: str) -> str:
        """What networks without skill reach."""
        baselines = self.tests[test]["baselines"]
        chance = known(baselines["chance"][MACRO])
        sentence = f"The peaks of {baselines['of']} at random places reach {chance}"
        if "never_rarest" in baselines:
            never = baselines["never_rarest"]
            sentence += f", and {known(never[MACRO])} if it never said {never['rarest']}"
        return f"{sentence} (mean F1 over the classes)."

    def means_table(self, test: str) -> Table:
        """The scores of each arm and network."""
        return self._table(self.tests[test]["means"], lambda row: row["arm"], ".3f")

    def differences_table(self, test: str) -> Table:
        """How the scores differ from those of the first arm."""
        return self._table(
            self.tests[test]["differences"], lambda row: f"{row['second']} − {row['first']}", "+.3f"
        )

    def figure(self, test: str) -> Figure:
        """A panel for each score."""
        panels = [self._panel(test, score) for score in self.scores]
        return study_figure(panels, self.summary["arms"], self.summary["networks"])

    def _table(
        self,
        rows: Sequence[Mapping[str, Any]],
        name: Callable[[Mapping[str, Any]], str],
        digits: str,
    ) -> Table:
        """A line for each arm, or pair of arms, and network."""
        unit = {ERROR: " (pm)"}
        header = ("arm", "network", *(score_title(key) + unit.get(key, "") for key in self.scores))
        lines = []
        for row in rows:
            cells = []
            for key in self.scores:
                ends = (row[key]["low"], row[key]["high"])
                shown = digits.replace("3", "1") if key == ERROR else digits
                cells.append(bracketed(row[key]["mean"], ends, shown))
            lines.append((name(row), row["network"], *cells))
        return header, lines

    def _panel(self, test: str, score: str) -> Panel:
        trainings: dict[tuple[str, str], list[float]] = {}
        for row in self.rows:
            if row["test"] == test:
                trainings.setdefault((row["arm"], row["network"]), []).append(row[score])
        means = {(row["arm"], row["network"]): row[score] for row in self.tests[test]["means"]}
        label, span = ("error (pm)", 2.0) if score == ERROR else ("F1", 0.1)
        return Panel(score_title(score), label, trainings, means, span)


def read_study_results(folder: Path) -> StudyResults:
    """What a study has written.

    Raises:
        InputError: A file is missing or damaged.
    """
    for name in (SUMMARY_FILE, TABLE_FILE):
        if not (folder / name).is_file():
            raise InputError(
                f"{folder}: {name} is missing; let the study finish (python -m temnet.study)."
            )
    summary = read_json(folder / SUMMARY_FILE)
    missing = [key for key in KEYS if key not in summary]
    if missing:
        raise InputError(
            f"{folder / SUMMARY_FILE}: {', '.join(missing)} is missing, as an earlier temnet wrote "
            "it; give the study's command again."
        )
    return StudyResults(read_table(folder / TABLE_FILE), summary)


def score_title(name: str) -> str:
    """What people call a score.

    >>> score_title("macro_f1"), score_title("f1_Mo")
    ('mean F1 over classes', 'F1 of Mo')
    """
    titles = {MACRO: "mean F1 over classes", MEAN: "mean F1 of an image", ERROR: "position error"}
    return titles.get(name, f"F1 of {name.removeprefix('f1_')}")
