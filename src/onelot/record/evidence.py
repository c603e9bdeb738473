"""The offline verifier: one export file and one public key, no database and no network. Pure.

What is proven, in order:
 1. the seal is signed by the site key given
 2. each stream's hashes follow from its bodies, from its own start; every body is canonical and stands in its place
 3. each stream's head is a leaf under the sealed root (RFC 9162 inclusion); so nothing is missing at the end
 4. the batch and its therapies are whole
 5. every signature fits its event, by a key whose enrolment the site signed; what must be signed is
 6. every citation leads to an event in the file, with that hash
 7. the batch and its therapies went their life table's way
 8. every opened value is the one committed to
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from onelot.record import chain, merkle
from onelot.record.errors import OnelotError
from onelot.record.journal import Entry, Head, Seal, cites
from onelot.record.signature import is_signature
from onelot.record.subjects import fold_batch, fold_therapy

FORMAT = "onelot-export/1"
SEAL_FORMAT = "onelot-seal/1"

# A person answers for these (21 CFR 11.50, 11.70; EU GMP Annex 11 §14); the site answers for an enrolment.
MUST_BE_SIGNED = frozenset(
    {
        "KeyEnrolled",
        "DocumentApproved",
        "LotReleased",
        "TherapyOrdered",
        "TailoringApproved",
        "CertificateIssued",
        "ConditionallyReleased",
        "Released",
        "ExceptionalSupply",
        "Rejected",
        "DeviationClosed",
        "ConditioningCleared",
        "Administered",
    }
)


@dataclass(frozen=True)
class Problem:
    """What does not verify, and where: stream and event number (0: the stream or the file as a whole)."""

    stream: str
    seq: int
    what: str

    def __str__(self) -> str:
        place = f"{self.stream}#{self.seq}" if self.seq else self.stream
        return f"{place}: {self.what}"


@dataclass(frozen=True)
class Report:
    """The outcome: problems (none: verified), how much was checked, under which root, and the mode of the journal."""

    problems: tuple[Problem, ...]
    streams: int
    events: int
    signatures: int
    root: str
    sealed_at: str
    mode: str

    @property
    def verified(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def head_leaf(stream: str, head: Head) -> bytes:
    """The leaf of a stream's head in the seal's tree."""
    return merkle.leaf(chain.canonical({"stream": stream, "seq": head.seq, "hash": head.hash.hex()}))


def seal_body(number: int, at: str, heads: Mapping[str, Head], previous: bytes, mode: str) -> bytes:
    """What the site signs: number, time, root over all heads in the order of their names, and the seal before."""
    leaves = [head_leaf(stream, heads[stream]) for stream in sorted(heads)]
    return chain.canonical(
        {
            "format": SEAL_FORMAT,
            "number": number,
            "at": at,
            "size": len(leaves),
            "root": merkle.root(leaves).hex(),
            "previous": previous.hex(),
            "mode": mode,
        }
    )


def seal_from(body: bytes, signature: bytes) -> Seal:
    """A seal from its signed body."""
    value = orjson.loads(body)
    return Seal(
        value["number"],
        datetime.fromisoformat(value["at"]),
        value["size"],
        bytes.fromhex(value["root"]),
        bytes.fromhex(value["previous"]),
        body,
        signature,
    )


def broken_seal(seals: Sequence[Seal], key: str) -> str | None:
    """The first thing wrong with a row of seals: a number missing, a link that does not follow, a foreign signature."""
    previous = b""
    for number, seal in enumerate(seals, 1):
        if seal.number != number or seal.previous != previous:
            return f"seal {number} does not follow the one before"
        if not is_signature(key, seal.body, seal.signature):
            return f"seal {number} is not signed by this site key"
        previous = sha256(seal.body).digest()
    return None


def verify(data: bytes, key: str, expect_root: str | None = None) -> Report:
    """Verify an export.

    Args:
        data: the file's bytes. key: the site's public key, 64 hex digits. expect_root: a root kept elsewhere, in hex.
    """
    try:
        return _verify(orjson.loads(data), key, expect_root)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError, IndexError) as cause:
        what = f"the file is not a whole export: {type(cause).__name__} {cause}"
        return Report((Problem("export", 0, what),), 0, 0, 0, "", "", "unknown")


def _verify(value: dict[str, Any], key: str, expect_root: str | None) -> Report:
    problems: list[Problem] = []
    if value["format"] != FORMAT:
        problems.append(Problem("export", 0, f"format {value['format']} is not {FORMAT}"))
    body = value["seal"]["body"].encode()
    seal = seal_from(body, bytes.fromhex(value["seal"]["signature"]))
    sealed = orjson.loads(body)
    if sealed["format"] != SEAL_FORMAT or not is_signature(key, body, seal.signature):
        problems.append(Problem("seal", 0, "the seal is not signed by this site key"))
    if expect_root is not None and seal.root.hex() != expect_root.lower():
        problems.append(Problem("seal", 0, f"the root is {seal.root.hex()}, not the one expected"))
    streams: dict[str, list[Entry]] = {}
    for name, shown in value["streams"].items():
        entries, found = _read_stream(name, shown, seal)
        streams[name] = entries
        problems += found
    whole = {name for name, shown in value["streams"].items() if not shown["after"]}
    problems += _missing(value["batch"], streams, whole)
    mode = _mode(streams)
    if mode != sealed["mode"] or mode != value["mode"]:
        problems.append(Problem("journal", 1, "the mode of the journal is missing or another than the seal's"))
    problems += _signatures(streams, key)
    problems += _citations(streams)
    problems += _lives(value["batch"], streams)
    problems += _opened(value.get("opened", {}))
    return Report(
        tuple(problems),
        len(streams),
        sum(len(entries) for entries in streams.values()),
        sum(1 for entries in streams.values() for entry in entries if entry.signature),
        seal.root.hex(),
        sealed["at"],
        mode,
    )


def _read_stream(name: str, shown: dict[str, Any], seal: Seal) -> tuple[list[Entry], list[Problem]]:
    entries = [
        Entry(name, seq, text.encode(), bytes.fromhex(link), bytes.fromhex(signature) if signature else None)
        for seq, (text, link, signature) in enumerate(shown["entries"], 1)
    ]
    pairs = [(entry.body, entry.hash) for entry in entries]
    for found in (chain.first_break(name, pairs), chain.misplaced(name, [entry.body for entry in entries])):
        if found:
            return entries, [Problem(name, found.seq, found.what)]
    last = entries[-1].hash if entries else chain.start(name)
    for digest in shown["after"]:
        last = chain.link_digest(last, bytes.fromhex(digest))
    head = Head(len(entries) + len(shown["after"]), last)
    path = [bytes.fromhex(each) for each in shown["proof"]]
    if merkle.root_from(head_leaf(name, head), shown["index"], seal.size, path) != seal.root:
        what = "the head is not under the seal: events are missing at the end, were added, or are not sealed"
        return entries, [Problem(name, head.seq, what)]
    return entries, []


def _missing(batch: str, streams: Mapping[str, Sequence[Entry]], whole: set[str]) -> Iterator[Problem]:
    main = f"batch/{batch}"
    wanted = [main]
    if streams.get(main):
        wanted += [f"therapy/{coi}" for coi in streams[main][0].envelope["data"].get("therapies", [])]
    for name in wanted:
        if not streams.get(name):
            yield Problem(name, 0, "the stream is missing from the file")
        elif name not in whole:
            yield Problem(name, len(streams[name]) + 1, "the stream must be whole, and its end is only digests")


def _mode(streams: Mapping[str, Sequence[Entry]]) -> str:
    first = streams.get("journal") or []
    return str(first[0].envelope["data"].get("mode", "unknown")) if first else "unknown"


def _signatures(streams: Mapping[str, Sequence[Entry]], site_key: str) -> Iterator[Problem]:
    enrolled = {
        (name, entry.envelope["data"]["key"])
        for name, entries in streams.items()
        if name.startswith("person/")
        for entry in entries
        if entry.envelope["type"] == "KeyEnrolled"
    }
    for name, entries in streams.items():
        for entry in entries:
            signed = entry.signed
            if signed is None:
                if entry.signature is not None:
                    yield Problem(name, entry.seq, "a signature nobody is named for")
                if entry.envelope["type"] in MUST_BE_SIGNED:
                    yield Problem(name, entry.seq, f"{entry.envelope['type']} must be signed and is not")
            elif entry.signature is None or not is_signature(signed.key, entry.hash, entry.signature):
                yield Problem(name, entry.seq, f"the signature of {signed.printed_name} does not fit the event")
            elif signed.signer.startswith("site/"):
                if signed.key != site_key:
                    yield Problem(name, entry.seq, "signed in the site's name by a foreign key")
            elif (signed.signer, signed.key) not in enrolled:
                yield Problem(name, entry.seq, f"the key of {signed.printed_name} was never enrolled by the site")
            elif entry.envelope["type"] == "KeyEnrolled":
                yield Problem(name, entry.seq, "an enrolment is signed by the site, not by a person")


def _citations(streams: Mapping[str, Sequence[Entry]]) -> Iterator[Problem]:
    for name, entries in streams.items():
        for entry in entries:
            for cite in cites(entry.envelope["data"]):
                found = streams.get(cite.stream, [])
                if cite.seq > len(found) or found[cite.seq - 1].hash.hex() != cite.hash:
                    yield Problem(
                        name, entry.seq, f"cites {cite.stream}#{cite.seq}, which is not in the file like this"
                    )


def _lives(batch: str, streams: Mapping[str, Sequence[Entry]]) -> Iterator[Problem]:
    for name, entries in streams.items():
        fold = fold_therapy if name.startswith("therapy/") else fold_batch if name == f"batch/{batch}" else None
        if fold is None:
            continue
        try:
            fold(entries)
        except OnelotError as refusal:
            yield Problem(name, 0, refusal.what)


def _opened(opened: Mapping[str, str]) -> Iterator[Problem]:
    for commitment, plain in opened.items():
        if sha256(bytes.fromhex(plain)).hexdigest() != commitment:
            yield Problem("opened", 0, f"the value shown for {commitment} is not the one committed to")
