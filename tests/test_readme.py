"""README and documentation: their commands exist, and the quickstart gives what they promise."""

import re
import shlex
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import yaml

import temnet
from temnet import run
from temnet.__main__ import SUBCOMMANDS
from temnet.config.analysis.prediction import DEFAULT_NETWORK
from temnet.config.loading import load_experiment
from temnet.models.network_folders import find_network, read_card
from temnet.reporting.files.column_table import ColumnRow
from temnet.study.settings import load_study
from temnet.tables.csv_rows import column_help
from temnet.tables.csv_tables import read_table

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
DOCS = sorted(
    path for path in (REPOSITORY / "docs").rglob("*.md") if "generated" not in path.parts
    and "_build" not in path.parts
)  # fmt: skip

QUICKSTART = "pip install -r requirements.txt && python -m temnet.run experiments/quickstart.yaml"
TEST = "pip install -r requirements.txt && python -m pytest"

LONGEST = 6000
"""Bytes of the README."""

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


def commands(text):
    """Every command in an indented block, without its comment."""
    for line in re.findall(r"^ {4,}(\S.*)$", text, re.MULTILINE):
        command = line.split("  #")[0].strip()
        if command.startswith(("python -m", "pip", "source", "temnet", "dask")):
            yield command


def all_commands():
    texts = [README, *(path.read_text(encoding="utf-8") for path in DOCS)]
    return sorted({command for text in texts for command in commands(text)})


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    """The run folder of the quickstart."""
    root = tmp_path_factory.mktemp("runs") / "quickstart"
    path = REPOSITORY / "experiments" / "quickstart.yaml"
    assert run.main([str(path), "--output", str(root)]) == 0
    return root


def test_both_commands_stand_at_the_top():
    first = list(commands(README))[:2]
    assert first == [QUICKSTART, TEST]
    assert README.index(TEST) < README.index("##")


def test_the_readme_is_short():
    assert len(README.encode()) <= LONGEST


OTHER = ("python -m venv .venv", "source .venv/bin/activate", "python -m pytest")
"""Commands that are not temnet's."""

PLANNED = {"new"} - set(SUBCOMMANDS)
"""Subcommands that the documentation describes before they exist."""

NOT_RUN = ("dask", "pip wheel", "pip install .")
"""How other commands begin."""


@pytest.mark.parametrize("command", all_commands())
def test_every_command_is_one_that_exists(command, monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    for part in command.split("&&"):
        words = shlex.split(part.split(">")[0])
        if words[:3] == ["pip", "install", "-r"]:
            assert Path(words[2 + words[2:].index("-r") + 1 if "-r" in words[3:] else 3]).is_file()
        elif words[0] == "temnet":
            check(words[1], words[2:])
        elif words[2:] and words[2].startswith("temnet."):
            check(words[2].removeprefix("temnet."), words[3:])
        else:
            assert part.strip() in OTHER or part.strip().startswith(NOT_RUN)


def check(name, words):
    """Parses the words of a subcommand; files that come along must exist, and be valid."""
    if name == "--version" or name in PLANNED:
        return
    module = import_module(SUBCOMMANDS[name].module)
    options = (
        module.parse(words) if hasattr(module, "parse") else module._parser().parse_args(words)
    )
    if name == "run" and not options.schema and options.file.parts[0] == "experiments":
        assert load_experiment(options.file)
    elif name == "study":
        assert load_study(options.file)
    elif name == "predict" and not (options.network or "").startswith("runs/"):
        assert find_network(options.network or DEFAULT_NETWORK)
    elif name == "publish":
        assert all(
            root.name == "NAME" or Path("experiments", f"{root.name}.yaml").is_file()
            for root in options.runs
        )


def test_a_wrong_command_is_found():
    with pytest.raises(KeyError):
        check("predicts", [])
    with pytest.raises(SystemExit):
        check("predict", ["a.tif", "--networks", "mos2-unet"])


@pytest.mark.parametrize(
    ("head", "folder", "page"),
    [("experiment", "experiments", "train"), ("study", "experiments/studies", "study")],
)
def test_the_tables_list_every_file(head, folder, page):
    text = (REPOSITORY / "docs" / "how_to" / f"{page}.md").read_text(encoding="utf-8")
    table = re.search(rf"\| {head} \|.*?\n\n", text, re.DOTALL).group()
    cells = [line.split("|")[1] for line in table.strip().splitlines()[2:]]
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert named == {path.stem for path in (REPOSITORY / folder).glob("*.yaml")}


def test_the_table_of_columns_is_whole():
    """Every column of columns.csv stands in the README."""
    table = re.search(r"\| in `columns.csv` \|.*?\n\n", README, re.DOTALL).group()
    named = set(
        re.findall(r"`(\w+)", "".join(line.split("|")[1] for line in table.split("\n")[2:-2]))
    )
    assert named == {name.partition("<")[0] for name in column_help(ColumnRow)}


def test_the_table_of_networks_is_that_of_their_cards():
    table = re.search(r"\| your specimen \|.*?\n\n", README, re.DOTALL).group()
    rows = [
        [cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.split("\n")[2:-2]
    ]
    names = {folder.name for folder in (REPOSITORY / "pretrained").glob("*-unet")}
    assert {network for _, _, network, _ in rows} == names
    for specimen, images, network, pixels in rows:
        card = read_card(find_network(network))
        low, high = card.camera_sampling
        assert pixels == f"{low:g} to {high:g} Å"
        assert images.startswith("one" if card.focus_count == 1 else "three")
        volts = [f"{energy / 1e3:g}" for energy in dict.fromkeys(card.energies)]
        assert specimen.endswith(f"; {' to '.join(volts)} kV")


def test_the_citation_file_is_valid_and_of_this_version():
    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    required = {"cff-version", "message", "title", "authors"}  # of the format's version 1.2.0
    assert required <= set(citation) and citation["cff-version"] == "1.2.0"
    assert str(citation["version"]) == temnet.__version__
    assert citation["authors"] == [{"name": "temnet developers"}]
    assert citation["license"] == "MIT" and citation["type"] == "software"
    for reference in citation["references"]:
        assert {"type", "title", "authors"} <= set(reference)
        assert all({"family-names", "given-names"} == set(one) for one in reference["authors"])
    for text in (README, (REPOSITORY / "docs/how_to/cite.md").read_text(encoding="utf-8")):
        assert f"temnet {temnet.__version__} (" in text


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
