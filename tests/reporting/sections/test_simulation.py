"""Sections on simulated images, accuracy, vibrations and training, read from their files."""

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import yaml

from temnet.config.experiment import Experiment
from temnet.records import IGNORED
from temnet.reporting.page import render
from temnet.reporting.run_results import RunResults
from temnet.reporting.sections.networks import train_section
from temnet.reporting.sections.simulation import (
    accuracy_section,
    gallery_section,
    simulate_section,
    vibrations_section,
)
from temnet.reporting.snapshots import Picture, write_pictures
from temnet.simulation.accuracy import Measurement
from temnet.tables.csv_rows import write_rows

PRETRAINED = Path(__file__).parents[3] / "pretrained"


class Cells(HTMLParser):
    """Text of all table cells and captions of a page."""

    def __init__(self, text):
        super().__init__()
        self.cells, self.captions, self._tag = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self._tag = tag

    def handle_endtag(self, tag):
        self._tag = ""

    def handle_data(self, data):
        if self._tag == "td":
            self.cells.append(data)
        if self._tag == "figcaption":
            self.captions.append(data)


def page(section):
    return Cells(render("t", [], [section]))


@pytest.fixture
def source(tmp_path):
    (tmp_path / "report").mkdir()
    experiment = Experiment(labels={"classes": ("a", "b"), "width": 0.4}, stages=("report",))
    return RunResults(tmp_path, tmp_path / "report", experiment)


SECTIONS = (accuracy_section, gallery_section, simulate_section, vibrations_section, train_section)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_run_without_results_has_no_section(source, section):
    assert section(source) is None


def test_errors_of_the_simulation_have_two_decimals_and_a_dash_for_no_offset(source):
    rows = [
        Measurement("MoS2", "grid", "0.05 Å", 1.234),
        Measurement("MoS2", "border", "5 Å", 0.5, offset=-2.0),
    ]
    write_rows(source.root / "accuracy" / "accuracy.csv", rows, Measurement)
    assert page(accuracy_section(source)).cells == [
        "MoS2", "grid", "0.05 Å", "1.23", "–", "MoS2", "border", "5 Å", "0.50", "-2.00",
    ]  # fmt: skip


def test_vibrations_are_listed_with_error_and_factor(source):
    table = {
        "schema_version": 1, "material": "gold", "temperature": 300, "cutoffs": {"Au-Au": 3.4},
        "rows": [{"element": "Au", "coordination": 12, "atoms": 99, "in_plane": 0.08,
                  "in_plane_error": 0.001, "in_plane_quantum": 1.02, "along_beam": 0.09}],
        "sizes": [{"size": "small", "element": "Au", "coordination": 12, "in_plane": 0.08,
                   "along_beam": 0.09}],
        "provenance": {"engine": "LAMMPS"},
    }  # fmt: skip
    (source.root / "vibrations").mkdir()
    (source.root / "vibrations" / "table.yaml").write_text(yaml.safe_dump(table))
    assert page(vibrations_section(source)).cells == [
        "Au", "12", "99", "0.0800", "0.0010", "1.020", "0.0900", "–", "1.000",
        "small", "Au", "12", "0.0800", "0.0900",
    ]  # fmt: skip


def picture(index):
    places = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    return Picture(np.zeros((40, 50)), 0.2, index, f"image {index}", places,
                   np.array([0, 1, IGNORED]))  # fmt: skip


@pytest.mark.parametrize(
    ("foci", "pictures"), [(1, ["examples"]), (3, ["examples", "focal_series"])]
)
def test_a_gallery_shows_a_focal_series_only_if_there_is_one(source, foci, pictures):
    write_pictures(source.root / "gallery" / "examples.npz", [picture(0), picture(1)])
    write_pictures(source.root / "gallery" / "series.npz", [picture(i) for i in range(foci)])
    assert len(page(gallery_section(source)).captions) == len(pictures)
    assert sorted(path.stem for path in source.figures.glob("*.png")) == pictures


def test_the_section_on_training_names_network_epochs_and_minutes(source):
    folder = source.root / "train"
    (folder / "network").mkdir(parents=True)
    (folder / "log.csv").write_text("epoch,loss,peak_f1,seconds\n0,2.0,0.5,60\n1,1.0,0.6,120\n")
    text = render("t", [], [train_section(source)])
    assert "2 epochs in 3.0 minutes" in text and "The network" not in text
    card = json.loads((PRETRAINED / "graphene-unet" / "card.json").read_text(encoding="utf-8"))
    (folder / "network" / "card.json").write_text(json.dumps(card))
    text = render("t", [], [train_section(source)])
    assert f"graphene-unet (unet, {card['parameters']:,} parameters)" in text
    assert f"a score of {card['threshold']:g} and more" in text
