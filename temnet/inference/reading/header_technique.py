"""The technique that a file's header names."""

from __future__ import annotations

import re

from temnet.inference.reading.formats.data_set import Tags, text_at

SCANNED = re.compile(r"(?<![a-z])(?:STEM|HAADF|MAADF|LAADF|i?DPC|ABF)(?![a-z])", re.IGNORECASE)
"""Scanning transmission and its detectors."""

MODES = (
    ("Acquisition_instrument", "TEM", "acquisition_mode"),
    ("Acquisition_instrument", "TEM", "Detector", "detector_type"),
    ("Signal", "signal_type"),
    ("General", "title"),
)
"""Where HyperSpy's metadata name the technique or the detector."""

OWN_MODES = (
    ("ImageTags", "Microscope Info", "Illumination Mode"),
    ("ImageList", "TagGroup0", "ImageTags", "Microscope Info", "Illumination Mode"),
    ("ObjectInfo", "ExperimentalDescription", "Mode"),
    ("Optics", "OperatingMode"),
    ("BinaryResult", "Detector"),
)
"""Where programs of microscopes name it."""


def header_technique(tags: Tags, metadata: Tags) -> str:
    """STEM or its detector, as the header names it; empty for other techniques and without a name.

    Args:
        tags: The file's own metadata.
        metadata: The metadata in HyperSpy's terms.

    >>> header_technique({}, {"General": {"title": "HAADF"}})
    'HAADF'
    >>> header_technique({}, {"Acquisition_instrument": {"TEM": {"acquisition_mode": "TEM"}}})
    ''
    """
    texts = [text_at(metadata, *keys) for keys in MODES]
    texts += [text_at(tags, *keys) for keys in OWN_MODES]
    named = next((found for text in texts if (found := SCANNED.search(text))), None)
    return named[0] if named else ""
