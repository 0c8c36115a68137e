"""Options made from the fields of settings."""

import argparse

import pytest

from temnet.command_line.setting_options import add_settings, given_settings
from temnet.config.analysis.images import Images
from temnet.config.analysis.prediction import Prediction


def parsed(*words):
    parser = argparse.ArgumentParser()
    add_settings(parser, Prediction)
    add_settings(parser, Images, leave_out=["files"])
    options = parser.parse_args(["--network", "n", *words])
    given = given_settings(options, Prediction) | given_settings(options, Images, ["files"])
    assert given.pop("network") == "n"
    return given


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {}),  # the settings keep their defaults
        (["--threshold", "0.4"], {"threshold": 0.4}),
        (["--sampling", "auto", "--spacing", "2.1"], {"sampling": "auto", "spacing": 2.1}),
        (["--workers", "3", "--symmetries"], {"workers": 3, "symmetries": True}),
        (["--no-align", "--invert"], {"align": False, "invert": True}),
        (["--align"], {"align": True}),
        (["--invert", "auto", "--flatten", "false"], {"invert": "auto", "flatten": False}),
        (["--invert", "false"], {"invert": False}),
        (["--outputs", "xyz, maps"], {"outputs": ["xyz", "maps"]}),
        (["--outputs", ""], {"outputs": []}),
        (["--rings", "1.1", "1.8"], {"rings": {"bond": [1.1, 1.8]}}),
        (["--frames", "2", "5"], {"frames": [2, 5]}),
        (
            ["--mask", "0", "1", "2", "3", "--mask", "4", "5", "6", "7"],
            {"mask": [[0, 1, 2, 3], [4, 5, 6, 7]]},
        ),
        (["--focus-order", "reversed"], {"focus_order": "reversed"}),
    ],
)
def test_words_become_settings(words, expected):
    assert parsed(*words) == expected


def test_unknown_choices_are_refused(capsys):
    parser = argparse.ArgumentParser()
    add_settings(parser, Prediction)
    with pytest.raises(SystemExit):
        parser.parse_args(["--engine", "abacus"])
    assert "abacus" in capsys.readouterr().err


def test_every_field_is_an_option_with_its_description():
    parser = argparse.ArgumentParser()
    add_settings(parser, Images, leave_out=["files"])
    text = " ".join(parser.format_help().split())
    for name, field in Images.model_fields.items():
        flag = f"--{name.replace('_', '-')}"
        assert (flag in text) == (name != "files")
        if name != "files":
            assert field.description.replace("`", "").split(",")[0][:40] in text
