"""Whether a process runs."""

from __future__ import annotations

import os
from pathlib import Path


def is_running(process: int) -> bool:
    """Whether a process of that number is running on this machine.

    A killed process whose parent has not fetched its exit code is not running.

    >>> is_running(os.getpid()), is_running(2**31 - 1)
    (True, False)
    """
    if os.name == "nt":
        return _is_running_on_windows(process)
    try:
        os.kill(process, 0)  # tests for the process without sending a signal
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it belongs to another user
        return True
    return not _is_dead(process)


def _is_dead(process: int) -> bool:
    """Whether a process has ended and is a zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:  # systems without /proc
        return False
    return state.rpartition(")")[2].split()[:1] in (["Z"], ["X"])


def _is_running_on_windows(process: int) -> bool:
    """As `is_running`, for Windows, where `os.kill` ends the process with any signal."""
    import ctypes

    query, still_active = 0x1000, 259  # PROCESS_QUERY_LIMITED_INFORMATION, STILL_ACTIVE
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined, unused-ignore]
    handle = kernel.OpenProcess(query, False, process)
    if not handle:
        return kernel.GetLastError() == 5  # ERROR_ACCESS_DENIED: it belongs to another user
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == still_active
