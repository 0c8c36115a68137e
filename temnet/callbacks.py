"""Callbacks of the training, for your own ``model.fit``."""

from temnet.training.callbacks import (
    Checkpoint,
    CsvLog,
    ImagePanel,
    PeakF1,
    Progress,
    StopOnNaN,
    WaitTime,
)

__all__ = [
    "Checkpoint",
    "CsvLog",
    "ImagePanel",
    "PeakF1",
    "Progress",
    "StopOnNaN",
    "WaitTime",
]
