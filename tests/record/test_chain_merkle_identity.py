"""The hall's arithmetic against independent oracles: canonical form, chain, Merkle trees, check characters, steps."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from onelot.record import chain, merkle
from onelot.record.errors import BadInput, Broken, Mismatch, NotAllowed, OutOfOrder
from onelot.record.identity import (
    ALPHABET,
    LENGTH,
    check_character,
    compare,
    grouped,
    make_identifier,
    read_identifier,
)
from onelot.record.life import FINAL, TABLES, advance
from onelot.record.signature import is_signature, second_person

EXACT = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=10)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | EXACT | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_canonical_is_rfc8785(value: Any) -> None:
    assert chain.canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [1.0, {"a": [0.5]}, [{"a": float("nan")}], 2**53, -(2**53), 10**30, {1: "a"}, b"x"])
def test_what_has_no_exact_form_is_refused(value: Any) -> None:
    with pytest.raises(Broken):
        chain.canonical(value)


def linked(stream: str, bodies: list[bytes]) -> list[tuple[bytes, bytes]]:
    link, found = sha256(b"onelot chain 1\0" + stream.encode()).digest(), []
    for body in bodies:
        link = sha256(link + sha256(body).digest()).digest()
        found.append((body, link))
    return found


@settings(deadline=None)
@given(st.lists(st.binary(max_size=8), min_size=1, max_size=8), st.data())
def test_first_break_names_the_event(bodies: list[bytes], data: st.DataObject) -> None:
    good = linked("batch/a", bodies)
    assert chain.first_break("batch/a", good) is None
    other = chain.first_break("batch/b", good)
    assert other is not None
    assert other.seq == 1
    at = data.draw(st.integers(0, len(good) - 1))
    bent = [*good[:at], (good[at][0] + b"!", good[at][1]), *good[at + 1 :]]
    found = chain.first_break("batch/a", bent)
    assert found is not None
    assert found.seq == at + 1


@pytest.mark.parametrize(
    "bad",
    [b"{", b"[]", b'{"seq":2,"stream":"s/1" }', b'{"seq":3,"stream":"s/1"}', b'{"seq":2,"stream":"s/2"}',
     b'{"a":0.5,"seq":2,"stream":"s/1"}', b'{"stream":"s/1","seq":2}'],
)  # fmt: skip
def test_misplaced(bad: bytes) -> None:
    first, last = b'{"seq":1,"stream":"s/1"}', b'{"seq":3,"stream":"s/1"}'
    found = chain.misplaced("s/1", [first, bad, last])
    assert found is not None
    assert found.seq == 2
    assert chain.misplaced("s/1", [first, b'{"seq":2,"stream":"s/1"}', last]) is None


def oracle_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 2.1.1, word for word: split at the largest power of two below the size."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + oracle_root(leaves[:split]) + oracle_root(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(40))
def test_merkle_roots_and_every_proof(size: int) -> None:
    leaves = [merkle.leaf(str(number).encode()) for number in range(size)]
    root = merkle.root(leaves)
    assert root == oracle_root(leaves)
    for index in range(size):
        path = merkle.proof(leaves, index)
        assert merkle.root_from(leaves[index], index, size, path) == root
        assert merkle.root_from(merkle.leaf(b"other"), index, size, path) != root
        assert merkle.root_from(leaves[index], index, size, [*path, b"\0" * 32]) != root
        assert not path or merkle.root_from(leaves[index], index, size, path[:-1]) != root
        assert not any(
            merkle.root_from(leaves[index], other, size, path) == root
            for other in range(-2, size + 2)
            if other != index
        )


def test_published_check_character() -> None:
    assert check_character("ABCDE27000069") == "C"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 36**LENGTH - 1))
def test_every_single_error_and_transposition_is_seen(number: int) -> None:
    right = make_identifier(number)
    assert read_identifier(" " + grouped(right).lower() + " ") == right
    wrong = {right[:at] + new + right[at + 1 :] for at in range(LENGTH + 1) for new in ALPHABET}
    wrong |= {right[:at] + right[at + 1] + right[at] + right[at + 2 :] for at in range(LENGTH)}
    for text in wrong - {right}:
        with pytest.raises(BadInput):
            read_identifier(text)


def test_compare_names_what_differs() -> None:
    compare({"bag": "A"}, {"bag": "A", "more": "B"})
    for expected, scans in (({"bag": "A"}, {"bag": "B"}), ({"bag": "A"}, {}), ({}, {})):
        with pytest.raises(Mismatch):
            compare(expected, scans)


def test_signatures_and_second_persons() -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
    public, made = key.public_key().public_bytes_raw().hex(), key.sign(b"link")
    assert is_signature(public, b"link", made)
    for bad in ((public, b"other", made), ("00" * 32, b"link", made), ("no", b"link", made), (public, b"link", b"")):
        assert not is_signature(*bad)
    second_person("a", "b", what="this")
    for second in ("", "a"):
        with pytest.raises(NotAllowed):
            second_person("a", second, what="this")


@pytest.mark.parametrize("subject", sorted(TABLES))
def test_life_tables_are_closed_and_refuse_the_rest(subject: str) -> None:
    table, anywhere = TABLES[subject]
    leads_to = {state for row in table.values() for state in row.values()} | {
        state for state in anywhere.values() if state
    }
    names = {name for row in table.values() for name in row} | set(anywhere) | {"NeverHeardOf"}
    for state in leads_to | set(table):
        for name in names:
            row = table.get(state, {})
            if name in row:
                assert advance(subject, state, name) == row[name]
            elif name in anywhere and state != "new" and state not in FINAL:
                assert advance(subject, state, name) == (anywhere[name] or state)
            elif name not in anywhere or state == "new":
                with pytest.raises(OutOfOrder):
                    advance(subject, state, name)
    missing = leads_to - set(table) - set(FINAL)
    # A state with no row of its own is left only by what may happen anywhere.
    assert missing <= {"taken_out", "blocked", "withdrawn"}
