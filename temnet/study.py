"""The command that runs a study: ``python -m temnet.study FILE``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from temnet.config.loading import parse_assignments
from temnet.config.study import Study, load_study
from temnet.run import DONE, PAGE, guarded, load_stages, run_logged
from temnet.stages.folder import check_root, default_folder
from temnet.stages.plan import Step, make_plan

if TYPE_CHECKING:
    from temnet.stages.study import TaughtRun, TestedRun


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    return guarded(lambda: _run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m temnet.study",
        description="Teaches networks in the ways (arms) that a study compares, scores them and "
        "reports how they differ. A study that was stopped goes on when the same command is given "
        "again; arms, networks and seeds that were added are done then.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the study's YAML")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="folder (default: runs/ and FILE's name)"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="key.path=value",
        help="change a setting, such as seeds=[1]; may be given more than once",
    )
    parser.add_argument(
        "--check", action="store_true", help="check everything, print what would run, and stop"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace trainings of other settings"
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    study = load_study(options.file, parse_assignments(options.set))
    root = options.output or default_folder(options.file)
    check_root(root)
    load_stages(("simulate", "train", "evaluate", "report"))
    from temnet.stages.study import prepare_study, taught_runs, tested_runs

    taught = taught_runs(study, root)
    tested = tested_runs(study, root, taught)
    plans = [_steps_left(run, options.overwrite) for run in taught]
    if options.check:
        print(description(root, taught, tested))
        return DONE
    prepare_study(root, study)
    for number, (run, steps) in enumerate(zip(taught, plans, strict=True), 1):
        code = _finish(run, steps, f"training {number} of {len(taught)}")
        if code != DONE:
            return code
    for number, run in enumerate(tested, 1):
        # Networks that were added, or taught again, are scored with the others.
        code = _finish(run, _steps_left(run, overwrite=True), f"test {number} of {len(tested)}")
        if code != DONE:
            return code
    print(f"The result lies in {_report(root, study, taught, tested)}")
    return DONE


def _steps_left(run: TaughtRun | TestedRun, overwrite: bool) -> list[Step]:
    """What is to be done for a run: nothing where it is done and has its page."""
    if not run.done:
        return make_plan(run.experiment, run.root, (), overwrite)
    return [] if (run.root / PAGE).is_file() else make_plan(run.experiment, run.root, ("report",))


def _finish(run: TaughtRun | TestedRun, steps: Sequence[Step], title: str) -> int:
    """Does what is left of a run; returns the exit code."""
    state = title if steps else f"{title}, already done"
    print(f"{state}: {run.title}", file=sys.stderr)
    return run_logged(run.experiment, run.root, steps) if steps else DONE


def description(root: Path, taught: Sequence[TaughtRun], tested: Sequence[TestedRun]) -> str:
    """What would run, for people."""
    from temnet.benchmarks.study import work_left
    from temnet.stages.simulate import duration

    to_teach = [run for run in taught if not run.done]
    to_test = [
        run
        for run in tested
        if any(network in to_teach for network in run.networks) or not run.done
    ]
    lines = [f"The settings are right. Folder: {root}"]
    lines += [
        f"training{'' if run in to_teach else ' (already done)'}: {run.title}" for run in taught
    ]
    lines += [f"test{'' if run in to_test else ' (already done)'}: {run.title}" for run in tested]
    if to_teach or to_test:
        work = work_left(to_teach, to_test)
        lines += [
            f"{work.stored} examples to be made and kept, {work.fresh} while networks are trained",
            f"time: about {duration(work.simulating / 3600)} to simulate and "
            f"{duration(work.training / 3600)} to train",
        ]
    return "\n".join(lines)


def _report(
    root: Path, study: Study, taught: Sequence[TaughtRun], tested: Sequence[TestedRun]
) -> Path:
    """Writes the tables and the page, and returns its path."""
    from temnet.reporting.files import replace_file
    from temnet.reporting.study_page import Results, write_study_page
    from temnet.reporting.tables import write_table
    from temnet.stages.assessment import plain_values
    from temnet.stages.study_scores import (
        read_scores,
        study_fields,
        study_rows,
        study_summary,
        taught_differences,
    )

    scored = read_scores(tested)
    rows = study_rows(scored)
    write_table(root / "study.csv", rows, study_fields(tested[0].experiment.class_names))
    summary = plain_values(study_summary(study, scored, tested))
    text = json.dumps(summary, indent=1, ensure_ascii=False) + "\n"
    replace_file(root / "summary.json", text.encode())
    folders = {run.title: run.root.relative_to(root) for run in (*taught, *tested)}
    differences = taught_differences(study, taught)
    return write_study_page(root, Results(study, rows, summary, differences, folders))


if __name__ == "__main__":
    sys.exit(main())
