"""Import of OpenVINO and ONNX Runtime without the usage data that they send to their makers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SENDER = "openvino_telemetry"
"""The package that sends them.  On import it writes to ``~/intel`` and opens a connection."""


REFUSAL = "ORT_DISABLE_TELEMETRY"
"""Environment variable that keeps ONNX Runtime (from 1.29 on) from sending them, and from writing
an identifier of the machine to ``~/.cache/Microsoft``; it is read on import."""


def refuse_usage_data() -> None:
    """Makes ONNX Runtime send nothing, if it is not yet imported; also in child processes."""
    os.environ.setdefault(REFUSAL, "1")


@contextmanager
def no_usage_data() -> Iterator[None]:
    """Blocks the import of `SENDER`; OpenVINO then uses its own empty stand-in."""
    names = [name for name in sys.modules if name == SENDER or name.startswith(f"{SENDER}.")]
    before = {name: sys.modules.pop(name) for name in names}
    sys.modules[SENDER] = None  # type: ignore[assignment]  # makes an import fail
    try:
        yield
    finally:
        del sys.modules[SENDER]
        sys.modules.update(before)
