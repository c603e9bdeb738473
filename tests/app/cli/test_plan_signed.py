"""`onelot plan document | in-force`: a network document checked, registered, and shown in force."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.plan.test_bookings import DOCUMENT
from tests.record.cohort import SEED, house_in_memory, stage_of
from typer.testing import CliRunner

from onelot.app.cli import plan_signed
from onelot.app.cli.plan import app
from onelot.app.commands.masters import ApproveDocument
from onelot.app.house import House
from onelot.app.simulation.site import PLANT, Site, login_of
from onelot.record.errors import BadInput, NotAllowed
from onelot.twin.clock import SimulatedClock

ENGINEER = login_of("process_engineer", PLANT)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    """A house in memory in the place of the installation's; it is not closed between two commands."""
    found = stage_of(("p01",), SEED, until=lambda _: True).demo.driver.stage.site

    def opened(home: Path | None) -> House:
        return found.house

    monkeypatch.setattr(plan_signed, "open_for_reading", opened)
    monkeypatch.setattr(found.house, "close", lambda: None)
    return found


def written(folder: Path, document: object) -> str:
    file = folder / "network.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(file)


def test_a_document_is_checked_without_an_installation(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["document", written(tmp_path, DOCUMENT)])
    assert result.exit_code == 0, result.output
    assert "ghent: made by leiden, back to ghent" in result.output and "for cd19; at most 20 days" in result.output
    facts = json.loads(CliRunner().invoke(app, ["document", written(tmp_path, DOCUMENT), "--json"]).output)
    assert facts["valid"] and facts["registered"] is None
    assert facts["sites"][1] == {"id": "lyon", "hospital": "lyon", "plants": ["turin"]}


@pytest.mark.parametrize(
    ("document", "place"),
    [({**DOCUMENT, "limit_days": -1}, "$.limit_days"), ("{", ":1:2"), ("[]", "$"), ({}, "$.kind")],
)
def test_what_is_no_network_is_refused_with_its_place(tmp_path: Path, document: object, place: str) -> None:
    result = CliRunner().invoke(app, ["document", written(tmp_path, document)])
    assert isinstance(result.exception, BadInput) and (result.exception.place or "").endswith(place)


def test_registered_by_one_and_signed_by_another_it_is_in_force(tmp_path: Path, site: Site) -> None:
    password = tmp_path / "password"
    password.write_text(site.password_of(ENGINEER))
    register = ["document", written(tmp_path, DOCUMENT), "--register", "network/benelux"]
    assert isinstance(CliRunner().invoke(app, register).exception, BadInput)
    register += ["--version", "1", "--title", "Two sites", "--as", ENGINEER, "--password-file", str(password)]
    result = CliRunner().invoke(app, register)
    assert result.exit_code == 0 and "network/benelux/1" in result.output, result.output
    assert json.loads(CliRunner().invoke(app, ["in-force", "--recipe", "cd19", "--json"]).output) == {"networks": []}
    site.give(ApproveDocument("network/benelux", "1", site.house.clock()), "qa_reviewer", PLANT)
    (found,) = json.loads(CliRunner().invoke(app, ["in-force", "--recipe", "cd19", "--json"]).output)["networks"]
    approval = site.house.journal.read("document/network/benelux/1")[1]
    assert found["cite"] == {"stream": "document/network/benelux/1", "seq": 2, "hash": approval.hash.hex()}
    text = CliRunner().invoke(app, ["in-force"]).output
    assert "network/benelux/1" in text and "network/cells/1" in text and approval.hash.hex() in text


def test_nobody_registers_without_their_password(tmp_path: Path, site: Site) -> None:
    password = tmp_path / "password"
    password.write_text("not this one at all")
    arguments = ["document", written(tmp_path, DOCUMENT), "--register", "network/x", "--version", "1", "--title", "x"]
    result = CliRunner().invoke(app, [*arguments, "--as", ENGINEER, "--password-file", str(password)])
    assert isinstance(result.exception, NotAllowed)
    assert "network/x/1" not in site.rows("documents")


def test_a_house_without_networks_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    house, _ = house_in_memory(SimulatedClock(datetime(2026, 9, 1, tzinfo=UTC)))
    monkeypatch.setattr(plan_signed, "open_for_reading", lambda home: house)
    result = CliRunner().invoke(app, ["in-force"])
    assert "no network document was ever in force" in result.output
