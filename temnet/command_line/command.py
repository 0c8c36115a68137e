"""Exit codes, error handling and the running of stages, shared by all commands."""

from __future__ import annotations

import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from temnet.command_line.run_log import PRINTED, kept_messages, logging_to, progress_bar
from temnet.config.experiment import Experiment
from temnet.errors import InputError, disk_errors_as_input_errors
from temnet.system.signals import ended_by_signals, stopped_by
from temnet.system.streams import Output, libraries_silenced, standard_streams
from temnet.system.user_folders import spare_home
from temnet.workflow.folder import LOG_FILE, alone_in
from temnet.workflow.plan import Plan, make_plan, run_plan
from temnet.workflow.stage import get_stage

LOGGER = logging.getLogger(PRINTED)

DONE, FAILED, WRONG_INPUT = 0, 1, 2
"""Exit codes; a command stopped by a signal exits with 128 + the signal's number, as in a shell."""

PAGE = "index.html"

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
"""Environment variables that keep TensorFlow's messages off the terminal."""


def guarded(command: Callable[[], int]) -> int:
    """Runs a command; an error becomes a message and an exit code.

    Args:
        command: The whole command, with the parsing of its options, so that closed outputs and
            characters that the terminal lacks are handled there too.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    spare_home()
    # TensorFlow warns when several networks are used, since each is traced once.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with standard_streams() as (out, _), ended_by_signals():
        code = _code(command)
        return _with_lost_output(code, out)


def _code(command: Callable[[], int]) -> int:
    """Runs a command; returns its exit code."""
    try:
        with disk_errors_as_input_errors():
            _check_working_folder()
            return command()
    except SystemExit as stop:  # raised by argparse, after the help or an error
        return stop.code if isinstance(stop.code, int) else DONE
    except InputError as error:
        print(error, file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt as error:
        _hide_unfinished_tasks()
        print("Stopped. Run the same command again to resume.", file=sys.stderr)
        return stopped_by(error)[1]
    except Exception:
        traceback.print_exc()
        return FAILED


def _hide_unfinished_tasks() -> None:
    """Hides what Python prints at its exit about reads and writes of a set that were cut short.

    Nothing is lost: a shard counts only once it is marked as finished.
    """
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    for name in ("asyncio", "zarr"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _check_working_folder() -> None:
    """Checks that the working folder, which relative paths start from, still exists.

    Raises:
        InputError: If it was removed.
    """
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise InputError(
            "The working folder was removed; change to another one and run the command again."
        ) from error


def _with_lost_output(code: int, out: Output) -> int:
    """The exit code; a failure if the output could not be written to disk."""
    out.flush()
    if out.failure is None:
        return code
    print(f"The output could not be written ({out.failure.strerror}).", file=sys.stderr)
    return code or WRONG_INPUT


def load_stages(names: Sequence[str]) -> None:
    """Loads the stages' heavy libraries and hides what these print meanwhile."""
    with libraries_silenced():
        for name in names:
            get_stage(name)


def plan_run(
    experiment: Experiment, root: Path, named: Sequence[str] = (), overwrite: bool = False
) -> Plan:
    """Plans a run as `make_plan` does, shows its warnings and keeps them for the log file.

    Raises:
        InputError: See `make_plan`.
    """
    with kept_messages() as messages:
        plan = make_plan(experiment, root, named, overwrite)
    return replace(plan, messages=messages)


def execute(plan: Plan) -> int:
    """Runs a plan as `run_logged` does, and prints where the results are."""
    code = run_logged(plan)
    if code == DONE:
        result = plan.root / PAGE
        print(f"The results are in {result if result.is_file() else plan.root}")
    return code


def run_logged(plan: Plan) -> int:
    """Runs a plan as `run_in_folder` does; returns the exit code.

    Raises:
        InputError: If a stage finds an invalid input, another run uses the folder, or the folder
            cannot be written to.
    """
    try:
        run_in_folder(plan)
    except InputError:
        raise
    except Exception as error:
        message = f"temnet failed: {type(error).__name__}: {_first_line(error)}"
        print(f"{message}; see {plan.root / LOG_FILE} for details.", file=sys.stderr)
        return FAILED
    return DONE


def run_in_folder(plan: Plan) -> None:
    """Runs a plan with a log file and progress bars; errors are logged too.

    Raises:
        InputError: If a stage finds an invalid input, another run uses the folder, or the folder
            cannot be written to.
    """
    root = plan.root
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{root}: the folder cannot be created ({error.strerror}); give another --output."
        ) from error
    log = logging_to(root / LOG_FILE, plan.messages)
    with disk_errors_as_input_errors(root), alone_in(root), log:
        try:
            with disk_errors_as_input_errors(root):
                run_plan(plan, progress_bar)
        except InputError as error:
            LOGGER.error("%s", error)
            raise
        except KeyboardInterrupt as error:
            LOGGER.warning("stopped by %s", stopped_by(error)[0])
            raise
        except Exception:
            LOGGER.exception("the run failed")
            raise


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]
