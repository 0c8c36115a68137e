"""The command that finds columns: ``python -m temnet.predict FILES``."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from temnet.analysis import plan_job, prediction_experiment
from temnet.command_line.command import DONE, FAILED, WRONG_INPUT, execute, guarded, load_stages
from temnet.command_line.setting_options import add_settings, given_settings
from temnet.config.analysis.images import Images
from temnet.config.analysis.prediction import DEFAULT_NETWORK, Prediction
from temnet.config.analysis.strain import Strain
from temnet.config.experiment import Experiment, required
from temnet.config.names import printable
from temnet.errors import InputError
from temnet.workflow.folder import RUNS

if TYPE_CHECKING:
    from temnet.stages.prediction.batch import Job


OUTPUT, SPEED = {"outputs", "rings"}, {"engine", "workers", "scheduler"}
"""Settings of the section `prediction` that the help shows in groups of their own."""

STRAIN, FOLLOWED = "strain_", {"average"}
"""What the options of strain begin with, and its settings for movies whose sites are followed."""

EXAMPLES = """\
examples:
  temnet predict image.dm4
  temnet predict movie.tif --axes frames --sampling 0.202 --network nanoparticle-unet
  temnet predict focus_*.mrc --axes focus --network mos2-unet --outputs hdf5,maps,overlays

`temnet networks` lists the networks and the images that they were trained on."""


NO_NETWORK = (
    f"No --network is given: {DEFAULT_NETWORK} finds the columns of any crystal. `temnet networks` "
    "lists the networks that distinguish kinds of columns."
)


class _KeepExamples(argparse.HelpFormatter):
    """Fills all texts but the examples at the end."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text == EXAMPLES else super()._fill_text(text, width, indent)


def main(arguments: Sequence[str] | None = None, prog: str = "python -m temnet.predict") -> int:
    """Runs the command; returns the exit code."""
    return guarded(lambda: _run(_parser(prog).parse_args(arguments)))


def _parser(prog: str = "temnet predict") -> argparse.ArgumentParser:
    every = set(Prediction.model_fields)
    parser = argparse.ArgumentParser(
        prog=prog,
        formatter_class=_KeepExamples,
        epilog=EXAMPLES,
        description="Finds the atomic columns in images and movies; each file gets a folder of "
        "results. A file that cannot be processed is reported, and the others are processed; the "
        "exit code is then 2, or 1 after an unexpected error.",
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILES",
        help="Images, movies, focal series; a folder stands for all images in it. With --axes "
        "frames or focus a folder is one movie or focal series, and so are several files.",
    )
    image, network, output, strain, speed = map(
        parser.add_argument_group, ("image", "network", "output", "strain", "speed")
    )
    output.add_argument(
        "--output",
        type=Path,
        default=RUNS / "predict",
        metavar="DIR",
        help="Folder that gets one folder per file. Default: %(default)s.",
    )
    output.add_argument(
        "--overwrite", action="store_true", help="Replace results of other settings."
    )
    add_settings(image, Images, ["files"])
    add_settings(network, Prediction, {*OUTPUT, *SPEED})
    add_settings(output, Prediction, every.difference(OUTPUT))
    strain.add_argument(
        "--strain",
        action="store_true",
        help="Measure the strain around each column from the positions of its neighbours; the "
        "options below imply it.",
    )
    add_settings(strain, Strain, FOLLOWED, STRAIN)
    add_settings(speed, Prediction, every.difference(SPEED))
    return parser


def _run(options: argparse.Namespace) -> int:
    values = given_settings(options, Images, ["files"]) | given_settings(options, Prediction)
    measured = given_settings(options, Strain, FOLLOWED, STRAIN)
    strain = measured if options.strain or measured else None
    experiment = prediction_experiment(values, "the command line", strain)
    load_stages(experiment.stages)
    from temnet.stages.prediction.batch import plan_batch
    from temnet.stages.prediction.inputs import load

    if options.network is None:
        print(NO_NETWORK, file=sys.stderr)
    network = required(experiment.prediction, "prediction").network
    load(network)  # an invalid network is reported once, not for every file
    jobs, errors = plan_batch(options.files, together=values.get("axes", "auto") != "auto")
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
    """Processes one file or movie; an error is printed and does not stop the others."""
    try:
        plan = plan_job(experiment, job, options.output, options.overwrite)
        return execute(plan)
    except InputError as error:
        print(error, file=sys.stderr)
        return WRONG_INPUT
    except Exception:
        traceback.print_exc()
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
