"""What is to come of a batch, with its earliest and latest time: by the recipe's durations and what is booked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from onelot.make import next_step
from onelot.make.engine import HeldFor, Start, Stopped, WaitUntil, runs_of
from onelot.record.durations import span
from onelot.record.quantity import Quantity
from onelot.record.recipe import MasterRecipe, Phase, Test
from onelot.record.subjects import Batch, Therapy

_MAKING = frozenset({"planned", "received", "in_process"})
_OVER = frozenset({"rejected", "terminated", "returned", "administered"})


@dataclass(frozen=True)
class Ahead:
    """One thing to come. what: a phase's title, or with `key` a word of the record's page; people: how many it takes;
    where: the class of equipment or the resource; earliest, latest: of its begin (UTC), None where nothing says so."""

    what: str
    key: str = ""
    where: str = ""
    people: int = 0
    earliest: datetime | None = None
    latest: datetime | None = None


@dataclass(frozen=True)
class Present:
    """What is now. phase: the one that runs or is next, None between manufacture and the end; run: its run; until: when
    it may go on; since: when it began; held: why a person decides first; day: of the culture, None outside of one."""

    phase: Phase | None
    run: int = 1
    since: datetime | None = None
    until: datetime | None = None
    held: str = ""
    day: int | None = None


def present(recipe: MasterRecipe, batch: Batch, now: datetime) -> Present | None:
    """What is now; None when the batch is at its end, or manufacture is through."""
    if batch.state not in _MAKING:
        return None
    run, held = batch.running, "; ".join(batch.holds.values())
    if run is not None:
        phase = next(each for each in recipe.phases if each.name == run.phase)
        ends = run.started_at + _span(phase.duration) if phase.kind == "run" else None
        until = ends if ends is not None and ends > now else None
        return Present(phase, run.run, run.started_at, until, held or run.held_because, _day(recipe, batch, now))
    # Between two phases no tailored parameter is asked for.
    match next_step(recipe, batch, {}, now):
        case Start(phase, number):
            return Present(phase, number)
        case WaitUntil(phase, number, when):
            return Present(phase, number, until=when, day=_day(recipe, batch, now))
        case HeldFor(at, reason):
            return Present(at, held=reason)
        case Stopped(reason):
            return Present(None, held=reason)
    return None


def _day(recipe: MasterRecipe, batch: Batch, now: datetime) -> int | None:
    """The day of the unit procedure that the running phase belongs to, where it takes longer than a day."""
    at = batch.runs[-1].phase if batch.runs else ""
    for unit in recipe.procedure:
        names = {phase.name for operation in unit.operations for phase in operation.phases}
        began = [run.started_at for run in batch.runs if run.phase in names]
        if at in names and began and now - min(began) >= timedelta(days=1):
            return (now - min(began)).days
    return None


def ahead(recipe: MasterRecipe, batch: Batch, therapy: Therapy | None, now: datetime) -> tuple[Ahead, ...]:
    """What is to come, in order; empty for a batch at its end."""
    if batch.state in _OVER or batch.terminated:
        return ()
    return tuple(_milestones(recipe, batch, therapy, now))


def _milestones(recipe: MasterRecipe, batch: Batch, therapy: Therapy | None, now: datetime) -> Iterator[Ahead]:
    early = late = now
    if batch.state in _MAKING:
        booked = [slot.starts_at for slot in therapy.slots if slot.purpose.startswith("manufacture")] if therapy else []
        if not batch.runs:
            early = late = max([now, *booked[-1:]])
        for phase, first, last in _phases(recipe, batch, early, late):
            early, late = first[1], last[1]
            if first[0] is not None:
                yield Ahead(phase.title, "", phase.equipment_class, 2 if phase.second_person else 1, first[0], last[0])
    made = batch.completed_at
    tests = [test for test in recipe.specification if batch.result(test.name) is None]
    if batch.disposition != "released":
        due = _longest(tests, "release")
        if batch.state in _MAKING or batch.state == "quarantine":
            since = made or early
            early, late = max(now, since + due), max(now, (made or late) + due)
            yield Ahead("", "results", "", 0, early, late)
            yield Ahead("", "decision", "", 1, early, None)
        if any(test.stage == "final" for test in recipe.specification):
            since = made or early
            yield Ahead("", "final_results", "", 0, max(now, since + _longest(recipe.specification, "final")), None)
    if therapy is not None:
        for slot in therapy.slots:
            if slot.ends_at > now and not slot.purpose.startswith(("collection", "manufacture")):
                yield Ahead("", "booked", f"{slot.purpose}, {slot.resource}", 0, slot.starts_at, slot.ends_at)
    if batch.dispatched is not None and batch.shipment is None:
        yield Ahead("", "arrives", batch.dispatched.to_site, 0, None, batch.dispatched.hold_until)
    if therapy is not None and batch.administered is None:
        expires = batch.filled.expires_at if batch.filled else None
        yield Ahead("", "given", therapy.site, 2, None, expires)


def _longest(tests: tuple[Test, ...] | list[Test], stage: str) -> timedelta:
    found = [span(test.result_after) for test in tests if test.stage == stage and test.result_after]
    return max(found, default=timedelta())


Between = tuple[datetime | None, datetime]


def _phases(
    recipe: MasterRecipe, batch: Batch, early: datetime, late: datetime
) -> Iterator[tuple[Phase, Between, Between]]:
    """Each phase that is not through: its first and its last possible begin and end; no begin for the one that runs."""
    for phase in recipe.phases:
        runs = runs_of(batch, phase.name)
        lasts, again = _span(phase.duration), timedelta()
        if phase.repeat:
            left = int(phase.repeat.at_most.value) - max(len(runs), 1)
            again = left * max(span(phase.repeat.every), lasts)
        if runs and runs[-1].state not in ("Running", "Held") and runs[-1].outcome != "repeat":
            continue
        if runs:
            ends = max(early, runs[-1].started_at + lasts)
            yield phase, (None, ends), (None, max(ends, late) + again)
            early, late = ends, max(ends, late) + again
            continue
        yield phase, (early, early + lasts), (late, late + lasts + again)
        early, late = early + lasts, late + lasts + again


def _span(quantity: Quantity | None) -> timedelta:
    return span(quantity) if quantity else timedelta()
