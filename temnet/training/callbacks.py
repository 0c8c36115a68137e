"""Callbacks of the training, also for your own ``model.fit``.

They work with models that were compiled with any loss::

    model.fit(
        dataset,
        epochs=20,
        steps_per_epoch=125,
        callbacks=[
            StopOnNaN(),
            PeakF1(selection, experiment),
            ImagePanel(selection[:2], experiment, "runs/mine/panels"),
            CsvLog("runs/mine/log.csv"),
            Checkpoint("runs/mine"),
        ],
    )

The order matters: the log and the checkpoint need the scores that `PeakF1` adds.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np

from temnet.config.experiment import Experiment, required
from temnet.data.prefetch import WaitClock
from temnet.errors import InputError
from temnet.records import Example
from temnet.system.files import replace_file
from temnet.tables.csv_tables import read_table, write_table
from temnet.training.averaging import averaged_weights
from temnet.training.panels import log_image, panel
from temnet.training.peak_scores import best_threshold, find_all, macro_peak_f1, peak_scores
from temnet.training.state import TrainingState, save_atomically, save_state

LOGGER = logging.getLogger(__name__)

Logs = dict[str, float]
"""Values of an epoch or a batch by name, such as ``loss``."""

PEAK_F1_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Thresholds of `PeakF1`."""


class PeakF1(keras.callbacks.Callback):
    """Adds the species-aware F1 of found columns to each epoch's logs.

    ``peak_f1`` is the best over a few thresholds, ``peak_threshold`` the threshold that gave it,
    and ``f1_NAME`` the F1 of each class there.  If the optimizer averages the weights, the
    averaged ones are scored.

    Args:
        examples: Simulated examples that were not trained on.
        experiment: Settings of the examples; uses `labels` and `evaluation`.
        thresholds: Thresholds on the score of a peak, rising.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        experiment: Experiment,
        thresholds: Sequence[float] = PEAK_F1_THRESHOLDS,
    ) -> None:
        super().__init__()
        self.examples = examples
        self.experiment = experiment
        self.labels = required(experiment.labels, "labels")
        self.thresholds = tuple(thresholds)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Finds and scores the columns of all examples."""
        with averaged_weights(self.model):
            results = find_all(self.model, self.examples, self.labels, self.thresholds[0])
        where = (results, self.experiment.class_names, self.experiment.evaluation)
        threshold, score = best_threshold(self.thresholds, partial(macro_peak_f1, *where))
        if logs is not None:
            logs["peak_f1"], logs["peak_threshold"] = score, threshold
            classes = peak_scores(*where, threshold).classes
            for name in self.experiment.class_names:
                if np.isfinite(f1 := classes[name].f1):
                    logs[f"f1_{name}"] = f1


class Checkpoint(keras.callbacks.Callback):
    """Saves the best and the last state of a training.

    ``best.keras`` has the averaged weights of the best epoch, without the optimizer.  The last
    epoch's weights and optimizer go to ``last-<epoch>.keras``, which ``state.json`` names.  The
    state is written last, so that a training killed at any moment resumes from a finished epoch.

    Args:
        folder: Folder of the files.
        monitor: Entry of the logs that decides which epoch is best.
        mode: Whether the best is the highest (``max``) or the lowest (``min``).
        state: State of the earlier part of a resumed training.
    """

    def __init__(
        self,
        folder: str | Path,
        monitor: str = "peak_f1",
        mode: str = "max",
        state: TrainingState | None = None,
    ) -> None:
        super().__init__()
        if mode not in ("max", "min"):
            raise ValueError(f"mode must be max or min; got {mode!r}")
        self.folder = Path(folder)
        self.monitor = monitor
        self.mode = mode
        self.state = state or TrainingState()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Saves the checkpoint, and the best network if this epoch is the best so far."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            raise InputError(
                f"Checkpoint monitors {self.monitor!r}, which is not in the logs; they have "
                f"{', '.join(sorted(logs or {})) or 'no entries'}. Give another monitor, or put "
                "the callback that adds it before Checkpoint."
            )
        now = self.state
        if self._better(float(value)):
            grown = now.grown_epoch if float(value) == now.best else epoch
            now = replace(now, best=float(value), best_epoch=epoch, grown_epoch=grown)
            with averaged_weights(self.model):
                save_atomically(self.model, self.folder / "best.keras", optimizer=False)
        self.state = save_state(self.model, self.folder, replace(now, epochs=epoch + 1))

    def _better(self, value: float) -> bool:
        if math.isnan(value):
            return False
        if self.state.best is None:
            return True
        # Of two equally good epochs, the later one has seen more images.
        return value >= self.state.best if self.mode == "max" else value <= self.state.best


TIMES = ("seconds", "processor_seconds")
"""Columns of an epoch's times."""


class CsvLog(keras.callbacks.Callback):
    """Writes one line per epoch: its number, the learning rate, the logs, and its times [s].

    ``seconds`` have passed, ``processor_seconds`` are those of all threads of this process.

    The file is replaced in one step; lines of epochs that are repeated are replaced too.

    Args:
        path: The CSV file.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.path = Path(path)
        self._started = (0.0, 0.0)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Starts the clocks."""
        self._started = (time.monotonic(), time.process_time())

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes the line."""
        rows = read_table(self.path) if self.path.exists() else []
        rows = [row for row in rows if row["epoch"] < epoch]
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        row = {"epoch": epoch, "learning_rate": rate, **(logs or {})}
        now = (time.monotonic(), time.process_time())
        for name, start, end in zip(TIMES, self._started, now, strict=True):
            row[name] = round(end - start, 2)
        rows.append(row)
        columns = list(dict.fromkeys(key for row in rows for key in row))
        full = [{name: row.get(name) for name in columns} for row in rows]
        write_table(self.path, full, columns)


class WaitTime(keras.callbacks.Callback):
    """Adds the time that the training waited for data to each epoch's logs, ``waited`` [s].

    Args:
        clock: The clock that was passed to `temnet.make_dataset`.
    """

    def __init__(self, clock: WaitClock) -> None:
        super().__init__()
        self.clock = clock

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Discards waiting time between epochs."""
        self.clock.lap()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Reads the clock."""
        if logs is not None:
            logs["waited"] = round(self.clock.lap(), 2)


class StopOnNaN(keras.callbacks.Callback):
    """Ends the training if the loss is NaN or infinite.

    Args:
        describe: Describes a batch for the message, from epoch and batch; see
            `temnet.data.batches.describe_batch`.
    """

    def __init__(self, describe: Callable[[int, int], str] | None = None) -> None:
        super().__init__()
        self.describe = describe
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Keeps the epoch for the message."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Checks the loss.

        Raises:
            InputError: If the loss is NaN or infinite.
        """
        loss = float(np.asarray((logs or {}).get("loss", 0.0)))
        if not math.isfinite(loss):
            made_of = self.describe(self._epoch, batch) if self.describe is not None else ""
            raise InputError(
                f"The training diverged: the loss is {loss} in epoch {self._epoch + 1}, batch "
                f"{batch + 1}; expected a finite number. Lower training.learning_rate or "
                "training.clip_norm and start again with --overwrite or another --output, or "
                "check the images for NaN and infinite values."
                + (f" The batch has {made_of}." if made_of else "")
            )


class ImagePanel(keras.callbacks.Callback):
    """Draws the columns that the network finds in a few images, as PNG and for TensorBoard.

    Args:
        examples: Simulated examples that were not trained on.
        experiment: Settings of the examples; uses `labels` and `evaluation`.
        folder: Gets ``panel-0005.png`` for the fifth epoch, and TensorBoard's file.
        every: Epochs from one panel to the next.
        threshold: Lowest score of a column; by default the latest threshold of `PeakF1`.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        experiment: Experiment,
        folder: str | Path,
        every: int = 1,
        threshold: float | None = None,
    ) -> None:
        super().__init__()
        self.examples, self.experiment, self.folder = examples, experiment, Path(folder)
        self.labels = required(experiment.labels, "labels")
        self.every, self.threshold = every, threshold

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Draws the panel."""
        if (epoch + 1) % self.every:
            return
        threshold = self.threshold or (logs or {}).get("peak_threshold", 0.5)
        with averaged_weights(self.model):
            results = find_all(self.model, self.examples, self.labels, threshold)
        found = [image.peaks for image in results]
        content = panel(
            found,
            self.examples,
            self.labels.classes,
            self.experiment.evaluation,
            f"epoch {epoch + 1}",
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        replace_file(self.folder / f"panel-{epoch + 1:04d}.png", content)
        log_image(self.folder, "columns", content, epoch)


class Progress(keras.callbacks.Callback):
    """Reports the progress of a training: a call per step, and a log message per epoch.

    Args:
        steps_per_epoch: Steps of an epoch.
        step_done: Called with the number of steps just finished; a resumed training first calls
            it with the number of earlier steps.
    """

    def __init__(
        self, steps_per_epoch: int, step_done: Callable[[int], object] | None = None
    ) -> None:
        super().__init__()
        self.steps_per_epoch = steps_per_epoch
        self.step_done = step_done
        self._first: tuple[int, float] | None = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Starts the clock in the first epoch of this run."""
        if self._first is None:
            self._first = epoch, time.monotonic()
            if self.step_done is not None and epoch:
                self.step_done(epoch * self.steps_per_epoch)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Counts the step."""
        if self.step_done is not None:
            self.step_done(1)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes the message."""
        first, started = self._first or (epoch, time.monotonic())
        elapsed = time.monotonic() - started
        left = elapsed / (epoch + 1 - first) * (self.params["epochs"] - epoch - 1)
        values = ", ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        LOGGER.info(
            "epoch %d of %d: %s; %s left", epoch + 1, self.params["epochs"], values, _time(left)
        )


def _time(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> _time(3725)
    '1:02:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
