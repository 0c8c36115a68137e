"""`temnet.analyse` gives what the command gives, from files and from arrays."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import tifffile

import temnet
from temnet import predict
from temnet.errors import InputError
from temnet.inference.engines import keras_engine
from temnet.inference.reading import read_images
from temnet.records import Peaks

GIVEN = {"network": "tiny", "sampling": 0.2, "threshold": 0.4}
OPTIONS = ["--network", "tiny", "--sampling", "0.2", "--threshold", "0.4"]


@pytest.fixture
def here(tmp_path, monkeypatch, pretrained, dots, undrawn):
    monkeypatch.chdir(tmp_path)
    tifffile.imwrite("a.tif", dots)
    np.save("movie.npy", np.stack([dots, dots[::-1], dots + 1]))
    return tmp_path


def assert_same(one: Peaks, other: Peaks):
    assert len(one) == len(other) > 0
    for field in fields(Peaks):
        np.testing.assert_array_equal(
            getattr(one, field.name), getattr(other, field.name), field.name
        )


@pytest.mark.parametrize("name", ["a.tif", "movie.npy"])
def test_a_file_has_the_columns_of_the_command_to_the_bit(here, name):
    assert predict.main([name, *OPTIONS, "--output", "out"]) == 0
    stored = temnet.read_peaks(Path("out", Path(name).stem, "predict/columns.h5"))
    found = temnet.analyse(name, **GIVEN)
    assert_same(found.peaks, stored.peaks)
    assert found.folder is None and not Path("runs").exists()
    assert found.classes == stored.class_names and found.sampling == stored.sampling
    assert found.counts.shape == (1 if name == "a.tif" else 3, 2)
    assert found.counts.sum() == len(found.peaks)
    again = temnet.read_analysis(Path("out", Path(name).stem))
    assert_same(again.peaks, stored.peaks)
    assert again.series == found.series


def test_an_array_has_the_columns_of_its_file(here, dots):
    movie = np.load("movie.npy")
    for array, name in ((dots, "a.tif"), (movie, "movie.npy")):
        by_array, by_file = temnet.analyse(array, **GIVEN), temnet.analyse(name, **GIVEN)
        assert_same(by_array.peaks, by_file.peaks)
        np.testing.assert_array_equal(by_array.counts, by_file.counts)
    # Not the mirror image.
    turned = temnet.analyse(dots[:, ::-1], **GIVEN)
    assert not np.array_equal(turned.peaks.positions, by_array.peaks.positions)


def test_an_output_folder_holds_what_the_command_writes(here, dots):
    assert predict.main(["a.tif", *OPTIONS, "--output", "command"]) == 0
    found = temnet.analyse("a.tif", output="call", **GIVEN)
    assert found.folder == Path("call/a")
    names = [
        {path.relative_to(root).as_posix() for path in Path(root).rglob("*")}
        for root in ("command", "call")
    ]
    assert names[0] == names[1]
    table = "a/predict/columns.csv"
    assert Path("call", table).read_bytes() == Path("command", table).read_bytes()
    assert_same(found.peaks, temnet.analyse("a.tif", **GIVEN).peaks)
    # It is done, and read again; an array is kept beside its results.
    assert_same(temnet.analyse("a.tif", output="call", **GIVEN).peaks, found.peaks)
    kept = temnet.analyse(dots, output="call", **GIVEN)
    assert_same(temnet.analyse(dots, output="call", **GIVEN).peaks, found.peaks)
    assert kept.folder == Path("call/array") and Path("call/array.hspy").is_file()
    assert_same(kept.peaks, found.peaks)


def test_a_kept_array_is_replaced_only_with_its_results(here, dots):
    temnet.analyse(dots, output="call", **GIVEN)
    kept = Path("call/array.hspy").read_bytes()
    with pytest.raises(InputError, match="results of other images .* called array"):
        temnet.analyse(dots[::-1], output="call", **GIVEN)
    assert Path("call/array.hspy").read_bytes() == kept
    assert [path.name for path in Path("call").iterdir() if "new" in path.name] == []
    found = temnet.analyse(dots[::-1], output="call", overwrite=True, **GIVEN)
    assert Path("call/array.hspy").read_bytes() != kept
    assert_same(found.peaks, temnet.analyse(dots[::-1], **GIVEN).peaks)


def test_rings_index_the_columns(here):
    found, stored = (
        temnet.analyse("movie.npy", rings=(1.0, 4.0), output=output, **GIVEN)
        for output in (None, "out")
    )
    assert len(found.rings) == len(stored.rings) > 0
    for ring, other in zip(found.rings, stored.rings, strict=True):
        lines = np.array(ring.columns.split(), int)
        assert ring.columns == other.columns and len(lines) == ring.atoms
        assert set(found.peaks.frame[lines]) == {ring.frame}
        middle = found.peaks.positions[lines].mean(axis=0)
        np.testing.assert_allclose((ring.row_angstrom, ring.col_angstrom), middle)


def test_focal_series_are_aligned(here, shifted_foci):
    settings = {"network": "tiny-series", "sampling": 0.2, "axes": "focus"}
    found = temnet.analyse(shifted_foci, **settings)
    assert [row.row_angstrom for row in found.shifts] == pytest.approx([0, 0.8, 0.4], abs=0.05)
    assert temnet.analyse(shifted_foci, align=False, **settings).shifts == ()


@pytest.mark.parametrize(
    ("images", "settings", "message"),
    [
        (np.ones((4, 4)), {"sampling": None}, "sampling"),
        (np.ones((2, 2, 3, 40, 40)), {}, "shape"),
        (np.ones((40, 40), complex), {}, "complex"),
        ("a.tif", {"axes": ("row", "col")}, "axes"),
        (["a.tif", "movie.npy"], {}, "got 2 images"),
        ("gone.tif", {}, "gone.tif"),
        ("a.tif", {"treshold": 0.5}, "treshold"),
        ("a.tif", {"threshold": 2.0}, "threshold"),
    ],
)
def test_invalid_inputs_are_refused(here, images, settings, message):
    values = {key: value for key, value in (GIVEN | settings).items() if value is not None}
    with pytest.raises(InputError, match=message):
        temnet.analyse(images, **values)


@pytest.mark.parametrize("outputs", ["", "hdf5,xyz,maps,overlays"])
def test_each_frame_is_predicted_once_and_read_thrice(here, monkeypatch, outputs):
    """For the inspection, the lattice (a few dozen frames at most) and the prediction.

    Contrast and background are judged on the middle frame.
    """
    runs, reads = [], []
    checked, opened = keras_engine.checked, read_images.open_images

    def counted_run(name, run):
        def once(images):
            runs.append(images.shape)
            return run(images)

        return checked(name, once)

    def counted_open(path):
        file = opened(path)
        read = file.read
        object.__setattr__(file, "read", lambda number: reads.append(number) or read(number))
        return file

    monkeypatch.setattr(keras_engine, "checked", counted_run)
    monkeypatch.setattr(read_images, "open_images", counted_open)
    monkeypatch.setattr(read_images, "IN_MEMORY", 0)
    arguments = ["movie.npy", *OPTIONS, "--engine", "keras", "--outputs", outputs]
    assert predict.main([*arguments, "--output", "out"]) == 0
    assert len(runs) == 3
    assert sorted(reads) == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2]
