"""The stage `predict`: its loop over frames, its outputs, and the hashes of its files."""

import os
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from temnet.config.analysis.images import Images
from temnet.config.analysis.prediction import Prediction
from temnet.config.loading import validate
from temnet.errors import InputError
from temnet.records import Peaks
from temnet.stages import predict
from temnet.stages.prediction.files import OUTPUTS, open_outputs, ring_rows
from temnet.stages.prediction.inputs import prepare


@pytest.fixture
def inputs(tmp_path, monkeypatch, pretrained, dots):
    np.save(tmp_path / "a.npy", np.stack([dots, dots[::-1]]))
    np.save(tmp_path / "b.npy", dots)
    files = tuple(str(tmp_path / name) for name in ("a.npy", "b.npy"))
    return prepare(Images(files=files, sampling=0.2), Prediction(network="tiny", threshold=0.4))


def test_every_output_gets_every_frame_in_order_with_its_maps(inputs):
    frames = []
    prediction = Prediction(network="tiny", threshold=0.4, outputs=("maps",))
    done = []
    records = predict.process(
        inputs, prediction, [lambda part, frame: frames.append((part, frame))], done.append
    )
    assert [(part, frame.number) for part, frame in frames] == [(0, 0), (0, 1), (1, 0)]
    assert done == [1, 1, 1]
    for part, frame in frames:
        np.testing.assert_array_equal(frame.image, inputs.series[part].images[frame.number])
        assert frame.probabilities.shape == (64, 48, 3)
        pixel = np.rint(frame.peaks.positions / 0.2).astype(int)
        at_peaks = frame.probabilities[tuple(pixel.T)][:, :-1]
        near = np.abs(frame.peaks.positions / 0.2 - pixel).max(axis=1) < 0.49
        np.testing.assert_allclose(at_peaks[near], frame.peaks.probabilities[near], atol=1e-6)
    assert [(one.file, one.frames, one.threshold) for one in records] == [
        ("a.npy", 2, 0.4), ("b.npy", 1, 0.4),
    ]  # fmt: skip
    plain = replace(inputs, series=inputs.series[1:])
    frames.clear()
    predict.process(
        plain,
        prediction.model_copy(update={"outputs": ()}),
        [lambda part, frame: frames.append(frame)],
        done.append,
    )
    assert frames[0].probabilities is None


def test_each_series_has_its_files(inputs, tmp_path):
    names = ("hdf5", "xyz", "napari", "maps", "overlays")
    assert set(OUTPUTS) == {*names, "imagej"}
    prediction = Prediction(network="tiny", threshold=0.4, outputs=names, rings={})
    folder = tmp_path / "out"
    with open_outputs(folder, inputs, prediction) as outputs:
        predict.process(inputs, prediction, outputs, lambda count: None)
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    stems = ("0_a_0000", "0_a_0001", "1_b_0000")
    endings = (".h5", ".xyz", ".napari.csv")
    assert written == {
        "columns.csv", "images.npz", "rings.csv",
        *(f"columns_{name}{ending}" for name in ("0_a", "1_b") for ending in endings),
        *(f"maps/{stem}_{name}.tif" for stem in stems for name in ("metal", "oxide")),
        *(f"overlays/{stem}.png" for stem in stems),
    }  # fmt: skip


def test_a_ring_names_the_lines_of_its_columns(inputs):
    square = np.array([[1.0, 1.0], [1.0, 3.0], [3.0, 1.0], [3.0, 3.0]])
    none, zero = np.full(4, np.nan), np.zeros(4, int)
    peaks = Peaks(zero, square, zero, none, none[:, None], none)
    frame = next(iter(_frames(inputs)))
    series = replace(inputs.series[0], pixel_size=(0.2, 0.1))
    (ring,) = ring_rows(series, replace(frame, peaks=peaks), (1.5, 2.5), first_line=10)
    assert (ring.atoms, ring.row_angstrom, ring.col_angstrom) == (4, 2.0, 2.0)
    assert (ring.row_pixel, ring.col_pixel) == (10.0, 20.0)
    assert sorted(ring.columns.split()) == ["10", "11", "12", "13"]


def _frames(inputs):
    frames = []
    predict.process(
        inputs,
        Prediction(network="tiny"),
        [lambda part, frame: frames.append(frame)],
        lambda count: None,
    )
    return frames


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("20251103_23389_movie.mrc", "20251103_23389_info.txt"),
        ("20251103_23389_crop_movie.mrc", "20251103_23389_info.txt"),
        ("a.emi", "a_1.ser"),
    ],
)
def test_a_result_depends_on_the_files_beside_its_images(tmp_path, pretrained, name, beside):
    (tmp_path / name).write_bytes(b"images")
    (tmp_path / "a_notes.txt").write_bytes(b"not read")
    (tmp_path / beside).write_bytes(b"0.02 nm")
    experiment = validate(
        {
            "images": {"files": [str(tmp_path / name)]},
            "prediction": {"network": "tiny"},
            "stages": ["predict"],
        },
        "test",
    )
    first = predict.settings(experiment)
    (tmp_path / "a_notes.txt").write_bytes(b"changed")
    assert predict.settings(experiment) == first
    (tmp_path / beside).write_bytes(b"0.05 nm")
    assert predict.settings(experiment) != first
    assert [file.split()[0] for file in first["images"]["files"]] == [name, beside]


def test_a_file_is_hashed_once_until_it_changes(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(
        predict,
        "file_hash",
        lambda file: read.append(file) or sha256(file.read_bytes()).hexdigest(),
    )
    path = tmp_path / "a.npy"
    path.write_bytes(b"one")
    first = predict.content_hash(path)
    assert predict.content_hash(path) == first == sha256(b"one").hexdigest() and len(read) == 1
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert predict.content_hash(path) == sha256(b"two").hexdigest() and len(read) == 2
    with pytest.raises(InputError):
        predict.content_hash(tmp_path)


def test_a_focal_series_that_cannot_be_aligned_is_left_out_and_the_others_are_done(
    tmp_path, pretrained, shifted_foci, caplog
):
    noise = np.random.default_rng(0).normal(10, 1, shifted_foci.shape).astype(np.float32)
    np.save(tmp_path / "noise.npy", noise)
    np.save(tmp_path / "good.npy", shifted_foci)
    files = tuple(str(tmp_path / name) for name in ("noise.npy", "good.npy"))
    prediction = Prediction(network="tiny-series", outputs=())
    found = prepare(Images(files=files, sampling=0.2), prediction)
    assert [part.name for part in found.series] == ["good.npy"]
    assert len(found.shifts) == len(found.orders) == 1
    (sentence,) = found.left_out
    assert "noise.npy" in sentence and sentence in caplog.text
    (record,) = predict.process(found, prediction, [], lambda count: None)
    assert sentence in record.notes
    with pytest.raises(InputError, match="noise"):
        prepare(Images(files=files[:1], sampling=0.2), prediction)
