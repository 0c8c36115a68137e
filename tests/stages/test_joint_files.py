"""Which files of a command line are one movie or one focal series."""

from pathlib import Path

import pytest

from temnet.stages.prediction.batch import plan_batch


def jobs(*entries):
    """Folder of results and names of the files of each job of a movie."""
    planned, errors = plan_batch([str(entry) for entry in entries], together=True)
    assert not errors
    return {job.folder: [path.name for path in job.files] for job in planned}


@pytest.fixture
def series(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a_1", "a_2", "a_10", "b_1", "df_-10", "df_-60", "df_0"):
        Path(f"{name}.dm4").touch()
    for second in range(2):
        folder = Path(f"film/Hour_00/Minute_00/Second_0{second}")
        folder.mkdir(parents=True)
        (folder / f"f_{second}.dm4").touch()
    return tmp_path


def test_files_of_the_command_line_are_joined(series):
    assert jobs("a_1.dm4", "a_2.dm4", "b_1.dm4") == {
        "a_1_to_b_1": ["a_1.dm4", "a_2.dm4", "b_1.dm4"]
    }
    assert jobs("a_1.dm4") == {"a_1": ["a_1.dm4"]}
    assert jobs("a_?.dm4", "b_1.dm4", "a_1.dm4") == {
        "a_1_to_b_1": ["a_1.dm4", "a_2.dm4", "b_1.dm4"]
    }
    planned, _ = plan_batch(["a_1.dm4", "a_2.dm4"], together=False)
    assert [job.folder for job in planned] == ["a_1", "a_2"]


def test_what_a_shell_sorted_is_sorted_by_names_and_what_someone_chose_is_not(series):
    assert jobs(*sorted(f"df_{n}.dm4" for n in (-10, -60, 0))) == {
        "df_-60_to_df_0": ["df_-60.dm4", "df_-10.dm4", "df_0.dm4"]
    }
    assert jobs("a_1.dm4", "a_10.dm4", "a_2.dm4") == {
        "a_1_to_a_10": ["a_1.dm4", "a_2.dm4", "a_10.dm4"]
    }
    assert jobs("a_2.dm4", "a_10.dm4", "a_1.dm4") == {
        "a_2_to_a_1": ["a_2.dm4", "a_10.dm4", "a_1.dm4"]
    }
    assert jobs("df_*.dm4") == {"df_-60_to_df_0": ["df_-60.dm4", "df_-10.dm4", "df_0.dm4"]}


def test_each_folder_is_a_movie_and_a_camera_s_clock_is_one(series):
    for name in ("x/1.tif", "y/1.tif"):
        Path(name).parent.mkdir()
        Path(name).touch()
    assert jobs("x", "y") == jobs("[xy]") == {"x": ["1.tif"], "y": ["1.tif"]}
    assert jobs("x", "a_1.dm4", "a_2.dm4") == {
        "x": ["1.tif"],
        "a_1_to_a_2": ["a_1.dm4", "a_2.dm4"],
    }
    film = {"film": ["f_0.dm4", "f_1.dm4"]}
    seconds = [f"film/Hour_00/Minute_00/Second_0{n}" for n in (1, 0)]
    assert jobs("film") == jobs("film/**/*.dm4") == jobs(*seconds) == film
    assert jobs("y/*.tif") == {"1": ["1.tif"]}


def test_long_names_of_joint_files_are_cut(series):
    names = ["x" * 70 + f"{n}.tif" for n in range(3)]
    for name in names:
        Path(name).touch()
    (folder,) = jobs(*names)
    assert len(folder) < 110 and folder.endswith("_and_2_more")
