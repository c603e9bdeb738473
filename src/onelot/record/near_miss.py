"""A wrong thing in hand: what is written down about it, in words that name no other patient.

What was read may be another patient's number, or a hospital's wristband with a name in it. So the record holds a word
for it, our own number where that is a lot's, a device's or of this very record, and a keyed mark of the text.
"""

from __future__ import annotations

from dataclasses import dataclass

from onelot.record.events.base import Event
from onelot.record.events.departures import DeviationOpened, ScanRefused

MINOR, CRITICAL = "minor", "critical"
# What says whose a thing is. Whatever it reads instead of this patient or batch counts as somebody else's.
IDENTITY = frozenset({"patient", "container", "batch", "wristband", "paperwork", "bag", "label"})
_SAID = {
    "another_therapy": "label of another therapy",
    "another_batch": "label of another batch",
    "lot": "lot",
    "equipment": "device",
    "again": "scanned already",
    "unknown": "no number of this record",
}


@dataclass(frozen=True)
class Wrong:
    """A wrong thing. Fields as in `ScanRefused`; remedy: what to do with it now."""

    where: str
    thing: str
    expected: str
    seen: str
    number: str
    rule: str
    remedy: str

    @property
    def severity(self) -> str:
        """Critical where a thing is another patient's, or may be; a wrong lot or device put down in time is minor."""
        somebody_else = self.seen == "another_therapy" or (self.seen == "unknown" and self.thing in IDENTITY)
        return CRITICAL if somebody_else else MINOR

    @property
    def what(self) -> str:
        """One sentence that names nobody."""
        return f"{self.where}: wrong {self.thing} put down: {said(self.seen, self.number)}"


def said(seen: str, number: str) -> str:
    """What it was, in words: `lot MED-7`, `label of another therapy`."""
    return f"{_SAID.get(seen, seen)} {number}".strip()


def written(wrong: Wrong, mark: str, deviation: str) -> tuple[Event, ...]:
    """The near miss, and where it is critical its deviation. deviation: a fresh number for it."""
    grave = wrong.severity == CRITICAL
    refused = noted(wrong, mark, deviation if grave else "")
    return (refused, DeviationOpened(deviation, CRITICAL, wrong.what, wrong.rule)) if grave else (refused,)


def noted(wrong: Wrong, mark: str, deviation: str, severity: str = "") -> ScanRefused:
    """The near miss alone, under a deviation that is opened beside it ("" for none)."""
    return ScanRefused(
        where=wrong.where,
        thing=wrong.thing,
        expected=wrong.expected,
        seen=wrong.seen,
        number=wrong.number,
        mark=mark,
        severity=severity or wrong.severity,
        rule=wrong.rule,
        deviation=deviation,
    )
