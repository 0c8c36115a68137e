"""Atomic columns in high-resolution electron microscopy images.

temnet trains networks on simulated images and finds columns in images from the microscope:

``config -> structures -> simulation -> data -> models -> inference -> evaluation -> reporting ->
movies, training, strain -> workflow -> stages -> benchmarks -> command -> analysis -> study ->
live -> publishing -> run, predict, networks, init, new, publish, benchmark, export``; a module
imports only from what stands left of its own.

Images are ``(row, col, focus)``, label maps ``(row, col, class)`` with the background last, points
``(row, col)`` in Å from the centre of pixel ``[0, 0]``; see ``temnet.records``.

The names below load what they need when they are first used, so that ``import temnet`` is light.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from temnet.version import __version__ as __version__

_WHERE = {
    "load_experiment": "temnet.config.loading",
    "simulate_example": "temnet.simulation.example",
    "open_set": "temnet.data.store",
    "make_dataset": "temnet.data.pipeline",
    "make_pydataset": "temnet.data.pydataset",
    "build_model": "temnet.models.factory",
    "finish_network": "temnet.training.finish",
    "load_network": "temnet.models.checkpoint",
    "read_images": "temnet.inference.reading.read_images",
    "analyse": "temnet.analysis",
    "read_analysis": "temnet.analysis",
    "align_foci": "temnet.inference.focal_series.foci",
    "find_columns": "temnet.column_search",
    "strain_map": "temnet.strain.strain_map",
    "read_peaks": "temnet.reporting.files.peaks_files",
    "write_peaks": "temnet.reporting.files.peaks_files",
}
"""The public functions and the modules that hold them."""

__all__ = [*sorted(_WHERE), "callbacks"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    if name == "callbacks":
        return import_module("temnet.callbacks")
    raise AttributeError(f"module 'temnet' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
