"""A batch, folded from its stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import singledispatch
from typing import Any

from onelot.record.events import batch as ev
from onelot.record.events.base import Event
from onelot.record.journal import Entry
from onelot.record.life import advance
from onelot.record.subjects import departures
from onelot.record.subjects.departures import Deviation
from onelot.record.terms.values import Cite, Container

# The purpose of a batch that is made as for the patient and studied instead of given.
TOXICOLOGY = "toxicology"
STUDY_LABEL = "TOXICOLOGY LOT - NOT FOR USE IN HUMANS"


@dataclass(frozen=True)
class PhaseRun:
    """One run of a phase: ISA-88 state, when it started and ended, its outcome, equipment and who."""

    phase: str
    run: int
    state: str
    started_at: datetime
    started_by: str
    equipment: str = ""
    ended_at: datetime | None = None
    outcome: str = ""
    held_because: str = ""


@dataclass(frozen=True)
class Command:
    """A command to a device: recorded before it was sent; answer is "" until the device spoke."""

    key: str
    phase: str
    equipment: str
    verb: str
    target: str
    answer: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Result:
    """A test result and the event it stands in; the newest per test counts."""

    result: ev.Tested
    cite: Cite
    by: str
    at: datetime


@dataclass(frozen=True)
class Adjustment:
    """A parameter that was changed, the event that says so, who and when."""

    change: ev.ParameterAdjusted
    cite: Cite
    by: str
    at: datetime


@dataclass(frozen=True)
class Reading:
    """An in-process measurement and the event it stands in."""

    measured: ev.Measured
    cite: Cite
    by: str


@dataclass(frozen=True)
class Batch:
    """One run of one control recipe. `state` is its place in the life table; `disposition` the quality decision."""

    state: str = "new"
    seq: int = 0
    batch: str = ""
    therapies: tuple[str, ...] = ()
    recipe: Cite | None = None
    tailoring: Cite | None = None
    site: str = ""
    purpose: str = ""
    label: str = ""
    planned_at: datetime | None = None
    received: tuple[ev.MaterialReceived, ...] = ()
    runs: tuple[PhaseRun, ...] = ()
    commands: Mapping[str, Command] = field(default_factory=dict)
    charged: tuple[ev.MaterialCharged, ...] = ()
    measured: tuple[Reading, ...] = ()
    adjusted: tuple[Adjustment, ...] = ()
    deviations: Mapping[str, Deviation] = field(default_factory=dict)
    near_misses: tuple[departures.NearMiss, ...] = ()
    containers: tuple[Container, ...] = ()
    filled: ev.Filled | None = None
    completed: ev.ManufactureCompleted | None = None
    completed_at: datetime | None = None
    results: tuple[Result, ...] = ()
    certificate: Cite | None = None
    disposition: str = ""
    disposition_at: datetime | None = None
    outstanding: tuple[str, ...] = ()
    rejected: str = ""
    late_failures: tuple[ev.LateResultFailed, ...] = ()
    dispatched: ev.Dispatched | None = None
    dispatched_at: datetime | None = None
    custody: tuple[ev.CustodyTransferred, ...] = ()
    shipment: ev.ShipmentReceived | None = None
    compared: ev.IdentityCompared | None = None
    administered: ev.Administered | None = None
    returned: str = ""
    holds: Mapping[str, str] = field(default_factory=dict)
    terminated: str = ""
    workers: frozenset[str] = frozenset()

    @property
    def for_study(self) -> bool:
        """Whether it is a toxicology lot: decided on like any other, and never dispatched to a patient or given."""
        return self.purpose == TOXICOLOGY

    @property
    def running(self) -> PhaseRun | None:
        """The phase run that is not complete, if any."""
        open_runs = [run for run in self.runs if run.state in ("Running", "Held")]
        return open_runs[-1] if open_runs else None

    @property
    def open_deviations(self) -> tuple[Deviation, ...]:
        """Deviations nobody has closed."""
        return departures.still_open(self.deviations)

    def newest(self, name: str) -> Reading | None:
        """The last in-process value of this name."""
        return next((found for found in reversed(self.measured) if found.measured.name == name), None)

    def result(self, test: str) -> Result | None:
        """The last result of this test."""
        return next((found for found in reversed(self.results) if found.result.test == test), None)


_MAKING = (
    ev.PhaseStarted,
    ev.MaterialCharged,
    ev.Measured,
    ev.ParameterAdjusted,
    ev.PhaseCompleted,
    ev.Filled,
    ev.ManufactureCompleted,
)


def fold_batch(entries: Iterable[Entry], state: Batch | None = None) -> Batch:
    """The batch after these entries; refuses what its life table does not allow."""
    found = state or Batch()
    for entry in entries:
        step = advance("batch", found.state, entry.envelope["type"])
        found = _apply(entry.event, replace(found, state=step, seq=entry.seq), entry)
        if isinstance(entry.event, _MAKING) and entry.by.startswith("person/"):
            found = replace(found, workers=found.workers | {entry.by})
    return found


@singledispatch
def _apply(event: Event, state: Batch, entry: Entry) -> Batch:
    return state


@_apply.register
def _(event: ev.BatchPlanned, state: Batch, entry: Entry) -> Batch:
    return replace(
        state,
        batch=event.batch,
        therapies=event.therapies,
        recipe=event.recipe,
        tailoring=event.tailoring,
        site=event.site,
        purpose=event.purpose,
        label=event.label,
        planned_at=entry.at,
    )


@_apply.register
def _(event: ev.TailoringAdopted, state: Batch, entry: Entry) -> Batch:
    return replace(state, tailoring=event.tailoring)


@_apply.register
def _(event: ev.MaterialReceived, state: Batch, entry: Entry) -> Batch:
    return replace(state, received=(*state.received, event))


def _change_run(batch: Batch, phase: str, **changes: Any) -> Batch:
    """Change the last run of this phase."""
    at = max((i for i, run in enumerate(batch.runs) if run.phase == phase), default=None)
    if at is None:
        return batch
    return replace(batch, runs=(*batch.runs[:at], replace(batch.runs[at], **changes), *batch.runs[at + 1 :]))


@_apply.register
def _(event: ev.PhaseStarted, state: Batch, entry: Entry) -> Batch:
    run = PhaseRun(event.phase, event.run, "Running", entry.at, entry.by, event.equipment)
    return replace(state, runs=(*state.runs, run))


@_apply.register
def _(event: ev.PhaseHeld, state: Batch, entry: Entry) -> Batch:
    return _change_run(state, event.phase, state="Held", held_because=event.reason)


@_apply.register
def _(event: ev.PhaseRestarted, state: Batch, entry: Entry) -> Batch:
    return _change_run(state, event.phase, state="Running", held_because="")


@_apply.register
def _(event: ev.PhaseCompleted, state: Batch, entry: Entry) -> Batch:
    return _change_run(state, event.phase, state="Complete", ended_at=entry.at, outcome=event.outcome)


@_apply.register
def _(event: ev.CommandRecorded, state: Batch, entry: Entry) -> Batch:
    command = Command(event.key, event.phase, event.equipment, event.verb, event.target)
    return replace(state, commands={**state.commands, event.key: command})


@_apply.register
def _(event: ev.CommandAnswered, state: Batch, entry: Entry) -> Batch:
    asked = state.commands.get(event.key)
    if asked is None:
        return state
    answered = replace(asked, answer=event.answer, detail=event.detail)
    return replace(state, commands={**state.commands, event.key: answered})


@_apply.register
def _(event: ev.MaterialCharged, state: Batch, entry: Entry) -> Batch:
    return replace(state, charged=(*state.charged, event))


@_apply.register
def _(event: ev.Measured, state: Batch, entry: Entry) -> Batch:
    return replace(state, measured=(*state.measured, Reading(event, entry.cite, entry.by)))


@_apply.register
def _(event: ev.EntryCorrected, state: Batch, entry: Entry) -> Batch:
    def right(found: Reading) -> Reading:
        if found.cite != event.corrects:
            return found
        return replace(found, measured=replace(found.measured, value=Decimal(event.value)))

    def right_result(found: Result) -> Result:
        if found.cite != event.corrects:
            return found
        # A corrected result is judged anew by release; until then it counts as no evidence.
        return replace(found, result=replace(found.result, value=event.value, verdict="not_evaluated"))

    return replace(
        state,
        measured=tuple(right(found) for found in state.measured),
        results=tuple(right_result(found) for found in state.results),
    )


@_apply.register
def _(event: ev.ParameterAdjusted, state: Batch, entry: Entry) -> Batch:
    return replace(state, adjusted=(*state.adjusted, Adjustment(event, entry.cite, entry.by, entry.at)))


@_apply.register
def _(event: ev.DeviationOpened, state: Batch, entry: Entry) -> Batch:
    return replace(state, deviations=departures.opened(state.deviations, event, entry))


@_apply.register
def _(event: ev.DeviationAssessed, state: Batch, entry: Entry) -> Batch:
    return replace(state, deviations=departures.assessed(state.deviations, event, entry))


@_apply.register
def _(event: ev.DeviationClosed, state: Batch, entry: Entry) -> Batch:
    return replace(state, deviations=departures.closed(state.deviations, event, entry))


@_apply.register
def _(event: ev.ScanRefused, state: Batch, entry: Entry) -> Batch:
    missed = departures.NearMiss(event, entry.cite, entry.by, entry.at)
    return replace(state, near_misses=(*state.near_misses, missed))


@_apply.register
def _(event: ev.Filled, state: Batch, entry: Entry) -> Batch:
    return replace(state, containers=(*state.containers, *event.containers), filled=event)


@_apply.register
def _(event: ev.ManufactureCompleted, state: Batch, entry: Entry) -> Batch:
    return replace(state, completed=event, completed_at=entry.at)


@_apply.register
def _(event: ev.Tested, state: Batch, entry: Entry) -> Batch:
    return replace(state, results=(*state.results, Result(event, entry.cite, entry.by, entry.at)))


@_apply.register
def _(event: ev.CertificateIssued, state: Batch, entry: Entry) -> Batch:
    return replace(state, certificate=entry.cite)


def _decided(state: Batch, entry: Entry, disposition: str, outstanding: tuple[str, ...] = ()) -> Batch:
    return replace(state, disposition=disposition, disposition_at=entry.at, outstanding=outstanding)


@_apply.register
def _(event: ev.ConditionallyReleased, state: Batch, entry: Entry) -> Batch:
    return _decided(state, entry, "conditionally_released", event.outstanding)


@_apply.register
def _(event: ev.Released, state: Batch, entry: Entry) -> Batch:
    return _decided(state, entry, "released")


@_apply.register
def _(event: ev.ExceptionalSupply, state: Batch, entry: Entry) -> Batch:
    return _decided(state, entry, "exceptional_supply")


@_apply.register
def _(event: ev.Rejected, state: Batch, entry: Entry) -> Batch:
    return replace(_decided(state, entry, "rejected"), rejected=event.reason)


@_apply.register
def _(event: ev.LateResultFailed, state: Batch, entry: Entry) -> Batch:
    return replace(state, late_failures=(*state.late_failures, event))


@_apply.register
def _(event: ev.Dispatched, state: Batch, entry: Entry) -> Batch:
    return replace(state, dispatched=event, dispatched_at=entry.at)


@_apply.register
def _(event: ev.CustodyTransferred, state: Batch, entry: Entry) -> Batch:
    return replace(state, custody=(*state.custody, event))


@_apply.register
def _(event: ev.ShipmentReceived, state: Batch, entry: Entry) -> Batch:
    return replace(state, shipment=event)


@_apply.register
def _(event: ev.IdentityCompared, state: Batch, entry: Entry) -> Batch:
    return replace(state, compared=event)


@_apply.register
def _(event: ev.Administered, state: Batch, entry: Entry) -> Batch:
    return replace(state, administered=event)


@_apply.register
def _(event: ev.Returned, state: Batch, entry: Entry) -> Batch:
    return replace(state, returned=event.reason)


@_apply.register
def _(event: ev.BatchHeld, state: Batch, entry: Entry) -> Batch:
    return replace(state, holds={**state.holds, event.rule: event.reason})


@_apply.register
def _(event: ev.BatchHoldLifted, state: Batch, entry: Entry) -> Batch:
    return replace(state, holds={rule: why for rule, why in state.holds.items() if rule != event.rule})


@_apply.register
def _(event: ev.BatchTerminated, state: Batch, entry: Entry) -> Batch:
    return replace(state, terminated=event.reason)
