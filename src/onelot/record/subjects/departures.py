"""Deviations and near misses, as a batch and a therapy both fold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from onelot.record.events.departures import DeviationClosed, DeviationOpened, ScanRefused
from onelot.record.journal import Entry
from onelot.record.terms.values import Cite


@dataclass(frozen=True)
class Deviation:
    """A departure; open until somebody signed its closure."""

    deviation: str
    severity: str
    what: str
    rule: str
    opened_at: datetime
    opened_by: str
    closed_by: str = ""


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


def closed(known: Deviations, event: DeviationClosed, entry: Entry) -> Deviations:
    """The deviations with this one closed; an unknown one changes nothing."""
    found = known.get(event.deviation)
    return {**known, event.deviation: replace(found, closed_by=entry.by)} if found else known


def still_open(known: Deviations) -> tuple[Deviation, ...]:
    """Those nobody has closed."""
    return tuple(found for found in known.values() if not found.closed_by)
