"""Loss functions, and the weights of classes in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from temnet.config.learning.training import Training
from temnet.errors import InputError
from temnet.records import Example


@keras.saving.register_keras_serializable(package="temnet")
class ColumnLoss(keras.losses.Loss):
    """Softmax cross-entropy on soft label maps, with more weight on columns than on background.

    A pixel's loss is ``-sum_c y_c (1 - p_c)^focal log p_c``, times ``1 + peak_weight *
    sum_c w_c y_c`` over the kinds of column.  Sample weights (batch, row, col) multiply it, and
    the sum is divided by the sum of the sample weights, so that pixels of weight 0 do not count
    at all.  To the mean ``dice_weight`` times the soft Dice loss is added: ``1 - 2 sum y p /
    (sum y + sum p)``, the sums over all pixels of the batch, the mean over the kinds of column
    that are in it.  Everything is float32.

    Sources: Lin et al., ICCV 2017 (focal); Milletari et al., 3DV 2016 (Dice).

    Args:
        peak_weight: Additional weight of a column's centre over the background, 0 or more.
        class_weights: ``w_c`` for each kind of column, without the background; 1 by default.
        focal: Exponent that reduces the weight of confident correct pixels; 0 for none.
        dice_weight: Weight of the Dice loss, 0 or more.
        name: Name of the loss.
        dtype: Precision of the loss.

    >>> import numpy as np
    >>> labels, logits = np.array([[[[0.0, 1.0]]]]), np.zeros((1, 1, 1, 2))
    >>> round(float(ColumnLoss(peak_weight=10)(labels, logits)), 4)  # log 2
    0.6931
    """

    def __init__(
        self,
        peak_weight: float = 0.0,
        class_weights: Sequence[float] | None = None,
        focal: float = 0.0,
        dice_weight: float = 0.0,
        name: str = "column_loss",
        dtype: str = "float32",
    ) -> None:
        super().__init__(name=name, reduction="mean_with_sample_weight", dtype=dtype)
        self.peak_weight = peak_weight
        self.class_weights = None if class_weights is None else [float(w) for w in class_weights]
        self.focal = focal
        self.dice_weight = dice_weight

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch, from labels and logits (batch, row, col, class)."""
        total = super().__call__(y_true, y_pred, sample_weight)
        if self.dice_weight > 0:
            total = total + self.dice_weight * self._dice(y_true, y_pred, sample_weight)
        return total

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Cross-entropy per pixel, (batch, row, col)."""
        logarithm = ops.log_softmax(y_pred, axis=-1)
        if self.focal > 0:
            # For an exponent below one the slope at probability 1 is infinite.
            logarithm = logarithm * ops.maximum(1 - ops.exp(logarithm), 1e-7) ** self.focal
        pixel = -ops.sum(y_true * logarithm, axis=-1)
        if self.class_weights is None:
            columns = 1 - y_true[..., -1]
        else:
            columns = ops.sum(y_true[..., :-1] * ops.array(self.class_weights, self.dtype), axis=-1)
        return pixel * (1 + self.peak_weight * columns)

    def _dice(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
        labels = ops.cast(y_true, self.dtype)[..., :-1]
        shares = ops.softmax(ops.cast(y_pred, self.dtype), axis=-1)[..., :-1]
        if sample_weight is not None:
            weights = ops.cast(sample_weight, self.dtype)[..., None]
            labels, shares = labels * weights, shares * weights
        axes = (0, 1, 2)
        overlap, size = ops.sum(labels * shares, axis=axes), ops.sum(labels, axis=axes)
        dice = 1 - 2 * overlap / ops.maximum(size + ops.sum(shares, axis=axes), 1e-6)
        there = ops.cast(size > 0, self.dtype)
        return ops.sum(dice * there) / ops.maximum(ops.sum(there), 1)

    def get_config(self) -> dict[str, Any]:
        """Arguments that create the loss again."""
        names = ("name", "peak_weight", "class_weights", "focal", "dice_weight", "dtype")
        return {name: getattr(self, name) for name in names}


def class_weights(
    training: Training, class_names: Sequence[str], examples: Sequence[Example]
) -> list[float] | None:
    """Weight of each kind of column in the loss; None if all have the same.

    Balanced weights are inversely proportional to the area of each kind in the examples' label
    maps, with a mean of one over the labels; kinds that do not occur get the largest weight.

    Args:
        training: Uses `class_weights`.
        class_names: Names of the kinds.
        examples: Examples for balanced weights.

    Raises:
        InputError: If weights should be balanced but there are no examples.
    """
    wanted = training.class_weights
    if wanted == "equal":
        return None
    if isinstance(wanted, dict):
        return [float(wanted.get(name, 1.0)) for name in class_names]
    if not examples:
        raise InputError("training.class_weights: balanced weights need examples to count.")
    shares = np.sum([one.labels[..., :-1].sum(axis=(0, 1)) for one in examples], axis=0)
    there = shares > 0
    if not there.any():
        return None
    weights = np.where(there, shares[there].sum() / there.sum() / np.maximum(shares, 1e-9), 0)
    return np.where(there, weights, weights.max()).tolist()
