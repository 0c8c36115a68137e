"""Batches for Keras on any backend, without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import keras

from temnet.config.experiment import Experiment
from temnet.data.batch_settings import BatchSettings
from temnet.data.batches import Batch, batches
from temnet.data.prefetch import WaitClock, prefetched
from temnet.randomness import check_split


class BatchDataset(keras.utils.PyDataset):
    """Batches by their number, in the order of `temnet.make_dataset`.

    Sequential reading is fast; after a jump, the earlier batches of the epoch are made again.

    Args:
        settings: The settings; batches have `training.batch_size` examples.
        split: ``training`` is endless, shuffled and augmented; others are one pass in order.
        folder: As in `temnet.make_dataset`.
        start_epoch: Number of epochs already trained; the order continues after them.
        clock: Measures how long the reader waits for batches.

    Raises:
        InputError: If the split does not exist.
    """

    def __init__(
        self,
        settings: BatchSettings,
        split: str = "training",
        folder: str | Path | None = None,
        start_epoch: int = 0,
        clock: WaitClock | None = None,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        check_split(split)
        self.settings = settings
        self.split, self.clock = split, clock
        self.folder = None if folder is None else Path(folder)
        self.start_epoch = start_epoch
        self._lock = Lock()
        self._next = -1
        self._iterator: Iterator[Batch] = iter(())

    @property
    def num_batches(self) -> int | None:
        """Batches of a pass; None for training, which is endless."""
        if self.split == "training":
            return None
        return self._pass_length()

    def __getitem__(self, index: int) -> Batch:
        """Batch ``index``, counted from ``start_epoch``."""
        with self._lock:
            if index != self._next:
                self._go_to(index)
            self._next = index + 1
            return next(self._iterator)

    def _pass_length(self) -> int:
        """Batches of a pass over the split; of an epoch of training."""
        training = self.settings.training
        if self.split == "training":
            return training.steps_per_epoch
        return -(-self.settings.data.count(self.split) // training.batch_size)

    def _go_to(self, index: int) -> None:
        """Restart in the epoch of a batch."""
        if isinstance(self._iterator, Iterator) and hasattr(self._iterator, "close"):
            self._iterator.close()
        length = self._pass_length()
        epoch, skip = divmod(index, length) if self.split == "training" else (0, index)
        start = self.start_epoch + epoch
        source = self.settings, self.split, self.folder, start
        self._iterator = prefetched(lambda: batches(*source), self.clock)
        for _ in range(skip):
            next(self._iterator)


def make_pydataset(
    experiment: Experiment,
    split: str = "training",
    folder: str | Path | None = None,
    start_epoch: int = 0,
    clock: WaitClock | None = None,
) -> BatchDataset:
    """The batches of `temnet.make_dataset` as a ``keras.utils.PyDataset``, without TensorFlow."""
    return BatchDataset(BatchSettings.of(experiment), split, folder, start_epoch, clock)
