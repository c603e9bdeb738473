"""The port of the journal: read a stream, append to several at once, with claims. Adapters: memory, PostgreSQL.

An append is one of all or nothing: events of several streams, claims taken and given back, payloads kept beside the
chain, side effects to be done after. It is refused with `Conflict` when a stream has moved on or a claim is taken, and
acknowledged only when it is durable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol

import orjson

from onelot.record.chain import canonical, link
from onelot.record.events.base import Event, decode, encode
from onelot.record.signature import Signed, Signing
from onelot.record.terms.values import Cite


@dataclass(frozen=True, slots=True)
class Draft:
    """An event about to be appended: when, by whom (`person/…`, `equipment/…`, `system`), and the signature to make."""

    event: Event
    at: datetime
    by: str
    signing: Signing | None = None


@dataclass(frozen=True)
class Entry:
    """An event as it stands in a stream. body: canonical bytes; hash: 32 bytes; signature: 64 bytes or None."""

    stream: str
    seq: int
    body: bytes
    hash: bytes
    signature: bytes | None

    @cached_property
    def envelope(self) -> dict[str, Any]:
        """The body as JSON: stream, seq, type, v, at, by, data, and signed where a person signed."""
        value: dict[str, Any] = orjson.loads(self.body)
        return value

    @cached_property
    def event(self) -> Event:
        """The event, raised to today's version."""
        return decode(self.envelope["type"], self.envelope["v"], self.envelope["data"])

    @property
    def at(self) -> datetime:
        """When, in UTC."""
        return datetime.fromisoformat(self.envelope["at"])

    @property
    def by(self) -> str:
        """Who or what did it."""
        who: str = self.envelope["by"]
        return who

    @property
    def signed(self) -> Signed | None:
        """What is printed with the signature, or None for an event nobody signed."""
        found = self.envelope.get("signed")
        return Signed(**found) if found else None

    @property
    def cite(self) -> Cite:
        """The pointer by which other events name this one."""
        return Cite(self.stream, self.seq, self.hash.hex())


def body_of(stream: str, seq: int, draft: Draft) -> bytes:
    """The canonical body of a draft at its place. Times are UTC with microseconds and `Z`."""
    value: dict[str, Any] = {
        "stream": stream,
        "seq": seq,
        "type": type(draft.event).__name__,
        "v": draft.event.event_version,
        "at": draft.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "by": draft.by,
        "data": encode(draft.event),
    }
    if draft.signing:
        signed = draft.signing.signed
        value["signed"] = {
            "signer": signed.signer,
            "printed_name": signed.printed_name,
            "meaning": signed.meaning,
            "key": signed.key,
            # Absent where nobody looked at a page: a device's or a script's signature.
            **({"seen": signed.seen} if signed.seen else {}),
        }
    return canonical(value)


@dataclass(frozen=True, slots=True)
class Part:
    """New events of one stream after the version the writer has read (0: the stream is new)."""

    stream: str
    expected: int
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class TakeInterval:
    """Hold a resource alone from `starts_at` (inclusive) to `ends_at` (exclusive)."""

    claim: str
    resource: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class AddQuantity:
    """Raise what is available of a resource (a lot was received or made)."""

    resource: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class TakeQuantity:
    """Take an amount of what is available; refused when less is left."""

    claim: str
    resource: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class TakeName:
    """Take a name once and for all: a chain-of-identity number, a container, an idempotency key.

    note: kept beside the name for a while, for whoever asks for the name again (`Journal.note`).
    """

    name: str
    note: bytes = b""


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Give an interval or a quantity claim back."""

    claim: str


Claim = TakeInterval | AddQuantity | TakeQuantity | TakeName | GiveBack


@dataclass(frozen=True, slots=True)
class Payload:
    """A sealed value kept beside the chain. address: its commitment; patient: whose key; data: ciphertext."""

    address: str
    patient: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Effect:
    """Something to be done to the world once the append is durable. key: makes repeating it harmless."""

    key: str
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Append:
    """One atomic append."""

    parts: tuple[Part, ...]
    claims: tuple[Claim, ...] = ()
    payloads: tuple[Payload, ...] = ()
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream stands: number and hash of its last event."""

    seq: int
    hash: bytes


@dataclass(frozen=True)
class Stretch:
    """What was recorded in a stretch of time, whole. since: its beginning, a full minute; None: there is no older."""

    entries: list[Entry]
    since: datetime | None


@dataclass(frozen=True)
class Projection:
    """One view: its name, which row an entry touches (or None), and the row after it. Pure.

    keys(entry) -> the rows' keys this entry may touch; project(row or None, entry, key) -> row, or None to leave it.
    of: whose a row is (record/sight.py): `therapy` or `batch` when its key is, or begins with, that stream's number
    and a slash; `everyone` when no row is about a patient; `house` (unless said) when nobody's screen may read it.
    """

    name: str
    keys: Callable[[Entry], Sequence[str]]
    project: Callable[[dict[str, Any] | None, Entry, str], dict[str, Any] | None]
    of: str = "house"


@dataclass(frozen=True, slots=True)
class Seal:
    """A Merkle root over the heads of all chains at one moment, signed by the site; also written outside."""

    number: int
    at: datetime
    size: int
    root: bytes
    previous: bytes
    body: bytes
    signature: bytes


class Reading(Protocol):
    """What can be read of a journal, whole or by one user's sites."""

    def read(self, stream: str, after: int = 0) -> list[Entry]:
        """The stream's entries with a number above `after`, in order; empty for an unknown stream."""

    def heads(self, prefix: str = "") -> dict[str, Head]:
        """The head of every stream whose name starts with `prefix`."""

    def payload(self, address: str) -> Payload | None:
        """The sealed value at this address."""

    def rows(self, view: str, keys: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
        """The rows of a view by key: all, or these."""

    def available(self, resource: str) -> Decimal:
        """What is left of a quantity."""

    def taken(self, resource: str) -> list[tuple[str, datetime, datetime]]:
        """The interval claims on a resource: claim, from, to."""

    def newest(self, before: datetime | None, most: int) -> Stretch:
        """The newest events of all streams at times below `before` (None: up to now and beyond), about `most` of them.

        Counted is what anybody wrote; given is what may be seen of it.
        """

    def seals(self) -> list[Seal]:
        """All seals, oldest first."""


class Journal(Reading, Protocol):
    """What every journal can do."""

    def seen_by(self, sites: Collection[str]) -> Reading:
        """The journal as somebody of these sites may read it (record/sight.py); what is not theirs is not there."""

    def submit(self, append: Append) -> Future[list[Entry]]:
        """Queue an append; the future gives its entries once durable, or raises Conflict."""

    def append(self, append: Append) -> list[Entry]:
        """As `submit`, and wait."""

    def erase_payloads(self, patient: str) -> int:
        """Remove the sealed values of a patient whose health key is destroyed; how many there were."""

    def rebuild(self) -> dict[str, int]:
        """Project every view again from the streams; how many rows each has."""

    def effects(self, limit: int = 100) -> list[Effect]:
        """Side effects not yet done, oldest first."""

    def effect_done(self, key: str) -> None:
        """Note that the side effect with this key was done."""

    def note(self, name: str) -> bytes | None:
        """What was noted when this name was taken; None when nothing was, or nobody took it."""

    def keep_seal(self, seal: Seal) -> None:
        """Keep a seal."""

    def close(self) -> None:
        """Finish what is queued and let go."""


def link_part(head: Head, part: Part) -> list[Entry]:
    """The part's entries after this head: bodies made, linked, and signed where a person signs."""
    entries: list[Entry] = []
    seq, previous = head.seq, head.hash
    for draft in part.drafts:
        seq += 1
        body = body_of(part.stream, seq, draft)
        previous = link(previous, body)
        signature = draft.signing.sign(previous) if draft.signing else None
        entries.append(Entry(part.stream, seq, body, previous, signature))
    return entries


def cites(value: Any) -> Iterable[Cite]:
    """Every citation inside an event's JSON data."""
    if isinstance(value, dict):
        if value.keys() == {"stream", "seq", "hash"}:
            yield Cite(value["stream"], value["seq"], value["hash"])
        else:
            for item in value.values():
                yield from cites(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from cites(item)
