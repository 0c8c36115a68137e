from pathlib import Path

import pytest

from temnet.config.analysis.images import Images
from temnet.config.experiment import Experiment
from temnet.errors import InputError
from temnet.stages.input_paths import with_found_files


def found(folder, *files):
    experiment = Experiment(stages=("report",), images=Images(files=files))
    return list(with_found_files(experiment, folder).images.files)


@pytest.fixture
def here(tmp_path, monkeypatch):
    for name in ("yamls/a.tif", "yamls/b.tif", "work/a.tif", "work/c.tif", "work/deep/d[1].tif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "work/empty").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def test_paths_count_from_the_yaml_first_then_from_the_working_folder(here):
    yamls = here / "yamls"
    assert found(yamls, "a.tif", "c.tif") == [str(yamls / "a.tif"), "c.tif"]
    assert found(Path("../yamls"), "b.tif") == [str(yamls / "b.tif")]


def test_patterns_give_sorted_files_once_each(here):
    yamls = here / "yamls"
    assert found(yamls, "*.tif", "b.tif") == [str(yamls / "a.tif"), str(yamls / "b.tif")]
    assert found(here / "none", "**/*.tif") == ["a.tif", "c.tif", "deep/d[1].tif"]


def test_a_folder_stands_for_its_images_sorted_as_people_do(here):
    for name in ("frame_10.dm4", "frame_2.dm4", "log.txt"):
        (here / "work/deep" / name).touch()
    expected = ["deep/d[1].tif", "deep/frame_2.dm4", "deep/frame_10.dm4"]
    assert found(here / "none", "deep") == expected
    assert found(here / "none", "deep/*.dm4") == expected[1:]


def test_a_name_with_brackets_is_a_name_before_it_is_a_pattern(here):
    assert found(here, "work/deep/d[1].tif") == ["deep/d[1].tif"]


def test_brackets_in_the_name_of_the_yaml_s_folder_are_no_pattern(here):
    folder = here / "day [1]"
    (folder / "deep").mkdir(parents=True)
    for name in ("e.tif", "deep/f.tif"):
        (folder / name).touch()
    assert found(folder, "*.tif") == [str(folder / "e.tif")]
    assert found(folder, "**/f*.tif") == [str(folder / "deep/f.tif")]
    assert found(folder, f"{here}/yamls/*.tif") == [str(here / f"yamls/{n}.tif") for n in "ab"]


@pytest.mark.parametrize("entry", ["gone.tif", "*.dm4", "empty"])
def test_what_is_not_there_is_named(here, entry):
    with pytest.raises(InputError, match="images.files: there is no file") as caught:
        found(here / "yamls", entry)
    assert repr(entry) in str(caught.value)


def test_an_experiment_without_images_is_left_alone(here):
    experiment = Experiment(stages=("report",))
    assert with_found_files(experiment, here) is experiment


@pytest.mark.parametrize(
    ("section", "kind", "key"), [("structure", "file", "path"), ("vibrations", "snapshots", "file")]
)
def test_a_structure_and_its_snapshots_count_from_the_yaml_too(here, section, kind, key):
    def given(name):
        return Experiment(stages=("report",), **{section: {"kind": kind, key: name}})

    found = with_found_files(given("a.tif"), here / "yamls")
    assert getattr(getattr(found, section), key) == str(here / "yamls/a.tif")
    with pytest.raises(InputError, match=f"{section}.{key}: there is no file 'x.cif'"):
        with_found_files(given("x.cif"), here / "yamls")
