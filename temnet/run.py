"""The command that runs an experiment: ``python -m temnet.run FILE``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from temnet.command_line.command import DONE, execute, guarded, load_stages, plan_run
from temnet.command_line.command_options import add_common_options, program_warning, spread
from temnet.config.experiment import STAGES
from temnet.config.loading import load_experiment, parse_assignments
from temnet.config.schema import json_schema
from temnet.config.structures.from_file import FromFunction
from temnet.errors import InputError
from temnet.stages.prediction.input_paths import with_found_files
from temnet.structures.user_function import only_named
from temnet.workflow.folder import default_folder
from temnet.workflow.plan import Plan, StepState, scores_alone

SHOWN: dict[StepState, str] = {
    "new": "",
    "started": " (resumes)",
    "replaced": " (replaces an earlier result)",
    "done": ": already done",
}
"""Text after a stage's name for each state of its step."""


def main(arguments: Sequence[str] | None = None, prog: str = "python -m temnet.run") -> int:
    """Runs the command; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    return guarded(lambda: _run(parse(words, prog)))


def parse(arguments: Sequence[str], prog: str = "temnet run") -> argparse.Namespace:
    """Options from the words of a command."""
    return _parser(prog).parse_args(spread(arguments))


def _parser(prog: str = "temnet run") -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Runs the stages of an experiment. To resume a run that was stopped, run the "
        "same command again.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the experiment's YAML")
    what.add_argument(
        "--schema", action="store_true", help="print the JSON schema of the YAML and stop"
    )
    parser.add_argument(
        "--stage",
        action="append",
        choices=STAGES,
        default=[],
        metavar="NAME",
        help="run this stage instead of those in the YAML; more names may follow "
        f"({', '.join(STAGES)})",
    )
    add_common_options(parser, "model.depth=50")
    parser.add_argument(
        "--repair",
        action="store_true",
        help="check every stored example first and simulate damaged ones again",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace results that were made with other settings, and those of the stages given by "
        "--stage",
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    if options.schema:
        print(json.dumps(json_schema(), indent=1, ensure_ascii=False))
        return DONE
    if options.check and options.repair:
        raise InputError("--check changes no files, but --repair does; give only one of them.")
    overrides = parse_assignments(options.set)
    experiment = load_experiment(options.file, overrides)
    root = options.output or default_folder(options.file)
    if options.stage:  # also checks that the sections these stages need are present
        named = load_experiment(options.file, {**overrides, "stages": options.stage})
        experiment = named if scores_alone(experiment, root, options.stage) else experiment
    experiment = with_found_files(experiment)
    load_stages(options.stage or experiment.stages)
    if options.check:
        with only_named():
            print(description(plan_run(experiment, root, options.stage, options.overwrite)))
        return DONE
    if options.repair:
        load_experiment(options.file, {**overrides, "stages": ["simulate"]})
        from temnet.stages.stored_sets import StoredSets

        for line in StoredSets.of(experiment).repair():
            print(line)
    return execute(plan_run(experiment, root, options.stage, options.overwrite))


def description(plan: Plan) -> str:
    """Text that `--check` prints: the stages that would run, and what they would do."""
    lines = [f"The settings are valid. Run folder: {plan.root}"]
    if isinstance(plan.experiment.structure, FromFunction):
        lines.append(program_warning(plan.experiment.structure))
    for step in plan.steps:
        lines.append(f"{step.stage.name}{SHOWN[step.state]}")
        if step.state != "done":
            lines += [f"  {line}" for line in step.stage.describe(plan.experiment, step.inputs)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
