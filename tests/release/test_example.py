from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_example_runs_and_shows_a_refusal() -> None:
    path = Path(__file__).resolve().parents[2] / "examples" / "5_release.py"
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True)
    assert "possible: rejected" in done.stdout
