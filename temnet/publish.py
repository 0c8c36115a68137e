"""The command that publishes networks and studies: ``python -m temnet.publish RUN``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from temnet.command import DONE, guarded, load_stages
from temnet.run_log import progress_bar

PRETRAINED = Path("pretrained")
"""Folder of the networks that come along, in the working folder."""

STAGES = ("evaluate",)
"""What is loaded before the work begins."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    return guarded(lambda: _run(_parser().parse_args(arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m temnet.publish",
        description="Puts the networks of finished runs into the folder of pretrained networks, "
        "with their scores, figures and cost, what finished studies have found beside them, and "
        "writes the folder's README.md from all of it. A run whose stage `evaluate` is missing, of "
        "other settings or of another network is refused, and nothing is changed.",
    )
    parser.add_argument(
        "runs",
        nargs="*",
        type=Path,
        metavar="RUN",
        help="folders of runs and of studies; with none the page is written again, and cards "
        "without frozen scores get them",
    )
    parser.add_argument(
        "--to",
        type=Path,
        default=PRETRAINED,
        metavar="DIR",
        help="folder of pretrained networks (default: %(default)s)",
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    load_stages(STAGES)
    from temnet.publishing.publish import PAGE, publish

    for place in publish(options.runs, options.to, progress_bar):
        print(f"Published: {place}")
    print(f"The page is {options.to / PAGE}")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
