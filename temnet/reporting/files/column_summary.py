"""Summary of a table of columns for a page, gathered in one pass."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from temnet.records import ColumnFlag, Peaks
from temnet.reporting.files.column_table import column_blocks


@dataclass
class ColumnSummary:
    """Numbers of columns, and the columns of a few frames.

    Attributes:
        class_names: Name of each class index.
        total: Number of columns.
        score_sum: Sum of their scores.
        doubtful: Number of columns with flags.
        flagged: Number of columns with each flag.
        counts: By file, (class, frame) int64 number of columns.
        shown: By file and frame, the columns of the frames that are shown.
        first_line: By file and frame, the line of the table, counted from 0, that the first of
            these columns stands in; those of a frame follow each other.
    """

    class_names: tuple[str, ...]
    total: int = 0
    score_sum: float = 0.0
    doubtful: int = 0
    flagged: dict[ColumnFlag, int] = field(default_factory=lambda: dict.fromkeys(ColumnFlag, 0))
    counts: dict[str, np.ndarray] = field(default_factory=dict)
    shown: dict[tuple[str, int], Peaks] = field(default_factory=dict)
    first_line: dict[tuple[str, int], int] = field(default_factory=dict)

    @property
    def mean_score(self) -> float:
        """Mean score of all columns; NaN where there are none."""
        return self.score_sum / self.total if self.total else np.nan

    def by_class(self) -> dict[str, int]:
        """Number of columns of each class."""
        none = np.zeros(len(self.class_names), np.int64)
        total = sum((count.sum(axis=1) for count in self.counts.values()), none)
        return dict(zip(self.class_names, total.tolist(), strict=True))


def summarise_columns(
    path: Path, frames: dict[str, int], shown: Collection[tuple[str, int]]
) -> ColumnSummary:
    """Summarises a table of columns; the table is read once.

    Args:
        path: columns.csv.
        frames: Number of frames of each file.
        shown: Files and frames whose columns are kept.

    Raises:
        InputError: If the table is damaged.
    """
    summary = ColumnSummary(())
    parts: dict[tuple[str, int], list[Peaks]] = {place: [] for place in shown}
    line = 0
    for block in column_blocks(path):
        summary.class_names = block.class_names
        summary.total += len(block)
        summary.score_sum += float(block.peaks.score.sum())
        summary.doubtful += int(np.count_nonzero(block.peaks.flags))
        for flag in ColumnFlag:
            summary.flagged[flag] += int(np.count_nonzero(block.peaks.flags & flag.value))
        for number, file in enumerate(block.files):
            mine = np.flatnonzero(block.file_index == number)
            _count(summary, file, block.peaks.select(mine), frames.get(file, 0))
            for frame in {frame for name, frame in shown if name == file}:
                found = mine[block.peaks.frame[mine] == frame]
                if len(found):
                    summary.first_line.setdefault((file, frame), line + int(found[0]))
                    parts[file, frame].append(block.peaks.select(found))
        line += len(block)
    none = Peaks.empty(len(summary.class_names))
    summary.shown = {place: Peaks.concatenate([none, *found]) for place, found in parts.items()}
    return summary


def _count(summary: ColumnSummary, file: str, peaks: Peaks, frames: int) -> None:
    """Adds columns of one file to its counts."""
    shape = len(summary.class_names), max(frames, int(peaks.frame.max(initial=-1)) + 1)
    counts = summary.counts.get(file, np.zeros((shape[0], 0), np.int64))
    if counts.shape[1] < shape[1]:
        counts = np.pad(counts, ((0, 0), (0, shape[1] - counts.shape[1])))
    np.add.at(counts, (peaks.class_index, peaks.frame), 1)
    summary.counts[file] = counts
