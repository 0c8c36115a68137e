"""The command that runs a study: ``python -m temnet.study FILE``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from temnet.command_line.command import DONE, PAGE, guarded, load_stages, run_logged
from temnet.command_line.command_options import add_common_options, program_warning, spread
from temnet.config.loading import parse_assignments
from temnet.config.structures.from_file import FromFunction
from temnet.structures.user_function import only_named
from temnet.study.settings import Study, load_study
from temnet.workflow.folder import alone_in, check_root, default_folder
from temnet.workflow.plan import Plan, make_plan

if TYPE_CHECKING:
    from temnet.study.runs import ScoringRun, TrainingRun


def main(arguments: Sequence[str] | None = None, prog: str = "python -m temnet.study") -> int:
    """Runs the command; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    return guarded(lambda: _run(_parser(prog).parse_args(spread(words))))


def _parser(prog: str = "temnet study") -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Trains networks in the ways (arms) that a study compares, scores them and "
        "reports their differences. The same command resumes a study that was stopped, and adds "
        "arms, networks and seeds that are new in the file.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the study's YAML")
    add_common_options(parser, "seeds=[1]")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace trainings of other settings"
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    study = load_study(options.file, parse_assignments(options.set))
    root = options.output or default_folder(options.file)
    check_root(root)
    load_stages(("simulate", "train", "evaluate", "report"))
    from temnet.study.runs import scoring_runs, training_runs

    with only_named() if options.check else nullcontext():
        trainings = training_runs(study, root)
        tests = scoring_runs(study, root, trainings)
        plans = [_plan(run, root, options.overwrite) for run in trainings]
        if options.check:
            print(description(root, plans, tests))
            return DONE
    root.mkdir(parents=True, exist_ok=True)
    with alone_in(root):
        return _train_and_test(study, root, trainings, tests, options.overwrite)


def _train_and_test(
    study: Study,
    root: Path,
    trainings: Sequence[TrainingRun],
    tests: Sequence[ScoringRun],
    overwrite: bool,
) -> int:
    """Runs the rest of a study; returns the exit code."""
    from temnet.study.runs import prepare_study

    plans = [_plan(run, root, overwrite) for run in trainings]  # another process may have ended
    prepare_study(root, study)
    for number, plan in enumerate(plans, 1):
        code = _carry_out(plan, root, f"training {number} of {len(plans)}")
        if code != DONE:
            return code
    for number, run in enumerate(tests, 1):
        # Networks that are new, or were trained again, are scored with the others.
        plan = RunPlan(run, _plan_left(run, overwrite=True))
        code = _carry_out(plan, root, f"test {number} of {len(tests)}")
        if code != DONE:
            return code
    print(f"The results are in {_report(root, study, trainings, tests)}")
    return DONE


@dataclass(frozen=True)
class RunPlan:
    """The work that is left in a run.

    Attributes:
        run: The run.
        left: The plan of its stages; None for a finished run.
        twin: A run of another study with the same training, if there is one.
    """

    run: TrainingRun | ScoringRun
    left: Plan | None
    twin: Path | None = None

    @property
    def state(self) -> str:
        """The state of the run in messages."""
        if self.twin is not None:
            return f" (taken over from {self.twin})"
        if self.left is None:
            return " (already done)"
        return " (resumes)" if any(step.state == "started" for step in self.left.steps) else ""


def _plan(run: TrainingRun, root: Path, overwrite: bool) -> RunPlan:
    """The work that is left in a training."""
    from temnet.study.runs import find_twin

    left = _plan_left(run, overwrite)
    started = run.folder.parent.exists()
    return RunPlan(run, left, None if started else find_twin(run, root))


def _plan_left(run: TrainingRun | ScoringRun, overwrite: bool) -> Plan | None:
    """The plan of a run; None if it is done and has its page."""
    if not run.done:
        return make_plan(run.experiment, run.root, (), overwrite)
    return None if (run.root / PAGE).is_file() else make_plan(run.experiment, run.root, ("report",))


def _carry_out(plan: RunPlan, root: Path, title: str) -> int:
    """Runs the stages that are left in a run; returns the exit code."""
    from temnet.study.runs import TrainingRun, find_twin, take_over

    run, left = plan.run, plan.left
    if plan.twin is not None and isinstance(run, TrainingRun):
        # Trainings before this one may have taken days, in which the other study was removed.
        plan = replace(plan, twin=find_twin(run, root))
    print(f"{title}: {run.title}{plan.state}", file=sys.stderr)
    if plan.twin is not None and isinstance(run, TrainingRun):
        take_over(run, plan.twin)
        left = _plan_left(run, overwrite=False)
    return DONE if left is None else run_logged(left)


def description(root: Path, plans: Sequence[RunPlan], tests: Sequence[ScoringRun]) -> str:
    """The runs that are left, and their time."""
    from temnet.stages.simulate import duration
    from temnet.study.cost import work_left
    from temnet.study.runs import TrainingRun

    lines = [f"The settings are valid. Folder: {root}"]
    for plan in plans:
        lines.append(f"training: {plan.run.title}{plan.state}")
    left = [plan.run for plan in plans if not plan.run.done and plan.twin is None]
    to_train = [run for run in left if isinstance(run, TrainingRun)]
    to_test = [run for run in tests if not (all(one.done for one in run.networks) and run.done)]
    for run in tests:
        lines.append(f"test: {run.title}{'' if run in to_test else ' (already done)'}")
    open_runs: list[TrainingRun | ScoringRun] = [*to_train, *to_test]
    structures = [run.experiment.structure for run in open_runs]
    programs = {one.function: one for one in structures if isinstance(one, FromFunction)}
    lines += map(program_warning, programs.values())
    if (to_train or to_test) and not programs:
        work = work_left(to_train, to_test)
        lines += [
            f"{work.stored} examples to simulate and keep, {work.fresh} while networks are trained",
            f"time: about {duration(work.simulating / 3600)} to simulate and "
            f"{duration(work.training / 3600)} to train",
        ]
    return "\n".join(lines)


def _report(
    root: Path, study: Study, trainings: Sequence[TrainingRun], tests: Sequence[ScoringRun]
) -> Path:
    """Writes the tables and the page, and returns its path."""
    from temnet.study.page import StudyPage, write_study_page
    from temnet.study.records import StudyRow
    from temnet.study.results import SUMMARY_FILE, TABLE_FILE, StudyResults
    from temnet.study.scores import read_scores, study_rows, study_summary
    from temnet.tables.csv_rows import write_rows
    from temnet.tables.json_records import write_record

    scored = read_scores(tests)
    rows = study_rows(scored)
    write_rows(root / TABLE_FILE, rows, StudyRow, tests[0].experiment.class_names)
    summary = study_summary(study, scored, trainings, tests)
    write_record(root / SUMMARY_FILE, summary)
    folders: dict[tuple[str, str], dict[int, Path]] = {}
    for run in trainings:
        folders.setdefault((run.arm, run.network), {})[run.seed] = run.root.relative_to(root)
    of_tests = {(run.test, run.arm): run.root.relative_to(root) for run in tests}
    return write_study_page(root, StudyPage(study, StudyResults(rows, summary), folders, of_tests))


if __name__ == "__main__":
    sys.exit(main())
