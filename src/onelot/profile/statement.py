"""What a document states about one fact: value, time, unit, place; or why the statement cannot be used."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from onelot.profile.document import Resource
from onelot.record.terms.opened import Value

_STAMP = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T.+)?)?)?")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it stands in a document, not yet converted.

    value: as read, in `unit`; `problem` says why it cannot be used, else ""; rank: 1 for a correction, else 0;
    kind and at: resource type and time of observation (UTC), None where the document gives none.
    """

    value: Value
    unit: str
    original: str
    at: datetime | None
    rank: int
    source: str
    place: str
    kind: str
    synthetic: bool = False
    problem: str = ""

    @property
    def where(self) -> str:
        """Resource type and pointer, for people."""
        return f"{self.kind} at {self.place}"


def stated(
    resource: Resource,
    at: datetime | None,
    place: str,
    value: Value,
    *,
    unit: str = "",
    original: str = "",
    rank: int = 0,
    problem: str = "",
) -> Statement:
    """A statement of this resource; `place` is appended to the resource's pointer."""
    return Statement(
        value=value,
        unit=unit,
        original=original or str(value),
        at=at,
        rank=rank,
        source=resource.source,
        place=resource.pointer + place,
        kind=resource.kind,
        synthetic=resource.synthetic,
        problem=problem,
    )


def instant(text: object) -> datetime | None:
    """A FHIR dateTime as its earliest instant in UTC: a value then expires early rather than late."""
    # The FHIR models take a bare number for a time; FHIR does not.
    if not isinstance(text, str) or (found := _STAMP.fullmatch(text)) is None:
        return None
    year, month, day = (int(part) if part else 1 for part in found.groups())
    try:
        if "T" in text:
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        return datetime(year, month, day, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def last_day(text: object) -> date | None:
    """The last day a FHIR dateTime can mean: a drug then counts as stopped late rather than early."""
    # The FHIR models take a bare number for a time; FHIR does not.
    if not isinstance(text, str) or (found := _STAMP.fullmatch(text)) is None:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        if "T" in text and (moment := instant(text)):
            return moment.date()
        return date(year or 1, month or 12, day or calendar.monthrange(year or 1, month or 12)[1])
    except ValueError:
        return None
