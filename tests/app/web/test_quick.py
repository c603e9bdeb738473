"""The short ways of a long record say the same as reading it whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from onelot.app.house import House
from onelot.app.web import reading
from tests.app.web.plant import make_house


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, str]:
    return make_house(tmp_path_factory.mktemp("quick"))


def test_types_and_signatures_are_found_without_reading_every_body(made: tuple[House, str], tmp_path: Path) -> None:
    house, number = made
    seen = 0
    for stream in house.journal.heads():
        entries = house.journal.read(stream)
        assert [reading._type_of(entry) for entry in entries] == [entry.envelope["type"] for entry in entries]
        signed = sum(1 for entry in entries if "signed" in entry.envelope)
        ok, said = reading.chain_status(stream, entries)
        assert ok and said == f"unbroken: {len(entries)} events; signatures checked: {signed}"
        seen += signed
    assert seen > 10
    assert {reading._type_of(entry) for entry in reading.documents(house.journal.read(f"batch/{number}"))} == {
        "CertificateIssued"
    }


def test_a_signature_taken_off_is_found(made: tuple[House, str]) -> None:
    house, number = made
    from onelot.record.journal import Entry

    entries = house.journal.read(f"batch/{number}")
    bare = [Entry(each.stream, each.seq, each.body, each.hash, None) for each in entries]
    ok, said = reading.chain_status(f"batch/{number}", bare)
    assert not ok and "does not verify" in said


def test_the_board_weighs_what_it_shows(made: tuple[House, str]) -> None:
    house, number = made
    actor = house.loop.actor("operator.plant")
    (row,) = [row for row in reading.board(house, actor, "", "", house.clock()) if row["batch"] == number]
    assert {"risk", "left", "rank"} <= reading.weighed(row, house.clock()).keys()
