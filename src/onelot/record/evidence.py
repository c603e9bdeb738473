"""The offline verifier: one export file and one public key, no database and no network. Pure.

What is proven, in order:
 1. the seal is signed by the site key given
 2. each stream's hashes follow from its bodies, from its own start; every body is canonical and stands in its place
 3. each stream's head is a leaf under the sealed root (RFC 9162 inclusion); so nothing is missing at the end
 4. the batch and its therapies are whole
 5. every signature fits its event, by whoever did it, with a key whose enrolment the site signed; what must be
    signed by a person is
 6. every citation leads to an event in the file, with that hash
 7. every stream went its life table's way; the batch and its therapies fold
 8. every opened value is the one committed to
 9. the file is byte for byte what its values make
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from onelot.record import chain, merkle
from onelot.record.errors import OnelotError
from onelot.record.journal import Entry, Head, Seal, cites
from onelot.record.life import advance
from onelot.record.signature import Signed, is_signature
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
        "GuidesDesigned",
        "GuideChosen",
        "GuideConfirmed",
        "EvidenceRecorded",
        "TailoringApproved",
        "Decided",
        "CertificateIssued",
        "ConditionallyReleased",
        "Released",
        "ExceptionalSupply",
        "Rejected",
        "DeviationAssessed",
        "DeviationClosed",
        "ConditioningCleared",
        "Administered",
    }
)


# What reading a file that was cut, bent or made up may raise.
_NOT_WHOLE = (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)
_SIGNED = {field.name for field in fields(Signed)} - {"seen"}  # `seen` only where something was shown


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
        return _verify(data, key, expect_root)
    except _NOT_WHOLE as cause:
        what = f"the file is not a whole export: {type(cause).__name__} {cause}"
        return Report((Problem("export", 0, what),), 0, 0, 0, "", "", "unknown")


def _verify(data: bytes, key: str, expect_root: str | None) -> Report:
    value: dict[str, Any] = orjson.loads(data)
    key = key.lower()
    problems: list[Problem] = []
    if value["format"] != FORMAT:
        problems.append(Problem("export", 0, f"format {value['format']} is not {FORMAT}"))
    try:
        body = value["seal"]["body"].encode()
        seal = seal_from(body, _from_hex(value["seal"]["signature"]))
        sealed = orjson.loads(body)
    except _NOT_WHOLE:
        return Report((Problem("seal", 0, "the seal is missing or is not whole"),), 0, 0, 0, "", "", "unknown")
    if sealed["format"] != SEAL_FORMAT or not is_signature(key, body, seal.signature):
        problems.append(Problem("seal", 0, "the seal is not signed by this site key"))
    if expect_root is not None and seal.root.hex() != expect_root.lower():
        problems.append(Problem("seal", 0, f"the root is {seal.root.hex()}, not the one expected"))
    streams: dict[str, list[Entry]] = {}
    for name, shown in value["streams"].items():
        try:
            entries, found = _read_stream(name, shown, seal)
        except _NOT_WHOLE as cause:
            entries, found = [], [Problem(name, 0, f"the stream is not whole: {type(cause).__name__} {cause}")]
        streams[name] = entries
        problems += found
    whole = {name for name, shown in value["streams"].items() if not shown.get("after")}
    problems += _missing(value["batch"], streams, whole)
    mode = _mode(streams)
    if mode != sealed["mode"] or mode != value["mode"]:
        problems.append(Problem("journal", 1, "the mode of the journal is missing or another than the seal's"))
    problems += _signatures(streams, key)
    problems += _citations(streams)
    problems += _lives(value["batch"], streams)
    problems += _opened(value.get("opened", {}), streams)
    # Last, because it says least of the place: a key given twice, or a byte between the values.
    if orjson.dumps(value, option=orjson.OPT_INDENT_2) != data:
        problems.append(Problem("export", 0, "the file is not as it was written: the same values make other bytes"))
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
    """The entries that can be trusted to be entries, and the first thing wrong with the stream."""
    entries: list[Entry] = []
    for seq, (text, link, signature) in enumerate(shown["entries"], 1):
        try:
            signed = _from_hex(signature) if signature is not None else None
            entries.append(Entry(name, seq, text.encode(), _from_hex(link), signed))
        except _NOT_WHOLE:
            return entries, [Problem(name, seq, "the hash or the signature is not written in hex")]
    found = _first_break(name, entries)
    if found:
        # What comes after a break is nobody's word; what comes before it is still looked at.
        return entries[: found.seq - 1], [Problem(name, found.seq, found.what)]
    last = entries[-1].hash if entries else chain.start(name)
    for digest in shown["after"]:
        last = chain.link_digest(last, _from_hex(digest))
    head = Head(len(entries) + len(shown["after"]), last)
    path = [_from_hex(each) for each in shown["proof"]]
    if merkle.root_from(head_leaf(name, head), shown["index"], seal.size, path) != seal.root:
        what = "the head is not under the seal: events are missing at the end, were added, or are not sealed"
        return entries, [Problem(name, head.seq, what)]
    return entries, []


def _first_break(name: str, entries: Sequence[Entry]) -> chain.Break | None:
    """The earliest event that is not in its place; each check may rely on the one before."""
    found = None
    for look in (
        lambda some: chain.first_break(name, [(entry.body, entry.hash) for entry in some]),
        lambda some: chain.misplaced(name, [entry.body for entry in some]),
        _shapeless,
    ):
        found = look(entries[: found.seq - 1] if found else entries) or found
    return found


def _from_hex(text: str) -> bytes:
    # bytes.fromhex also reads capitals and spaces; two spellings of one value would let an edit through.
    found = bytes.fromhex(text)
    if found.hex() != text:
        raise ValueError("not plain lower-case hex")
    return found


def _shapeless(entries: Sequence[Entry]) -> chain.Break | None:
    """The first body that is no envelope: the checks after this one may rely on its fields."""
    for entry in entries:
        value = entry.envelope
        signed = value.get("signed")
        right = (
            all(isinstance(value.get(name), str) for name in ("type", "at", "by"))
            and isinstance(value.get("data"), dict)
            and type(value.get("v")) is int
            and (signed is None or (isinstance(signed, dict) and signed.keys() - {"seen"} == _SIGNED))
        )
        if not right or (signed is not None and not all(isinstance(each, str) for each in signed.values())):
            return chain.Break(entry.seq, "the body is not an event's")
    return None


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
        (name, entry.envelope["data"].get("key"))
        for name, entries in streams.items()
        if name.startswith("person/")
        for entry in entries
        if entry.envelope["type"] == "KeyEnrolled"
    }
    for name, entries in streams.items():
        for entry in entries:
            what = _unsigned(entry) if entry.signed is None else _misigned(entry, entry.signed, site_key, enrolled)
            if what:
                yield Problem(name, entry.seq, what)


def _unsigned(entry: Entry) -> str | None:
    if entry.signature is not None:
        return "a signature nobody is named for"
    kind = entry.envelope["type"]
    return f"{kind} must be signed and is not" if kind in MUST_BE_SIGNED else None


def _misigned(entry: Entry, signed: Signed, site_key: str, enrolled: Container[tuple[str, str]]) -> str | None:
    kind = entry.envelope["type"]
    if entry.signature is None or not is_signature(signed.key, entry.hash, entry.signature):
        return f"the signature of {signed.printed_name} does not fit the event"
    if signed.signer.startswith("site/"):
        if signed.key != site_key:
            return "signed in the site's name by a foreign key"
        return f"{kind} is signed by a person, not by the site" if kind in MUST_BE_SIGNED - {"KeyEnrolled"} else None
    if (signed.signer, signed.key) not in enrolled:
        return f"the key of {signed.printed_name} was never enrolled by the site"
    if kind == "KeyEnrolled":
        return "an enrolment is signed by the site, not by a person"
    return None if signed.signer == entry.by else f"done by {entry.by} and signed by {signed.signer}"


def _citations(streams: Mapping[str, Sequence[Entry]]) -> Iterator[Problem]:
    for name, entries in streams.items():
        for entry in entries:
            for cite in cites(entry.envelope["data"]):
                found = streams.get(cite.stream, [])
                if not 1 <= cite.seq <= len(found) or found[cite.seq - 1].hash.hex() != cite.hash:
                    what = f"cites {cite.stream}#{cite.seq}, which is not in the file like this"
                    yield Problem(name, entry.seq, what)


def _lives(batch: str, streams: Mapping[str, Sequence[Entry]]) -> Iterator[Problem]:
    for name, entries in streams.items():
        subject = name.split("/", 1)[0]
        state, folded = "new", None
        fold: Any = fold_therapy if subject == "therapy" else fold_batch if name == f"batch/{batch}" else None
        for entry in entries:
            try:
                state = advance(subject, state, entry.envelope["type"])
                folded = fold([entry], folded) if fold else None
            except (OnelotError, KeyError) as refusal:
                yield Problem(name, entry.seq, refusal.what if isinstance(refusal, OnelotError) else "no such subject")
                break


def _opened(opened: Mapping[str, str], streams: Mapping[str, Sequence[Entry]]) -> Iterator[Problem]:
    for commitment, plain in opened.items():
        if sha256(_from_hex(plain)).hexdigest() != commitment:
            yield Problem("opened", 0, f"the value shown for {commitment} is not the one committed to")
        elif not any(commitment.encode() in entry.body for entries in streams.values() for entry in entries):
            yield Problem("opened", 0, f"no event in the file commits to {commitment}")
