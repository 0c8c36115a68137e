"""The files of an entry, on folders of empty files."""

import logging
from pathlib import Path

import pytest

from temnet.errors import InputError
from temnet.inference.reading import image_folders
from temnet.inference.reading.camera_clock import film_of, of_one_clock
from temnet.inference.reading.duplicate_formats import without_duplicates
from temnet.inference.reading.image_folders import files_of, images_in

CLOCKED = [
    f"film/Hour_00/Minute_0{m}/Second_{s:02d}/f_{n:04d}.dm4"
    for m, s, n in ((0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 10, 0), (1, 0, 0))
]


def touched(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def names_in(folder):
    return [str(path.relative_to(folder)) for path in images_in(folder)]


def test_images_of_a_folder_are_in_the_order_of_their_names(tmp_path):
    names = ["frame_1.tif", "frame_2.tif", "frame_10.tif", "map_1.ser"]
    touched(tmp_path, *names, "Notes.txt", "map.emi", ".hidden.tif")
    (tmp_path / "sub.tif").mkdir()
    assert names_in(tmp_path) == names
    assert sorted(names) != names  # unlike plain sorting


def test_a_camera_s_folders_are_one_movie_in_the_order_of_time(tmp_path, caplog):
    touched(tmp_path, *CLOCKED)
    with caplog.at_level(logging.INFO):
        found = images_in(tmp_path / "film")
    assert [str(path.relative_to(tmp_path)) for path in found] == CLOCKED
    assert "the 5 images in 4 folders below it" in caplog.text
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
    assert names_in(tmp_path / "film/Hour_00/Minute_01") == ["Second_00/f_0000.dm4"]


def test_the_film_of_a_clock_is_the_folder_above_it():
    film = Path("data/film")
    for part in ("Hour_00", "Hour_00/Minute_07", "hours 1/Minutes-2/SECOND3"):
        assert film_of(film / part) == film
    assert film_of(film) == film and film_of(film / "Hour_x") == film / "Hour_x"
    assert of_one_clock([film / "Hour_00", film / "Hour_01/Minute_00"])
    assert not of_one_clock([film / "Hour_00", Path("data/other/Hour_00")])
    assert not of_one_clock([film, film / "Hour_00"])


def test_other_folders_below_are_warned_of(tmp_path, caplog):
    touched(tmp_path, "b/2.tif", "a/1.tif")
    assert names_in(tmp_path) == ["a/1.tif", "b/2.tif"]
    assert "there are no images in the folder itself" in caplog.text


def test_a_folder_with_images_stands_for_its_own_alone(tmp_path):
    touched(tmp_path, "a.tif", "deep/b.tif", "deep/deeper/c.tif")
    assert names_in(tmp_path) == ["a.tif"]
    (tmp_path / "a.tif").unlink()
    assert names_in(tmp_path) == ["deep/b.tif"]


def test_links_in_a_circle_hidden_folders_and_results_are_not_walked_into(tmp_path):
    touched(tmp_path, "deep/a.tif", ".cache/b.tif")
    touched(tmp_path, *(f"runs/x/{name}" for name in image_folders.RUN_FILES))
    touched(tmp_path, "runs/x/predict/overlays/0000.png", "runs/y/0001.png")
    (tmp_path / "round").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "again").symlink_to(tmp_path / "deep", target_is_directory=True)
    found = names_in(tmp_path)
    assert len(found) == 2 and found[1] == "runs/y/0001.png"
    assert found[0] in ("deep/a.tif", "again/a.tif")
    assert {path.name for path in files_of("**/*.*", tmp_path)} == {"a.tif", "0001.png"}
    assert len(files_of("**/*.*", tmp_path)) == 2
    # A folder that is given itself is used even if it holds results.
    assert names_in(tmp_path / "runs/x") == ["predict/overlays/0000.png"]


def test_too_many_folders_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(image_folders, "MOST_FOLDERS", 5)
    touched(tmp_path, *(f"d{n}/text.txt" for n in range(4)))
    assert images_in(tmp_path) == []
    touched(tmp_path, *(f"d{n}/text.txt" for n in range(6)))
    with pytest.raises(InputError, match="more than 5 folders below it"):
        images_in(tmp_path)


@pytest.mark.parametrize(
    ("kinds", "taken"),
    [
        ((".tif", ".png"), ".tif"),
        ((".png", ".tiff"), ".tiff"),
        ((".dm4", ".tif", ".png"), ".dm4"),
        ((".mrc", ".npy"), ".mrc"),
        ((".dm4", ".dm4.tif"), ".dm4"),
        ((".TIF", ".PNG"), ".TIF"),
    ],
)
def test_of_a_frame_in_several_formats_the_measured_one_is_used(tmp_path, caplog, kinds, taken):
    touched(tmp_path, *(f"f_{n}{kind}" for n in range(3) for kind in kinds))
    assert names_in(tmp_path) == [f"f_{n}{taken}" for n in range(3)]
    assert caplog.text.count("3 of 3 images exist in several formats") == 1
    assert [path.suffix for path in files_of(f"*{kinds[0]}", tmp_path)] == [
        Path(f"a{kinds[0]}").suffix
    ] * 3
    caplog.clear()
    assert len(files_of("f_*", tmp_path)) == 3 and "several formats" in caplog.text


def test_files_of_one_format_and_of_other_folders_are_no_duplicates(tmp_path, caplog):
    names = ["a.tif", "a (1).tif", "b.png", "f_0.5.tif", "f_0.25.tif"]
    touched(tmp_path, *names)
    assert sorted(names_in(tmp_path)) == sorted(names)
    assert len(without_duplicates([Path("x/a.tif"), Path("y/a.png")])) == 2
    assert not caplog.text


def test_duplicates_below_a_folder_are_warned_of_once(tmp_path, caplog):
    touched(tmp_path, *(f"Second_{n}/f.{kind}" for n in range(4) for kind in ("tif", "png")))
    assert names_in(tmp_path) == [f"Second_{n}/f.tif" for n in range(4)]
    assert caplog.text.count("4 of 4 images exist in several formats") == 1


def test_entries_are_files_folders_and_patterns(tmp_path):
    touched(tmp_path, *CLOCKED, "a[1].tif", "a1.tif", "empty/x.txt")
    assert files_of("a[1].tif", tmp_path) == [tmp_path / "a[1].tif"]
    assert files_of("a?.tif", tmp_path) == [tmp_path / "a1.tif"]
    assert files_of("film/**/*.dm4", tmp_path) == [tmp_path / name for name in CLOCKED]
    assert files_of("fil?", tmp_path) == files_of("film", tmp_path)
    assert files_of("empty", tmp_path) == files_of("none.tif", tmp_path) == []


def test_a_camera_s_clock_takes_precedence_over_images_beside_it(tmp_path, caplog):
    frames = [f"Hour_00/Minute_00/Second_0{s}/film_{n}.dm4" for s in (0, 1) for n in (0, 1)]
    film = touched(tmp_path / "film", *frames, "summary.png", "overview.dm4")
    assert names_in(film) == frames
    assert "movie of 4 images" in caplog.text and "overview.dm4, summary.png" in caplog.text
    other = touched(tmp_path / "other", "one.dm4", "diffraction/two.dm4")
    assert names_in(other) == ["one.dm4"]  # folders that are no clock are left out


@pytest.mark.parametrize("folders", [("png", "tif"), ("previews_png", "raw_TIFF")])
def test_folders_side_by_side_with_the_same_frames_in_other_formats_are_one(
    tmp_path, caplog, folders
):
    pictures, measured = (
        [f"{place}/frame_{n}.{end}" for n in (1, 2)]
        for place, end in zip(folders, ("png", "tif"), strict=True)
    )
    film = touched(tmp_path / "film", *pictures, *measured)
    assert names_in(film) == measured
    assert "2 of 2 images exist in several formats" in caplog.text
    # Samples whose only images have the same name are no copies of each other.
    samples = ["A/img.tif", "B/img.png", "C/img.tif"]
    assert names_in(touched(tmp_path / "samples", *samples)) == samples


def test_several_formats_in_a_folder_are_named(tmp_path, caplog):
    names = ["f_1.tif", "f_1_thumb.png", "f_2.tif", "f_2_thumb.png"]
    assert names_in(touched(tmp_path / "film", *names)) == names
    assert "several formats (2 .tif, 2 .png), and all of them are used" in caplog.text
    caplog.clear()
    assert names_in(touched(tmp_path / "plain", "a.tif", "b.tiff")) == ["a.tif", "b.tiff"]
    assert not caplog.text
