"""Memory of this process."""

from __future__ import annotations

import sys


def peak_memory() -> float:
    """Largest physical memory that this process has used so far [GB]."""
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset / 1e9
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e9 if sys.platform == "darwin" else peak * 1024 / 1e9
