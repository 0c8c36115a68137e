"""The tutorials: their programs run, and print what the text beside them states."""

import contextlib
import io
import re
import time
from pathlib import Path

import matplotlib
import pytest

TUTORIALS = Path(__file__).parents[1] / "docs" / "tutorials"

CELL = re.compile(r"^```\{code-cell\} ipython3\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTIONS = re.compile(r"\A(:\w+:.*\n)+\n")

SLOWEST = 300
"""Time limit [s]; each takes some twenty seconds on a quiet machine."""


def cells(name):
    """The programs of a page, in order."""
    text = (TUTORIALS / f"{name}.md").read_text(encoding="utf-8")
    return [OPTIONS.sub("", cell) for cell in CELL.findall(text)]


def run(name, monkeypatch):
    """Runs a tutorial; returns its names and what it printed."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.syspath_prepend(str(TUTORIALS))
    monkeypatch.chdir(Path.cwd())  # so that the folder is the old one afterwards
    matplotlib.use("agg")
    names, printed, start = {}, io.StringIO(), time.monotonic()
    with contextlib.redirect_stdout(printed):
        for number, cell in enumerate(cells(name)):
            exec(compile(cell, f"{name}.md, cell {number}", "exec"), names)
    matplotlib.pyplot.close("all")
    assert time.monotonic() - start < SLOWEST
    return names, printed.getvalue()


def test_cells_are_read_without_their_options():
    first, second, *_ = cells("one_image")
    assert first.startswith("import example_folder\n") and second.startswith("import matplotlib")


def test_every_page_that_has_programs_is_tested():
    found = {path.stem for path in TUTORIALS.glob("*.md") if CELL.search(path.read_text("utf-8"))}
    assert found == {"one_image", "movie", "focal_series"}


def test_one_image(monkeypatch):
    names, printed = run("one_image", monkeypatch)
    found = names["found"]
    assert found.verdict == "in distribution"
    assert all(found.counts[0] >= 35)  # both crystals
    # experiments/images/README.md: 0.202 Å, found from the lattices of both crystals.
    assert names["lattice"].sampling == pytest.approx(0.202, rel=0.015)
    assert not names["checked"].findings
    assert "threshold 0.4" in printed and "row_angstrom,col_angstrom" in printed


@pytest.mark.slow
def test_a_movie(monkeypatch):
    names, printed = run("movie", monkeypatch)
    sites = names["sites"]
    assert len(sites) == pytest.approx(50, abs=8)
    inside = [site["occupancy"] for site in sites if site["region"] == "interior"]
    edge = [site["occupancy"] for site in sites if site["region"] == "edge"]
    assert min(inside) > 0.8 > sum(edge) / len(edge)
    # "Most of the changes that were counted are missed columns."
    total = names["total"]
    assert total("inferred_appearances") < total("appearances") / 2
    assert "interior" in printed and "at a bound: " in printed


def test_a_focal_series(monkeypatch):
    names, printed = run("focal_series", monkeypatch)
    assert names["found"].verdict == "in distribution"
    correct = re.findall(r"^(Mo|S2|S): (\d+) of (\d+)$", printed, re.MULTILINE)
    assert [name for name, *_ in correct] == ["Mo", "S2", "S"]
    # Its card's remarks: all columns but one away from the border, with the right class.
    assert all(int(total) > 5 for *_, total in correct)
    assert sum(int(total) - int(found) for _, found, total in correct) <= 1
