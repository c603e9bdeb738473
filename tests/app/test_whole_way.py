"""The whole way: every parameter down to its source, every batch through its phases, the demo as a person types it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from onelot.app.context import SYSTEM
from onelot.app.why import why
from onelot.record.recipe import MasterRecipe
from onelot.twin.invariants import House as Seen
from onelot.twin.invariants import violations
from tests.app.test_cohort_runs import SEED, Run, run
from tests.profile.support import ROOT, shared

DATA = ROOT / "src" / "onelot" / "data" / "cohort"
CORRECTED = {"p08"}  # the weight of this patient is corrected by a person, not by a document


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(tmp_path_factory.mktemp("cohort"), SEED)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the embedded server's account may pass through; pytest's own is closed to it."""
    made = Path(tempfile.mkdtemp(prefix="onelot-way-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def source_value(body: Any, place: str) -> Any:
    """What stands at a JSON pointer."""
    for part in place.split("/")[1:]:
        body = body[int(part)] if isinstance(body, list) else body[part]
    return body


def recipe_of(whole: Run, coi: str) -> MasterRecipe:
    cited = whole.house.loop.reader.therapy(coi).recipe
    assert cited is not None
    return whole.house.loop.reader.recipe(cited)


def test_why_of_every_parameter_reaches_the_source(whole: Run) -> None:
    files = {sha256(path.read_bytes()).hexdigest(): path for path in whole.folder.glob("p*.*") if path.is_file()}
    given = [row for row in whole.report.rows if row.end == "administered"]
    followed, by_person = 0, set()
    for row in given:
        tailoring = whole.house.loop.reader.therapy(row.coi).tailoring
        assert tailoring is not None and row.dose
        assert tailoring.parameters
        for name in tailoring.parameters:
            found = why(whole.house, row.batch, name, SYSTEM)
            assert found["signed"], (row.patient, name)
            assert found["rule"]["source"], (row.patient, name)
            for each in found["inputs"]:
                path = files[each["source_sha256"]]
                assert path.name.split(".")[0] == row.patient
                if ", corrected by " in each["place"]:
                    by_person.add(row.patient)
                    continue
                if each["fact"] == "chosen_guide":  # no fact of a document: a choice, with the files it rests on
                    assert path.suffix == ".vcf" and each["chosen_by"] != each["confirmed_by"] and each["reason"]
                    assert each["derivation"]["reference_sha256"] in files
                    continue
                there = source_value(json.loads(path.read_bytes(), parse_float=Decimal), each["place"])
                if isinstance(there, dict):  # the VCF record of a variant
                    assert ":".join(str(there[key]) for key in ("chrom", "pos", "ref", "alt")) == each["value"]
                    continue
                if each["fact"] == "indication":
                    codes = next(need.codes for need in recipe_of(whole, row.coi).facts if need.name == "indication")
                    assert any(code.endswith(f"|{there}={each['value']}") for code in codes)
                    continue
                assert Decimal(there) == Decimal(each["value"]), (row.patient, name, each)
                followed += 1
    assert followed > len(given)
    assert by_person == CORRECTED


def test_every_batch_went_through_every_phase_of_its_own_recipe(whole: Run) -> None:
    reader, journal = whole.house.loop.reader, whole.house.journal
    recipes = {}
    for name in journal.rows("board"):
        cited = reader.batch(name).recipe
        assert cited is not None
        recipes[f"batch/{name}"] = reader.recipe(cited)
    seen = Seen.of_journal(journal, commands=whole.memory.all(), recipes=recipes)
    assert list(violations(seen)) == []
    stream, recipe = next((s, r) for s, r in recipes.items() if reader.batch(s.removeprefix("batch/")).completed)
    # The rule bites: held to another product's recipe, this batch alone is found wanting.
    names = [phase.name for phase in recipe.phases]
    other = next(each for each in recipes.values() if [phase.name for phase in each.phases] != names)
    bent = Seen.of_journal(journal, commands=whole.memory.all(), recipes={**recipes, stream: other})
    assert {found.place for found in violations(bent)} == {stream}


def test_a_lost_answer_repeats_under_its_own_key_only(whole: Run) -> None:
    commands = whole.memory.all()
    assert {each.effects for each in commands} == {1}
    assert any(each.sends > 1 for each in commands), "p02's device loses an answer, so one key is sent again"


def typed(*words: str) -> dict[str, Any]:
    """What `onelot demo --headless --json` prints, as typed; its exit code is 0."""
    command = [sys.executable, "-m", "onelot.app.cli", "demo", "--headless", "--json", *words]
    environment = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "ONELOT_HOME")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        command, capture_output=True, check=False, timeout=300, env=environment, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:] + done.stdout.decode()[-1000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def patient_id(path: Path) -> str:
    entries = json.loads(path.read_bytes())["entry"]
    return str(next(each["resource"]["id"] for each in entries if each["resource"]["resourceType"] == "Patient"))


def named(found: dict[str, Any]) -> None:
    for each in found["held"] + found["refused"]:
        assert all(each[key] for key in ("patient", "rule", "fact", "place")), each


def test_the_demo_as_typed(home: Path) -> None:
    found = typed("--seed", "7", "--home", str(home))
    with (DATA / "expected.csv").open() as file:
        expected = {row["patient"]: row for row in csv.DictReader(file)}
    assert {row["patient"]: row["end"] for row in found["table"]} == {key: row["end"] for key, row in expected.items()}
    ends = [row["end"] for row in expected.values()]
    assert found["patients"] == len(expected) == 25
    assert found["administered"] == ends.count("administered")
    assert sum(found["by_disposition"].values()) == 25
    assert {each["patient"] for each in found["refused"]} == {"p07", "p24"}
    assert {each["patient"] for each in found["held"]} == {key for key, row in expected.items() if row["end"] == "held"}
    named(found)
    assert found["chains_verified"] is True
    assert found["deviations"] >= 2
    assert found["events"] > 1000
    assert found["seconds"] > 0


def test_the_demo_of_a_few(home: Path) -> None:
    found = typed("--only", "p22,p15", "--home", str(home))
    assert [row["patient"] for row in found["table"]] == ["p15", "p22"]


def test_only_names_patients_of_the_cohort(home: Path) -> None:
    command = [sys.executable, "-m", "onelot.app.cli", "demo", "--headless", "--json", "--only", "nobody"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [*command, "--home", str(home)], capture_output=True, check=False, timeout=60, env=environment
    )
    assert done.returncode == 1
    assert "nobody" in done.stdout.decode()


@pytest.mark.shared
def test_real_patients_without_an_overlay_are_all_held(home: Path) -> None:
    folder = shared("synthea-r4")
    found = typed("--cohort", str(folder), "--product", "cd19-per-kg", "--home", str(home))
    assert {row["patient"] for row in found["table"]} == {path.stem for path in folder.glob("*.json")}
    assert {row["end"] for row in found["table"]} == {"held"}
    named(found)
    for row in found["table"]:
        mine = {each["fact"]: each["place"] for each in found["held"] if each["patient"] == row["patient"]}
        assert mine["order"].startswith("ServiceRequest.")
        assert mine["consent"].startswith("Consent.")


@pytest.mark.shared
def test_real_patients_with_an_overlay_end_as_it_says(home: Path) -> None:
    folder = shared("synthea-r4")
    overlays = [json.loads(path.read_text("utf-8")) for path in sorted((DATA / "synthea").glob("*.json"))]
    words = ("--cohort", str(folder), "--product", "cd19-per-kg", "--overlay", "--home", str(home))
    found = typed(*words)
    named(found)
    ends = {patient_id(folder / f"{row['patient']}.json"): row["end"] for row in found["table"]}
    assert ends == {each["patient"]: each["expected"] for each in overlays}
    assert list(ends.values()).count("administered") >= 4
    reasons = {
        frozenset(each["fact"] for each in found["held"] if each["patient"] == row["patient"])
        for row in found["table"]
        if row["end"] == "held"
    }
    assert len(reasons) >= 4, "held, each for a reason of its own"
