"""Examples as they are stored and sent: images, tables of columns and drawn parameters.

Labels are not stored: drawing them again from the columns is faster than reading them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from temnet.config.simulation import SimulationSettings
from temnet.records import Columns, Example
from temnet.simulation.labels import draw_labels

SHARD = 16
"""Examples per shard."""


@dataclass(frozen=True)
class LabelForm:
    """How the labels of stored examples are drawn.

    Attributes:
        sampling: Pixel size [Å].
        width: Standard deviation of a column's Gaussian [Å].
        class_count: Number of classes without the background.
    """

    sampling: float
    width: float
    class_count: int

    @classmethod
    def of(cls, settings: SimulationSettings) -> LabelForm:
        """The form of the labels of an example."""
        return cls(settings.sampling, settings.labels.width, len(settings.labels.classes))


@dataclass(frozen=True)
class Shard:
    """Consecutive examples.

    Attributes:
        images: (example, row, col, focus) float16.
        columns: For each example (N, 4) float64: row and column [Å], class, number of atoms.
        parameters: For each example the drawn parameters, as JSON.
    """

    images: np.ndarray
    columns: Sequence[np.ndarray]
    parameters: Sequence[str]

    def __len__(self) -> int:
        return len(self.images)

    def example(self, number: int, form: LabelForm) -> Example:
        """An example with its labels.

        Args:
            number: Position in the shard.
            form: How its labels are drawn.
        """
        table, images = self.columns[number], self.images[number].astype(np.float32)
        columns = Columns(table[:, :2], table[:, 2].astype(np.int64), table[:, 3].astype(np.int64))
        labels, weights = draw_labels(
            columns, images.shape[:2], form.sampling, form.width, form.class_count
        )
        return Example(
            images=images,
            labels=labels,
            weights=weights,
            columns=columns,
            parameters=json.loads(self.parameters[number]),
            sampling=form.sampling,
        )


def encode(examples: Sequence[Example]) -> Shard:
    """Encode examples as they are stored: images as float16."""
    return Shard(
        images=np.stack([example.images for example in examples]).astype(np.float16),
        columns=[_table(example.columns) for example in examples],
        parameters=[json.dumps(dict(example.parameters)) for example in examples],
    )


def _table(columns: Columns) -> np.ndarray:
    return np.column_stack([columns.positions, columns.class_index, columns.atom_count])
