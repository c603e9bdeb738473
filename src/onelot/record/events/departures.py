"""What departed from the instruction, in a batch or at a collection: deviations, and wrong things put down in time."""

from __future__ import annotations

from dataclasses import dataclass

from onelot.record.events.base import Event, event


@event("batch", also="therapy")
@dataclass(frozen=True)
class DeviationOpened(Event):
    """A departure from instruction or standard: class (minor, major, critical), what, by which rule."""

    deviation: str
    severity: str
    what: str
    rule: str


@event("batch", also="therapy")
@dataclass(frozen=True)
class DeviationAssessed(Event):
    """What quality finds while a deviation is open: its class, its impact, and what is decided meanwhile; signed.

    severity: as grave as it was, or graver; impact: on this batch, the patient and others, as far as it is known.
    """

    deviation: str
    severity: str
    impact: str
    meanwhile: str


@event("batch", also="therapy")
@dataclass(frozen=True)
class DeviationClosed(Event):
    """Cause, impact and decision; signed by quality."""

    deviation: str
    cause: str
    impact: str


@event("batch", also="therapy")
@dataclass(frozen=True)
class ScanRefused(Event):
    """A wrong thing was in hand, and was put down before anything was done with it: a near miss.

    where: the step, receipt, arrival, bedside, collection. thing: what was asked for; expected: what it had to read as.
    seen: what it was, as a word (`another_therapy`, `another_batch`, `lot`, `equipment`, `shipment`, `again`,
    `unknown`); number: ours, of a lot, a device or a container of this very record, and "" for whatever may belong to
    another patient. mark: keyed digest of what was read, salted with the stream, 64 hex digits.
    severity: minor or critical; deviation: the one opened with it, "" for none.
    """

    where: str
    thing: str
    expected: str
    seen: str
    number: str
    mark: str
    severity: str
    rule: str
    deviation: str = ""
