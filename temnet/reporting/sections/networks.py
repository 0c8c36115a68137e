"""The section of a run's page on the training of a network."""

from __future__ import annotations

from temnet.csv_tables import read_table
from temnet.reporting.figures.curves import training_figure
from temnet.reporting.page import Section, paragraph
from temnet.reporting.run_results import RunResults, counted, read_json


def train_section(source: RunResults) -> Section | None:
    """How training went, and what came of it."""
    log = "train/log.csv"
    if not source.has(log):
        return None
    rows = read_table(source.root / log)
    if not rows:
        return None
    minutes = sum(row.get("seconds", 0) for row in rows) / 60
    text = f"{counted(len(rows), 'epoch')} in {minutes:.1f} minutes."
    card = "train/network/card.json"
    if source.has(card):
        values = read_json(source.root / card)
        text += (
            f" The network {values['name']} ({values['kind']}, {values['parameters']:,} "
            f"parameters) takes columns that score {values['threshold']:g} and more."
        )
    parts = [paragraph(text, " Files: ", source.links(log, card), ".")]
    caption = "Loss and peak F1 on the selection images, which choose the network that is kept."
    parts.append(source.picture(training_figure(rows), "training", caption))
    return Section("Training", parts)
