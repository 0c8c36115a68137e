"""Runs whose networks can be published."""

import pytest

from temnet.errors import InputError
from temnet.publishing.finished_run import network_folder, read_runs


def test_a_folder_without_settings_is_not_a_run(tmp_path):
    with pytest.raises(InputError, match="not a run folder"):
        read_runs(tmp_path)


def test_a_run_without_results_names_the_missing_stage(tmp_path):
    (tmp_path / "experiment.yaml").write_text("stages: [report]\n")
    with pytest.raises(InputError, match="stage `train` is not finished.*--stage train"):
        read_runs(tmp_path)
    assert network_folder(tmp_path) == tmp_path / "train" / "network"
