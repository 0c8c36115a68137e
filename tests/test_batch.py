"""`python -m temnet.predict` on many files: each by itself, and a bad one stops no other."""

import errno
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import temnet
from temnet import predict
from temnet.config.loading import load_experiment
from temnet.inference.checks.finding import Finding
from temnet.inference.checks.out_of_distribution import SeriesComparison, SimilarityReport
from temnet.inference.column_finder import ColumnFinder, FoundFrame
from temnet.records import Peaks
from temnet.stages.prediction import inputs as prediction_inputs
from temnet.tables.csv_tables import read_table
from temnet.workflow.folder import LOCK_FILE

GIVEN = ["--network", "tiny", "--sampling", "0.2", "--output", "out"]


@pytest.fixture
def here(tmp_path, monkeypatch, pretrained, dots, undrawn):
    monkeypatch.chdir(tmp_path)
    for name in ("a.tif", "deep/a.tif", "deep/b.tif"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        tifffile.imwrite(tmp_path / name, dots)
    np.save(tmp_path / "a.npy", dots[:40])
    return tmp_path


def results(folder="out"):
    return sorted(path.parents[1].name for path in Path(folder).glob("*/predict/columns.csv"))


def test_a_bad_file_is_reported_and_the_others_are_done(here, capsys):
    Path("bad.tif").write_bytes(b"this is a text")
    assert predict.main(["a.tif", "bad.tif", "gone.tif", "deep/b.tif", *GIVEN]) == 2
    captured = capsys.readouterr()
    assert results() == ["a", "b"]
    assert not Path("out/bad").exists()
    assert {path.name for path in Path("out").glob("*/.*")} == {LOCK_FILE}  # nothing half made
    lines = captured.err.replace("\r", "\n").splitlines()
    assert sum("bad.tif: this is not an image" in line for line in lines) == 1
    assert sum("'gone.tif'" in line for line in lines) == 1
    assert lines[-1] == "2 of 4 were done; see above for bad.tif."
    assert "Traceback" not in captured.err
    # The rest resumes from there; with all files valid the code is 0.
    assert predict.main(["a.tif", "deep/b.tif", *GIVEN]) == 0


def test_names_and_links_that_are_no_files_stop_no_other(here, capsys):
    Path("dangling.tif").symlink_to("gone.tif")
    Path("round.tif").symlink_to("round.tif")
    Path("folder.tif").mkdir()
    Path("pack").mkdir()
    Path("pack/lost.tif").symlink_to("gone.tif")
    tifffile.imwrite("pack/c.tif", tifffile.imread("a.tif"))
    os.mkfifo("pipe.tif")
    wrong = {
        "x" * 300 + ".tif": "304 bytes",
        "d/" * 3000 + "a.tif": "6005 bytes",
        "dangling.tif": "leads nowhere (to gone.tif)",
        "round.tif": "leads nowhere (to round.tif)",
        "folder.tif": "no images in this folder",
        "pipe.tif": "not a regular file",
        "~no-such-user/a.tif": "home folder",
        "a.tif/b.tif": "'a.tif/b.tif'",
        "": "it is empty",
    }
    assert predict.main(["a.tif", *wrong, "pack", "deep/b.tif", *GIVEN]) == 2
    captured = capsys.readouterr()
    assert results() == ["a", "b", "c"]
    for part in wrong.values():
        assert sum(part in line for line in captured.err.splitlines()) == 1
    assert "Traceback" not in captured.err
    assert f"3 of {3 + len(wrong)} were done" in captured.err


def test_places_that_may_not_be_read_stop_no_other(here, capsys, monkeypatch):
    """A folder that may not be listed, and one that may not be entered."""
    for name in ("unlisted", "closed"):
        Path(name).mkdir()
        shutil.copy("a.tif", name)

    def forbid(function, ending):
        real = getattr(os, function)

        def call(path=".", *arguments, **options):
            if str(path).endswith(ending):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return real(path, *arguments, **options)

        monkeypatch.setattr(os, function, call)

    forbid("listdir", "unlisted")
    forbid("scandir", "unlisted")
    forbid("stat", "closed/a.tif")
    assert predict.main(["unlisted", "closed/a.tif", "deep/b.tif", *GIVEN]) == 2
    message = capsys.readouterr().err
    assert "unlisted: this cannot be read: Permission denied." in message
    assert "closed/a.tif: this cannot be read: Permission denied." in message
    assert results() == ["b"] and "1 of 3 were done" in message


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_names_that_no_text_can_hold_are_done_and_shown_in_escapes(here, capsys):
    odd = {
        b"n\xff\xfe.tif": r"n\xff\xfe.tif",
        b"two\nlines.tif": r"two\nlines.tif",
        b"b" * 251 + b".tif": "b" * 251 + ".tif",
        "Größe 图像.tif".encode(): "Größe 图像.tif",
    }
    for name in odd:
        shutil.copy(b"a.tif", name)
    outputs = ["--outputs", "hdf5,xyz,maps,overlays"]
    arguments = [*map(os.fsdecode, odd), "deep/b.tif", *GIVEN, *outputs]
    for _ in range(2):  # the second time they are already done
        assert predict.main(arguments) == 0
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err and "is damaged" not in captured.err
    assert captured.err.count("predict: already done") == len(odd) + 1
    assert len(results()) == len(odd) + 1
    tables = [read_table(table) for table in Path("out").glob("*/predict/columns.csv")]
    assert {row["file"] for rows in tables for row in rows} == {*odd.values(), "b.tif"}
    assert len({len(rows) for rows in tables}) == 1  # all show the same image
    for folder in results():
        assert len(folder.encode()) <= 200
        assert "<html" in Path("out", folder, "index.html").read_text(encoding="utf-8")
        resolved = load_experiment(f"out/{folder}/experiment.yaml")
        assert Path(resolved.images.files[0]).is_file()


def test_something_unforeseen_stops_no_other_file_and_gives_1(here, capsys, monkeypatch):
    find = ColumnFinder.find_in

    def fails_on_a(finder, series):
        if series.name == "a.tif":
            raise RuntimeError("out of luck")
        return find(finder, series)

    monkeypatch.setattr(ColumnFinder, "find_in", fails_on_a)
    Path("bad.tif").write_bytes(b"this is a text")
    assert predict.main(["a.tif", "bad.tif", "deep/b.tif", *GIVEN]) == 1
    assert results() == ["b"] and not Path("out/a/predict").exists()
    assert "RuntimeError: out of luck" in capsys.readouterr().err


def test_files_of_one_name_get_folders_of_their_own(here):
    assert predict.main(["a.tif", "a.npy", "deep/a.tif", *GIVEN]) == 0
    top = here.name
    assert results() == sorted([f"{top}_a.tif", "a.npy", "deep_a.tif"])


def test_dark_columns_are_found_as_bright_ones(here, dots):
    dark = 2 * dots.mean() - dots
    tifffile.imwrite("dark.tif", dark)
    assert predict.main(["a.tif", *GIVEN]) == predict.main(["dark.tif", "--invert", *GIVEN]) == 0
    bright, found = (read_table(Path(f"out/{name}/predict/columns.csv")) for name in ("a", "dark"))
    assert len(bright) == len(found) > 0
    for one, other in zip(bright, found, strict=True):
        for key in ("row_angstrom", "col_angstrom", "score"):
            assert other[key] == pytest.approx(one[key], abs=1e-3)
    (part,) = json.loads(Path("out/dark/predict/series.json").read_text())
    assert any("bright and dark were exchanged" in note for note in part["notes"])
    assert "bright and dark were exchanged" in Path("out/dark/index.html").read_text()


def test_a_folder_stands_for_its_images_or_for_one_movie(here):
    assert predict.main(["deep", *GIVEN]) == 0
    assert results() == ["a", "b"]
    assert predict.main(["deep", "--axes", "frames", *GIVEN]) == 0
    assert results() == ["a", "b", "deep"]
    (part,) = json.loads(Path("out/deep/predict/series.json").read_text())
    assert part["frames"] == 2
    assert part["frame_files"] == [["a.tif"], ["b.tif"]]
    rows = read_table(Path("out/deep/predict/columns.csv"))
    assert {(row["file"], row["frame"]) for row in rows} == {("deep", 0), ("deep", 1)}
    text = Path("out/deep/index.html").read_text()
    assert "2 images of 2 files" in text and "first frame is a.tif, its last b.tif" in text


def test_what_reading_warned_of_is_in_the_log(here, dots, capsys):
    broken = dots.copy()
    broken[5, 5] = 1e9
    tifffile.imwrite("hot.tif", broken)
    assert predict.main(["hot.tif", *GIVEN]) == 0
    assert capsys.readouterr().err.count("broken pixels in 1 of 1 images") == 1
    assert Path("out/hot/log.txt").read_text().count("broken pixels in 1 of 1 images") == 1


def test_an_image_that_memory_may_not_hold_stops_no_other(here, dots, monkeypatch, capsys):
    monkeypatch.setattr(prediction_inputs, "MOST_PIXELS", dots.size - 1)
    assert predict.main(["a.tif", "a.npy", *GIVEN]) == 2
    assert results() == ["a.npy"]
    assert "more than memory may hold" in capsys.readouterr().err


def test_the_network_is_loaded_once(here, monkeypatch):
    loaded = []
    load = prediction_inputs.open_network
    prediction_inputs._loaded.cache_clear()
    monkeypatch.setattr(prediction_inputs, "open_network", lambda *a: loaded.append(a) or load(*a))
    assert predict.main(["a.tif", "a.npy", "deep/b.tif", *GIVEN]) == 0
    assert len(loaded) == 1


def test_outputs_that_are_asked_for(here, dots, monkeypatch):
    monkeypatch.setattr("temnet.reporting.sections.images.MOST_OVERLAYS", 1)
    np.save("movie.npy", np.stack([dots, dots + 1]))
    outputs = ["--outputs", "hdf5,xyz,maps,overlays", "--threshold", "0.4"]
    assert predict.main(["movie.npy", *GIVEN, *outputs]) == 0
    folder = Path("out/movie/predict")
    exact, near, table = (
        temnet.read_peaks(folder / f"columns{ending}") for ending in (".h5", ".xyz", ".csv")
    )
    assert exact.class_names == near.class_names == ("metal", "oxide") and exact.sampling == 0.2
    assert len(exact.peaks) == len(near.peaks) == len(table.peaks) > 0
    np.testing.assert_allclose(near.peaks.positions, exact.peaks.positions, atol=1e-8)
    np.testing.assert_allclose(table.peaks.positions, exact.peaks.positions, rtol=1e-6)
    maps = sorted(path.name for path in (folder / "maps").iterdir())
    assert maps == [f"{n:04d}_{name}.tif" for n in (0, 1) for name in ("metal", "oxide")]
    # At the pixel nearest to a peak the map has its probability.
    first = exact.peaks.select(exact.peaks.frame == 0)
    image = tifffile.imread(folder / "maps" / "0000_metal.tif")
    pixel = np.round(first.positions / 0.2).astype(int)
    near_peak = np.abs(first.positions / 0.2 - pixel).max(axis=1) < 0.49
    np.testing.assert_allclose(
        image[tuple(pixel[near_peak].T)], first.probabilities[near_peak, 0], atol=1e-6
    )
    pictures = sorted(path.name for path in (folder / "overlays").iterdir())
    assert pictures == ["0000.png", "0001.png"]
    assert all(Image.open(folder / "overlays" / name).size > (300, 300) for name in pictures)
    # The page shows one frame.
    assert Path("out/movie/index.html").read_text(encoding="utf-8").count("<img") == 1 + 1


def test_none_of_the_outputs(here):
    assert predict.main(["a.tif", *GIVEN, "--outputs", ""]) == 0
    written = {path.name for path in Path("out/a/predict").iterdir()}
    assert written == {"columns.csv", "images.npz", "series.json", "stage.json"}


def test_rings_of_each_frame_stand_in_their_table(here, dots, monkeypatch):
    places = np.mgrid[8:64:12, 6:48:12].reshape(2, -1).T * 0.2  # 5 x 4 dots, 2.4 Å apart
    count = len(places)
    peaks = Peaks(
        frame=np.repeat([0, 1], count),
        positions=np.concatenate([places, places[::-1]]),
        class_index=np.zeros(2 * count, int),
        score=np.ones(2 * count),
        probabilities=np.ones((2 * count, 2)),
        spread=np.zeros(2 * count),
    )
    each = [FoundFrame(n, dots[..., None], peaks.select(peaks.frame == n)) for n in (0, 1)]
    monkeypatch.setattr(ColumnFinder, "find_in", lambda *arguments: iter(each))
    np.save("movie.npy", np.stack([dots, dots]))
    assert predict.main(["movie.npy", *GIVEN, "--rings", "2", "3"]) == 0
    rings = read_table(Path("out/movie/predict/rings.csv"))
    columns = read_table(Path("out/movie/predict/columns.csv"))
    assert [(ring["atoms"], ring["frame"]) for ring in rings] == [(4, 0)] * 12 + [(4, 1)] * 12
    for ring in rings:
        corners = [columns[int(line)] for line in ring["columns"].split()]
        assert {corner["frame"] for corner in corners} == {ring["frame"]}
        for axis in ("row", "col"):
            middle = np.mean([corner[f"{axis}_angstrom"] for corner in corners])
            assert ring[f"{axis}_angstrom"] == pytest.approx(middle, abs=1e-5)
            assert ring[f"{axis}_pixel"] == pytest.approx(middle / 0.2, abs=1e-4)
    assert "24 rings" in Path("out/movie/index.html").read_text(encoding="utf-8")
    assert predict.main(["a.tif", *GIVEN, "--rings", "3", "2"]) == 2


def test_a_file_and_its_array_give_the_same(here, dots):
    assert predict.main(["a.tif", *GIVEN, "--threshold", "0.4"]) == 0
    stored = temnet.read_peaks("out/a/predict/columns.h5").peaks
    series = temnet.records.ImageSeries(dots[None, ..., None], 0.2)
    peaks = temnet.find_columns(temnet.load_network("tiny"), series, threshold=0.4)
    assert len(peaks) > 0
    for name in ("frame", "positions", "class_index", "score", "probabilities", "spread"):
        np.testing.assert_array_equal(getattr(stored, name), getattr(peaks, name), name)


def test_images_out_of_distribution_are_reported_everywhere(here, capsys, monkeypatch):
    report = SimilarityReport(
        (
            Finding("noise", "out of distribution", "more noise than any image"),
            Finding("lattice", "note", "no lattice stands out"),
        )
    )
    monkeypatch.setattr(SeriesComparison, "report", lambda comparison: report)
    monkeypatch.setattr(
        "temnet.stages.predict.checks_of",
        lambda network, series, lattice: (SeriesComparison(network, 1, series.sampling),),
    )
    assert predict.main(["a.tif", *GIVEN]) == 0
    lines = capsys.readouterr().err.splitlines()
    (verdict,) = (line for line in lines if "distribution" in line)
    assert verdict == "a.tif is out of distribution: more noise than any image"
    (part,) = json.loads(Path("out/a/predict/series.json").read_text())
    assert part["verdict"] == "out of distribution"
    assert [one["kind"] for one in part["findings"]] == ["noise", "lattice"]
    assert (part["out_of_distribution"], part["notes"]) == (
        list(report.out_of_distribution),
        list(report.notes),
    )
    found = temnet.analyse("a.tif", "tiny", sampling=0.2)
    assert (found.verdict, [one.kind for one in found.findings]) == (
        part["verdict"],
        ["noise", "lattice"],
    )
    page = Path("out/a/index.html").read_text(encoding="utf-8")
    assert "out of distribution: more noise" in page and "no lattice stands out" in page
    log = Path("out/a/log.txt").read_text()
    assert "WARNING temnet.stages.prediction.verdict" in log and "note, lattice" in log


def test_the_pixel_size_is_compared_without_any_reference(here, capsys):
    """The tiny network was trained at 0.2 Å and its card holds nothing else."""
    assert predict.main(["a.tif", "--network", "tiny", "--sampling", "0.3", "--output", "o"]) == 0
    assert "the pixels of 0.3 Å are coarser than in training" in capsys.readouterr().err
    page = Path("o/a/index.html").read_text(encoding="utf-8")
    assert "the pixels of 0.3 Å are coarser than in training" in page


def test_the_page_describes_what_was_done(here):
    assert predict.main(["a.tif", *GIVEN, "--symmetries", "--threshold", "0.4"]) == 0
    page = re.sub(r"\s+", " ", Path("out/a/index.html").read_text(encoding="utf-8"))
    for words in ("0.2 Å per pixel", "eight symmetries", "reaches 0.4", "tiny", "columns.h5"):
        assert words in page


def test_a_focal_series_is_aligned_and_its_shifts_are_reported(here, shifted_foci):
    np.save("series.npy", shifted_foci)
    given = ["series.npy", "--network", "tiny-series", "--sampling", "0.2", "--axes", "focus"]
    assert predict.main([*given, "--output", "out"]) == 0
    rows = read_table(Path("out/series/predict/foci.csv"))
    assert [row["focus"] for row in rows] == [0, 1, 2]
    assert [row["row_angstrom"] for row in rows] == pytest.approx([0, 0.8, 0.4], abs=0.05)
    assert [row["col_angstrom"] for row in rows] == pytest.approx([0, 0, 0], abs=0.05)
    page = re.sub(r"\s+", " ", Path("out/series/index.html").read_text(encoding="utf-8"))
    assert "shifted by up to 0.8" in page
    assert predict.main([*given, "--output", "not", "--no-align", "--focus-order", "reversed"]) == 0
    assert not Path("not/series/predict/foci.csv").exists()
    (record,) = json.loads(Path("not/series/predict/series.json").read_text(encoding="utf-8"))
    assert record["focus_order"] == "foci were taken last to first"


def test_pixels_are_measured_by_the_lattice(here, capsys):
    rows, cols = np.indices((160, 160)) * 0.2
    image = 10 + sum(np.cos(2 * np.pi / 2.1 * x) for x in (rows, cols))
    image += np.random.default_rng(0).normal(0, 1, image.shape)
    np.save("planes.npy", image.astype(np.float32))
    command = ["planes.npy", "--network", "tiny", "--output", "out", "--sampling", "auto"]
    assert predict.main(command) == 2
    assert "images.spacing" in capsys.readouterr().err
    assert predict.main([*command[:-1], "0,2"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "the command line: images.sampling: expected a number, `header` or `auto`; got '0,2'."
    ]
    assert predict.main([*command, "--spacing", "2.1"]) == 0
    (record,) = json.loads(Path("out/planes/predict/series.json").read_text(encoding="utf-8"))
    assert record["sampling"] == pytest.approx(0.2, rel=3e-3)
    page = re.sub(r"\s+", " ", Path("out/planes/index.html").read_text(encoding="utf-8"))
    assert "was measured on lattice planes 2.1 Å apart" in page


def test_files_with_axes_are_one_result(here):
    assert predict.main(["a.tif", "deep/b.tif", "--axes", "frames", *GIVEN]) == 0
    assert results() == ["a_to_b"]
    (part,) = json.loads(Path("out/a_to_b/predict/series.json").read_text())
    assert part["frame_files"] == [["a.tif"], ["b.tif"]]
