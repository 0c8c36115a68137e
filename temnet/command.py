"""What the commands share: exit codes, how they end, and how a run's stages are carried out."""

from __future__ import annotations

import logging
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from temnet.config.experiment import Experiment
from temnet.errors import InputError, disk_errors_told
from temnet.run_log import PRINTED, logging_to, progress_bar
from temnet.system.signals import ended_by_signals, stopped_by
from temnet.system.streams import Output, libraries_silenced, standard_streams
from temnet.system.user_folders import spare_home
from temnet.workflow.folder import LOG_FILE, alone_in
from temnet.workflow.plan import Step, run_plan
from temnet.workflow.stage import get_stage

LOGGER = logging.getLogger(PRINTED)

DONE, FAILED, WRONG_INPUT = 0, 1, 2
"""Exit codes; that of a command that a signal has stopped is the shell's, 128 + its number."""

PAGE = "index.html"

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
"""Environment that keeps TensorFlow's messages off the terminal once it is loaded."""


def guarded(command: Callable[[], int]) -> int:
    """Runs a command; what goes wrong becomes a message and an exit code.

    Args:
        command: All that the command does, its options included: what it prints may have a reader
            that goes, or letters that the terminal does not have.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    spare_home()
    # It warns when several networks are used, as each is traced once.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with standard_streams() as (out, _), ended_by_signals():
        code = _code(command)
        return _with_lost_output(code, out)


def _code(command: Callable[[], int]) -> int:
    """Runs a command; returns its exit code."""
    try:
        with disk_errors_told():
            _check_working_folder()
            return command()
    except SystemExit as stop:  # argparse's way to end, after its help or what is wrong
        return stop.code if isinstance(stop.code, int) else DONE
    except InputError as error:
        print(error, file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt as error:
        # Reads of a stored set that the interrupt cut short; nothing was lost with them.
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return stopped_by(error)[1]
    except Exception:
        traceback.print_exc()
        return FAILED


def _check_working_folder() -> None:
    """Whether the working folder is still there, from which all paths count.

    Raises:
        InputError: It is not.
    """
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise InputError(
            "The working folder was removed; change to another one and give the command again."
        ) from error


def _with_lost_output(code: int, out: Output) -> int:
    """The exit code, which is no success where a disk did not take what was printed."""
    out.flush()
    if out.failure is None:
        return code
    print(f"What was printed could not be written ({out.failure.strerror}).", file=sys.stderr)
    return code or WRONG_INPUT


def load_stages(names: Sequence[str]) -> None:
    """Loads the stages' heavy libraries, without what they write to the terminal meanwhile."""
    with libraries_silenced():
        for name in names:
            get_stage(name)


def execute(
    experiment: Experiment,
    root: Path,
    steps: Sequence[Step],
    said: Sequence[logging.LogRecord] = (),
) -> int:
    """Runs a plan with log file and progress bars, and says where the result lies.

    What was ``said`` while it was made goes into the log file, too.
    """
    code = run_logged(experiment, root, steps, said)
    if code == DONE:
        result = root / PAGE
        print(f"The result lies in {result if result.is_file() else root}")
    return code


def run_logged(
    experiment: Experiment,
    root: Path,
    steps: Sequence[Step],
    said: Sequence[logging.LogRecord] = (),
) -> int:
    """Runs a plan with log file and progress bars; returns the exit code.

    Messages that were ``said`` before begin the log file.

    Raises:
        InputError: A stage asks for something else, another run works in the folder, or the disk
            refuses something.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{root}: this folder cannot be made ({error.strerror}); give another --output."
        ) from error
    with disk_errors_told(root), alone_in(root), logging_to(root / LOG_FILE, said):
        return _run_plan(experiment, root, steps)


def _run_plan(experiment: Experiment, root: Path, steps: Sequence[Step]) -> int:
    """Runs a plan whose log file is open; returns the exit code.

    Raises:
        InputError: A stage asks for something else, or the disk refuses something.
    """
    try:
        with disk_errors_told(root):
            run_plan(experiment, root, steps, progress_bar)
    except InputError as error:
        LOGGER.error("%s", error)
        raise
    except KeyboardInterrupt as error:
        LOGGER.warning("stopped by %s", stopped_by(error)[0])
        raise
    except Exception as error:
        LOGGER.exception("the run failed")
        message = f"temnet failed: {type(error).__name__}: {_first_line(error)}"
        print(f"{message}; the details are in {root / LOG_FILE}.", file=sys.stderr)
        return FAILED
    return DONE


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]
