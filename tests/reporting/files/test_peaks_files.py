"""Columns in files: what is written comes back, and other programs read it."""

import errno
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import temnet
from temnet.errors import InputError
from temnet.records import Peaks
from temnet.reporting.files.column_table import ColumnTableWriter
from temnet.reporting.files.peaks_files import open_peaks

CLASSES = ("metal", "S2", "Mo")
FIELDS = (
    "frame", "positions", "class_index", "score", "probabilities", "spread", "class_spread",
    "flags",
)  # fmt: skip

LENGTHS = st.floats(-1, 4000).map(lambda value: value + 0.0)
FRACTIONS = st.floats(0, 1)


@st.composite
def found(draw):
    """Peaks of up to six frames, sorted by frame, and their class names."""
    count, classes = draw(st.integers(0, 12)), draw(st.integers(1, 3))
    frame = np.sort(draw(arrays(np.int64, count, elements=st.integers(0, 5))))
    peaks = Peaks(
        frame,
        draw(arrays(np.float64, (count, 2), elements=LENGTHS)),
        draw(arrays(np.int64, count, elements=st.integers(0, classes - 1))),
        draw(arrays(np.float64, count, elements=FRACTIONS)),
        draw(arrays(np.float64, (count, classes), elements=FRACTIONS)),
        draw(arrays(np.float64, count, elements=st.floats(0, 2) | st.just(np.nan))),
    )
    return peaks, CLASSES[:classes]


def three():
    return Peaks(
        frame=np.array([0, 2, 2]),
        positions=np.array([[1.0, 2.5], [3.25, 0.5], [7.0, 8.0]]),
        class_index=np.array([0, 1, 2]),
        score=np.array([0.9, 0.5, 0.7]),
        probabilities=np.eye(3) * 0.5,
        spread=np.array([np.nan, 0.125, np.nan]),
        class_spread=np.array([0.25, np.nan, 0.0]),
        flags=np.array([0, 5, 32]),
    )


def close(one, other, **tolerance):
    for name in FIELDS:
        mine, theirs = getattr(one, name), getattr(other, name)
        assert mine.dtype == theirs.dtype and mine.shape == theirs.shape, name
        np.testing.assert_allclose(mine, theirs, err_msg=name, **tolerance)


@settings(max_examples=25, deadline=None)
@given(found())
def test_hdf5_keeps_every_bit(tmp_path_factory, case):
    peaks, classes = case
    path = tmp_path_factory.mktemp("peaks") / "a.h5"
    temnet.write_peaks(path, peaks, 0.1 + 0.2, classes)
    back = temnet.read_peaks(path)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(back.peaks, name), getattr(peaks, name), name)
    assert back.sampling == 0.1 + 0.2 and back.class_names == classes


@settings(max_examples=25, deadline=None)
@given(found())
def test_csv_keeps_seven_digits_and_loses_none_after_that(tmp_path_factory, case):
    peaks, classes = case
    path = tmp_path_factory.mktemp("peaks") / "a.csv"
    temnet.write_peaks(path, peaks, 0.2, classes)
    back = temnet.read_peaks(path)
    close(back.peaks, peaks, rtol=5.1e-7)
    temnet.write_peaks(path, back.peaks, 0.2, classes)
    close(temnet.read_peaks(path).peaks, back.peaks, rtol=0)
    assert back.class_names == classes
    assert len(peaks) == 0 or np.isnan(back.sampling) or back.sampling == pytest.approx(0.2)


@settings(max_examples=25, deadline=None)
@given(found())
def test_xyz_keeps_eight_decimals(tmp_path_factory, case):
    peaks, classes = case
    path = tmp_path_factory.mktemp("peaks") / "a.xyz"
    temnet.write_peaks(path, peaks, 0.2, classes)
    back = temnet.read_peaks(path)
    close(back.peaks, peaks, rtol=0, atol=5.1e-9)
    assert (back.sampling, back.class_names) == (0.2, classes)


def test_hdf5_is_read_without_temnet(tmp_path):
    import h5py

    temnet.write_peaks(tmp_path / "a.h5", three(), 0.25, CLASSES)
    with h5py.File(tmp_path / "a.h5") as file:
        assert dict(file.attrs, class_names=None) == {
            "format": "temnet columns", "version": 1, "sampling": 0.25,
            "sampling_unit": "Å per pixel", "class_names": None,
        }  # fmt: skip
        assert file.attrs["class_names"].tolist() == list(CLASSES)
        assert file["positions"][1].tolist() == [3.25, 0.5]
        assert file["positions"].attrs["unit"] == "Å"
        assert file["positions"].attrs["axes"] == "column, (row, col)"
        assert set(file) == set(FIELDS)


def test_files_without_flags_are_read(tmp_path):
    import h5py

    temnet.write_peaks(tmp_path / "a.h5", three(), 0.25, CLASSES)
    with h5py.File(tmp_path / "a.h5", "a") as file:
        assert file["flags"][()].tolist() == [0, 5, 32]
        del file["flags"]
    peaks = temnet.read_peaks(tmp_path / "a.h5").peaks
    assert len(peaks) == 3 and peaks.flags.tolist() == [0, 0, 0]
    none = replace(three(), flags=np.zeros(3, np.int64))
    temnet.write_peaks(tmp_path / "a.xyz", none, 0.25, CLASSES)
    assert "flags" not in (tmp_path / "a.xyz").read_text()
    assert temnet.read_peaks(tmp_path / "a.xyz").peaks.flags.tolist() == [0, 0, 0]


def test_xyz_is_read_by_ase(tmp_path):
    from ase.io import read

    temnet.write_peaks(tmp_path / "a.xyz", three(), 0.25, CLASSES)
    frames = read(tmp_path / "a.xyz", index=":")
    assert [len(atoms) for atoms in frames] == [1, 0, 2]  # configuration i is frame i
    assert frames[0].get_chemical_symbols() == ["X"]  # no element is named metal
    assert frames[2].get_chemical_symbols() == ["S", "Mo"]
    assert frames[2].arrays["class"].tolist() == ["S2", "Mo"]
    # x runs along the columns, y against the rows: up, as in the image.
    assert frames[2].positions.tolist() == [[0.5, -3.25, 0.0], [8.0, -7.0, 0.0]]
    assert frames[2].arrays["score"].tolist() == [0.5, 0.7]


def test_class_names_with_blanks_stay_one_word_in_xyz(tmp_path):
    classes = ("edge metal", "b:1-3", "C")
    temnet.write_peaks(tmp_path / "a.xyz", three(), 0.25, classes)
    assert temnet.read_peaks(tmp_path / "a.xyz").class_names == classes


@pytest.mark.parametrize("ending", [".csv", ".h5", ".xyz"])
def test_files_without_columns_are_refused(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    with pytest.raises(InputError, match="no such file"):
        temnet.read_peaks(path)
    temnet.write_peaks(path, three(), 0.25, CLASSES)
    path.write_bytes(path.read_bytes()[:150])
    with pytest.raises(InputError, match=f"a{ending}"):
        temnet.read_peaks(path)


def test_other_endings_and_newer_files_are_refused(tmp_path):
    import h5py

    with pytest.raises(InputError, match=r"\.csv, \.h5, \.xyz; got '\.json'"):
        temnet.write_peaks(tmp_path / "a.json", three(), 0.25, CLASSES)
    temnet.write_peaks(tmp_path / "a.h5", three(), 0.25, CLASSES)
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file.attrs["version"] = 99
    with pytest.raises(InputError, match="up to version 1"):
        temnet.read_peaks(tmp_path / "a.h5")


def test_a_table_of_several_images_is_refused(tmp_path):
    with ColumnTableWriter(tmp_path / "a.csv", CLASSES) as table:
        for name in ("a.tif", "b.tif"):
            table.write(three(), 0.2, name)
    with pytest.raises(InputError, match="columns of 2 images"):
        temnet.read_peaks(tmp_path / "a.csv")


@pytest.mark.parametrize("ending", [".csv", ".h5", ".xyz"])
def test_a_file_that_grows_frame_by_frame_is_that_of_all_at_once(tmp_path, ending):
    peaks = three()
    temnet.write_peaks(tmp_path / f"whole{ending}", peaks, 0.25, CLASSES)
    with open_peaks(tmp_path / f"grown{ending}", 0.25, CLASSES) as add:
        for frame in range(5):
            add(peaks.select(peaks.frame == frame))
        assert not (tmp_path / f"grown{ending}").exists()  # it appears when it is whole
    whole, grown = (temnet.read_peaks(tmp_path / f"{name}{ending}") for name in ("whole", "grown"))
    close(grown.peaks, whole.peaks, rtol=0)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_a_writer_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.h5"
    temnet.write_peaks(path, three(), 0.25, CLASSES)
    before = path.read_bytes()
    with pytest.raises(RuntimeError), open_peaks(path, 0.25, CLASSES) as add:
        add(three())
        raise RuntimeError
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["a.h5"]


def test_xyz_of_temnet_0_1_with_y_along_the_rows_is_read_rightly(tmp_path):
    path = tmp_path / "old.xyz"
    temnet.write_peaks(path, three(), 0.25, CLASSES)
    text = path.read_text()
    assert "y_axis=up" in text and " -3.25" in text
    path.write_text(text.replace("y_axis=up ", "").replace(" -", "  "))
    close(temnet.read_peaks(path).peaks, three(), rtol=0, atol=1e-8)


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from temnet.records import Peaks
from temnet.reporting.files.peaks_files import open_peaks

count, path = 4096, Path(sys.argv[1])
none = np.zeros(count)
peaks = Peaks(none.astype(int), np.ones((count, 2)), none.astype(int), none, none[:, None], none)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
try:
    with open_peaks(path, 0.2, ["C"]) as add:
        for _ in range(8):
            add(peaks)
except OSError as error:
    print("refused", error.errno)
print(sorted(file.name for file in path.parent.iterdir()))
"""


@pytest.mark.parametrize("ending", [".csv", ".h5", ".xyz"])
def test_a_disk_that_takes_no_more_is_an_error_and_no_crash(tmp_path, ending):
    """The HDF5 library crashes where its own writes fail while it closes a file."""
    command = [sys.executable, "-c", FULL, tmp_path / f"a{ending}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"refused {errno.EFBIG}", "[]"] and done.stderr == ""
