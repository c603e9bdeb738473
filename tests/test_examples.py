"""Every numbered example runs and prints, in a process of its own, as a reader would run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("[0-9]_*.py"))


def test_each_room_has_an_example() -> None:
    assert [path.name[0] for path in EXAMPLES] == list("12345678")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, env=environment, timeout=120, cwd=path.parent
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    if path.stem == "8_whole_way":
        assert "administered" in done.stdout
        assert "problems=()" in done.stdout
