"""Networks' folders whose files are changed by hand."""

import json

import yaml

from temnet.models.network_folders import file_hash


def change_card(folder, **changes):
    path = folder / "card.json"
    card = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in card.items() if value is not ...}))


def change_settings(folder, change):
    path = folder / "experiment.yaml"
    values = yaml.safe_load(path.read_text())
    change(values)
    path.write_text(yaml.safe_dump(values))


def vouch(folder):
    """Writes the file's own hash on the card."""
    change_card(folder, sha256=file_hash(folder / "model.keras"))
