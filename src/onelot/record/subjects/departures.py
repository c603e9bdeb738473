"""Deviations and near misses, as a batch and a therapy both fold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from onelot.record.events.departures import DeviationAssessed, DeviationClosed, DeviationOpened, ScanRefused
from onelot.record.journal import Entry
from onelot.record.terms.values import Cite

#: Classes of a deviation, the gravest last.
SEVERITIES = ("minor", "major", "critical")


@dataclass(frozen=True)
class Assessment:
    """What quality found and decided while it was open, by whom and when."""

    found: DeviationAssessed
    cite: Cite
    by: str
    at: datetime


@dataclass(frozen=True)
class Deviation:
    """A departure; open until somebody signed its closure.

    severity: the gravest it was ever said to be, which is what blocks; assessed: the newest assessment, or None.
    """

    deviation: str
    severity: str
    what: str
    rule: str
    opened_at: datetime
    opened_by: str
    closed_by: str = ""
    assessed: Assessment | None = None


@dataclass(frozen=True)
class NearMiss:
    """A wrong thing that was put down: the event, where it stands, by whom and when."""

    refused: ScanRefused
    cite: Cite
    by: str
    at: datetime


Deviations = Mapping[str, Deviation]


def opened(known: Deviations, event: DeviationOpened, entry: Entry) -> Deviations:
    """The deviations with this one."""
    found = Deviation(event.deviation, event.severity, event.what, event.rule, entry.at, entry.by)
    return {**known, event.deviation: found}


def graver(one: str, other: str) -> str:
    """The graver of two classes; a word that is none of them counts as the gravest."""
    return max(one, other, key=lambda each: SEVERITIES.index(each) if each in SEVERITIES else len(SEVERITIES))


def assessed(known: Deviations, event: DeviationAssessed, entry: Entry) -> Deviations:
    """The deviations with this assessment: it can make one graver and never lighter; an unknown one changes nothing."""
    found = known.get(event.deviation)
    if found is None:
        return known
    newest = Assessment(event, entry.cite, entry.by, entry.at)
    return {**known, event.deviation: replace(found, severity=graver(found.severity, event.severity), assessed=newest)}


def closed(known: Deviations, event: DeviationClosed, entry: Entry) -> Deviations:
    """The deviations with this one closed; an unknown one changes nothing."""
    found = known.get(event.deviation)
    return {**known, event.deviation: replace(found, closed_by=entry.by)} if found else known


def still_open(known: Deviations) -> tuple[Deviation, ...]:
    """Those nobody has closed."""
    return tuple(found for found in known.values() if not found.closed_by)
