"""The plug-in of Nion Swift, in the real one with its simulated microscope, without a window."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from live_server import TOKEN

CLIENT = Path(__file__).parents[3] / "clients" / "nionswift"
PLUGIN = CLIENT / "nionswift_plugin" / "temnet" / "__init__.py"
SESSION = Path(__file__).parent / "stand_ins" / "swift_session.py"
PYTHON = os.environ.get("TEMNET_TEST_NIONSWIFT_PYTHON")


@pytest.mark.interoperability
@pytest.mark.skipif(PYTHON is None, reason="TEMNET_TEST_NIONSWIFT_PYTHON names no interpreter")
def test_frames_of_a_scan_come_back_with_rings(server, tmp_path):
    """The stand-in for the analysis finds a metal column at (1 Å, 2 Å)."""
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    done = subprocess.run(
        [PYTHON, str(SESSION), str(server.port), str(token)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(CLIENT), "HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert "usim_scan_device" in seen["sources"]
    assert seen["words"] == "1 metal, 0 oxide, in distribution"
    assert seen["units"] == ["nm", "nm"] and seen["items"] == 1 and seen["colours"]
    times = 800 // 256
    assert seen["shape"] == [256 * times, 256 * times, 3]
    ring = np.array(seen["ring"])
    for axis, place in enumerate((1.0, 2.0)):
        pixel = 10 * seen["pixel"][axis] * times
        middle = (place / pixel + 0.5) * times - 0.5
        assert ring[:, axis].min() == max(0, round(middle - 3.7))
        assert ring[:, axis].max() == round(middle + 3.7)
    small = np.array(seen["small"]["ring"])  # 40 times as large; 0.55 Å are 110 pixels
    assert seen["small"]["shape"] == [800, 800, 3]
    assert (small.min(0) + small.max(0)).tolist() == pytest.approx([799, 2 * 179.5], abs=1)
    assert (small.max(0) - small.min(0)).tolist() == pytest.approx([220, 220], abs=3)
    assert "No answer on port 1" in seen["silent"]
    assert "no pixel size" in seen["ronchigram"]
    assert "Traceback" not in done.stderr


def test_it_is_short_and_needs_the_standard_library_alone():
    text = PLUGIN.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)]
    names = {alias.name.partition(".")[0] for node in nodes for alias in node.names}
    assert names <= sys.stdlib_module_names and "ImportFrom" not in ast.dump(ast.parse(text))
    assert "MIT License" in text.splitlines()[0]
