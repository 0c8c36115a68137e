"""Import of OpenVINO without the usage data that it sends to its maker."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

SENDER = "openvino_telemetry"
"""The package that sends them.  On import it writes to ``~/intel`` and opens a connection."""


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
