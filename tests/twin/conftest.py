from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def shared() -> Path:
    """The shared data folder; without it a skip with its name, and a failure in CI."""
    root = Path(os.environ.get("ONELOT_SHARED", Path(__file__).resolve().parents[2].parent / "shared")) / "data"
    if not root.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"no shared data at {root}, and this is CI")
        pytest.skip(f"no shared data at {root}")
    return root
