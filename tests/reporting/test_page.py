"""The page of a run: well-formed, in one file, and nothing in it that is not text."""

import json
import re
import subprocess
import sys
from dataclasses import fields, replace
from html.parser import HTMLParser

import numpy as np
import pytest

from temnet.config.analysis.occupancy import Occupancy
from temnet.config.experiment import Experiment
from temnet.errors import InputError
from temnet.movies.drift import DriftRow
from temnet.movies.history_files import write_histories
from temnet.movies.occupancy import Histories
from temnet.movies.rates import RateRow
from temnet.movies.site_tables import FrameRow, SiteRow
from temnet.movies.transitions import TransitionRow
from temnet.records import Peaks
from temnet.reporting.files.column_table import ColumnTableWriter
from temnet.reporting.files.kept_frames import FrameIndex, MeanImage, open_frames, write_mean
from temnet.reporting.page import details, link, paragraph, picture, table
from temnet.reporting.report import write_report
from temnet.reporting.run_results import RunResults
from temnet.tables.csv_rows import write_rows

EVIL = '<script>alert("1")</script>&.tif'
CLASSES = ["metal", "oxide"]
VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """Tags in balance, links, images and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.links, self.images, self.text = [], [], [], []
        self.tags = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if "href" in values:
            self.links.append(values["href"])
        if tag == "img":
            self.images.append(values["src"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def experiment():
    return Experiment(
        images={"files": ("m.tif",)}, prediction={"network": "n"},
        stages=("predict", "occupancy", "report"),
    )  # fmt: skip


def report(root):
    (root / "report").mkdir(exist_ok=True)
    page = write_report(RunResults(root, root / "report", experiment()))
    assert page == root / "index.html"
    return Page(page.read_text(encoding="utf-8"))


def fill(root, file="m.tif", frames=3, per_frame=2):
    """A predict folder as the stage writes it."""
    count = frames * per_frame
    rng = np.random.default_rng(0)
    peaks = Peaks(
        frame=np.repeat(np.arange(frames), per_frame),
        positions=rng.uniform(0, 8, (count, 2)),
        class_index=np.zeros(count, int),
        score=np.ones(count),
        probabilities=np.tile([1.0, 0.0], (count, 1)),
        spread=np.full(count, np.nan),
    )
    with ColumnTableWriter(root / "predict" / "columns.csv", CLASSES) as table:
        table.write(peaks, 0.2, file)
    images = rng.normal(size=(frames, 40, 40)).astype(np.float32)
    index = FrameIndex((file,) * frames, np.arange(frames), np.full(frames, 0.2))
    with open_frames(root / "predict" / "images.npz", index, (40, 40)) as writer:
        for image in images:
            writer.add(image)
    part = {
        "file": file, "frames": frames, "rows": 40, "cols": 40, "sampling": 0.2, "network": "n",
        "classes": CLASSES,
    }  # fmt: skip
    (root / "predict" / "series.json").write_text(json.dumps([part]))
    return MeanImage(images[0], index)


def follow(root, mean, sites):
    folder = root / "occupancy"
    rows = [
        SiteRow(
            site=i, row_angstrom=2.0 + i, col_angstrom=3.0, class_="metal", frames=2,
            occupancy=0.5, occupancy_low=0.5, occupancy_high=0.5, appearances=0, disappearances=0,
            transition_fraction=0.5, edge_distance_angstrom=0.5, region="edge", neighbours=0,
            inferred_occupancy=0.5, inferred_transition_fraction=0.5,
        )
        for i in range(sites)
    ]  # fmt: skip
    write_rows(folder / "sites.csv", rows, SiteRow)
    write_rows(folder / "transitions.csv", [], TransitionRow)
    drift = [DriftRow(i, 0.3 * i, 0.4 * i, usable=i != 1) for i in range(3)]
    write_rows(folder / "drift.csv", drift, DriftRow)
    write_mean(folder / "images.npz", mean)


@pytest.fixture(scope="module")
def movie(tmp_path_factory):
    """The folder of a movie with two sites, and its page with all pictures."""
    root = tmp_path_factory.mktemp("movie")
    follow(root, fill(root), sites=2)
    for name in ("experiment.yaml", "log.txt", "environment.json"):
        (root / name).write_text("")
    return root, report(root)


def test_the_page_of_a_prediction_loads_neither_abtem_nor_tensorflow():
    """They take seconds and hundreds of megabytes."""
    code = """
import sys
import temnet.reporting.report, temnet.reporting.sections.images, temnet.reporting.sections.rings
import temnet.movies.sections.occupancy, temnet.movies.sections.comparison
heavy = {"abtem", "numba", "tensorflow", "keras"}
print(sorted(heavy & set(sys.modules)))
import numba  # the lightest of them
print(sorted(heavy & set(sys.modules)))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "['numba']"]


def test_an_empty_run_folder_has_a_page_with_its_settings(tmp_path):
    page = report(tmp_path)
    text = " ".join(page.text)
    assert page.images == [] and "no results in this folder" in text and "network: n" in text


def test_a_movie_is_shown_with_maps_and_tables(movie):
    _, page = movie
    text = " ".join("".join(page.text).split())
    assert len(page.images) == 3 + 1 + 2  # frames, counts, maps
    assert "found 6 columns in 3 images of 1 file: 6 metal, 0 oxide" in text
    # 2 · (0.3, 0.4) Å is 1.0 Å.
    assert "2 sites were followed through 2 of 3 frames; they changed 0 times." in text
    assert "drifted by up to 1.0 Å" in text and "too few columns: frames 1" in text


def test_files_processed_differently_have_a_paragraph_each(tmp_path, undrawn):
    fill(tmp_path)
    path = tmp_path / "predict" / "series.json"
    (part,) = json.loads(path.read_text())
    others = [part | {"file": "o.tif"}, part | {"file": "p.tif", "sampling": 0.1}]
    path.write_text(json.dumps([part, *others]))
    text = " ".join("".join(report(tmp_path).text).split())
    assert "m.tif and o.tif: Each image was resampled from 0.2 Å per pixel" in text
    assert "p.tif: Each image was resampled from 0.1 Å per pixel" in text


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("threshold", "frames in which a column was found there"),
        ("hidden_markov", "frames in which a column was there, as the model estimates"),
    ],
)
def test_maps_name_their_model(tmp_path, undrawn, model, words):
    follow(tmp_path, fill(tmp_path), sites=2)
    settings = experiment().model_copy(update={"occupancy": Occupancy(model=model)})
    (tmp_path / "report").mkdir()
    write_report(RunResults(tmp_path, tmp_path / "report", settings))
    text = " ".join((tmp_path / "index.html").read_text(encoding="utf-8").split())
    assert words in text and ("by the likelier state" in text) == (model == "hidden_markov")


def test_rates_dwell_times_and_occupied_sites_are_shown(tmp_path, undrawn):
    follow(tmp_path, fill(tmp_path), sites=2)
    folder = tmp_path / "occupancy"
    numbers = {one.name: 0.25 for one in fields(RateRow) if one.type == "float"}
    rate = RateRow(by="region", group="edge", class_="metal", sites=2, at_bound="false", **numbers)
    layer = replace(rate, by="layer", group="0", at_bound="")
    write_rows(folder / "rates.csv", [rate, layer], RateRow)
    rows = [FrameRow(frame, True, dict.fromkeys(CLASSES, 1), 1.0, 1.0) for frame in range(3)]
    write_rows(folder / "frames.csv", rows, FrameRow, CLASSES)
    state = np.array([[1.0, 0, 1], [1, 1, 1]])
    step = np.diff(state, axis=1)
    known = np.ones(state.shape, bool)
    histories = Histories(state, known, np.maximum(step, 0), np.maximum(-step, 0))
    write_histories(folder / "histories.npz", histories)
    page = report(tmp_path)
    text = " ".join(" ".join(page.text).split())
    assert len(page.images) == 3 + 1 + 2 + 2
    assert text.count("metal, edge") == 2  # layers stay in the table
    assert "metal, edge: how often a column is found at an empty site cannot be determined" in text
    assert "0.25 (0.25 to 0.25)" in text and "rates of slow changes are too large" in text
    for name in ("dwell_times", "occupied_sites"):
        assert (tmp_path / "report" / f"{name}.svg").is_file()


def test_the_page_needs_no_other_file_but_what_it_links_to(movie):
    root, page = movie
    assert all(source.startswith("data:image/png;base64,") for source in page.images)
    assert not page.tags & {"script", "link", "iframe"}
    html = (root / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|url\(|@import", html)
    for target in page.links:
        assert (root / target).is_file(), target


def test_names_are_text_and_never_markup(tmp_path):
    follow(tmp_path, fill(tmp_path, file=EVIL), sites=1)
    page = report(tmp_path)
    assert "script" not in page.tags and any(EVIL in text for text in page.text)


def test_nothing_found_is_a_page_too(tmp_path):
    follow(tmp_path, fill(tmp_path, per_frame=0), sites=0)
    page = report(tmp_path)
    text = " ".join(page.text)
    assert "found 0 columns" in text and "0 sites were followed" in text
    assert len(page.images) == 3 + 1


def test_doubts_about_the_drift_stand_on_the_page(tmp_path, undrawn):
    follow(tmp_path, fill(tmp_path), 2)
    assert "Doubtful" not in " ".join(report(tmp_path).text)
    (tmp_path / "occupancy/notes.json").write_text('["the drift may be off by a period"]')
    assert "Doubtful: the drift may be off by a period." in " ".join(report(tmp_path).text)


def test_a_single_image_has_no_curve_of_counts(tmp_path, undrawn):
    fill(tmp_path, frames=1)
    assert len(report(tmp_path).images) == 1


def test_a_long_movie_is_shown_by_a_few_frames(tmp_path, undrawn):
    fill(tmp_path, frames=20)
    assert len(report(tmp_path).images) == 6 + 1


def test_a_damaged_result_is_named(tmp_path):
    fill(tmp_path)
    (tmp_path / "predict" / "series.json").write_text("[{")
    with pytest.raises(InputError, match="series.json: the file is not JSON"):
        report(tmp_path)


def test_parts_escape_what_they_are_given():
    parts = [
        paragraph(EVIL), table([EVIL], [[EVIL]]), details(EVIL, EVIL), link(EVIL),
        picture(b"x", EVIL, EVIL),
    ]  # fmt: skip
    for part in parts:
        assert "script" not in Page(part.text).tags
    cells = Page(table(["a"], [[0.12345], [None], [float("nan")], [7]]).text).text
    assert [cell for cell in cells if cell.strip()] == ["a", "0.123", "–", "–", "7"]
    assert "\x00" not in paragraph("a\x00b").text
