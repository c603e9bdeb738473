"""Whatever is done to an export is caught, and the report says where. Over real exports of simulated patients."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from onelot.adapters.memory import MemoryJournal
from onelot.record import chain
from onelot.record.evidence import Report, broken_seal, seal_body, verify
from tests.record import offline_oracle
from tests.record.cohort import driven

File = dict[str, Any]
FOREIGN = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
MANY = settings(max_examples=100, deadline=None, derandomize=True, print_blob=False)
FEW = settings(max_examples=40, deadline=None, derandomize=True, print_blob=False)


def dump(value: File) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


_EXPORTS: dict[str, bytes] = {}


def exports() -> list[bytes]:
    """One export per driven batch, made once: an export forces a seal of its own."""
    if not _EXPORTS:
        _EXPORTS.update({batch: driven().export(batch) for batch in driven().batches})
    return list(_EXPORTS.values())


def load(which: int = 0) -> File:
    value: File = orjson.loads(exports()[which])
    return value


def check(value: File | bytes) -> Report:
    return verify(value if isinstance(value, bytes) else dump(value), driven().key)


def located(value: File, stream: str, seq: int | None = None) -> None:
    """The first problem stands in this stream, at this event where one is given; the oracle refuses the file too."""
    report = check(value)
    assert not report.verified
    assert report.problems[0].stream == stream, report.problems[:3]
    if seq is not None:
        assert report.problems[0].seq == seq, report.problems[:3]
    assert str(report.problems[0]).startswith(stream)


def relink(value: File, stream: str) -> None:
    """What a forger without keys can do: every hash of the stream computed again."""
    link = chain.start(stream)
    for entry in value["streams"][stream]["entries"]:
        link = chain.link(link, entry[0].encode())
        entry[1] = link.hex()


def renumber(value: File, stream: str) -> None:
    """A more careful forger: numbers and stream names in the bodies fit again, and the hashes too."""
    for seq, entry in enumerate(value["streams"][stream]["entries"], 1):
        body = orjson.loads(entry[0])
        body["seq"], body["stream"] = seq, stream
        entry[0] = chain.canonical(body).decode()
    relink(value, stream)


@st.composite
def places(draw: st.DrawFn) -> tuple[File, str, int]:
    """An export and one of its events: stream and index from 0."""
    value = load(draw(st.integers(0, len(driven().batches) - 1)))
    stream = draw(st.sampled_from(sorted(value["streams"])))
    at = draw(st.integers(0, len(value["streams"][stream]["entries"]) - 1))
    return value, stream, at


def signed_places(value: File) -> list[tuple[str, int]]:
    return [
        (name, at)
        for name, shown in value["streams"].items()
        for at, entry in enumerate(shown["entries"])
        if entry[2] is not None
    ]


def flip_hex(text: str, at: int, to: int) -> str:
    new = "0123456789abcdef"[to]
    assume(text[at] != new)
    return text[:at] + new + text[at + 1 :]


def test_unchanged_exports_verify() -> None:
    for batch, data in zip(driven().batches, exports(), strict=True):
        report = verify(data, driven().key)
        assert report.verified, report.problems[:3]
        assert report.mode == "simulation"
        assert report.streams >= 10
        assert report.events > 100
        assert report.signatures >= 10
        assert verify(data, driven().key, expect_root=report.root).verified
        assert verify(data, driven().key.upper(), expect_root=report.root.upper()).verified
        assert orjson.loads(data)["batch"] == batch
        assert offline_oracle.holds(data, driven().key)


@MANY
@given(st.data())
def test_any_byte_of_the_file(data: st.DataObject) -> None:
    """Any byte to any other value, wherever it stands: in a body, a hash, a signature, a proof, the seal, between."""
    original = exports()[data.draw(st.integers(0, len(exports()) - 1))]
    at = data.draw(st.integers(0, len(original) - 1))
    by = data.draw(st.integers(1, 255))
    bent = original[:at] + bytes([original[at] ^ by]) + original[at + 1 :]
    report = check(bent)
    assert not report.verified
    assert all(problem.stream for problem in report.problems)


@MANY
@given(places(), st.data())
def test_a_flipped_byte_in_a_body_is_named(place: tuple[File, str, int], data: st.DataObject) -> None:
    value, stream, at = place
    entry = value["streams"][stream]["entries"][at]
    where = data.draw(st.integers(0, len(entry[0]) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    assume(letter != entry[0][where])
    entry[0] = entry[0][:where] + letter + entry[0][where + 1 :]
    located(value, stream, at + 1)
    assert not offline_oracle.holds(dump(value), driven().key)


@MANY
@given(places(), st.integers(0, 63), st.integers(0, 15))
def test_a_flipped_hash_is_named(place: tuple[File, str, int], where: int, to: int) -> None:
    value, stream, at = place
    entry = value["streams"][stream]["entries"][at]
    entry[1] = flip_hex(entry[1], where, to)
    located(value, stream, at + 1)


@MANY
@given(st.data())
def test_a_flipped_signature_is_named(data: st.DataObject) -> None:
    value = load(data.draw(st.integers(0, len(driven().batches) - 1)))
    stream, at = data.draw(st.sampled_from(signed_places(value)))
    entry = value["streams"][stream]["entries"][at]
    entry[2] = flip_hex(entry[2], data.draw(st.integers(0, 127)), data.draw(st.integers(0, 15)))
    located(value, stream, at + 1)
    assert not offline_oracle.holds(dump(value), driven().key)


@FEW
@given(places(), st.data())
def test_a_flipped_proof_names_its_stream(place: tuple[File, str, int], data: st.DataObject) -> None:
    value, stream, _ = place
    proof = value["streams"][stream]["proof"]
    step = data.draw(st.integers(0, len(proof) - 1))
    proof[step] = flip_hex(proof[step], data.draw(st.integers(0, 63)), data.draw(st.integers(0, 15)))
    located(value, stream)
    assert not offline_oracle.holds(dump(value), driven().key)


@FEW
@given(places(), st.integers(-3, 400))
def test_another_index_names_its_stream(place: tuple[File, str, int], index: int) -> None:
    value, stream, _ = place
    assume(index != value["streams"][stream]["index"])
    value["streams"][stream]["index"] = index
    located(value, stream)


@FEW
@given(places(), st.data())
def test_a_changed_digest_of_what_is_not_shown(place: tuple[File, str, int], data: st.DataObject) -> None:
    value, stream, _ = place
    after = value["streams"][stream]["after"]
    assume(after)
    at = data.draw(st.integers(0, len(after) - 1))
    if data.draw(st.booleans()):
        del after[at]
    else:
        after[at] = flip_hex(after[at], data.draw(st.integers(0, 63)), data.draw(st.integers(0, 15)))
    located(value, stream)


@MANY
@given(places())
def test_a_dropped_event_is_named(place: tuple[File, str, int]) -> None:
    """Dropped in the middle, the next one does not follow; at the end, the head is not under the seal."""
    value, stream, at = place
    entries = value["streams"][stream]["entries"]
    last = at == len(entries) - 1
    del entries[at]
    located(value, stream, None if last else at + 1)
    assert not offline_oracle.holds(dump(value), driven().key)


@MANY
@given(places(), st.booleans())
def test_a_dropped_event_with_new_hashes(place: tuple[File, str, int], careful: bool) -> None:
    value, stream, at = place
    del value["streams"][stream]["entries"][at]
    (renumber if careful else relink)(value, stream)
    located(value, stream)
    assert not offline_oracle.holds(dump(value), driven().key)


@FEW
@given(places(), st.data())
def test_a_truncated_tail(place: tuple[File, str, int], data: st.DataObject) -> None:
    value, stream, at = place
    del value["streams"][stream]["entries"][at:]
    located(value, stream)
    # Shown as digests only, the chain still ends under the seal: then what must be whole or is cited is missing.
    value = load(0)
    main = data.draw(st.sampled_from(sorted(name for name in value["streams"] if not value["streams"][name]["after"])))
    shown = value["streams"][main]
    keep = data.draw(st.integers(0, len(shown["entries"]) - 1))
    shown["after"] = [sha256(entry[0].encode()).hexdigest() for entry in shown["entries"][keep:]]
    del shown["entries"][keep:]
    report = check(value)
    assert not report.verified
    if main.startswith(("batch/", "therapy/")):
        assert (main, keep + 1 if keep else 0) in {(each.stream, each.seq) for each in report.problems}


@MANY
@given(places(), st.data())
def test_swapped_and_reordered_events(place: tuple[File, str, int], data: st.DataObject) -> None:
    value, stream, _ = place
    entries = value["streams"][stream]["entries"]
    assume(len(entries) > 1)
    order = data.draw(st.permutations(range(len(entries))))
    assume(order != list(range(len(entries))))
    first = next(at for at, was in enumerate(order) if at != was)
    value["streams"][stream]["entries"] = [entries[was] for was in order]
    located(value, stream, first + 1)
    relink(value, stream)
    located(value, stream, first + 1)
    renumber(value, stream)
    located(value, stream)
    assert not offline_oracle.holds(dump(value), driven().key)


@MANY
@given(places(), st.data())
def test_inserted_duplicated_and_transplanted_events(place: tuple[File, str, int], data: st.DataObject) -> None:
    """A copy of any event of this or another batch's file, at any place; with and without new hashes."""
    value, stream, at = place
    entries = value["streams"][stream]["entries"]
    other = load(data.draw(st.integers(0, len(exports()) - 1)))
    theirs = other["streams"][data.draw(st.sampled_from(sorted(other["streams"])))]["entries"]
    new = copy.deepcopy(theirs[data.draw(st.integers(0, len(theirs) - 1))])
    replaced = data.draw(st.booleans())
    assume(not (replaced and new == entries[at]))
    entries[at : at + replaced] = [new]
    report = check(value)
    assert not report.verified
    # An equal copy right after its original moves the break by one.
    assert report.problems[0].stream == stream
    assert at + 1 <= report.problems[0].seq <= at + 2
    renumber(value, stream)
    located(value, stream)
    assert not offline_oracle.holds(dump(value), driven().key)


@FEW
@given(st.data())
def test_a_transplanted_stream(data: st.DataObject) -> None:
    """A stream of another batch's file under this one's name, and this one's stream under another name."""
    value, other = load(0), load(data.draw(st.sampled_from([1, 2])))
    ours = data.draw(st.sampled_from(sorted(value["streams"])))
    theirs = data.draw(st.sampled_from(sorted(other["streams"])))
    assume(other["streams"][theirs] != value["streams"][ours])
    assume(ours != theirs)
    value["streams"][ours] = other["streams"][theirs]
    located(value, ours, 1)
    renumber(value, ours)
    located(value, ours)
    assert not offline_oracle.holds(dump(value), driven().key)


@FEW
@given(st.data())
def test_a_missing_stream(data: st.DataObject) -> None:
    """No stream of a file can be left out: it is whole, cited, names a signer, or says the mode."""
    value = load(data.draw(st.integers(0, len(exports()) - 1)))
    stream = data.draw(st.sampled_from(sorted(value["streams"])))
    del value["streams"][stream]
    assert not check(value).verified


def test_two_patients_bags_exchanged() -> None:
    """The old fraud: the bag of one patient in the other's records, with every hash computed again."""
    for one, two in ((0, 1), (1, 0)):
        value = load(one)
        mine, yours = driven().batches[one], driven().batches[two]
        stream = f"batch/{mine}"
        found = 0
        for entry in value["streams"][stream]["entries"]:
            if orjson.loads(entry[0])["type"] in ("MaterialReceived", "Filled", "Dispatched", "Administered"):
                new = entry[0].replace(mine.removeprefix("B-"), yours.removeprefix("B-"))
                body = orjson.loads(new)
                body["stream"] = stream
                found += new != entry[0]
                entry[0] = chain.canonical(body).decode()
        assert found >= 2, "the fraud changed nothing"
        located(value, stream)
        relink(value, stream)
        report = check(value)
        assert report.problems[0].stream == stream
        first_signed = next(each.seq for each in report.problems if each.stream == stream and "signature" in each.what)
        assert first_signed, "what people signed afterwards names the place too"
        assert not offline_oracle.holds(dump(value), driven().key)


@FEW
@given(st.data())
def test_signed_again_by_a_foreign_key(data: st.DataObject) -> None:
    value = load(0)
    stream, at = data.draw(st.sampled_from(signed_places(value)))
    entry = value["streams"][stream]["entries"][at]
    entry[2] = FOREIGN.sign(bytes.fromhex(entry[1])).hex()
    located(value, stream, at + 1)
    # With the key's name in the body as well, and new hashes: never enrolled, and not under the seal.
    body = orjson.loads(entry[0])
    body["signed"]["key"] = FOREIGN.public_key().public_bytes_raw().hex()
    entry[0] = chain.canonical(body).decode()
    relink(value, stream)
    entry[2] = FOREIGN.sign(bytes.fromhex(entry[1])).hex()
    report = check(value)
    assert report.problems[0].stream == stream
    assert any((each.stream, each.seq) == (stream, at + 1) for each in report.problems)
    assert not offline_oracle.holds(dump(value), driven().key)


@FEW
@given(st.data())
def test_a_stripped_signature(data: st.DataObject) -> None:
    value = load(0)
    stream, at = data.draw(st.sampled_from(signed_places(value)))
    value["streams"][stream]["entries"][at][2] = data.draw(st.sampled_from([None, "", "00"]))
    located(value, stream, at + 1)
    assert not offline_oracle.holds(dump(value), driven().key)


def test_a_signature_nobody_is_named_for() -> None:
    value = load(0)
    stream = f"batch/{value['batch']}"
    at = next(at for at, entry in enumerate(value["streams"][stream]["entries"]) if entry[2] is None)
    entry = value["streams"][stream]["entries"][at]
    entry[2] = FOREIGN.sign(bytes.fromhex(entry[1])).hex()
    located(value, stream, at + 1)


def drop_seal(value: File) -> None:
    del value["seal"]


def drop_seal_signature(value: File) -> None:
    del value["seal"]["signature"]


def foreign_seal(value: File) -> None:
    value["seal"]["signature"] = FOREIGN.sign(value["seal"]["body"].encode()).hex()


def other_time(value: File) -> None:
    body = json.loads(value["seal"]["body"])
    body["at"] = body["at"].replace("20", "19", 1)
    value["seal"]["body"] = chain.canonical(body).decode()


def other_mode(value: File) -> None:
    body = json.loads(value["seal"]["body"])
    body["mode"] = "production"
    value["seal"]["body"] = chain.canonical(body).decode()


@pytest.mark.parametrize("bend", [drop_seal, drop_seal_signature, foreign_seal, other_time, other_mode])
def test_the_seal(bend: Callable[[File], None]) -> None:
    value = load(0)
    bend(value)
    located(value, "seal", 0)
    assert not offline_oracle.holds(dump(value), driven().key)


def test_a_simulation_cannot_pass_for_production() -> None:
    value = load(0)
    value["mode"] = "production"
    located(value, "journal", 1)


def test_a_seal_of_another_moment() -> None:
    """The newest seal does not cover older heads, and an older one not the newest."""
    value, later = load(0), orjson.loads(driven().export(driven().batches[0]))
    assert later["seal"] != value["seal"]
    root = orjson.loads(value["seal"]["body"])["root"]
    value["seal"] = load(1)["seal"]
    if orjson.loads(value["seal"]["body"])["root"] == root:
        # Nothing was appended between the two exports: the same heads, the same root, and both seals say so.
        assert check(value).verified


def test_a_root_kept_elsewhere() -> None:
    report = verify(exports()[0], driven().key, expect_root="00" * 32)
    assert [each.stream for each in report.problems] == ["seal"]


def test_a_foreign_site_key() -> None:
    report = verify(exports()[0], FOREIGN.public_key().public_bytes_raw().hex())
    assert report.problems[0].stream == "seal"
    assert not verify(exports()[0], "not a key").verified


@FEW
@given(st.data())
def test_a_cut_file(data: st.DataObject) -> None:
    original = exports()[0]
    report = check(original[: data.draw(st.integers(0, len(original) - 1))])
    assert not report.verified
    assert report.problems[0].stream == "export"


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"format":1}'])
def test_no_export_at_all(data: bytes) -> None:
    assert not check(data).verified


def test_a_key_given_twice_cannot_show_two_things() -> None:
    """Readers differ in which of two equal keys they take; so no file with two of them verifies."""
    text = exports()[0].decode()
    twice = text.replace('"batch":', '"batch": "B-OTHER",\n  "batch":', 1)
    assert orjson.loads(twice) == orjson.loads(text)
    assert not check(twice.encode()).verified


def test_hex_has_one_spelling() -> None:
    value = load(0)
    stream = f"batch/{value['batch']}"
    entry = value["streams"][stream]["entries"][0]
    entry[1] = entry[1].upper()
    located(value, stream, 1)


def test_an_opened_value_is_the_one_committed_to() -> None:
    value = load(0)
    plain = b"a salt of sixteen bytes and 71.5"
    value["opened"] = {sha256(plain).hexdigest(): plain.hex()}
    assert check(value).problems[0].what.startswith("no event in the file commits to")
    value["opened"] = {"ab" * 32: plain.hex()}
    assert "not the one committed to" in check(value).problems[0].what


def test_rows_of_seals() -> None:
    journal: MemoryJournal = driven().house.journal  # type: ignore[assignment]
    key = driven().key
    seals = journal.seals()
    assert len(seals) > 3
    assert broken_seal(seals, key) is None
    assert "seal 2" in (broken_seal([seals[0], *seals[2:]], key) or "")
    assert "seal 1" in (broken_seal(seals[::-1], key) or "")
    assert "signed" in (broken_seal(seals, FOREIGN.public_key().public_bytes_raw().hex()) or "")


def test_seal_body_is_canonical_and_orders_by_name() -> None:
    heads = driven().house.journal.heads()
    body = seal_body(1, "2026-01-01T00:00:00.000000Z", heads, b"", "simulation")
    again = seal_body(1, "2026-01-01T00:00:00.000000Z", dict(reversed(heads.items())), b"", "simulation")
    assert body == again == chain.canonical(orjson.loads(body))
