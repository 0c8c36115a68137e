"""Columns of a frame for programs: as JSON and as CSV."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from temnet.live.messages import Found, Seen
from temnet.records import ColumnFlag, Peaks
from temnet.reporting.files.column_table import ColumnTableWriter


def columns_json(found: Found, age: float) -> Mapping[str, object]:
    """The columns from the threshold on, with what is known about the frame.

    Args:
        found: The columns.
        age: Time since the frame was received [s].

    Returns:
        Values for JSON; ``columns`` holds one list for each of row and col [pixels of the frame],
        row_angstrom and col_angstrom [Å], class, score and flags.
    """
    return {**frame_json(found, age), "columns": _lists(found, found.shown)}


def frame_json(found: Found, age: float) -> Mapping[str, object]:
    """What is known about a frame, without its columns; see `columns_json`."""
    head, judgement = found.frame.head, found.judgement
    return {
        "frame": found.frame.number,
        "name": head.name,
        "source": head.source,
        "time": head.time,
        "age_s": round(age, 3),
        "analysis_s": round(found.seconds, 3),
        "shape": list(head.shape),
        "pixel_size_angstrom": list(found.frame.pixel_size),
        "settings": found.frame.settings.as_values(),
        "threshold": found.threshold,
        "classes": list(judgement.classes),
        "counts": counts(found),
        "mean_score": _mean(found.shown.score),
        "spacings_angstrom": list(judgement.spacings),
        "verdict": judgement.verdict,
        "findings": [list(one) for one in judgement.findings],
        "inverted": judgement.inverted,
        "engine": found.engine,
    }


def screen_json(found: Found, age: float) -> Mapping[str, object]:
    """As `columns_json`, with the columns below the threshold, and the picture's size."""
    return {
        **frame_json(found, age),
        "floor": found.floor,
        "picture": {"shape": list(found.picture.shape), "block": found.block},
        "columns": _lists(found, found.columns),
    }


def seen_json(seen: Seen, age: float) -> Mapping[str, object]:
    """What is known about a single image for a network of focal series, with the picture's size."""
    head = seen.frame.head
    return {
        "preview": True,
        "frame": seen.frame.number,
        "name": head.name,
        "age_s": round(age, 3),
        "shape": list(head.shape),
        "picture": {"shape": list(seen.picture.shape), "block": seen.block},
    }


def columns_csv(found: Found) -> bytes:
    """The columns from the threshold on, as the offline analysis writes ``columns.csv``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "columns.csv"
        table = ColumnTableWriter(path, found.judgement.classes)
        name = found.frame.head.name or f"frame {found.frame.number}"
        table.write(found.shown, found.frame.pixel_size, name)
        table.close()
        return path.read_bytes()


def counts(found: Found) -> list[int]:
    """Number of columns of each class from the threshold on."""
    classes = found.shown.class_index
    return np.bincount(classes, minlength=len(found.judgement.classes)).tolist()  # type: ignore[no-any-return]


def _mean(values: np.ndarray) -> float | None:
    return round(float(values.mean()), 4) if len(values) else None


def _lists(found: Found, peaks: Peaks) -> Mapping[str, list]:
    pixels = peaks.positions / np.asarray(found.frame.pixel_size)
    return {
        "row": np.round(pixels[:, 0], 3).tolist(),
        "col": np.round(pixels[:, 1], 3).tolist(),
        "row_angstrom": np.round(peaks.positions[:, 0], 4).tolist(),
        "col_angstrom": np.round(peaks.positions[:, 1], 4).tolist(),
        "class": peaks.class_index.tolist(),
        "score": np.round(peaks.score, 4).tolist(),
        "flags": [ColumnFlag(flag).words for flag in peaks.flags.tolist()],
    }
