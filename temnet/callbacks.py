"""The callbacks that temnet trains with, for trainings of one's own."""

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
