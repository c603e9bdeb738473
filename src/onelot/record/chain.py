"""The hash chain of one stream, pure.

body    RFC 8785 canonical JSON of one event's envelope
digest  SHA-256(body)
link    SHA-256(previous link || digest); the link is the hash of the event, and what a person signs
start   SHA-256("onelot chain 1" NUL stream): a chain cannot be moved to another stream

The two steps (digest, then link) let an export carry an event that is not its reader's business as 32 bytes only,
and still connect what comes before and after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
import rfc8785

from onelot.record.errors import Broken

_DOMAIN = b"onelot chain 1\x00"


def canonical(value: Any) -> bytes:
    """RFC 8785 form of a JSON value without floats.

    Floats are refused because their text form is where canonical forms differ; a decimal travels as a string.
    orjson with sorted keys gives the same bytes as RFC 8785 as long as all is ASCII (tested against rfc8785); the
    slower library takes the rest.
    """
    try:
        fast = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME)
    except (TypeError, ValueError) as cause:
        raise Broken(
            f"this value has no canonical form: {cause}",
            rule="RFC 8785",
            remedy="carry times and decimals as strings",
        ) from cause
    _refuse_floats(value)
    if fast.isascii():
        return fast
    return rfc8785.dumps(value)


def _refuse_floats(value: Any) -> None:
    # Called for every event on its way in: most values are strings, and those are passed without a call.
    if isinstance(value, dict):
        for item in value.values():
            if type(item) is not str:
                _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            if type(item) is not str:
                _refuse_floats(item)
    elif isinstance(value, float) or (isinstance(value, int) and not -(2**53) < value < 2**53):
        raise Broken(
            f"{value!r} has no exact canonical form",
            rule="RFC 8785, decimals and large numbers as strings",
            remedy="carry it as a string",
        )


def start(stream: str) -> bytes:
    """The 32 bytes every chain of this stream starts from."""
    return sha256(_DOMAIN + stream.encode()).digest()


def link(previous: bytes, body: bytes) -> bytes:
    """The hash of the event with this body after `previous`; 32 bytes."""
    return sha256(previous + sha256(body).digest()).digest()


def link_digest(previous: bytes, digest: bytes) -> bytes:
    """As `link`, for an event of which only the digest is shown."""
    return sha256(previous + digest).digest()


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain stops being one: event number (1-based) and what is wrong."""

    seq: int
    what: str


def first_break(stream: str, chain: Iterable[tuple[bytes, bytes]]) -> Break | None:
    """The first event whose stored hash does not follow from what precedes it, or None.

    Args:
        stream: the stream's name.
        chain: (body, hash) of each event from the first on.
    """
    previous = start(stream)
    for seq, (body, stored) in enumerate(chain, 1):
        previous = sha256(previous + sha256(body).digest()).digest()
        if previous != stored:
            return Break(seq, "the hash does not follow from the body and the hash before it")
    return None


def misplaced(stream: str, bodies: Sequence[bytes]) -> Break | None:
    """The first body that is not canonical, or says another stream or number than the place it stands in."""
    for seq, body in enumerate(bodies, 1):
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            return Break(seq, "the body is not JSON")
        if not isinstance(value, dict) or value.get("stream") != stream or value.get("seq") != seq:
            return Break(seq, "the body belongs to another stream or number")
        try:
            again = canonical(value)
        except Broken:
            return Break(seq, "the body holds a number with no canonical form")
        if again != body:
            return Break(seq, "the body is not in canonical form")
    return None
