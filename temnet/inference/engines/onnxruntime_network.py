"""Networks run by ONNX Runtime, on the processor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from temnet.inference.engines.onnx_network import INPUT
from temnet.inference.engines.usage_data import refuse_usage_data
from temnet.models.msdnet_kernels.thread_teams import thread_count

refuse_usage_data()
import onnxruntime  # noqa: E402

PROVIDER = "CPUExecutionProvider"
"""The part of ONNX Runtime that runs networks."""

ERRORS_ONLY = 3
"""Level of ONNX Runtime's messages."""

# As far as this is possible if another package imported it first.
onnxruntime.disable_telemetry_events()


def compile_network(content: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """Compiles a network for this processor.

    Args:
        content: An ONNX file from `temnet.inference.engines.onnx_network`.

    Returns:
        From images (row, col, focus) to probabilities (row, col, class), float32.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    # A number of its own choice would tie its threads to cores, also in several processes.
    options.intra_op_num_threads = thread_count()
    # Waiting threads would otherwise keep their cores busy.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(content, options, [PROVIDER])

    def run(images: np.ndarray) -> np.ndarray:
        planes = np.ascontiguousarray(np.moveaxis(images, -1, 0), np.float32)[None]
        (probabilities,) = session.run(None, {INPUT: planes})
        return np.moveaxis(probabilities[0], 0, -1)

    return run
