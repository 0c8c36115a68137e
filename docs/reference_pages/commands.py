"""The commands with all their options, from their parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import temnet
from reference_pages.markdown import cell, table
from temnet.__main__ import SUBCOMMANDS

REPOSITORY = Path(temnet.__file__).parents[1]

WIDTH = 76
"""Characters of a line of a command's usage."""

HEADS = {"positional arguments": "argument", "options": "option"}
"""Heads of tables whose groups have no title of their own."""

INTRODUCTION = """# Commands

Every command prints its options with `--help`. Exit codes: 0 if all was done, 1 after an unexpected
error, 2 if an input is wrong or a file could not be processed, 130 after Ctrl-C. Messages go to
standard error, results to standard output.

`temnet predict` and `python -m temnet.predict` are the same, and so are the others. Where the
command `temnet` is not found, for instance on Windows outside of the environment, use
`python -m temnet`.
"""


def page() -> str:
    """The page as Markdown."""
    parts = [INTRODUCTION, table(("command", "what it does"), overview())]
    for name, subcommand in SUBCOMMANDS.items():
        parts += command(import_module(subcommand.module)._parser(f"temnet {name}"))
    return "\n\n".join(parts) + "\n"


def overview() -> list[tuple[str, str]]:
    """Each command with what it does."""
    return [(f"[`temnet {name}`](#temnet-{name})", one.help) for name, one in SUBCOMMANDS.items()]


def command(parser: argparse.ArgumentParser, level: int = 2) -> Iterator[str]:
    """The parts of the page on one command and on the commands within it."""
    yield f"{'#' * level} `{parser.prog}`"
    if parser.description:
        yield text(parser.description, parser)
    yield f"```text\n{usage(parser)}\n```"
    for group in parser._action_groups:
        rows = [option(action, parser) for action in group._group_actions if shown(action)]
        if rows:
            name = group.title or "options"
            yield table((HEADS.get(name, f"option: {name}"), "meaning"), rows)
    if parser.epilog:
        yield f"```text\n{parser.epilog % {'prog': parser.prog}}\n```"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in dict.fromkeys(action.choices.values()):
                yield from command(inner, level + 1)


def usage(parser: argparse.ArgumentParser) -> str:
    """How the command is used, whatever the width of the terminal."""
    formatter = argparse.HelpFormatter(parser.prog, width=WIDTH)
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups, "")
    return formatter.format_help().strip()


def shown(action: argparse.Action) -> bool:
    """Whether an option is explained."""
    hidden = isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
    return not hidden and action.help is not argparse.SUPPRESS


def option(action: argparse.Action, parser: argparse.ArgumentParser) -> tuple[str, str]:
    """An option as it is typed, and its help."""
    form = parser._get_formatter()
    words = [form._format_args(action, form._get_default_metavar_for_optional(action))]
    if action.option_strings:
        words = [", ".join(action.option_strings), *words]
    else:
        words = [form._format_args(action, action.dest)]
    typed = " ".join(word for word in words if word)
    return cell(f"`{typed}`"), text(action.help or "", parser, action)


def text(words: str, parser: argparse.ArgumentParser, action: argparse.Action | None = None) -> str:
    """A help text with its values filled in, as argparse prints it."""
    values = {**vars(action), "prog": parser.prog} if action else {"prog": parser.prog}
    return cell((words % values).replace(f"{REPOSITORY}/", ""))
