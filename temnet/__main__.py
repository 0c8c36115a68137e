"""The command ``temnet``, whose subcommands are the commands of this package."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import NamedTuple

from temnet.command_line.command import DONE, WRONG_INPUT, guarded
from temnet.version import __version__


class Subcommand(NamedTuple):
    """A subcommand.

    Attributes:
        module: Module whose ``main(arguments, prog)`` runs it.
        help: What it does, in a few words.
    """

    module: str
    help: str


SUBCOMMANDS: Mapping[str, Subcommand] = {
    "predict": Subcommand("temnet.predict", "find the columns in images and movies"),
    "live": Subcommand("temnet.live.__main__", "show the columns in the frames of a camera"),
    "networks": Subcommand("temnet.networks", "list the networks: what they find, in which images"),
    "init": Subcommand("temnet.init", "copy the example experiments and images into a folder"),
    "new": Subcommand("temnet.new", "write settings that train a network for your material"),
    "run": Subcommand("temnet.run", "run an experiment: simulate, train, evaluate, follow sites"),
    "study": Subcommand("temnet.study.__main__", "compare ways to train networks"),
    "publish": Subcommand("temnet.publish", "save trained networks with their scores and figures"),
    "export": Subcommand("temnet.export", "write a network for other programs (ONNX)"),
    "benchmark": Subcommand("temnet.benchmark", "measure time and memory on this machine"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a subcommand; returns the exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    name = words[0] if words else "--help"
    if name in SUBCOMMANDS:
        run: Callable[..., int] = import_module(SUBCOMMANDS[name].module).main
        return run(words[1:], prog=f"temnet {name}")
    return guarded(lambda: _answer(name))


def _answer(name: str) -> int:
    """Prints the help, the version, or that a subcommand does not exist."""
    if name in ("-h", "--help"):
        print(_help())
    elif name == "--version":
        print(f"temnet {__version__}")
    else:
        near = get_close_matches(name, SUBCOMMANDS, n=1)
        advice = f"did you mean {near[0]}?" if near else f"choose from {', '.join(SUBCOMMANDS)}."
        print(f"temnet: there is no command {name!r}; {advice}", file=sys.stderr)
        return WRONG_INPUT
    return DONE


def _help() -> str:
    width = max(map(len, SUBCOMMANDS))
    lines = [f"  {name:{width}}  {each.help}" for name, each in SUBCOMMANDS.items()]
    return "\n".join(
        [
            "usage: temnet COMMAND ...",
            "",
            "Find the atomic columns in high-resolution TEM images, focal series and movies.",
            "",
            *lines,
            "",
            "  --version  print the version",
            "",
            "`temnet COMMAND --help` explains a command.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
