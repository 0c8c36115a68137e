"""Training batches in the form that Keras' backend takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from temnet.config.experiment import Experiment
from temnet.data.prefetch import WaitClock


def open_batches(experiment: Experiment, folder: Path, epochs: int, clock: WaitClock) -> Any:
    """Training batches without end; TensorFlow is loaded only where it is Keras' backend.

    Args:
        experiment: The settings.
        folder: The stored training set, or where fresh images are kept between epochs.
        epochs: Epochs that were trained already.
        clock: Told how long the training waits for data.
    """
    if keras.backend.backend() == "tensorflow":
        from temnet.data.pipeline import make_dataset

        return make_dataset(experiment, "training", folder, epochs, clock)
    from temnet.data.pydataset import make_pydataset

    return make_pydataset(experiment, "training", folder, epochs, clock)
