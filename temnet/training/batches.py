"""Training batches for Keras' backend: a tf.data dataset, or a PyDataset for JAX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from temnet.config.experiment import Experiment
from temnet.data.prefetch import WaitClock


def open_batches(experiment: Experiment, folder: Path, epochs: int, clock: WaitClock) -> Any:
    """Endless training batches; TensorFlow is loaded only if it is Keras' backend.

    Args:
        experiment: Settings of examples, augmentation and batches.
        folder: The stored training set, or the folder of fresh images that serve several epochs.
        epochs: Number of epochs already trained.
        clock: Measures how long the training waits for data.
    """
    if keras.backend.backend() == "tensorflow":
        from temnet.data.pipeline import make_dataset

        return make_dataset(experiment, "training", folder, epochs, clock)
    from temnet.data.pydataset import make_pydataset

    return make_pydataset(experiment, "training", folder, epochs, clock)
