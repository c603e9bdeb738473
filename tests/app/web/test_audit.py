from __future__ import annotations

import csv
import io
from pathlib import Path

import orjson

from onelot.app.house import House
from onelot.app.web.trail import Search, trail
from onelot.record.evidence import verify
from tests.app.web.test_administration import enter
from tests.app.web.test_screens import made

__all__ = ["made"]
Made = tuple[House, str]


def test_the_search_finds_by_record_person_type_time_and_site(made: Made) -> None:
    house, number = made
    everything = [entry for stream in house.journal.heads() for entry in house.journal.read(stream)]
    root = house.loop.actor("root")  # all sites
    assert len(trail(house, root, Search())) == len(everything)
    at = sorted({entry.at for entry in everything})[5]
    for search, fits in (
        (Search(stream=number), lambda e: number in e.stream),
        (Search(person="qc.plant"), lambda e: e.by == "person/qc.plant"),
        (Search(kind="Tested"), lambda e: e.envelope["type"] == "Tested"),
        (Search(since=at), lambda e: e.at >= at),
        (Search(until=at), lambda e: e.at < at),
    ):
        found = trail(house, root, search)
        assert {e.hash for e in found} == {e.hash for e in everything if fits(e)} and found, search
        assert [e.at for e in found] == sorted((e.at for e in found), reverse=True)
    assert all(entry.stream.startswith(("batch/", "equipment/", "person/", "therapy/", "site/"))
               for entry in trail(house, root, Search(site="plant")))  # fmt: skip


def test_other_sites_are_not_found(made: Made) -> None:
    house, number = made
    coi, row = next(iter(house.journal.rows("therapies").items()))
    other = "hospital-south" if row["site"] == "hospital-north" else "hospital-north"
    stranger = house.loop.actor(f"prescriber.{other}")
    seen = {entry.stream for entry in trail(house, stranger, Search())}
    assert f"therapy/{coi}" not in seen and f"batch/{number}" not in seen
    assert not any(stream.endswith((f"@{row['site']}", f".{row['site']}")) for stream in seen)


def test_the_page_is_paged_and_says_nothing_of_a_patient(made: Made) -> None:
    house, _ = made
    auditor = enter(made, "auditor.plant")
    first, second = auditor.page("/screen/audit"), auditor.page("/screen/audit?page=2")
    assert first.text.count("<time") == 100 and first.text != second.text
    coi, row = next(iter(house.journal.rows("therapies").items()))
    page = auditor.page(f"/screen/audit?stream={coi}").text
    identity = house.vault.identify(row["patient"])
    for personal in (identity.name, identity.birth_date, *identity.identifiers):
        assert str(personal) not in page
    assert auditor.send("GET", "/screen/audit?since=soon").status_code == 422
    assert enter(made, "operator.plant").send("GET", "/screen/audit").status_code == 403


def test_csv_holds_what_was_found_and_is_logged(made: Made, tmp_path: Path) -> None:
    house, number = made
    auditor = enter(made, "auditor.plant", tmp_path / "looks.jsonl")
    assert house.looks
    found = auditor.send("GET", f"/screen/audit/export.csv?stream={number}")
    rows = list(csv.DictReader(io.StringIO(found.text)))
    assert [row["hash"] for row in reversed(rows)] == [e.hash.hex() for e in house.journal.read(f"batch/{number}")]
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())
    line = orjson.loads(house.looks.read_bytes().splitlines()[-1])
    assert line["who"] == "person/auditor.plant" and number in line["what"]


def test_the_evidence_verifies_and_is_logged(made: Made, tmp_path: Path) -> None:
    house, number = made
    auditor = enter(made, "auditor.plant", tmp_path / "looks.jsonl")
    assert house.looks
    fields = auditor.page("/screen/audit").fields
    found = auditor.send("POST", "/screen/audit/evidence", data={"csrf": fields["csrf"], "batch": number})
    assert found.status_code == 200 and number in found.headers["content-disposition"]
    report = verify(found.content, house.site_keys.public)
    assert report.verified, report.problems
    assert not verify(found.content.replace(b"Tested", b"Rested", 1), house.site_keys.public).verified
    assert b"evidence export" in house.looks.read_bytes()
    assert auditor.send("POST", "/screen/audit/evidence", data={"batch": number}).status_code == 403
    lines = len(house.looks.read_bytes().splitlines())
    none = auditor.send("POST", "/screen/audit/evidence", data={"csrf": fields["csrf"], "batch": "B-none"})
    assert none.status_code == 403 and len(house.looks.read_bytes().splitlines()) == lines
