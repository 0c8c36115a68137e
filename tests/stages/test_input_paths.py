import pytest

from temnet.config.analysis.images import Images
from temnet.config.experiment import Experiment
from temnet.errors import InputError
from temnet.stages.prediction.input_paths import with_found_files


def found(*files):
    experiment = Experiment(stages=("report",), images=Images(files=files))
    return list(with_found_files(experiment).images.files)


@pytest.fixture
def here(tmp_path, monkeypatch):
    for name in ("yamls/a.tif", "yamls/b.tif", "day/a.tif", "day/c.tif", "day/deep/d[1].tif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "day/empty").mkdir()
    monkeypatch.chdir(tmp_path / "day")
    return tmp_path


def test_patterns_give_sorted_files_once_each(here):
    yamls = here / "yamls"
    expected = [str(yamls / "a.tif"), str(yamls / "b.tif")]
    assert found("../yamls/*.tif", f"{yamls}/b.tif") == expected
    assert found("**/*.tif") == ["a.tif", "c.tif", "deep/d[1].tif"]


def test_a_folder_stands_for_its_images_sorted_as_people_do(here):
    for name in ("frame_10.dm4", "frame_2.dm4", "log.txt"):
        (here / "day/deep" / name).touch()
    expected = ["deep/d[1].tif", "deep/frame_2.dm4", "deep/frame_10.dm4"]
    assert found("deep") == expected
    assert found("deep/*.dm4") == expected[1:]


def test_a_name_with_brackets_is_a_name_before_it_is_a_pattern(here):
    assert found("deep/d[1].tif") == ["deep/d[1].tif"]


@pytest.mark.parametrize("entry", ["gone.tif", "*.dm4", "empty"])
def test_missing_images_are_named(here, entry):
    with pytest.raises(InputError, match="images.files: the file .* does not exist") as caught:
        found(entry)
    assert repr(entry) in str(caught.value)


def test_an_experiment_without_files_is_left_alone(here):
    experiment = Experiment(stages=("report",))
    assert with_found_files(experiment) == experiment


@pytest.mark.parametrize(
    ("section", "kind", "key"), [("structure", "file", "path"), ("vibrations", "snapshots", "file")]
)
def test_a_structure_and_its_snapshots_are_found(here, section, kind, key):
    def given(name):
        return Experiment(stages=("report",), **{section: {"kind": kind, key: name}})

    found = with_found_files(given(f"{here}/day/a.tif"))
    assert getattr(getattr(found, section), key) == "a.tif"
    with pytest.raises(InputError, match=f"{section}.{key}: the file 'x.cif' does not exist"):
        with_found_files(given("x.cif"))
