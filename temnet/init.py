"""The command that copies the examples, or the clients, into a folder: ``temnet init FOLDER``."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from temnet.command_line.command import DONE, guarded
from temnet.errors import InputError
from temnet.system.shipped import shipped

FIRST = "quickstart.yaml"
"""The experiment to try first."""

LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "runs", "__init__.py")

LEFT_OUT_CLIENTS = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", "build")


def main(arguments: Sequence[str] | None = None, prog: str = "python -m temnet.init") -> int:
    """Runs the command; returns the exit code."""
    return guarded(lambda: _run(_parser(prog).parse_args(arguments)))


def _parser(prog: str = "temnet init") -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Copies the example experiments (YAML files), and the images that they use, "
        "into a folder.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder that is new or empty")
    parser.add_argument(
        "--clients",
        action="store_true",
        help="copy the clients of `temnet live` for DigitalMicrograph and Nion Swift instead",
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    folder: Path = options.folder
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: this is a file; give a folder that is new or empty.")
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(f"{folder}: this folder is not empty; give one that is new or empty.")
    if options.clients:
        shutil.copytree(shipped("clients"), folder, ignore=LEFT_OUT_CLIENTS, dirs_exist_ok=True)
        print(f"The clients are in {folder}; {folder / 'README.md'} describes them.")
        return DONE
    shutil.copytree(shipped("experiments"), folder, ignore=LEFT_OUT, dirs_exist_ok=True)
    print(f"The examples are in {folder}. Try: temnet run {folder / FIRST}")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
