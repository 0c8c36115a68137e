"""The command that runs an experiment: ``python -m temnet.run FILE``."""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from logging.handlers import MemoryHandler
from pathlib import Path

from tqdm import tqdm

from temnet.config.experiment import STAGES, Experiment
from temnet.config.loading import json_schema, load_experiment, parse_assignments
from temnet.errors import InputError, disk_errors_told
from temnet.stages.files import with_found_files
from temnet.stages.folder import LOG_FILE, alone_in, default_folder
from temnet.stages.plan import Step, make_plan, run_plan, scores_alone
from temnet.stages.stage import Done, get_stage
from temnet.user_folders import spare_home

LOGGER = logging.getLogger("temnet.run")  # __name__ is __main__ under python -m

DONE, FAILED, WRONG_INPUT, STOPPED = 0, 1, 2, 130
"""Exit codes; that of a run stopped by Ctrl-C is the shell's, 128 + SIGINT."""

PAGE = "index.html"

STDERR = 2
"""The file descriptor that libraries written in C write their messages to."""

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
"""Environment that keeps TensorFlow's messages off the terminal once it is loaded."""


ASSIGNMENT = re.compile(r"[^\W\d][\w.]*=")
"""How `key.path=value` begins."""

FOLLOWED_BY: dict[str, Callable[[str], bool]] = {
    "--stage": lambda word: word in STAGES,
    "--set": lambda word: ASSIGNMENT.match(word) is not None and not Path(word).is_file(),
}
"""Options that several words may follow, and which words do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    if options.schema:
        print(json.dumps(json_schema(), indent=1, ensure_ascii=False))
        return DONE
    return guarded(lambda: _run(options))


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
    if options.repair:
        load_experiment(options.file, {**overrides, "stages": ["simulate"]})
        from temnet.stages.sets import repair_sets

        for line in repair_sets(experiment):
            print(line)
    with kept_messages() as said:
        steps = make_plan(experiment, root, options.stage, options.overwrite)
    if options.check:
        print(description(experiment, root, steps))
        return DONE
    return execute(experiment, root, steps, said)


def load_stages(names: Sequence[str]) -> None:
    """Loads the stages' heavy libraries, without what they write to the terminal meanwhile."""
    with _silenced():
        for name in names:
            get_stage(name)


@contextmanager
def _silenced() -> Iterator[None]:
    # TensorFlow's libraries greet before they know of any log level, past Python's sys.stderr.
    kept = os.dup(STDERR)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)


def description(experiment: Experiment, root: Path, steps: Sequence[Step]) -> str:
    """What would run, for people."""
    lines = [f"The settings are right. Run folder: {root}"]
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
    except KeyboardInterrupt:
        LOGGER.warning("stopped by Ctrl-C")
        raise
    except Exception as error:
        LOGGER.exception("the run failed")
        message = f"temnet failed: {type(error).__name__}: {_first_line(error)}"
        print(f"{message}; the details are in {root / LOG_FILE}.", file=sys.stderr)
        return FAILED
    return DONE


def guarded(command: Callable[[], int]) -> int:
    """Runs a command; what goes wrong becomes a message and an exit code."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    spare_home()
    # It warns when several networks are used, as each is traced once.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        with disk_errors_told():
            return command()
    except InputError as error:
        print(error, file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        # Reads of a stored set that the interrupt cut short; nothing was lost with them.
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # the reader of our output, such as `head`, has gone
        sys.stdout = None
        return FAILED
    except Exception:
        traceback.print_exc()
        return FAILED


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Done]:
    """A bar on the terminal with the time left."""
    with tqdm(total=total, desc=title, file=sys.stderr, dynamic_ncols=True) as bar:
        yield bar.update


class Terminal(logging.Handler):
    """Shows warnings and which stage runs, above the progress bars."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one line; what this module logs it also prints by itself."""
        wanted = record.levelno >= logging.WARNING or record.name == "temnet.stages.plan"
        if wanted and record.name != LOGGER.name:
            tqdm.write(record.getMessage(), file=sys.stderr)


class LogFile(logging.FileHandler):
    """A log file that leaves out what a full disk does not take."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        """Says what went wrong with a message, unless the disk refused it."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)

    def close(self) -> None:
        """Closes the file; what is left to be written may be lost."""
        with suppress(OSError):
            super().close()


@contextmanager
def kept_messages() -> Iterator[list[logging.LogRecord]]:
    """Shows temnet's warnings and keeps them, while there is no run folder to log in."""
    ours, terminal = logging.getLogger("temnet"), Terminal()
    kept = MemoryHandler(sys.maxsize, flushLevel=sys.maxsize)
    ours.addHandler(kept)
    ours.addHandler(terminal)
    try:
        yield kept.buffer
    finally:
        ours.removeHandler(kept)
        ours.removeHandler(terminal)


@contextmanager
def logging_to(path: Path, said: Sequence[logging.LogRecord] = ()) -> Iterator[None]:
    """Appends temnet's messages and all warnings to a log file, and shows the main ones.

    Messages that were ``said`` and shown before are appended first.
    """
    to_file = LogFile(path, encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for record in said:
        to_file.handle(record)
    ours, warnings = logging.getLogger("temnet"), logging.getLogger("py.warnings")
    handlers = ((ours, to_file), (ours, Terminal()), (warnings, to_file))
    before = [(logger, logger.level, logger.propagate) for logger in (ours, warnings)]
    logging.captureWarnings(True)
    for logger, handler in handlers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    try:
        yield
    finally:
        logging.captureWarnings(False)
        for logger, handler in handlers:
            logger.removeHandler(handler)
        for logger, level, propagate in before:
            logger.setLevel(level)
            logger.propagate = propagate
        to_file.close()


if __name__ == "__main__":
    sys.exit(main())
