"""The picture and the tables of `strain_study.py`.

    python experiments/strain_study_report.py runs/strain_study

Reads `strain_errors.csv`; writes `strain_errors.png` and `.svg`, and prints the tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from strain_study import BASE, CORE, ELEMENTS, FRAMES, SWEEPS, ErrorRow, together

from temnet.reporting.figures.curves import legend_below
from temnet.reporting.figures.drawing import LINE_COLOURS, new_figure, save_figure, styled
from temnet.tables.csv_rows import read_rows

UNITS = {"defocus": "Å", "astigmatism": "Å", "coma": "Å", "tilt": "°", "dose": "e/Å² in a frame"}

TRAINED = {
    "defocus": (-43.0, 33.0),
    "astigmatism": (0.0, 50.0),
    "coma": (0.0, 300.0),
    "tilt": (0.0, 2.5),
    "dose": (10.0, 1.0e4),
}
"""Ranges that the network was trained with at this spherical aberration, in these units."""

LAYERS = {1: "layer 1", 2: "layer 2", CORE: "core"}
"""Layers of the picture."""


@styled
def figure(rows: Sequence[ErrorRow]) -> Figure:
    """Bias of the averaged sites, and how often intervals hold, against each setting."""
    drawn = new_figure(13, 6.4)
    panels = drawn.subplots(2, len(SWEEPS), sharey="row")
    kinds = [(layer, element) for layer in LAYERS for element in ELEMENTS]
    for column, name in enumerate(SWEEPS):
        for number, kind in enumerate(kinds):
            points = sorted(
                (BASE[name] if row.setting == "none" else row.value, row.radial_bias, row.held)
                for row in rows
                if row.setting in (name, "none")
                and (row.layer, row.element, row.frames) == (*kind, FRAMES)
            )
            for axes, part in zip(panels[:, column], (1, 2), strict=True):
                axes.plot(
                    [point[0] for point in points],
                    [100 * point[part] for point in points],
                    ("-", "--")[number % 2],
                    color=LINE_COLOURS[number // 2],
                    marker="os^"[number // 2],
                    markersize=4,
                    label=f"{LAYERS[kind[0]]}, {kind[1]}",
                )
        for axes in panels[:, column]:
            axes.axvspan(*TRAINED[name], color="#f3f3f3", zorder=0)
        panels[0, column].axhline(0, color="#888888", linewidth=1)
        panels[1, column].axhspan(90, 98, color="#dddddd")
        panels[1, column].set_xlabel(f"{name} ({UNITS[name]})")
    for axes in panels[:, list(SWEEPS).index("dose")]:
        axes.set_xscale("log")
    panels[0, 0].set_ylim(-1, 1)
    panels[0, 0].set_ylabel("bias of the radial strain (%)")
    panels[1, 0].set_ylabel("true values in 95 % intervals (%)")
    legend_below(drawn, panels[1, 0], columns=6)
    return drawn


def table(rows: Sequence[ErrorRow], frames: int) -> list[str]:
    """Lines of a table in Markdown, one condition each; biases are those of each element."""
    words = list(LAYERS.values())
    biases, errors, held = (
        " | ".join([f"{name}: {words[0]}", *words[1:]])
        for name in (f"bias (%) {' / '.join(ELEMENTS)}", "rms error (%)", "held (%)")
    )
    lines = [f"| setting | value | {biases} | {errors} | {held} |", "|---|" + "---|" * 10]
    for setting, value in dict.fromkeys((row.setting, row.value) for row in rows):
        own = [
            row for row in rows if (row.setting, row.value, row.frames) == (setting, value, frames)
        ]
        parts = [[row for row in own if row.layer == layer] for layer in LAYERS]
        cells = [" / ".join(f"{100 * row.radial_bias:+.2f}" for row in part) for part in parts]
        cells += [f"{100 * together(part).spread:.2f}" if part else "" for part in parts]
        cells += [f"{100 * together(part).held:.0f}" if part else "" for part in parts]
        lines.append(f"| {setting} | {value:g} | {' | '.join(cells)} |")
    return lines


def trained(row: ErrorRow) -> bool:
    """Whether the network was trained with such a setting."""
    lowest, highest = TRAINED.get(row.setting, (row.value, row.value))
    return lowest <= row.value <= highest


def summary(rows: Sequence[ErrorRow], frames: int) -> str:
    """How often intervals hold, and the largest biases, within the range of the training."""
    own = [row for row in rows if row.frames == frames and trained(row)]
    held = np.average([row.held for row in own], weights=[row.columns for row in own])
    worst = {
        layer: max((row for row in own if row.layer == layer), key=lambda row: abs(row.radial_bias))
        for layer in sorted({row.layer for row in own})
    }
    biases = ", ".join(
        f"layer {layer} {100 * row.radial_bias:+.2f} % ({row.element}, {row.setting} {row.value:g})"
        for layer, row in worst.items()
    )
    return f"{frames} frame(s): {100 * held:.1f} % in intervals; largest biases: {biases}"


def main() -> None:
    """Writes the picture and prints the tables."""
    parser = argparse.ArgumentParser(description="Picture and tables of the study of strain.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    rows = read_rows(folder / "strain_errors.csv", ErrorRow)
    save_figure(figure(rows), folder, "strain_errors")
    for frames in (1, FRAMES):
        print("\n".join([summary(rows, frames), "", *table(rows, frames), ""]))


if __name__ == "__main__":
    main()
