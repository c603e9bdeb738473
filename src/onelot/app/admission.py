"""What every command must pass before its handler sees it: well-formed fields, and a second person who is one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from onelot.app.authority import roles_for
from onelot.app.context import ANYWHERE, Actor
from onelot.record.errors import BadInput, NotAllowed
from onelot.record.subjects import Person

LONGEST_TEXT, LONGEST_DOCUMENT, LONGEST_NAME = 10_000, 8_000_000, 120
DOCUMENTS = frozenset({"RegisterDocument.text", "RecordDesign.design", "RecordDesign.sites"})
# No quantity of the house is larger; arithmetic and the database stay exact below it.
MOST_MAGNITUDE = 40
# Beyond it neither JSON nor its canonical form agrees on what a whole number is (RFC 8785, RFC 7493).
MOST_WHOLE = 2**53 - 1
# Retention ends decades ahead; a century is a typing error.
FURTHEST = timedelta(days=36525)
# These fields become names of streams and claims: a slash or a blank in them would name another stream.
NAMES = frozenset(
    {"batch", "coi", "therapy", "shipment", "donation", "lot", "equipment", "login", "site", "to_site", "at_site"}
)
SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+*:-]*")


def check_fields(command: object, now: datetime) -> None:
    """Refuse numbers that are not finite, moments without a zone, overlong or unprintable text, unsafe names.

    Raises:
        BadInput: the first field that cannot be read; `place` names it.
    """
    for place, value in _leaves(command, type(command).__name__):
        _check_leaf(place, value, now)


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _leaves(getattr(value, field.name), f"{place}.{field.name}")
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield f"{place} (key)", key
            yield from _leaves(each, f"{place}[{key}]")
    elif isinstance(value, tuple | list | set | frozenset):
        for number, each in enumerate(value):
            yield from _leaves(each, f"{place}[{number}]")
    else:
        yield place, value


def _check_leaf(place: str, value: Any, now: datetime) -> None:
    field = place.rsplit(".", 1)[-1]
    if isinstance(value, Decimal) and not value.is_finite():
        raise _bad(f"{value} is not a number", "a number is finite", place)
    if isinstance(value, Decimal) and (abs(value.adjusted()) > MOST_MAGNITUDE or len(value.as_tuple().digits) > 60):
        raise _bad("this number is beyond reason", f"at most 60 digits, within 10^±{MOST_MAGNITUDE}", place)
    if isinstance(value, int) and abs(value) > MOST_WHOLE:
        raise _bad("this number is beyond reason", "a whole number lies within ±2^53", place)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise _bad(f"{value.isoformat()} has no time zone", "every moment names its zone", place)
        if value - now > FURTHEST:
            raise _bad(f"{value.isoformat()} lies too far ahead", "a moment lies within a hundred years", place)
    if isinstance(value, str):
        longest = LONGEST_DOCUMENT if place in DOCUMENTS else LONGEST_TEXT
        if len(value) > longest:
            raise _bad(f"{len(value)} characters are too many", f"at most {longest} characters", place)
        if any(not (each.isprintable() or each in "\n\t\r") for each in value):
            raise _bad("unprintable characters", "text can be printed", place)
        # An empty optional name (a stock batch has no therapy) is the handler's to judge.
        if value and field in NAMES and (len(value) > LONGEST_NAME or not SAFE.fullmatch(value)):
            raise _bad(f"{value[:60]!r} cannot be a name", "a name has letters, digits and . _ @ + * : -", place)


def _bad(what: str, rule: str, place: str) -> BadInput:
    return BadInput(what, rule=rule, remedy="enter it again; nothing was written", place=place)


def check_verifier(command: str, actor: Actor, name: str, verifier: Person) -> None:
    """Refuse a second person who is unknown, gone, the doer, of an unfit role or of another site.

    This checks that such a person could have verified; that they were there they prove apart (decisions 0006, 0063).
    """
    shared = ANYWHERE in verifier.sites or actor.may_see(*verifier.sites)
    if (
        name == actor.id
        or f"person/{verifier.login}" != name
        or verifier.state != "active"
        or not roles_for(command) & verifier.roles
        or not shared
    ):
        raise NotAllowed(
            f"{name[:60]} cannot verify this",
            rule="second verifier: another active person of the same site, with a role that may do the same step",
            remedy="name the colleague who verified, as person/LOGIN",
        )
