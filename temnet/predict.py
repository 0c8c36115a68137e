"""The command that finds columns: ``python -m temnet.predict FILES --network NAME``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from temnet.config.analysis import EngineName
from temnet.config.experiment import Experiment
from temnet.config.loading import validate
from temnet.errors import InputError
from temnet.run import DONE, execute, guarded, load_stages
from temnet.stages.files import with_found_files
from temnet.stages.folder import RUNS
from temnet.stages.plan import make_plan

STAGES = ("predict", "report")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    return guarded(lambda: _run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m temnet.predict",
        description="Finds the atomic columns in images and movies, each file by itself.",
    )
    parser.add_argument("files", nargs="+", metavar="FILES", help="images, movies, focal series")
    parser.add_argument("--network", required=True, metavar="NAME", help="name or folder")
    parser.add_argument(
        "--sampling", type=float, metavar="Å", help="pixel size (default: what the file says)"
    )
    parser.add_argument(
        "--axes",
        choices=("auto", "frames", "focus"),
        default="auto",
        help="what a stack's images follow each other in (default: auto)",
    )
    parser.add_argument(
        "--threshold", type=float, help="lowest score of a column (default: the network's own)"
    )
    parser.add_argument(
        "--symmetries",
        action="store_true",
        help="look at each frame turned and mirrored too: eight times as long, with the spread of "
        "each position and class",
    )
    parser.add_argument(
        "--engine",
        choices=get_args(EngineName),
        default="auto",
        help="what runs the network (default: openvino where it is installed and agrees)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=RUNS / "predict",
        metavar="DIR",
        help="folder that gets one folder per file (default: %(default)s)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace results of other settings"
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    experiments = _experiments(options)
    load_stages(STAGES)
    for root, experiment in experiments.items():  # all inputs, before anything is written
        make_plan(experiment, root, overwrite=options.overwrite)
    codes = [
        execute(experiment, root, make_plan(experiment, root, overwrite=options.overwrite))
        for root, experiment in experiments.items()
    ]
    return next((code for code in codes if code != DONE), DONE)


def _experiments(options: argparse.Namespace) -> dict[Path, Experiment]:
    """The run folder and the settings of each file."""
    images = {"files": options.files, "axes": options.axes, "sampling": options.sampling}
    prediction = {
        "network": options.network,
        "threshold": options.threshold,
        "symmetries": options.symmetries,
        "engine": options.engine,
    }
    values = {"images": _given(images), "prediction": _given(prediction), "stages": list(STAGES)}
    every = with_found_files(validate(values, "the command line"), Path())
    experiments: dict[Path, Experiment] = {}
    for file in every.images.files:
        root = options.output / Path(file).stem
        if root in experiments:
            raise InputError(
                f"{file}: another file would be written to {root} too; give each a command of its "
                "own with another --output."
            )
        alone = every.images.model_copy(update={"files": (file,)})
        experiments[root] = every.model_copy(update={"images": alone})
    return experiments


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """The options that were given; the others keep the settings' defaults."""
    return {key: value for key, value in values.items() if value is not None}


if __name__ == "__main__":
    sys.exit(main())
