"""The command that publishes networks and studies: ``python -m temnet.publish RUN``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from temnet.command_line.command import DONE, guarded, load_stages
from temnet.command_line.run_log import progress_bar

PRETRAINED = Path("pretrained")
"""Folder of the networks that come along, in the working folder."""

STAGES = ("evaluate",)
"""Stages that are loaded before the work starts."""


def main(arguments: Sequence[str] | None = None, prog: str = "python -m temnet.publish") -> int:
    """Runs the command; returns the exit code."""
    return guarded(lambda: _run(_parser(prog).parse_args(arguments)))


def _parser(prog: str = "temnet publish") -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Copies the networks of finished runs into the folder of pretrained networks, "
        "with their scores, figures and cost, and the results of finished studies, and writes the "
        "README.md of the folder and of each network. If the stage `evaluate` of a run is missing, "
        "or has other settings or another network, nothing is changed.",
    )
    parser.add_argument(
        "runs",
        nargs="*",
        type=Path,
        metavar="RUN",
        help="folders of runs and of studies; without any, the pages are written again, and cards "
        "without frozen scores or materials get them",
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
