import json

import numpy as np
import pytest

from temnet import benchmark
from temnet.benchmarks import files
from temnet.benchmarks.files import FileCost, file_table, measure_file
from temnet.inference.reading.read_images import read_images


def test_a_lattice_is_bright_at_its_columns_and_knows_its_pixels(tmp_path):
    files.write_lattice(tmp_path / "a.tif", 128, 0.2)
    series = read_images(tmp_path / "a.tif")
    assert series.images.shape == (1, 128, 128, 1)
    assert series.sampling == pytest.approx(0.2, rel=1e-4)
    counts, columns = files._lattice(128, 0.2, np.random.default_rng(0))
    np.testing.assert_array_equal(series.images[0], counts)
    inside = columns.select(columns.inside(25.4, 25.4))
    pixels = np.rint(inside.positions / 0.2).astype(int)
    assert 100 <= len(inside) <= 121  # 25.4 Å over 2.4 Å, squared
    assert counts[tuple(pixels.T)].mean() == pytest.approx(200 * 1.6, rel=0.03)
    assert np.median(counts) < 250


def test_a_file_is_timed_step_by_step():
    cost = measure_file("nanoparticle-unet", 128, "keras", repeats=1)
    assert cost.engine == "Keras" and cost.network == "nanoparticle-unet"
    assert list(cost.steps) == list(files.STEPS) and min(cost.steps.values()) > 0
    assert cost.seconds == pytest.approx(sum(cost.steps.values()))
    assert 90 <= cost.columns <= 121
    assert 0 < cost.processor < 16 * cost.seconds
    assert 0.2 < cost.memory < 8


@pytest.fixture
def no_work(monkeypatch):
    asked = {}

    def measured(networks, sizes, engine, repeats, done):
        asked.update(networks)
        steps = dict.fromkeys(files.STEPS, 0.1)
        return [FileCost("n", "Keras", size, 5, 2.0, 0.5, 0.9, steps, 1.0) for size in sizes]

    monkeypatch.setattr(files, "measure_files", measured)
    return asked


def test_the_command_prints_a_table_or_json(no_work, capsys):
    arguments = ["predict", "--only", "files", "--sizes", "64", "128"]
    assert benchmark.main(arguments) == 0
    assert no_work["nanoparticle-unet"] is None and no_work["unet_small"].model.kind == "unet"
    table = capsys.readouterr().out
    assert "normalise" in table and len(table.splitlines()) == 3
    assert benchmark.main([*arguments, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert [each["pixels"] for each in values["files"]] == [64, 128]
    assert values["networks"] == []
    assert values["files"][0]["steps"]["peaks"] == 0.1
    assert file_table([]).count("\n") == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--sizes", "8"], "at least 32"), (["--files", "nonesuch"], "no network 'nonesuch'")],
)
def test_wrong_options_are_refused(arguments, words, no_work, capsys):
    assert benchmark.main(["predict", "--only", "files", *arguments]) == 2
    assert words in capsys.readouterr().err
