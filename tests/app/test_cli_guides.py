"""`onelot tailor guides|file|choose|confirm|evidence` on a home of its own, as people type them."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from onelot.app import demo
from onelot.app.cli import tailor_guides
from onelot.app.cli.tailor import app
from onelot.app.entropy import from_seed
from onelot.app.home import open_house
from onelot.record.errors import Held, Mismatch, NotAllowed, OnelotError
from tests.app.commands.conftest import Enough

SEED = 7
LATER = datetime(2026, 9, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def home() -> Iterator[tuple[Path, str, str]]:
    """A home where one patient is eligible; with the therapy's number and its hospital."""
    folder = Path(tempfile.mkdtemp(prefix="onelot-guides-"))
    folder.chmod(0o755)

    def tell(now: object, who: str, what: str) -> None:
        if what == "eligibility":
            raise Enough

    run = demo.prepare(
        folder, SEED, lambda recipes: demo.own_cohort(folder / "cohort", SEED, recipes).only(["p25"]), tell
    )
    case = run.cohort.cases["p25"]
    try:
        with pytest.raises(Enough):
            run.run()
        therapy = run.driver.stage.therapy_of(case)
        assert therapy is not None
    finally:
        run.house.close()
    yield folder, therapy.coi, case.hospital
    shutil.rmtree(folder, ignore_errors=True)


def typed(home: Path, login: str, *words: object) -> dict[str, Any]:
    secret = home / "password.txt"
    secret.write_text(from_seed(SEED)(f"password/{login}", 12).hex() + "\n")
    given = [*map(str, words), "--as", login, "--password-file", str(secret), "--home", str(home), "--json"]
    done = CliRunner().invoke(app, given)
    if isinstance(done.exception, OnelotError):
        raise done.exception
    assert done.exit_code == 0, (done.output, done.exception)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_from_the_files_to_two_signatures(
    home: tuple[Path, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The record stands in its own time: whoever runs this test may live before or after it.
    monkeypatch.setattr(tailor_guides, "open_for_reading", lambda place: open_house(place, clock=lambda: LATER))
    folder, coi, hospital = home
    people = "bioinformatician.plant", f"prescriber.{hospital}"
    files = folder / "cohort"
    before = typed(folder, people[0], "file", coi)
    assert before["design"] is None and len(before["evidence"]) == 7
    words = ("--reference", files / "p25.fa", "--vcf", files / "p25.vcf", "--gff", files / "p25.gff3")
    with pytest.raises(NotAllowed):
        typed(folder, people[1], "guides", coi, *words)
    typed(folder, people[0], "guides", coi, *words, "--mismatches", 3)
    with pytest.raises(Held, match="covers 3 mismatches"):
        typed(folder, people[0], "choose", coi, "--candidate", 3, "--reason", "because")
    typed(folder, people[0], "guides", coi, *words)
    found = typed(folder, people[0], "file", coi)
    ranks = [
        each["rank"]
        for each in found["design"]["candidates"]
        if each["editor"] in found["platform"] and each["search"]["patient_only"]
    ]
    assert len(ranks) == 2 and found["derivation"]["mismatches"] == 4
    typed(folder, people[0], "choose", coi, "--candidate", ranks[0], "--reason", "one silent bystander")
    with pytest.raises(NotAllowed):
        typed(folder, people[0], "confirm", coi, "--candidate", ranks[0])
    with pytest.raises(Mismatch):
        typed(folder, people[1], "confirm", coi, "--candidate", ranks[1])
    told = typed(folder, people[1], "confirm", coi, "--candidate", ranks[0])
    assert told["confirmed"] is True and len(told["recorded"]) == 1
    report = tmp_path / "report.pdf"
    report.write_bytes(b"a report")
    said = ("--document", report, "--says", "edited in patient cells", "--date", "2026-09-18", "--unit", "%")
    assert typed(folder, people[0], "evidence", coi, "editability", *said, "--value", "62")["conclusion"] == "supports"
    after = typed(folder, people[0], "file", coi)
    assert {each["need"]: bool(each["gap"]) for each in after["evidence"]}["editability"] is False
    assert after["choice"]["reason"] == "one silent bystander" and not after["gaps"]
    plain = CliRunner().invoke(
        app, ["file", coi, "--as", people[0], "--password-file", str(_secret(folder, people[0])), "--home", str(folder)]
    )
    assert "never proof of safety" in plain.stdout and "only in this patient" in plain.stdout


def _secret(home: Path, login: str) -> Path:
    path = home / "password.txt"
    path.write_text(from_seed(SEED)(f"password/{login}", 12).hex() + "\n")
    return path
