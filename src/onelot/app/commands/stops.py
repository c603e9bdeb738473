"""A wrong thing was scanned and put down: the near miss goes on the record, the scan is refused (decision 0093)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from onelot import deliver, release
from onelot.app import near_misses
from onelot.app.commands import Command, handles
from onelot.app.commands.gate import next_deviation, open_work
from onelot.app.context import Context
from onelot.deliver import BagScan, BedsideScans
from onelot.record.errors import BadInput, Mismatch
from onelot.record.events.batch import DeviationOpened
from onelot.record.events.therapy import NoticeSent
from onelot.record.identity import names_therapy
from onelot.record.near_miss import written


@dataclass(frozen=True)
class RefuseScan(Command):
    """A wrong container, lot, device or shipper was scanned for a step of a batch, and put down.

    kind: start, charge, fill, receive or shipper; phase: "" for receive and shipper; thing: what was asked for; text:
    what was read; before: containers scanned before it in the same form.
    """

    batch: str
    kind: Literal["start", "charge", "fill", "receive", "shipper"]
    phase: str
    thing: str
    text: str
    before: tuple[str, ...] = ()


@handles(RefuseScan)
def _refuse_scan(context: Context, command: RefuseScan) -> None:
    # A wrong thing is a wrong thing also while the batch is held.
    work = open_work(context, command.batch, held_too=True)
    found = near_misses.judge(context, work, command.kind, command.phase, command.thing, command.text, command.before)
    if found is None:
        raise _right(command.thing)
    wrong, error = found
    near_misses.record_step(context, work, wrong, command.text)
    context.refuse(type(error)(wrong.what, rule=wrong.rule, remedy=wrong.remedy))


@dataclass(frozen=True)
class RefuseBedsideScan(Command):
    """Wristband, paperwork or a bag at the bedside is another's: nothing is given, and the prescriber is told.

    What was not scanned yet is empty. Nobody has to verify that it was wrong.
    """

    batch: str
    bags: tuple[BagScan, ...]
    paperwork: str
    wristband: str
    where: str


@handles(RefuseBedsideScan)
def _refuse_bedside_scan(context: Context, command: RefuseBedsideScan) -> None:
    work = open_work(context, command.batch, held_too=True)
    if work.therapy is None:
        raise BadInput("a stock batch has no bedside", rule="stock is bound as a kit", remedy="order the kit")
    scans = BedsideScans(command.bags, command.paperwork, command.wristband)
    if not deliver.scanned_wrong(work.batch, work.therapy, scans):
        raise _right("label")
    bedside_stop(context, command.batch, scans, command.where)


def bedside_stop(context: Context, number: str, scans: BedsideScans, where: str, verified_by: str = "") -> None:
    """Write down a comparison at the bedside that did not agree: near miss, deviation, comparison, notice."""
    work = open_work(context, number, held_too=True)
    if work.therapy is None:
        return
    deviation = next_deviation(work.batch)
    stopped = deliver.refused_at_bedside(
        work.batch, work.therapy, scans, where=where, verified_by=verified_by, deviation=deviation
    )
    thing, text = (deliver.scanned_wrong(work.batch, work.therapy, scans) or [("bag", "")])[0]
    wrong = near_misses.describe(context, work, "bedside", thing, text, work.therapy.coi, stopped.refusal)
    near_misses.record_beside(context, work, wrong, text, deviation)
    for event in stopped.events:
        context.add(work.stream if event.subject == "batch" else f"therapy/{work.therapy.coi}", event)
    context.refuse(stopped.refusal)


@dataclass(frozen=True)
class RefuseCollectionScan(Command):
    """The wristband, paperwork or bag scanned at a collection is another's: nothing is collected.

    thing: wristband, paperwork or bag; text: what was read.
    """

    coi: str
    thing: Literal["wristband", "paperwork", "bag"]
    text: str


@handles(RefuseCollectionScan)
def _refuse_collection_scan(context: Context, command: RefuseCollectionScan) -> None:
    therapy = context.therapy(command.coi)
    if names_therapy(command.text, therapy.coi, therapy.aliases):
        raise _right(command.thing)
    collection_stop(context, command.coi, command.thing, command.text)


def collection_stop(context: Context, coi: str, thing: str, text: str) -> None:
    """Write down a wrong scan at a collection: near miss, critical deviation, notice to the prescriber."""
    therapy = context.therapy(coi)
    stream = f"therapy/{coi}"
    error = Mismatch(
        f"the {thing} is not this patient's",
        rule="chain of identity: wristband, paperwork and bag read the same before anything is collected",
        remedy="put it down, do not use it; call the supervisor",
    )
    wrong = near_misses.describe(context, therapy, "collection", thing, text, coi, error)
    events = written(wrong, near_misses.salted(context, stream, text), f"DEV-{coi}-{len(therapy.deviations) + 1}")
    for event in events:
        context.add(stream, event)
    if any(isinstance(event, DeviationOpened) for event in events):
        told = therapy.ordered_by or "treating physician"
        context.add(stream, NoticeSent(told, f"wrong {thing} refused at the collection", wrong.what))
    context.refuse(Mismatch(wrong.what, rule=wrong.rule, remedy=wrong.remedy))


@dataclass(frozen=True)
class AssessTherapyDeviation(Command):
    """Say of an open deviation of a collection how grave it is, what it touches, and what is decided meanwhile."""

    meaning: ClassVar[str] = "assesses this deviation"
    coi: str
    deviation: str
    severity: str
    impact: str
    meanwhile: str


@handles(AssessTherapyDeviation)
def _assess_therapy_deviation(context: Context, command: AssessTherapyDeviation) -> None:
    therapy = context.therapy(command.coi)
    event = release.assess_deviation(
        therapy,
        deviation=command.deviation,
        severity=command.severity,
        impact=command.impact,
        meanwhile=command.meanwhile,
        by=context.actor.id,
    )
    context.add(f"therapy/{therapy.coi}", event, signed=True)


@dataclass(frozen=True)
class CloseTherapyDeviation(Command):
    """Close a deviation of a collection with cause and impact."""

    meaning: ClassVar[str] = "closes this deviation"
    coi: str
    deviation: str
    cause: str
    impact: str


@handles(CloseTherapyDeviation)
def _close_therapy_deviation(context: Context, command: CloseTherapyDeviation) -> None:
    therapy = context.therapy(command.coi)
    event = release.close_deviation(
        therapy, deviation=command.deviation, cause=command.cause, impact=command.impact, by=context.actor.id
    )
    context.add(f"therapy/{therapy.coi}", event, signed=True)


def _right(thing: str) -> BadInput:
    return BadInput(
        f"the {thing or 'thing'} is the right one",
        rule="a near miss is a wrong thing that was put down",
        remedy="go on with the step",
    )
