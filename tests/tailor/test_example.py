"""The numbered example runs and says what it promises."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "2_tailor.py"


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE))
    said = capsys.readouterr().out
    assert "dose = 160200000 {cells}  from weight_kg: math.least(dose_per_kg * weight_kg, dose_cap)" in said
    assert "dose = 200000000 {cells}" in said  # 260 pounds: the cap
    assert "weight_kg is outdated" in said
