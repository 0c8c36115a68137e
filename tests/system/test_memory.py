import sys
import types
from pathlib import Path

import numpy as np
import pytest

from temnet.system.memory import peak_memory

STATUS = Path("/proc/self/status")


@pytest.mark.skipif(not STATUS.exists(), reason="needs Linux")
def test_the_peak_is_that_of_the_system_and_stays_after_memory_is_freed():
    np.ones(30_000_000)  # 0.24 GB
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    assert peak_memory() == pytest.approx(int(line.split()[1]) * 1024 / 1e9, abs=0.01)
    assert peak_memory() > 0.24


def test_windows_gives_its_own_peak(monkeypatch):
    """A stand-in for psutil on Windows, where the standard library has no such measure."""
    info = types.SimpleNamespace(peak_wset=3_000_000_000)
    process = types.SimpleNamespace(memory_info=lambda: info)
    monkeypatch.setitem(sys.modules, "psutil", types.SimpleNamespace(Process=lambda: process))
    monkeypatch.setitem(sys.modules, "resource", None)  # its import fails
    monkeypatch.setattr(sys, "platform", "win32")
    assert peak_memory() == 3.0
