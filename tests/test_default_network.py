"""Without a name the network for any crystal is taken, and the command reports it."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

import temnet
from temnet import predict
from temnet.config.analysis.prediction import DEFAULT_NETWORK
from temnet.config.loading import validate
from temnet.live.session import first_settings

GIVEN = ["--sampling", "0.2", "--engine", "keras", "--output"]


@pytest.fixture(scope="module")
def lattice():
    """Bright columns 2.3 Å apart, a part of which noise hides: (row, col) in electrons."""
    rows, cols = np.mgrid[:96, :96] * 0.2
    waves = np.cos(2 * np.pi * rows / 2.3) + np.cos(2 * np.pi * cols / 2.3)
    return np.random.default_rng(3).poisson(40 * np.exp(waves / 2)).astype(np.float32)


def test_the_command_takes_it_and_reports_it(tmp_path, monkeypatch, capsys, lattice, undrawn):
    monkeypatch.chdir(tmp_path)
    tifffile.imwrite("a.tif", lattice)
    assert predict.main(["a.tif", *GIVEN, "without"]) == 0
    assert f"{DEFAULT_NETWORK} finds the columns of any crystal" in capsys.readouterr().err
    assert predict.main(["a.tif", *GIVEN, "with", "--network", DEFAULT_NETWORK]) == 0
    assert "finds the columns of any crystal" not in capsys.readouterr().err
    tables = [Path(one, "a/predict/columns.csv").read_text() for one in ("without", "with")]
    assert tables[0] == tables[1]
    record = json.loads(Path("without/a/predict/series.json").read_text())
    assert DEFAULT_NETWORK in json.dumps(record)


def test_python_takes_it_too_and_finds_the_columns(lattice):
    found = temnet.analyse(lattice, sampling=0.2, engine="keras")
    places = found.peaks.positions
    inner = np.all((places > 1.5) & (places < 17.5), axis=1)
    distance = np.abs(places[inner] / 2.3 - np.round(places[inner] / 2.3)) * 2.3
    assert np.sum(inner) == pytest.approx(49, abs=3)
    assert distance.max() < 0.5


def test_an_experiment_and_the_live_tool_take_it():
    settings = {
        "images": {"files": ["a.tif"], "sampling": 0.2},
        "prediction": {},
        "stages": ["predict"],
    }
    assert validate(settings, "a test").prediction.network == DEFAULT_NETWORK
    assert first_settings(None).network == DEFAULT_NETWORK
