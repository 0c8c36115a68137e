"""The command that runs an experiment: ``python -m temnet.run FILE``."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from temnet.command import DONE, execute, guarded, load_stages
from temnet.config.experiment import STAGES, Experiment
from temnet.config.loading import json_schema, load_experiment, parse_assignments
from temnet.config.structures.from_file import FromFunction
from temnet.config.user_function import only_named, source_file
from temnet.errors import InputError
from temnet.run_log import kept_messages
from temnet.stages.input_paths import with_found_files
from temnet.workflow.folder import default_folder
from temnet.workflow.plan import Step, make_plan, scores_alone

ASSIGNMENT = re.compile(r"[^\W\d][\w.]*=")
"""How `key.path=value` begins."""

FOLLOWED_BY: dict[str, Callable[[str], bool]] = {
    "--stage": lambda word: word in STAGES,
    "--set": lambda word: ASSIGNMENT.match(word) is not None and not Path(word).is_file(),
}
"""Options that several words may follow, and which words do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    return guarded(lambda: _run(parse(sys.argv[1:] if arguments is None else arguments)))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options that the words of a command stand for."""
    return _parser().parse_args(spread(arguments))


def spread(arguments: Sequence[str]) -> list[str]:
    """The words of a command, with `--stage` and `--set` before each of what follows them.

    argparse alone would take FILE for one more stage or setting.

    >>> spread(["--stage", "evaluate", "report", "a.yaml"])
    ['--stage', 'evaluate', '--stage', 'report', 'a.yaml']
    """
    words: list[str] = []
    option = None
    for before, word in zip(["", *arguments], arguments, strict=False):
        if before != option:  # the word right after an option is its own, whatever it is
            if option is not None and FOLLOWED_BY[option](word):
                words.append(option)
            else:
                option = word if word in FOLLOWED_BY else None
        words.append(word)
    return words


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m temnet.run",
        description="Runs the stages of an experiment. A run that was stopped goes on when the "
        "same command is given again.",
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
        help="run this stage and not those of the YAML; more names may follow "
        f"({', '.join(STAGES)})",
    )
    add_common_options(parser, "model.depth=50")
    parser.add_argument(
        "--repair",
        action="store_true",
        help="read every stored example first; those that are damaged are made again",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace results of other settings, and those of the stages named by --stage",
    )
    return parser


def add_common_options(parser: argparse.ArgumentParser, setting: str) -> None:
    """The options that all commands with a YAML have: `--output`, `--set` and `--check`.

    Args:
        parser: Gets the options; several words after one `--set` need `spread`.
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
        "--check", action="store_true", help="check everything, print what would run, and stop"
    )


def _run(options: argparse.Namespace) -> int:
    if options.schema:
        print(json.dumps(json_schema(), indent=1, ensure_ascii=False))
        return DONE
    if options.check and options.repair:
        raise InputError("--check changes nothing, but --repair does; give one of them.")
    overrides = parse_assignments(options.set)
    experiment = load_experiment(options.file, overrides)
    root = options.output or default_folder(options.file)
    if options.stage:  # the sections that these stages need have to be there
        named = load_experiment(options.file, {**overrides, "stages": options.stage})
        experiment = named if scores_alone(experiment, root, options.stage) else experiment
    experiment = with_found_files(experiment, options.file.parent)
    load_stages(options.stage or experiment.stages)
    if options.check:
        with only_named():
            with kept_messages():
                steps = make_plan(experiment, root, options.stage, options.overwrite)
            print(description(experiment, root, steps))
        return DONE
    if options.repair:
        load_experiment(options.file, {**overrides, "stages": ["simulate"]})
        from temnet.stages.stored_sets import repair_sets

        for line in repair_sets(experiment):
            print(line)
    with kept_messages() as said:
        steps = make_plan(experiment, root, options.stage, options.overwrite)
    return execute(experiment, root, steps, said)


def program_warning(structure: FromFunction) -> str:
    """What these settings would run, for people who have them from elsewhere."""
    name = structure.function
    return (
        f"These settings are a program: structure.function {name} would be run, from "
        f"{source_file(name) or 'a module without source'}; --check leaves it."
    )


def description(experiment: Experiment, root: Path, steps: Sequence[Step]) -> str:
    """What would run, for people."""
    lines = [f"The settings are right. Run folder: {root}"]
    if isinstance(experiment.structure, FromFunction):
        lines.append(program_warning(experiment.structure))
    for step in steps:
        if step.done:
            lines.append(f"{step.stage.name}: already done")
            continue
        how = (
            " (goes on)" if step.begun else " (replaces an earlier result)" if step.replaces else ""
        )
        lines.append(f"{step.stage.name}{how}")
        lines += [f"  {line}" for line in step.stage.describe(experiment, step.inputs)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
