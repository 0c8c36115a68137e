"""Comparison of two finished runs, from the command to the page."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from temnet import run
from temnet.errors import InputError
from temnet.movies.comparison import ComparisonRow, Difference
from temnet.movies.history_files import write_histories
from temnet.movies.occupancy import counted_histories
from temnet.movies.site_tables import SiteRow, site_rows
from temnet.movies.sites import Sites
from temnet.reporting.files.series_file import SeriesRecord, write_series
from temnet.stages import compare
from temnet.tables.csv_rows import read_rows, write_rows
from temnet.workflow.folder import stage_folder

SETTINGS = {"images": {"files": ["a 1"], "average": "auto", "invert": False},
            "prediction": {"network": "n", "threshold": 0.5},
            "occupancy": {"tolerance": 0.7, "frame_time": 0.1}}  # fmt: skip

SERIES = SeriesRecord(
    file="a", frames=60, rows=64, cols=64, sampling=0.2, network="n", classes=("metal",)
)


def finished(root, seed, flip, settings=SETTINGS, frames=60, size=12):
    """A run folder with a square particle whose edge columns empty with the chance ``flip``."""
    rng = np.random.default_rng(seed)
    places = np.stack(np.mgrid[:size, :size], axis=-1).reshape(-1, 2) * 2.5
    edge = np.any((places == 0) | (places == places.max()), axis=1)
    presence = np.ones((len(places), frames), bool)
    for frame in range(1, frames):
        draw = rng.random(len(places))
        stay = np.where(presence[:, frame - 1], draw > flip, draw < 0.3)
        presence[:, frame] = stay | ~edge
    sites = Sites(
        places, np.zeros(len(places), int), presence, np.ones(presence.shape, bool),
        np.zeros(0, int), np.ones(frames, bool), np.zeros((frames, 2)),
    )  # fmt: skip
    with stage_folder(root, "occupancy", settings, resumable=False) as folder:
        write_rows(folder / "sites.csv", site_rows(sites, ["metal"]), SiteRow)
        write_histories(folder / "histories.npz", counted_histories(sites))
    return root


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compare.yaml").write_text(
        "compare: {runs: [vacuum, oxygen]}\nstages: [compare, report]\n"
    )
    finished(tmp_path / "vacuum", 1, 0.1)
    return tmp_path


def rows_of(folder="runs/compare"):
    rows = read_rows(Path(folder) / "compare" / "compare.csv", ComparisonRow)
    return {(row.region, row.quantity): row for row in rows}


def test_different_rates_are_found_at_the_edge_and_not_inside(here):
    finished(here / "oxygen", 2, 0.3)
    assert run.main(["compare.yaml"]) == 0
    rows = rows_of()
    assert len(rows) == 4
    # In equilibrium 0.3 / (0.3 + flip) are occupied, and 2 · 0.3 flip / (0.3 + flip) change.
    edge = rows["edge", "occupancy"], rows["edge", "transition_fraction"]
    assert edge[0].difference == pytest.approx(0.5 - 0.75, abs=0.05)
    assert edge[1].difference == pytest.approx(0.3 - 0.15, abs=0.03)
    for row in edge:
        assert row.p_value == pytest.approx(2 / 70)  # of 4 and 4 blocks
        assert row.difference_low < row.difference < row.difference_high
        assert not row.difference_low <= 0 <= row.difference_high
    inside = rows["interior", "occupancy"]
    assert inside.difference == 0 and inside.p_value == 1
    page = (here / "runs/compare/index.html").read_text(encoding="utf-8")
    assert "oxygen minus vacuum" in page and "Significant at p" in page


def test_the_same_rates_do_not_differ(here):
    finished(here / "oxygen", 3, 0.1)
    assert run.main(["compare.yaml"]) == 0
    assert all(row.p_value > 0.05 for row in rows_of().values())
    assert "No difference is significant" in (here / "runs/compare/index.html").read_text()


def test_blocks_can_be_given(here):
    finished(here / "oxygen", 3, 0.1)
    assert run.main(["compare.yaml", "--set", "compare.block_frames=10"]) == 0
    assert {row.blocks_first for row in rows_of().values()} == {6}


def test_runs_with_other_outputs_are_compared(here):
    prediction = {**SETTINGS["prediction"], "outputs": ["xyz"], "rings": {"bond": [1.1, 1.8]}}
    untimed = {"tolerance": 0.7, "frame_time": None}
    finished(here / "oxygen", 2, 0.1, {**SETTINGS, "prediction": prediction, "occupancy": untimed})
    assert run.main(["compare.yaml"]) == 0


def test_the_movies_of_the_runs_are_read(here):
    finished(here / "oxygen", 2, 0.1, frames=61, size=5)
    first, second = (compare._read(here / name) for name in ("vacuum", "oxygen"))
    assert (first.name, len(first.sites), first.frame_count) == ("vacuum", 144, 60)
    assert (second.name, len(second.sites), second.frame_count) == ("oxygen", 25, 61)
    path = here / "oxygen/occupancy/sites.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(InputError, match="sites.csv has 24 sites, histories.npz has 25"):
        compare._read(here / "oxygen")


def test_differences_that_cannot_be_tested_are_not_called_insignificant(here, monkeypatch):
    finished(here / "oxygen", 2, 0.1)
    unknown = Difference(np.nan, np.nan, np.nan, np.nan)
    monkeypatch.setattr("temnet.movies.comparison.compare", lambda *_: unknown)
    assert run.main(["compare.yaml"]) == 0
    page = (here / "runs/compare/index.html").read_text(encoding="utf-8")
    assert "4 of 4 differences could not be tested" in page and "significant" not in page.lower()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("missing", ["oxygen", "finished stage `occupancy`"]),
        ("other network", ["prediction.threshold was 0.5, is 0.4"]),
        ("other images", ["images.invert was false, is true"]),
        ("other average", ["averages of 1 and 8 frames", "images.average"]),
        ("other time", ["0.1 and 0.2 s from frame to frame", "occupancy.frame_time"]),
        ("short", ["oxygen", "3 frames", "4 blocks"]),
        ("damaged", ["histories.npz has 2 of", "is damaged"]),
        ("same", ["two different folders", "vacuum"]),
        ("long blocks", ["60 frames", "4 blocks of 20 frames", "block_frames lower"]),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(here, capsys, change, words):
    settings, frames, options = SETTINGS, 60, []
    if change == "other network":
        settings = {**SETTINGS, "prediction": {"network": "n", "threshold": 0.4}}
    if change == "other images":
        settings = {**SETTINGS, "images": {"files": ["b 2"], "average": "auto", "invert": True}}
    if change == "other average":
        for name, average in (("vacuum", 1), ("oxygen", 8)):
            (here / name / "predict").mkdir(parents=True)
            write_series(here / name / "predict", [replace(SERIES, average=average)])
    if change == "other time":
        settings = {**SETTINGS, "occupancy": {"tolerance": 0.7, "frame_time": 0.2}}
    if change == "short":
        frames = 3
    if change != "missing":
        finished(here / "oxygen", 2, 0.1, settings, frames)
    if change == "damaged":
        (here / "oxygen/occupancy/histories.npz").write_bytes(b"no")
    if change == "same":
        options = ["--set", "compare.runs=[vacuum, vacuum]"]
    if change == "long blocks":
        options = ["--set", "compare.block_frames=20"]
    assert run.main(["compare.yaml", *options]) == 2
    message = capsys.readouterr().err
    for word in words:
        assert word in message
    assert not (here / "runs").exists()
