"""Every table and record file of a run with its columns, from the classes of their rows."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import dataclass, is_dataclass
from importlib import import_module
from pathlib import Path

import temnet
from reference_pages.markdown import cell, one_line, table
from temnet.tables.csv_rows import column_help

PACKAGE = Path(temnet.__file__).parent

ROW = re.compile(r"(?:Row of|A line of) (?:``)?[\w.]+\.csv")
"""How the docstring of a row begins."""

ROW_OF = re.compile(r"^(Row|A line) of [^:]*: ")

STAGES = (
    "predict",
    "occupancy",
    "strain",
    "compare",
    "evaluate",
    "movie",
    "accuracy",
    "study",
    "live",
)
"""Where tables come from, in the order of the page."""

WRITERS = {
    "columns.csv": "predict",
    "foci.csv": "predict",
    "rings.csv": "predict",
    "image_drift.csv": "predict",
    "compare.csv": "compare",
    "truth.csv": "movie",
    "accuracy.csv": "accuracy",
    "study.csv": "study",
    "sites.csv": "occupancy",
    "transitions.csv": "occupancy",
    "rates.csv": "occupancy",
    "frames.csv": "occupancy",
    "drift.csv": "occupancy",
    "recorded_frames.csv": "live",
    "strain.csv": "strain",
    "lattices.csv": "strain",
    "profile.csv": "strain",
}
"""The stage or command that writes a table; all others are of `evaluate`."""

TITLES = {
    "predict": "Columns in images (stage `predict`)",
    "occupancy": "Sites of a movie (stage `occupancy`)",
    "strain": "Strain (stage `strain`)",
    "compare": "Two movies (stage `compare`)",
    "evaluate": "Scores of a network (stage `evaluate`)",
    "movie": "Simulated movies (stage `movie`)",
    "accuracy": "Accuracy of the simulation (stage `accuracy`)",
    "study": "Studies (`temnet study`)",
    "live": "Recordings (`temnet live`)",
}

RECORDS = (
    ("series.json", "temnet.reporting.files.series_file", "SeriesRecord"),
    ("card.json", "temnet.config.card", "Card"),
)
"""JSON files whose keys the page explains, with their classes."""

INTRODUCTION = """# Columns of the tables

Every table is a CSV file in UTF-8 with a header and commas. Numbers have seven significant digits
and a decimal point. An empty cell is a value that is not known. Names with `_angstrom` are in Å,
with `_pm` in picometres, with `_pixel` in pixels of the file.

Positions count from the centre of the first pixel, `[0, 0]`; rows point down and columns to the
right. A name such as `p_<name>` stands for one column per class.

`temnet.tables.csv_tables.read_table(path)` reads any of them as a list of dictionaries; so do
pandas, Origin and Excel.
"""


@dataclass(frozen=True)
class Table:
    """A table of temnet.

    Attributes:
        files: Names of the files that hold it.
        row_type: The class of its rows.
    """

    files: tuple[str, ...]
    row_type: type

    @property
    def stage(self) -> str:
        """The stage or command that writes it."""
        return WRITERS.get(self.files[0], "evaluate")


def row_classes(package: Path = PACKAGE) -> list[tuple[str, str]]:
    """Module and name of each class whose docstring begins as that of a row."""
    found = []
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not ROW.search(text):
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef) and ROW.match(ast.get_docstring(node) or ""):
                parts = path.relative_to(package.parent).with_suffix("").parts
                found.append((".".join(parts), node.name))
    return found


def tables() -> list[Table]:
    """All tables, by stage and name."""
    found = []
    for module, name in row_classes():
        row_type = getattr(import_module(module), name)
        first = (row_type.__doc__ or "").partition(":")[0]
        found.append(Table(tuple(re.findall(r"\w+\.csv", first)), row_type))
    return sorted(found, key=lambda one: (STAGES.index(one.stage), list_place(one), one.files))


def list_place(one: Table) -> int:
    """Place of a table within its stage: as in `WRITERS`, others behind."""
    names = list(WRITERS)
    return names.index(one.files[0]) if one.files[0] in names else len(names)


def page() -> str:
    """The page as Markdown."""
    parts, stage = [INTRODUCTION], ""
    for one in tables():
        if one.stage != stage:
            stage = one.stage
            parts.append(f"## {TITLES[stage]}")
        parts += [f"### {' and '.join(one.files)}", *_table(one.row_type, "column")]
    parts.append("## Records")
    parts.append("Keys of JSON files. A key whose value is not known is `null`.")
    for file, module, name in RECORDS:
        parts += [f"### {file}", *_table(getattr(import_module(module), name), "key")]
    return "\n\n".join(parts) + "\n"


def _table(row_type: type, head: str) -> list[str]:
    """What a row is, and its columns."""
    assert is_dataclass(row_type)
    rows = [(f"`{name}`", markdown(text)) for name, text in column_help(row_type).items()]
    opening = ROW_OF.sub("", one_line(inspect.getdoc(row_type) or ""))
    return [opening[0].upper() + opening[1:], table((head, "meaning"), rows)]


def markdown(text: str) -> str:
    """The text of a docstring in a cell of a table."""
    return cell(text.replace("``", "`"))
