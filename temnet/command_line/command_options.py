"""Options that several commands have, and what `--check` prints about a program in the settings."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from temnet.config.experiment import STAGES
from temnet.config.function_source import source_file
from temnet.config.structures.from_file import FromFunction

ASSIGNMENT = re.compile(r"[^\W\d][\w.]*=")
"""Beginning of `key.path=value`."""

FOLLOWED_BY: dict[str, Callable[[str], bool]] = {
    "--stage": lambda word: word in STAGES,
    "--set": lambda word: ASSIGNMENT.match(word) is not None and not Path(word).is_file(),
}
"""Options that take several words, and a function that recognises these words."""


def spread(arguments: Sequence[str]) -> list[str]:
    """Words of a command, with `--stage` and `--set` repeated before each of their values.

    argparse alone would take FILE for one more stage or setting.

    >>> spread(["--stage", "evaluate", "report", "a.yaml"])
    ['--stage', 'evaluate', '--stage', 'report', 'a.yaml']
    """
    words: list[str] = []
    option = None
    for before, word in zip(["", *arguments], arguments, strict=False):
        if before != option:  # the word right after an option is always its value
            if option is not None and FOLLOWED_BY[option](word):
                words.append(option)
            else:
                option = word if word in FOLLOWED_BY else None
        words.append(word)
    return words


def add_common_options(parser: argparse.ArgumentParser, setting: str) -> None:
    """Adds the options of all commands that read a YAML: `--output`, `--set` and `--check`.

    Args:
        parser: Gets the options; several values after one `--set` need `spread`.
        setting: An assignment that the help shows.
    """
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="run folder (default: runs/ and FILE's name)"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="key.path=value",
        help=f"change a setting, such as {setting}; more may follow",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="check all settings and inputs, print what would run, and stop",
    )


def program_warning(structure: FromFunction) -> str:
    """Warning that the settings contain a program, for users who got them from someone else."""
    name = structure.function
    return (
        f"These settings contain a program: structure.function {name} would be run, from "
        f"{source_file(name) or 'a module without source'}; --check does not run it."
    )
