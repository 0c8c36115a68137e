"""Jobs of a command line, and the names of their folders."""

from pathlib import Path

import pytest

from temnet.stages.prediction.batch import distinct_names, plan_batch


def test_names_are_distinct_and_short():
    paths = [
        Path(text) for text in ("/a/b_c.tif", "/a_b/c.tif", "/a/b/c.tif", "/x/Y.tif", "/y.tif")
    ]
    names = distinct_names(paths)
    assert len({name.casefold() for name in names}) == len(paths)
    assert names[0] == "b_c"
    assert distinct_names([Path("/a/b.tif")]) == ["b"] and distinct_names([]) == []
    assert distinct_names([Path("/a/b.tif"), Path("/A/B.TIF")]) == ["a_b.tif", "A_B.TIF_"]


def test_a_folders_images_are_sorted_by_number(tmp_path):
    for name in ("f10.tif", "f9.tif", "s.emi", "s_1.ser", "notes.txt", ".hidden.tif"):
        (tmp_path / name).touch()
    jobs, _ = plan_batch([str(tmp_path)], together=False)
    assert [job.path.name for job in jobs] == ["f9.tif", "f10.tif", "s_1.ser"]
    (tmp_path / "empty").mkdir()
    jobs, errors = plan_batch([str(tmp_path / "empty")], together=False)
    assert not jobs and "no images in this folder" in str(errors[0])


def test_each_file_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.tif").touch()
    jobs, errors = plan_batch(["a.tif", "./a.tif", "*.tif", str(tmp_path)], together=False)
    assert [str(job.path) for job in jobs] == ["a.tif"] and errors == []


@pytest.mark.parametrize(
    ("file", "folder"),
    [
        ("..tif", "image"),  # of which the dots alone would be left
        ("...tif", "image"),
        (". .tif", "image"),
        ("a..tif", "a"),  # Windows takes no dot at the end
        (".hidden.tif", ".hidden"),
        ("a.b.tif", "a.b"),
        ("con.tif", "con_"),
        ("Aux.1.tif", "Aux_.1"),
        ("COM1.tif", "COM1_"),
        ("contrast.tif", "contrast"),
    ],
)
def test_no_name_leads_out_of_the_output_or_is_invalid_on_windows(file, folder):
    assert distinct_names([Path("/images") / file]) == [folder]
    pair = distinct_names([Path("/a") / file, Path("/b") / file])
    assert pair[0] != pair[1] and not {".", "..", ""} & set(pair)
