"""What people type into a form, read strictly: numbers, moments, lines. Each refusal names the field."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from onelot.record.errors import BadInput

LONGEST = 40

# One and a half for one reader, fifteen hundred for another.
_THOUSAND = re.compile(r"[+-]?\d{1,3},\d{3}")


def line(text: str, field: str) -> str:
    """What was typed, without the blanks around it.

    Raises:
        BadInput: nothing was typed.
    """
    found = text.strip()
    if not found:
        raise _bad("nothing was entered", "this field is needed", field)
    return found


def number(text: str, field: str) -> Decimal:
    """A finite number, with a point or a comma before its decimals.

    Raises:
        BadInput: anything else; `1,000.5` and `1,500` too, since nobody knows which of two numbers is meant.
    """
    found = line(text, field)
    if _THOUSAND.fullmatch(found):
        raise _bad(
            f"{found[:LONGEST]!r} could be two numbers",
            "a comma before three digits is no decimal comma for all",
            field,
        )
    plain = found.replace(",", ".")
    try:
        value = Decimal(plain) if len(found) <= LONGEST and found.count(",") <= 1 and "_" not in found else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite():
        raise _bad(f"{found[:LONGEST]!r} is not a number", "digits, and a point before the decimals", field)
    return value


def moment(text: str, field: str) -> datetime:
    """A date, or a date and time; UTC where no zone is said, as the form says.

    Raises:
        BadInput: neither.
    """
    found = line(text, field)
    try:
        at = datetime.fromisoformat(found)
    except ValueError:
        raise _bad(f"{found[:LONGEST]!r} is no time", "2026-11-22 or 2026-11-22T09:30, UTC", field) from None
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        raise _bad(f"{found[:LONGEST]!r} is no time", "2026-11-22 or 2026-11-22T09:30, UTC", field) from None


def person(text: str) -> str:
    """The record of a colleague by their sign-in name: `person/LOGIN`; "" for nobody."""
    found = text.strip().removeprefix("person/")
    return f"person/{found}" if found else ""


def _bad(what: str, rule: str, field: str) -> BadInput:
    return BadInput(what, rule=rule, remedy="enter it again; nothing was written", place=field)
