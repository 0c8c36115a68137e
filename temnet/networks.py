"""The command that lists the networks: ``temnet networks``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from temnet.command_line.command import DONE, guarded
from temnet.config.analysis.prediction import DEFAULT_NETWORK
from temnet.config.card import Card
from temnet.errors import InputError
from temnet.models.network_folders import (
    MODEL_FILE,
    find_network,
    network_names,
    read_card,
    search_folders,
)

HEADS = ("network", "finds", "voltage", "pixels", "images", "dose", "F1", "size")


def main(arguments: Sequence[str] | None = None, prog: str = "python -m temnet.networks") -> int:
    """Runs the command; returns the exit code."""
    return guarded(lambda: _run(_parser(prog).parse_args(arguments)))


def _parser(prog: str = "temnet networks") -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Lists the networks: the classes of columns that they find, and the range of "
        "their training images (acceleration voltage, pixel size, images of a focal series, dose "
        "per image). F1 is the mean over the classes on held-out simulated images; compare it only "
        "between networks of the same specimens. An image outside of these ranges is out of "
        "distribution.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these (default: all)")
    return parser


def _run(options: argparse.Namespace) -> int:
    names = options.names or network_names()
    if not names:
        searched = ", ".join(str(folder) for folder in search_folders())
        raise InputError(f"No networks are installed (searched in {searched}).")
    rows = [_row(find_network(name)) for name in names]
    widths = [max(map(len, column)) for column in zip(HEADS, *rows, strict=True)]
    for row in (HEADS, *rows):
        print(
            "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        )
    if DEFAULT_NETWORK in names:
        print(f"Where none is named, {DEFAULT_NETWORK} is used.")
    return DONE


def _row(folder: Path) -> tuple[str, ...]:
    card = read_card(folder)
    scores = card.validation or card.metrics
    return (
        folder.name,
        ", ".join(card.classes),
        _span([energy / 1e3 for energy in card.energies or ()], "kV"),
        _span(card.camera_sampling or (), "Å"),
        _images(card),
        _span(card.dose or (), "e/Å²"),
        "" if scores is None else f"{scores.macro_f1:.2f}",
        f"{(folder / MODEL_FILE).stat().st_size / 1e6:.1f} MB",
    )


def _images(card: Card) -> str:
    """Number and defocus steps of the images."""
    steps = card.focus_steps or ()
    return "1" if card.focus_count == 1 else f"{card.focus_count} (0 to {steps[-1]:g} Å)"


def _span(values: Iterable[float], unit: str) -> str:
    """A range with its unit.

    >>> _span([80, 300], "kV"), _span([80, 80], "kV"), _span([10, 1e4], "e/Å²"), _span([], "kV")
    ('80–300 kV', '80 kV', '10–10,000 e/Å²', '')
    """
    ordered = sorted(values)
    if not ordered:
        return ""
    low, high = (f"{one:,.0f}" if one >= 1000 else f"{one:g}" for one in (ordered[0], ordered[-1]))
    return f"{low} {unit}" if low == high else f"{low}–{high} {unit}"


if __name__ == "__main__":
    sys.exit(main())
