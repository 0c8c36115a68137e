"""Words of a command line."""

import argparse

import pytest

from temnet.command_line.command_options import add_common_options, spread


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a.yaml", "a.yaml"),
        ("--stage predict report a.yaml", "--stage predict --stage report a.yaml"),
        ("--set seed=1 camera.dose=2 a.yaml", "--set seed=1 --set camera.dose=2 a.yaml"),
        ("--set a=1 --stage train evaluate", "--set a=1 --stage train --stage evaluate"),
        ("--stage fly a.yaml", "--stage fly a.yaml"),
        ("--stage train a.yaml evaluate", "--stage train a.yaml evaluate"),
        ("--set seed 2=1 b=1", "--set seed 2=1 b=1"),
        ("--output train evaluate", "--output train evaluate"),
        ("--set", "--set"),
        ("", ""),
    ],
)
def test_an_option_is_repeated_before_each_of_its_values(line, words):
    assert spread(line.split()) == words.split()


def test_a_file_is_no_assignment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = ["--set", "seed=1", "dose=2.yaml"]
    assert spread(line) == ["--set", "seed=1", "--set", "dose=2.yaml"]
    (tmp_path / "dose=2.yaml").touch()
    assert spread(line) == line


def test_argparse_collects_what_was_spread():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    add_common_options(parser, "seed=1")
    found = parser.parse_args(spread(["--set", "seed=1", "b.c=2", "a.yaml", "--check"]))
    assert (found.set, found.file, found.check) == (["seed=1", "b.c=2"], "a.yaml", True)
    assert parser.parse_args(["a.yaml"]).set == []
