"""What training makes small."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="temnet")
class PeakCrossEntropy(keras.losses.Loss):
    """Softmax cross-entropy on soft label maps, in which columns count more than background.

    A pixel's loss is ``-sum_c y_c log softmax(z)_c``, times ``1 + peak_weight * (1 - y_bg)``,
    ``y_bg`` being the background's label.  Sample weights (batch, row, col) multiply it, and the
    sum is divided by the sum of the sample weights, so that pixels of weight 0 do not count at
    all.  Everything is float32.

    Args:
        peak_weight: What a column's centre counts more than the background, 0 or more.
        name: Name of the loss.
        dtype: Precision of the loss.

    >>> import numpy as np
    >>> labels, logits = np.array([[[[0.0, 1.0]]]]), np.zeros((1, 1, 1, 2))
    >>> round(float(PeakCrossEntropy(peak_weight=10)(labels, logits)), 4)  # log 2
    0.6931
    """

    def __init__(
        self, peak_weight: float = 0.0, name: str = "peak_cross_entropy", dtype: str = "float32"
    ) -> None:
        super().__init__(name=name, reduction="mean_with_sample_weight", dtype=dtype)
        self.peak_weight = peak_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Loss per pixel, (batch, row, col), from labels and logits (batch, row, col, class)."""
        pixel = -ops.sum(y_true * ops.log_softmax(y_pred, axis=-1), axis=-1)
        return pixel * (1 + self.peak_weight * (1 - y_true[..., -1]))

    def get_config(self) -> dict[str, Any]:
        """What the loss is made again from."""
        return {"name": self.name, "peak_weight": self.peak_weight, "dtype": self.dtype}
