"""The folder in which a tutorial runs: new, with the example experiments and images."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from temnet import init


def enter() -> Path:
    """Makes the folder and changes into it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    folder = Path(tempfile.mkdtemp(prefix="temnet-tutorial-"))
    assert init.main([str(folder / "experiments")]) == 0
    os.chdir(folder)
    return folder
