from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from functools import partial
from html import unescape
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.app.house import House
from onelot.app.web.rooms import audit
from onelot.app.web.trail import Search, trail
from onelot.record.evidence import verify
from onelot.record.journal import Entry
from tests.app.web.test_administration import enter
from tests.app.web.test_screens import made

__all__ = ["made"]
Made = tuple[House, str]


def test_the_search_finds_by_record_person_type_time_and_site(made: Made) -> None:
    house, number = made
    everything = [entry for stream in house.journal.heads() for entry in house.journal.read(stream)]
    root = house.loop.actor("root")  # all sites
    assert len(trail(house, root, Search()).entries) == len(everything)
    at = sorted({entry.at for entry in everything})[5]
    for search, fits in (
        (Search(stream=number), lambda e: number in e.stream),
        (Search(person="qc.plant"), lambda e: e.by == "person/qc.plant"),
        (Search(kind="Tested"), lambda e: e.envelope["type"] == "Tested"),
        (Search(since=at), lambda e: e.at >= at),
        (Search(until=at), lambda e: e.at < at),
    ):
        answer = trail(house, root, search)
        found = answer.entries
        assert answer.whole
        assert {e.hash for e in found} == {e.hash for e in everything if fits(e)} and found, search
        assert [e.at for e in found] == sorted((e.at for e in found), reverse=True)
    assert all(entry.stream.startswith(("batch/", "equipment/", "person/", "therapy/", "site/"))
               for entry in trail(house, root, Search(site="plant")).entries)  # fmt: skip


def everything_fits(house: House, search: Search) -> list[str]:
    """Hashes of what a search asks for, newest first, read the long way: every event of every record."""
    entries = [entry for stream in house.whole.heads() for entry in house.whole.read(stream)]
    fits = [
        entry for entry in entries
        if search.stream.upper() in entry.stream.upper() and search.kind in ("", entry.envelope["type"])
        and search.person in ("", entry.by.removeprefix("person/"))
        and (not search.since or entry.at >= search.since) and (not search.until or entry.at < search.until)
    ]  # fmt: skip
    return [entry.hash.hex() for entry in sorted(fits, key=lambda e: (e.at, e.stream, e.seq), reverse=True)]


def test_searching_on_finds_everything_and_says_where_it_stopped(made: Made) -> None:
    """However little one request may read: stretch after stretch is what one search of everything would have been."""
    house, number = made
    root = house.loop.actor("root")
    times = sorted({entry.at for stream in house.whole.heads() for entry in house.whole.read(stream)})
    moments = st.one_of(st.none(), st.sampled_from(times))

    @settings(max_examples=60, deadline=None)
    @given(
        st.sampled_from(["", number, "batch/", "person", "nothing"]),
        st.sampled_from(["", "Tested", "PersonRegistered"]), st.sampled_from(["", "qc.plant"]),
        moments, moments, st.integers(1, 400),
    )  # fmt: skip
    def run(stream: str, kind: str, person: str, since: datetime | None, until: datetime | None, reads: int) -> None:
        search = Search(stream, person, kind, "", since, until)
        wanted = everything_fits(house, search)
        seen: list[str] = []
        before: datetime | None = None
        while True:
            found = trail(house, root, search, before, reads)
            seen += [entry.hash.hex() for entry in found.entries]
            # What it says is left is what is left: nothing is called whole while something is missing.
            newer = [h for h in wanted if h in seen]
            assert found.whole == (before is None and found.older is None)
            assert found.older is not None or newer == wanted
            assert seen == wanted[: len(seen)]
            if found.older is None:
                break
            assert before is None or found.older < before
            before = found.older
        assert seen == wanted

    run()


def test_one_request_reads_little_however_long_the_journal_is(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    house, _ = made
    read: list[str] = []
    total = sum(head.seq for head in house.whole.heads().values())
    minutes = Counter(e.at.replace(second=0) for s in house.whole.heads() for e in house.whole.read(s))
    busiest = max(minutes.values())
    plain, root = house.journal.read, house.loop.actor("root")

    def counted(stream: str, after: int = 0) -> list[Entry]:
        found = plain(stream, after)
        read.extend(entry.stream for entry in found)
        return found

    monkeypatch.setattr(house.journal, "read", counted)
    for search in (Search(), Search(stream="batch"), Search(kind="Tested")):
        read.clear()
        found = trail(house, root, search, None, 50)
        assert not read and found.older is not None and len(found.entries) <= 50 + busiest < total


def test_who_sees_little_need_not_go_through_what_they_do_not_see(made: Made) -> None:
    """Stretches are counted by what anybody wrote: a few at once, where hardly anything of them is given."""
    house, _ = made
    row = next(iter(house.journal.rows("therapies").values()))
    other = "hospital-south" if row["site"] == "hospital-north" else "hospital-north"
    stranger = house.loop.actor(f"prescriber.{other}")
    seen = house.journal.seen_by(stranger.sites)
    own = replace(house, journal=seen, whole_journal=house.whole)
    wanted = trail(own, stranger, Search(kind="Measured"))
    asked, got, before = 0, list[str](), None
    while asked == 0 or before:
        found = trail(own, stranger, Search(kind="Measured"), before, 10)
        asked, before = asked + 1, found.older
        got += [entry.hash.hex() for entry in found.entries]
    assert got == [entry.hash.hex() for entry in wanted.entries]
    total = sum(head.seq for head in house.whole.heads().values())
    assert asked < total / 10 / 2


def test_the_page_says_that_only_a_part_was_searched(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "trail", partial(trail, reads=40))
    house, _ = made
    auditor = enter(made, "auditor.plant", tmp_path / "looks.jsonl")
    address, seen, pages = "/screen/audit?kind=TherapyOrdered", [], 0
    while address:
        text = unescape(auditor.page(address).text)
        pages += 1
        seen += re.findall(r"therapy/\S+ #\d+", text)
        searched = text.split('id="searched"')[1].split("</div>")[0]
        assert "Only a part was searched." in searched
        table = bool(re.search("<table", text))
        assert table or "Nothing was found in this part." in text
        exported = auditor.send("GET", address.replace("/screen/audit?", "/screen/audit/export.csv?")).text
        said = list(csv.DictReader(io.StringIO(exported)))[-1]["fields"]
        further = re.findall(r'href="([^"]+)">Search further back', searched)
        assert said.startswith("ONLY A PART") and bool(further) == ("older than" in said)
        assert bool(further) == ("were not looked at" in searched) and (pages == 1) == (
            "Back to the newest" not in text
        )
        address = further[0] if further else ""
    house_seen = [e for s in house.whole.heads("therapy/") for e in house.whole.read(s)]
    assert pages > 3 and len(seen) == len([e for e in house_seen if e.envelope["type"] == "TherapyOrdered"]) > 0
    assert house.looks and b"ONLY A PART" in house.looks.read_bytes()
    for before in ("soon", "2026-13-01", "9999-12-31T23:59-23:00"):
        assert auditor.send("GET", f"/screen/audit?before={before}").status_code == 422


def test_other_sites_are_not_found(made: Made) -> None:
    house, number = made
    coi, row = next(iter(house.journal.rows("therapies").items()))
    other = "hospital-south" if row["site"] == "hospital-north" else "hospital-north"
    stranger = house.loop.actor(f"prescriber.{other}")
    seen = {entry.stream for entry in trail(house, stranger, Search()).entries}
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
    *rows, said = csv.DictReader(io.StringIO(found.text))
    assert said["stream"] == "searched" and said["fields"] == "all that this search asks for"
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
