"""The command that finds columns: ``python -m temnet.predict FILES --network NAME``."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from temnet.command import DONE, FAILED, WRONG_INPUT, execute, guarded, load_stages
from temnet.config.analysis.prediction import EngineName
from temnet.config.experiment import Experiment
from temnet.config.loading import validate
from temnet.config.names import printable
from temnet.errors import InputError, disk_errors_as_input_errors
from temnet.run_log import kept_messages
from temnet.workflow.folder import RUNS
from temnet.workflow.plan import make_plan

if TYPE_CHECKING:
    from temnet.stages.batch import Job

STAGES = ("predict", "report")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    return guarded(lambda: _run(_parser().parse_args(arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m temnet.predict",
        description="Finds the atomic columns in images and movies, each file by itself. A file "
        "that is wrong is reported and the others are done; the exit code is then 2, or 1 where "
        "something else failed.",
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILES",
        help="images, movies, focal series; a folder stands for every image in it; with --axes "
        "frames or focus a folder is one movie or focal series, and so are several files",
    )
    parser.add_argument("--network", required=True, metavar="NAME", help="name or folder")
    parser.add_argument(
        "--sampling",
        type=_number_or_word,
        metavar="Å",
        help="pixel size, or auto to measure it by --spacing (default: what the file says)",
    )
    parser.add_argument(
        "--spacing",
        type=float,
        metavar="Å",
        help="distance between lattice planes that the image shows, to check the pixel size by",
    )
    parser.add_argument(
        "--focus-order",
        choices=("card", "reversed", "auto"),
        default="card",
        help="order of the images in a focal series (default: as on the network's card); auto "
        "asks the network, which is right in three of the four images that it decides",
    )
    parser.add_argument(
        "--no-align",
        action="store_true",
        help="leave the images of a focal series where they are",
    )
    parser.add_argument(
        "--invert",
        action="store_true",
        help="exchange bright and dark, for images whose columns are dark",
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
        "--min-distance",
        type=float,
        metavar="Å",
        help="columns closer than this are one (default: three label widths)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes that look at the frames of a movie (default: this one alone)",
    )
    parser.add_argument(
        "--outputs",
        metavar="LIST",
        help="what is written besides the table, with commas: hdf5, xyz, maps, overlays (default: "
        "hdf5,xyz)",
    )
    parser.add_argument(
        "--symmetries",
        action="store_true",
        help="look at each frame turned and mirrored too: eight times as long, with the spread of "
        "each position and class",
    )
    parser.add_argument(
        "--rings",
        nargs=2,
        type=float,
        metavar=("LEAST", "LARGEST"),
        help="find the rings of columns bonded at these distances [Å], such as 1.1 1.8 for carbon",
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
    experiment = _settings(options)
    load_stages(STAGES)
    from temnet.stages.batch import plan_batch
    from temnet.stages.predict import check_network

    check_network(experiment)  # what is wrong with it is wrong for every file
    jobs, errors = plan_batch(options.files, together=options.axes != "auto")
    total = len(jobs) + len(errors)
    for error in errors:
        print(error, file=sys.stderr)
    codes = [WRONG_INPUT] * len(errors)
    for number, job in enumerate(jobs, start=1):
        if total > 1:
            print(f"{number} of {len(jobs)}: {printable(str(job.path))}", file=sys.stderr)
        codes.append(_predict(experiment, job, options))
    if total > 1 and any(codes):
        undone = [
            printable(str(job.path))
            for job, code in zip(jobs, codes[len(errors) :], strict=True)
            if code
        ]
        missing = f"; see above for {', '.join(undone)}" if undone else ""
        print(f"{codes.count(DONE)} of {total} were done{missing}.", file=sys.stderr)
    return FAILED if FAILED in codes else max(codes, default=DONE)


def _predict(experiment: Experiment, job: Job, options: argparse.Namespace) -> int:
    """Looks at one file or movie; what goes wrong is said and does not stop the others."""
    files = tuple(str(file) for file in job.files)
    images = experiment.images.model_copy(update={"files": files})
    experiment = experiment.model_copy(update={"images": images})
    root = options.output / job.folder
    try:
        with disk_errors_as_input_errors(root):
            with kept_messages() as said:
                steps = make_plan(experiment, root, overwrite=options.overwrite)
            return execute(experiment, root, steps, said)
    except InputError as error:
        print(error, file=sys.stderr)
        return WRONG_INPUT
    except Exception:
        traceback.print_exc()
        return FAILED


def _settings(options: argparse.Namespace) -> Experiment:
    """The settings that all files share.

    Raises:
        InputError: An option is out of bounds.
    """
    images = {
        "files": ["the command line's"],  # each file gets these settings by itself
        "axes": options.axes,
        "sampling": options.sampling,
        "spacing": options.spacing,
        "focus_order": options.focus_order,
        "align": not options.no_align,
        "invert": options.invert,
    }
    prediction = {
        "network": options.network,
        "threshold": options.threshold,
        "min_distance": options.min_distance,
        "symmetries": options.symmetries,
        "workers": options.workers,
        "outputs": None if options.outputs is None else _words(options.outputs),
        "rings": None if options.rings is None else {"bond": options.rings},
        "engine": options.engine,
    }
    values = {"images": _given(images), "prediction": _given(prediction), "stages": list(STAGES)}
    return validate(values, "the command line")


def _number_or_word(text: str) -> float | str:
    """The number that a text stands for; the settings refuse words that they do not know."""
    try:
        return float(text)
    except ValueError:
        return text


def _words(text: str) -> list[str]:
    """The words of a list with commas.

    >>> _words("hdf5, maps"), _words("")
    (['hdf5', 'maps'], [])
    """
    return [word.strip() for word in text.split(",") if word.strip()]


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """The options that were given; the others keep the settings' defaults."""
    return {key: value for key, value in values.items() if value is not None}


if __name__ == "__main__":
    sys.exit(main())
