"""The settings in a network's folder are read from one file alone."""

import pytest

from temnet.config.loading import write_experiment
from temnet.errors import InputError
from temnet.models.network_settings import MOST_BYTES, read_settings


def test_settings_are_read_as_they_were_written(make_experiment, tmp_path):
    experiment = make_experiment()
    write_experiment(experiment, tmp_path / "experiment.yaml")
    assert read_settings(tmp_path / "experiment.yaml") == experiment


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("base: other.yaml", "as base"),
        ("a: {b: &x [1], c: *x}", "alias"),
        ("[1]", "expected sections"),
        ("#" * (MOST_BYTES + 1), "bytes"),
    ],
)
def test_other_files_are_refused(tmp_path, text, part):
    path = tmp_path / "experiment.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=part):
        read_settings(path)
