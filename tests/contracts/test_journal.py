"""What every journal must do: one suite for memory and PostgreSQL."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onelot.record.errors import BadInput, Broken, Conflict
from onelot.record.events.batch import PhaseStarted
from onelot.record.journal import (
    AddQuantity,
    Append,
    Claim,
    Draft,
    Effect,
    Entry,
    GiveBack,
    Journal,
    Part,
    Payload,
    Projection,
    Seal,
    TakeInterval,
    TakeName,
    TakeQuantity,
)
from onelot.record.signature import Signed, Signing, is_signature

Open = Callable[..., Journal]
NOON = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONG_AGO = datetime(1950, 1, 1, tzinfo=UTC)
_stretches = itertools.count()


def draft(phase: str = "expand", run: int = 1, signing: Signing | None = None) -> Draft:
    return Draft(PhaseStarted(phase, run, "bioreactor-1"), NOON, "system", signing)


def part(stream: str, expected: int, count: int = 1) -> Part:
    return Part(stream, expected, tuple(draft(run=expected + n + 1) for n in range(count)))


def claiming(stream: str, *claims: Claim) -> Append:
    return Append((part(stream, 0),), claims)


def assert_chain(entries: list[Entry], stream: str) -> None:
    """The chain by its definition, written out again."""
    previous = hashlib.sha256(b"onelot chain 1\x00" + stream.encode()).digest()
    for number, entry in enumerate(entries, 1):
        assert (entry.stream, entry.seq) == (stream, number)
        assert rfc8785.dumps(entry.envelope) == entry.body
        previous = hashlib.sha256(previous + hashlib.sha256(entry.body).digest()).digest()
        assert entry.hash == previous


# --- streams


def test_what_is_appended_is_read_back(open_journal: Open) -> None:
    journal = open_journal()
    assert journal.read("batch/1") == []
    first = journal.append(Append((part("batch/1", 0, 2),)))
    second = journal.append(Append((part("batch/1", 2),)))
    assert journal.read("batch/1") == first + second
    assert journal.read("batch/1", after=2) == second
    assert journal.read("batch/1", after=3) == []
    assert_chain(journal.read("batch/1"), "batch/1")
    assert journal.read("batch/1")[0].event == PhaseStarted("expand", 1, "bioreactor-1")
    assert journal.read("batch/1")[0].at == NOON


def test_text_of_every_script_is_kept_exactly(open_journal: Open) -> None:
    journal = open_journal()
    for number, text in enumerate(["Müller-Łódź 研究", "\x00\x1f\u2028\\\"'", "\U0001f9ec", "é\u0301"]):
        journal.append(Append((Part("batch/1", number, (draft(text),)),)))
    assert_chain(journal.read("batch/1"), "batch/1")
    assert [entry.event.phase for entry in journal.read("batch/1")][2] == "\U0001f9ec"  # type: ignore[attr-defined]


def test_another_user_sees_and_continues_the_chain(open_journal: Open) -> None:
    one, other = open_journal(), open_journal()
    one.append(Append((part("batch/1", 0),)))
    other.append(Append((part("batch/1", 1),)))
    one.append(Append((part("batch/1", 2),)))
    assert_chain(other.read("batch/1"), "batch/1")
    assert len(other.read("batch/1")) == 3


def test_version_that_moved_on_is_refused(open_journal: Open) -> None:
    one, other = open_journal(), open_journal()
    one.append(Append((part("batch/1", 0),)))
    for wrong in (0, 2):
        with pytest.raises(Conflict, match="batch/1") as refused:
            one.append(Append((part("batch/1", wrong),)))
        assert refused.value.place == f"batch/1#{wrong + 1}"
    other.append(Append((part("batch/1", 1),)))
    with pytest.raises(Conflict, match="stands at event 2"):
        one.append(Append((part("batch/1", 1),)))
    with pytest.raises(Conflict):
        other.append(Append((part("batch/new", 3),)))
    assert len(one.read("batch/1")) == 2


def test_all_streams_or_none(open_journal: Open) -> None:
    journal = open_journal()
    journal.append(Append((part("batch/1", 0),)))
    with pytest.raises(Conflict):
        journal.append(Append((part("therapy/1", 0), part("batch/1", 0))))
    assert journal.read("therapy/1") == []
    entries = journal.append(Append((part("therapy/1", 0), part("batch/1", 1))))
    assert [(entry.stream, entry.seq) for entry in entries] == [("therapy/1", 1), ("batch/1", 2)]


def test_malformed_appends_are_refused_before_anything_is_written(open_journal: Open) -> None:
    journal = open_journal()
    malformed = [
        Append((part("batch/1", 0), part("batch/1", 1))),
        Append((Part("batch/1", 0, ()),)),
        claiming("batch/1", AddQuantity("lot/1", Decimal(0))),
        claiming("batch/1", TakeQuantity("c", "lot/1", Decimal(-1))),
        claiming("batch/1", TakeInterval("c", "suite/1", NOON, NOON)),
        claiming("batch/1", TakeInterval("c", "suite/1", NOON.replace(tzinfo=None), NOON + HOUR)),
    ]
    for append in malformed:
        with pytest.raises(BadInput):
            journal.append(append)
    assert journal.heads() == {}


def test_signature_covers_the_event_hash(open_journal: Open) -> None:
    journal = open_journal()
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw().hex()
    signing = Signing(Signed("person/ada", "Ada L.", "performed", public), key.sign)
    journal.append(Append((Part("batch/1", 0, (draft(), draft(signing=signing))),)))
    unsigned, signed = journal.read("batch/1")
    assert unsigned.signature is None and unsigned.signed is None
    assert signed.signed == signing.signed
    assert signed.signature is not None and is_signature(public, signed.hash, signed.signature)


def test_a_key_that_fails_refuses_only_its_own_append(open_journal: Open) -> None:
    journal = open_journal()

    def locked(_: bytes) -> bytes:
        raise Broken("the key does not open", rule="test", remedy="none")

    signing = Signing(Signed("person/ada", "Ada L.", "performed", "00" * 32), locked)
    others = [journal.submit(Append((part(f"batch/{n}", 0),))) for n in range(5)]
    with pytest.raises(Broken, match="does not open"):
        journal.append(Append((Part("batch/locked", 0, (draft(signing=signing),)),)))
    assert [len(future.result()) for future in others] == [1] * 5
    assert journal.read("batch/locked") == []


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    minutes=st.lists(st.integers(0, 40), min_size=1, max_size=40), most=st.integers(0, 12), until=st.integers(-1, 41)
)
def test_the_newest_of_all_streams_are_read_stretch_by_stretch(
    open_journal: Open, minutes: list[int], most: int, until: int
) -> None:
    """Whole within each stretch, no event twice, none left out, and never much more than was asked for."""
    journal, tag = open_journal(), f"batch/{next(_stretches)}-"
    # Times need not rise with the order of writing: devices send late.
    base = LONG_AGO + next(_stretches) * 100 * HOUR
    written = []
    for n, minute in enumerate(minutes):
        drawn = Draft(PhaseStarted("expand", 1, "b"), base + timedelta(minutes=minute, seconds=n % 7), "system")
        written += journal.append(Append((Part(f"{tag}{n}", 0, (drawn,)),)))
    before = base + timedelta(minutes=until) if until >= 0 else base + timedelta(hours=2)
    wanted = {entry.hash for entry in written if entry.at < before}
    seen: list[Entry] = []
    at: datetime | None = before
    while at is not None and at > base:
        stretch = journal.newest(at, most)
        assert [entry.at for entry in stretch.entries] == sorted((e.at for e in stretch.entries), reverse=True)
        assert all(entry.at < at and (stretch.since is None or entry.at >= stretch.since) for entry in stretch.entries)
        if stretch.since is not None:
            assert stretch.since < at and stretch.since.second == stretch.since.microsecond == 0
            # As few as a full minute allows: without its first minute it would hold fewer than asked for.
            later = [entry for entry in stretch.entries if entry.at >= stretch.since + timedelta(minutes=1)]
            assert len(later) <= max(most, 1) < len(stretch.entries)
        seen += [entry for entry in stretch.entries if entry.stream.startswith(tag)]
        at = stretch.since
    assert len(seen) == len(wanted) and {entry.hash for entry in seen} == wanted


@pytest.mark.parametrize("name", ["\0", "batch/\0", "\ud800"])
def test_nothing_stands_under_a_name_that_is_no_text(open_journal: Open, name: str) -> None:
    journal = open_journal()
    assert journal.read(name) == [] and journal.heads(name) == {} and journal.payload(name) is None
    assert journal.rows(name) == {} and journal.rows("board", [name]) == {} and journal.rows("board", ["a", name]) == {}
    assert journal.available(name) == 0 and journal.taken(name) == []


def test_heads_by_prefix(open_journal: Open) -> None:
    journal = open_journal()
    for stream, count in {"batch/1": 2, "batch/10": 1, "batch/2": 3, "batchx/1": 1, "therapy/1": 1}.items():
        journal.append(Append((part(stream, 0, count),)))
    heads = journal.heads("batch/")
    assert {stream: head.seq for stream, head in heads.items()} == {"batch/1": 2, "batch/10": 1, "batch/2": 3}
    assert heads["batch/2"].hash == journal.read("batch/2")[-1].hash
    assert len(journal.heads()) == 5
    assert journal.heads("nothing/") == {}


def test_many_threads_keep_every_chain_whole(open_journal: Open) -> None:
    journals = [open_journal(), open_journal()]

    def write(worker: int) -> int:
        journal, written = journals[worker % 2], 0
        while written < 15:
            stream = f"batch/{(worker + written) % 3}"
            try:
                journal.append(Append((part(stream, len(journal.read(stream))),)))
                written += 1
            except Conflict:
                continue
        return written

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(write, range(6))) == 90
    assert sum(len(journals[0].read(f"batch/{n}")) for n in range(3)) == 90
    for n in range(3):
        assert_chain(journals[1].read(f"batch/{n}"), f"batch/{n}")


def test_appends_in_flight_on_one_stream_are_written_in_order(open_journal: Open) -> None:
    journal = open_journal()
    futures = [journal.submit(Append((part("batch/1", n),))) for n in range(200)]
    assert [future.result()[0].seq for future in futures] == list(range(1, 201))
    assert_chain(journal.read("batch/1"), "batch/1")


def test_one_conflict_in_a_crowd_fails_alone(open_journal: Open) -> None:
    journal = open_journal()
    journal.append(claiming("batch/first", TakeName("coi/1")))
    gate = threading.Barrier(8)

    def write(n: int) -> bool:
        gate.wait()
        try:
            journal.append(claiming(f"batch/{n}", TakeName("coi/1" if n == 3 else f"coi/new-{n}")))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(8))) == [n != 3 for n in range(8)]
    assert journal.read("batch/3") == []


# --- claims


def interval(claim: str, start_h: float, end_h: float, resource: str = "suite/1") -> TakeInterval:
    return TakeInterval(claim, resource, NOON + start_h * HOUR, NOON + end_h * HOUR)


def test_an_interval_is_held_by_one(open_journal: Open) -> None:
    journal, other = open_journal(), open_journal()
    journal.append(claiming("batch/1", interval("slot/1", 0, 4)))
    for overlap in (interval("slot/2", 3.5, 5), interval("slot/2", -1, 0.1), interval("slot/2", 1, 2)):
        with pytest.raises(Conflict, match="suite/1 is taken"):
            other.append(claiming("batch/2", overlap))
    assert journal.read("batch/2") == [], "a taken claim refuses the events as well"
    other.append(claiming("batch/2", interval("slot/2", 4, 5)))
    other.append(claiming("batch/3", interval("slot/3", 0, 4, "suite/2")))
    assert journal.taken("suite/1") == [("slot/1", NOON, NOON + 4 * HOUR), ("slot/2", NOON + 4 * HOUR, NOON + 5 * HOUR)]
    assert journal.taken("suite/9") == []


def test_an_interval_given_back_is_free_again(open_journal: Open) -> None:
    journal = open_journal()
    journal.append(claiming("batch/1", interval("slot/1", 0, 4)))
    with pytest.raises(Conflict, match="slot/1 exists"):
        journal.append(claiming("batch/2", interval("slot/1", 8, 9)))
    moved = Append((part("batch/1", 1),), (interval("slot/1b", 2, 6), GiveBack("slot/1")))
    journal.append(moved)
    assert [row[0] for row in journal.taken("suite/1")] == ["slot/1b"]
    with pytest.raises(Conflict, match="slot/1 is not held"):
        journal.append(Append((part("batch/1", 2),), (GiveBack("slot/1"),)))
    with pytest.raises(Conflict, match="slot/unknown is not held"):
        journal.append(Append((part("batch/1", 2),), (GiveBack("slot/unknown"),)))
    with pytest.raises(Conflict, match="exists"):
        journal.append(claiming("batch/2", interval("slot/1", 20, 21)))


def test_two_overlapping_intervals_in_one_append_are_refused(open_journal: Open) -> None:
    journal = open_journal()
    with pytest.raises(Conflict, match="suite/1 is taken"):
        journal.append(claiming("batch/1", interval("a", 0, 4), interval("b", 3, 6)))
    assert journal.taken("suite/1") == []


def test_a_balance_is_never_negative(open_journal: Open) -> None:
    journal = open_journal()
    assert journal.available("lot/7") == 0
    with pytest.raises(Conflict, match="lot/7"):
        journal.append(claiming("batch/0", TakeQuantity("t/0", "lot/7", Decimal("0.1"))))
    journal.append(claiming("lot/7", AddQuantity("lot/7", Decimal("10.5"))))
    journal.append(claiming("batch/1", TakeQuantity("t/1", "lot/7", Decimal("10.25"))))
    assert journal.available("lot/7") == Decimal("0.25")
    with pytest.raises(Conflict, match="less than 0.5 is left of lot/7"):
        journal.append(claiming("batch/2", TakeQuantity("t/2", "lot/7", Decimal("0.5"))))
    journal.append(Append((part("batch/1", 1),), (GiveBack("t/1"), TakeQuantity("t/3", "lot/7", Decimal("10.5")))))
    assert journal.available("lot/7") == 0
    with pytest.raises(Conflict, match="t/1 is not held"):
        journal.append(Append((part("batch/1", 2),), (GiveBack("t/1"),)))
    journal.append(claiming("batch/4", AddQuantity("lot/8", Decimal(1)), TakeQuantity("t/4", "lot/8", Decimal(1))))
    assert journal.available("lot/8") == 0


def test_a_name_is_taken_once(open_journal: Open) -> None:
    journal, other = open_journal(), open_journal()
    journal.append(claiming("therapy/1", TakeName("coi/ABC")))
    with pytest.raises(Conflict, match="coi/ABC is taken"):
        other.append(claiming("therapy/2", TakeName("coi/ABC")))
    with pytest.raises(Conflict, match="coi/D"):
        other.append(claiming("therapy/2", TakeName("coi/D"), TakeName("coi/D")))
    assert journal.read("therapy/2") == []


def test_refused_claims_leave_nothing_behind(open_journal: Open) -> None:
    journal = open_journal()
    journal.append(claiming("lot/1", AddQuantity("lot/1", Decimal(5))))
    journal.append(claiming("batch/1", interval("slot/1", 0, 1), TakeQuantity("q/1", "lot/1", Decimal(1))))
    refused = (GiveBack("slot/1"), GiveBack("q/1"), AddQuantity("lot/1", Decimal(1)), interval("slot/2", 0, 1),
               TakeQuantity("q/2", "lot/1", Decimal(6)), TakeName("n"), TakeName("n"))  # fmt: skip
    with pytest.raises(Conflict, match="the name n"):
        journal.append(claiming("batch/2", *refused))
    assert journal.available("lot/1") == 4
    assert [row[0] for row in journal.taken("suite/1")] == ["slot/1"]
    journal.append(claiming("batch/2", *refused[:-1]))
    assert journal.available("lot/1") == 0


def test_of_many_who_want_the_last_unit_one_gets_it(open_journal: Open) -> None:
    journals = [open_journal(), open_journal()]
    journals[0].append(claiming("lot/1", AddQuantity("lot/1", Decimal(3))))

    def take(n: int) -> bool:
        try:
            journals[n % 2].append(claiming(f"batch/{n}", TakeQuantity(f"q/{n}", "lot/1", Decimal(1)),
                                            interval(f"slot/{n}", n, n + 0.5)))  # fmt: skip
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(12))) == 3
    assert journals[0].available("lot/1") == 0
    assert len(journals[0].taken("suite/1")) == 3
    assert len(journals[0].heads("batch/")) == 3


# --- payloads, effects, seals


def test_payloads_and_their_erasure(open_journal: Open) -> None:
    journal = open_journal()
    kept = [Payload("a" * 64, "patient/1", b"\x00\xff"), Payload("b" * 64, "patient/1", b"2"),
            Payload("c" * 64, "patient/2", b"3")]  # fmt: skip
    journal.append(Append((part("therapy/1", 0),), payloads=tuple(kept)))
    assert journal.payload("a" * 64) == kept[0]
    assert journal.payload("d" * 64) is None
    with pytest.raises(Conflict):
        journal.append(Append((part("therapy/1", 0),), payloads=(Payload("e" * 64, "patient/1", b"4"),)))
    assert journal.payload("e" * 64) is None
    assert journal.erase_payloads("patient/1") == 2
    assert journal.payload("a" * 64) is None
    assert journal.payload("c" * 64) == kept[2]


def test_effects_are_kept_with_the_append_until_done(open_journal: Open) -> None:
    journal = open_journal()
    first, second = Effect("k1", "label", {"copies": 2}), Effect("k2", "courier", {"lane": "A"})
    journal.append(Append((part("batch/1", 0),), effects=(first, second)))
    with pytest.raises(Conflict):
        journal.append(Append((part("batch/1", 0),), effects=(Effect("k3", "label", {}),)))
    journal.append(Append((part("batch/1", 1),), effects=(Effect("k1", "label", {"copies": 9}),)))
    assert journal.effects() == [first, second], "a key seen before is the same effect"
    assert journal.effects(limit=1) == [first]
    journal.effect_done("k1")
    journal.effect_done("k1")
    assert journal.effects() == [second]
    journal.append(Append((part("batch/1", 2),), effects=(first,)))
    assert journal.effects() == [second], "what was done is not done again"


def test_seals_are_kept_once(open_journal: Open) -> None:
    journal = open_journal()
    seals = [Seal(n, NOON + n * HOUR, n, bytes([n]) * 32, bytes(32), b"{}", bytes(64)) for n in (1, 2)]
    for seal in seals:
        journal.keep_seal(seal)
    assert journal.seals() == seals
    with pytest.raises(Conflict):
        journal.keep_seal(seals[0])


# --- views


def _board(row: dict[str, Any] | None, entry: Entry, key: str) -> dict[str, Any] | None:
    if entry.envelope["data"]["phase"] == "ignored":
        return None
    before = row or {"events": 0, "last": None}
    return {"events": before["events"] + 1, "last": entry.stream + f"#{entry.seq}"}


BOARD = Projection("board", lambda entry: [entry.stream] if entry.stream.startswith("batch/") else [], _board)
SITE = Projection("site", lambda entry: ["all"], _board)


def test_views_are_written_with_the_append(open_journal: Open) -> None:
    journal = open_journal([BOARD, SITE])
    journal.append(Append((part("batch/1", 0, 2), part("therapy/1", 0))))
    assert journal.rows("board") == {"batch/1": {"events": 2, "last": "batch/1#2"}}
    assert journal.rows("site") == {"all": {"events": 3, "last": "therapy/1#1"}}
    with pytest.raises(Conflict):
        journal.append(Append((part("batch/1", 0),)))
    journal.append(Append((Part("batch/2", 0, (draft("ignored"),)),)))
    assert journal.rows("board") == {"batch/1": {"events": 2, "last": "batch/1#2"}}
    journal.append(Append((part("batch/2", 1),)))
    assert journal.rows("board", ["batch/2", "batch/9"]) == {"batch/2": {"events": 1, "last": "batch/2#2"}}
    assert journal.rows("nothing") == {}


def test_a_row_that_two_users_touch_misses_nothing(open_journal: Open) -> None:
    journals = [open_journal([BOARD, SITE]), open_journal([BOARD, SITE])]

    def write(n: int) -> None:
        for k in range(10):
            journals[n % 2].append(Append((part(f"batch/{n}", k),)))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    assert journals[0].rows("site")["all"]["events"] == 60
    assert {row["events"] for row in journals[1].rows("board").values()} == {10}
    live = [journals[0].rows(view) for view in ("board", "site")]
    assert journals[0].rebuild() == {"board": 6, "site": 1}
    assert [journals[0].rows(view) for view in ("board", "site")] == live


def test_writers_go_on_after_a_rebuild(open_journal: Open) -> None:
    journal = open_journal([BOARD, SITE])
    for n in range(5):
        journal.append(Append((part("batch/1", n),)))
    journal.rebuild()
    journal.append(Append((part("batch/1", 5), part("batch/2", 0))))
    assert journal.rows("board")["batch/1"]["events"] == 6
    assert journal.rows("site")["all"]["events"] == 7


def test_a_projection_that_fails_refuses_only_its_own_append(open_journal: Open) -> None:
    def picky(row: dict[str, Any] | None, entry: Entry, key: str) -> dict[str, Any]:
        if entry.envelope["data"]["phase"] == "bad":
            raise ValueError("cannot project this")
        return {"n": (row or {"n": 0})["n"] + 1}

    journal: Journal = open_journal([Projection("picky", lambda entry: ["all"], picky)])
    futures = [journal.submit(Append((part(f"batch/{n}", 0),))) for n in range(4)]
    bad = journal.submit(Append((Part("batch/bad", 0, (draft("bad"),)),)))
    futures += [journal.submit(Append((part(f"batch/{n}", 1),))) for n in range(4)]
    with pytest.raises(ValueError, match="cannot project"):
        bad.result()
    assert len([future.result() for future in futures]) == 8
    assert journal.rows("picky") == {"all": {"n": 8}}
    assert journal.read("batch/bad") == []
