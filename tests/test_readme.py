"""The README: its commands exist, and the quickstart gives the results that it describes."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from temnet import predict, publish, run
from temnet.config.loading import load_experiment
from temnet.csv_tables import read_table
from temnet.models.network_folders import find_network
from temnet.study import __main__ as study
from temnet.study.settings import load_study

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")

QUICKSTART = "pip install -r requirements.txt && python -m temnet.run experiments/quickstart.yaml"
TEST = "pip install -r requirements.txt && python -m pytest"

SAMPLING = 0.202

INNER_COLUMNS = np.array(
    [
        [54, 58], [63, 67], [49, 69], [58, 77], [52, 88], [65, 87], [71, 76], [76, 66],
        [69, 57], [60, 48], [74, 46], [82, 55], [90, 64], [83, 75], [94, 54], [92, 34],
    ]
)  # fmt: skip
"""(row, col) pixels of columns in the particle, read off the movie's time average by eye."""

VACUUM_ROWS = 20
"""Rows of pixels at the top of the movie that show nothing but vacuum."""


def commands():
    """Every command in an indented or fenced block, without its comment."""
    lines = re.findall(r"^ {4}(\S.*)$", README, re.MULTILINE)
    for line in lines:
        text = line.split("  #")[0].strip()
        if text.startswith(("python", "pip", "source")):
            yield text


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    """The run folder of the quickstart."""
    root = tmp_path_factory.mktemp("runs") / "quickstart"
    path = REPOSITORY / "experiments" / "quickstart.yaml"
    assert run.main([str(path), "--output", str(root)]) == 0
    return root


def test_both_commands_stand_at_the_top():
    first = list(commands())[:2]
    assert first == [QUICKSTART, TEST]
    assert README.index(TEST) < README.index("##")


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_every_command_is_one_that_exists(command, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    for part in command.split("&&"):
        words = shlex.split(part.split(">")[0])
        if words[:3] == ["pip", "install", "-r"]:
            assert Path(words[3]).is_file()
        elif words[:3] == ["python", "-m", "temnet.run"]:
            options = run.parse(words[3:])
            assert options.schema or load_experiment(options.file)
        elif words[:3] == ["python", "-m", "temnet.study"]:
            assert load_study(study._parser().parse_args(words[3:]).file)
        elif words[:3] == ["python", "-m", "temnet.predict"]:
            assert find_network(predict._parser().parse_args(words[3:]).network)
        elif words[:3] == ["python", "-m", "temnet.publish"]:
            (root,) = publish._parser().parse_args(words[3:]).runs
            assert Path("experiments", f"{root.name}.yaml").is_file()
        else:
            assert words == ["python", "-m", "pytest"]


@pytest.mark.parametrize(
    ("head", "folder"), [("experiment", "experiments"), ("study", "experiments/studies")]
)
def test_the_tables_list_every_file(head, folder):
    table = re.search(rf"\| {head} \|.*?\n\n", README, re.DOTALL).group()
    cells = [line.split("|")[1] for line in table.strip().splitlines()[2:]]
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert named == {path.stem for path in (REPOSITORY / folder).glob("*.yaml")}


def test_quickstart_writes_what_it_promises(quickstart):
    for name in (
        "index.html",
        "experiment.yaml",
        "environment.json",
        "log.txt",
        "predict/columns.csv",
        "occupancy/sites.csv",
        "occupancy/transitions.csv",
    ):
        assert (quickstart / name).stat().st_size > 0, name
    page = (quickstart / "index.html").read_text(encoding="utf-8")
    for word in ("occupancy", "transitions", "columns.csv", "sites.csv", "transitions.csv"):
        assert word in page
    assert page.count("<img") >= 3


def test_quickstart_finds_the_columns_of_the_particle_in_every_frame(quickstart):
    columns = read_table(quickstart / "predict" / "columns.csv")
    assert {row["frame"] for row in columns} == set(range(40))
    metal = [row for row in columns if row["class"] == "metal"]
    found = np.array([[row["row_pixel"], row["col_pixel"]] for row in metal])
    frame = np.array([row["frame"] for row in metal])
    for place in INNER_COLUMNS:
        near = np.linalg.norm(found - place, axis=1) * SAMPLING < 0.8
        assert len(set(frame[near])) >= 32, place


def test_quickstart_leaves_vacuum_empty(quickstart):
    columns = read_table(quickstart / "predict" / "columns.csv")
    in_vacuum = [row for row in columns if row["row_pixel"] < VACUUM_ROWS]
    # A crystal would have 27 columns on this area (147 Å², platinum [110] one on 5.4 Å²).
    assert len(in_vacuum) < 40
    assert sum(row["class"] == "metal" for row in in_vacuum) <= 4


def test_quickstart_follows_the_sites(quickstart):
    sites = read_table(quickstart / "occupancy" / "sites.csv")
    assert {row["class"] for row in sites} == {"metal"}
    places = np.array([[row["row_angstrom"], row["col_angstrom"]] for row in sites])
    occupancy = np.array([row["occupancy"] for row in sites])
    for place in INNER_COLUMNS * SAMPLING:
        distance = np.linalg.norm(places - place, axis=1)
        assert distance.min() < 0.6 and occupancy[distance.argmin()] > 0.85, place
    assert places[:, 0].min() > VACUUM_ROWS * SAMPLING
    # Columns at the edge of the particle come and go, those inside stay.
    edge = np.array([row["edge_distance_angstrom"] for row in sites])
    assert occupancy[edge < 1].mean() < occupancy[edge > 3].mean()
    changing = read_table(quickstart / "occupancy" / "transitions.csv")
    total = sum(row["appearances"] + row["disappearances"] for row in sites)
    assert len(changing) == total > 0
