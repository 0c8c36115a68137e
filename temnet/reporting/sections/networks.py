"""Section of a run's page on the training of a network."""

from __future__ import annotations

from temnet.config.card import Card
from temnet.reporting.figures.curves import training_figure
from temnet.reporting.page import Section, paragraph
from temnet.reporting.run_results import RunResults, counted, known
from temnet.tables.csv_tables import read_table
from temnet.tables.json_records import read_record


def train_section(source: RunResults) -> Section | None:
    """Duration of the training, the network and the learning curves."""
    log = "train/log.csv"
    if not source.has(log):
        return None
    rows = read_table(source.root / log)
    if not rows:
        return None
    minutes = sum(row.get("seconds", 0) for row in rows) / 60
    text = f"{counted(len(rows), 'epoch')} in {minutes:.1f} minutes."
    card_file = "train/network/card.json"
    if source.has(card_file):
        card = read_record(source.root / card_file, Card)
        text += (
            f" The network {card.name} ({card.kind}, {known(card.parameters, ',')} parameters) "
            f"accepts columns with a score of {card.threshold:g} and more."
        )
    parts = [paragraph(text, " Files: ", source.links(log, card_file), ".")]
    caption = "Loss and peak F1 on the selection images; the epoch with the best F1 is kept."
    parts.append(source.picture(training_figure(rows), "training", caption))
    return Section("Training", parts)
