from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from onelot.app.cli.profile import app
from onelot.app.cohort import write_cohort
from onelot.record.errors import BadInput
from tests.profile.support import ROOT, shared

AT = "2026-09-20T08:00:00Z"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("cohort")
    write_cohort(where, 7)
    return where


def answer(*arguments: str) -> Any:
    found = CliRunner().invoke(app, ["read", *arguments, "--json"], catch_exceptions=False)
    assert found.exit_code == 0
    return json.loads(found.output)


def test_every_fact_has_value_unit_time_validity_digest_and_place(folder: Path) -> None:
    said = answer(str(folder), "--at", AT)
    assert [each["patient"] for each in said["patients"]] == [f"p{n:02}" for n in range(1, 26)]
    for patient in said["patients"]:
        digests = {source["sha256"] for source in patient["sources"]}
        assert len(patient["facts"]) >= 5
        for fact in patient["facts"]:
            assert fact["source"] in digests
            assert fact["place"].startswith("/")
            assert fact["observed_at"]
            assert (
                fact["unit"]
                or fact["name"] in ("alive", "sex", "indication", "pregnancy", "smoking")
                or fact["name"].endswith("_at")
                or fact["value"] in ("negative", "reactive")
            )
            assert fact["synthetic"] is True
        assert "name" not in patient


def test_one_patient_for_one_recipe(folder: Path) -> None:
    (patient,) = answer(str(folder / "p15.json"), "--recipe", "cd19-flat", "--at", AT)["patients"]
    assert {finding["fact"] for finding in patient["findings"]} >= {"hiv", "hbv", "hcv", "syphilis"}
    assert patient["label"]["statement"] == "autologous use only; not evaluated"


def test_for_people_it_prints_lines(folder: Path) -> None:
    found = CliRunner().invoke(app, ["read", str(folder / "p16.json"), "--at", AT], catch_exceptions=False)
    assert "weight_kg" in found.output
    assert "HBB" in found.output
    assert "/entry/" in found.output


@pytest.mark.parametrize(
    "arguments",
    [["nowhere"], [".", "--recipe", "no-such"], [".", "--at", "yesterday"]],
    ids=["folder", "recipe", "time"],
)
def test_refusals_say_what_to_do(arguments: list[str]) -> None:
    with pytest.raises(BadInput) as refusal:
        CliRunner().invoke(app, ["read", *arguments], catch_exceptions=False)
    assert refusal.value.remedy


@pytest.mark.shared
def test_the_synthea_folder() -> None:
    said = answer(str(shared("synthea-r4")))
    assert len(said["patients"]) == 12
    assert all(any(one["fact"] == "weight_kg" for one in each["findings"]) for each in said["patients"])


def test_the_example_runs() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples/1_profile.py")],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""},
    )
    assert "weight_kg" in done.stdout
    assert "held: Absolute lymphocyte count is missing" in done.stdout
